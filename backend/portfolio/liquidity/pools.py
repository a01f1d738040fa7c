"""What a pool's contract says, as of one block: its tokens, its factory, its price. Whoever uses it need not trust it.

A pool is taken for one when the factory that it names says the same of it; `is_known_factory` is whether that factory
is one that the product knows by itself, and not merely a contract that agrees with the pool.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Literal

from backend.chain.blocks import Header, parse_header
from backend.chain.registry import chain_name
from backend.chain.rpc.errors import AllProvidersDownError, RpcError
from backend.chain.rpc.pool import RpcPool
from backend.chain.rpc.single import SingleProvider
from backend.chain.tokens import Token, read_tokens
from backend.core.errors import InvalidInputError, UnavailableError
from backend.portfolio.engine.exact import EXACT
from backend.portfolio.engine.uniswap.range_price import price_of_sqrt
from backend.portfolio.protocols import words
from backend.portfolio.protocols.reader import CHAIN_SECONDS, PinnedReader

_FACTORY, _TOKEN0, _TOKEN1, _FEE = "c45a0155", "0dfe1681", "d21220a7", "ddca3f43"
_GET_RESERVES, _SLOT0, _GET_PAIR, _GET_POOL = "0902f1ac", "3850c7bd", "e6a43905", "1698ee82"
_DIGITS = 24
Version = Literal["v2", "v3"]
NO_POOL = "At this address there is no pool of the Uniswap V2 or V3 kind."
NOT_ITS_FACTORY = "The factory that this contract names does not know it: it is no pool."
NO_DECIMALS = "A token of this pool does not say how it is counted."


@dataclass(frozen=True, slots=True)
class PoolState:
    """A pool as of a block; `sqrt_price_x96` is of V3, the reserves are of V2."""

    version: Version
    factory: str
    token0: str
    token1: str
    fee_ppm: int | None
    block: Header
    sqrt_price_x96: int | None = None
    reserves: tuple[int, int] | None = None

    def price(self, decimals0: int, decimals1: int) -> Decimal:
        """Return the price of one token0 in token1."""
        if self.sqrt_price_x96 is not None:
            return price_of_sqrt(self.sqrt_price_x96, decimals0, decimals1)
        assert self.reserves is not None
        with localcontext(EXACT) as context:
            context.prec = _DIGITS
            return Decimal(self.reserves[1]) / self.reserves[0] * Decimal(10) ** (decimals0 - decimals1)


async def read_pools(rpc: RpcPool, addresses: Collection[str], multicall3: str | None) -> dict[str, PoolState | None]:
    """Return what pools say as of the chain's newest block, None for what is none, by lower-case address.

    Raises RpcError or AllProvidersDownError.
    """
    wanted = list(dict.fromkeys(addresses))

    async def all_of(single: SingleProvider) -> dict[str, PoolState | None]:
        block = await single.call("eth_getBlockByNumber", ["latest", False], parse_header)
        reader = PinnedReader(single, block.number, multicall3)
        return await _states(reader, wanted, block)

    return await rpc.together(all_of, CHAIN_SECONDS)


async def ask_pool(rpc: RpcPool, address: str, multicall3: str | None) -> tuple[PoolState, tuple[Token, Token]]:
    """Return a pool and its tokens. Raises InvalidInputError for what is no pool, UnavailableError."""
    try:
        state = (await read_pools(rpc, [address], multicall3))[address]
        if state is None:
            raise InvalidInputError(NO_POOL, {"pool": NO_POOL})
        if not await _factory_agrees(rpc, address, state, multicall3):
            raise InvalidInputError(NOT_ITS_FACTORY, {"pool": NOT_ITS_FACTORY})
        tokens = await read_tokens(rpc, [state.token0, state.token1], multicall3)
    except (RpcError, AllProvidersDownError) as error:
        raise UnavailableError(
            f"{chain_name(rpc.chain_id)} does not answer right now. Try again in a minute."
        ) from error
    pair = tokens[state.token0], tokens[state.token1]
    if any(token.decimals is None for token in pair):
        raise InvalidInputError(NO_DECIMALS, {"pool": NO_DECIMALS})
    return state, pair


async def _states(reader: PinnedReader, addresses: list[str], block: Header) -> dict[str, PoolState | None]:
    selectors = (_FACTORY, _TOKEN0, _TOKEN1, _FEE, _GET_RESERVES, _SLOT0)
    answers = await reader.read([words.call(address, selector) for address in addresses for selector in selectors])
    size = len(selectors)
    return {
        address: _state(answers[place * size : (place + 1) * size], block) for place, address in enumerate(addresses)
    }


def _state(answers: list[bytes | None], block: Header) -> PoolState | None:
    factory, token0, token1 = (words.address(words.uint(answer) or 0) for answer in answers[:3])
    if factory is None or token0 is None or token1 is None:
        return None
    fee, slot0, reserves = words.uint(answers[3], 24), words.uints(answers[5], 2), words.uints(answers[4], 2)
    root = words.small(slot0[0], 160) if slot0 is not None else None
    if root and fee is not None:
        return PoolState("v3", factory, token0, token1, fee, block, sqrt_price_x96=root)
    if reserves is not None and all(0 < each < 1 << 112 for each in reserves):
        return PoolState("v2", factory, token0, token1, None, block, reserves=(reserves[0], reserves[1]))
    return None


async def _factory_agrees(rpc: RpcPool, address: str, state: PoolState, multicall3: str | None) -> bool:
    fee = () if state.fee_ppm is None else (state.fee_ppm,)
    selector = _GET_PAIR if state.version == "v2" else _GET_POOL

    async def ask(single: SingleProvider) -> bool:
        reader = PinnedReader(single, state.block.number, multicall3)
        (answer,) = await reader.read([words.call(state.factory, selector, state.token0, state.token1, *fee)])
        return words.address(words.uint(answer) or 0) == address

    return await rpc.together(ask, CHAIN_SECONDS)
