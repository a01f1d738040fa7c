"""LP tokens of Uniswap V2: the tokens that burning them pays, as of a block, to the unit.

A token counts as a pair only when the factory says that it is its own: what the token itself says is not enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.chain.blocks import Header
from backend.portfolio.engine.uniswap.v2_position import V2Pool, burn_amounts
from backend.portfolio.protocols import words
from backend.portfolio.protocols.base import NOT_SAID, BlockReader, Part, PlacedPlugin, Places, Position, Wallet
from backend.portfolio.protocols.remembered import Remembered

_FACTORY, _TOKEN0, _TOKEN1, _GET_PAIR, _FEE_TO = "c45a0155", "0dfe1681", "d21220a7", "e6a43905", "017e7e58"
_BALANCE_OF, _TOTAL_SUPPLY, _GET_RESERVES, _K_LAST = "70a08231", "18160ddd", "0902f1ac", "7464fc3d"
_NO_SENSE = "The pair's contract says less LP tokens than the wallet has."


@dataclass(frozen=True, slots=True)
class _Pair:
    address: str
    factory: str
    token0: str
    token1: str


class Plugin(PlacedPlugin):
    """Implements ProtocolPlugin."""

    name = "Uniswap V2"

    def __init__(self, places: Places) -> None:
        super().__init__(places)
        self._seen: Remembered[_Pair | None] = Remembered()

    async def positions(self, reader: BlockReader, wallets: Sequence[Wallet], block: Header) -> list[Position]:
        """Return a position for every pair that a wallet has LP tokens of."""
        tokens = list(dict.fromkeys(token for wallet in wallets for token in wallet.tokens))
        seen = await self._seen.of(reader.chain_id, tokens, lambda unknown: self._pairs(reader, unknown))
        pairs = {token: pair for token, pair in seen.items() if pair is not None}
        if not pairs:
            return []
        owned = [(wallet.address, pairs[token]) for wallet in wallets for token in wallet.tokens if token in pairs]
        answers = await reader.read([words.call(pair.address, _BALANCE_OF, wallet) for wallet, pair in owned])
        held = [(wallet, pair, words.uint(answer)) for (wallet, pair), answer in zip(owned, answers, strict=True)]
        wanted = list(dict.fromkeys(pair for _, pair, amount in held if amount != 0))
        pools = dict(zip(wanted, await _pools(reader, wanted), strict=True))
        return [
            self._position(reader.chain_id, block, wallet, pair, amount, pools[pair])
            for wallet, pair, amount in held
            if amount != 0
        ]

    async def _pairs(self, reader: BlockReader, tokens: Sequence[str]) -> dict[str, _Pair | None]:
        """Return the pair that each token is, None for what is none."""
        factories = {deployment["factory"] for deployment in self._places.on(reader.chain_id)}
        claims = await reader.read([words.call(token, _FACTORY) for token in tokens])
        claimed = [
            (token, words.address(words.uint(answer) or 0)) for token, answer in zip(tokens, claims, strict=True)
        ]
        candidates = [(token, factory) for token, factory in claimed if factory in factories]
        answers = await reader.read(
            [words.call(token, selector) for token, _ in candidates for selector in (_TOKEN0, _TOKEN1)]
        )
        sides = [words.address(words.uint(answer) or 0) for answer in answers]
        found = [
            _Pair(token, factory, side0, side1)
            for (token, factory), side0, side1 in zip(candidates, sides[::2], sides[1::2], strict=True)
            if factory and side0 and side1
        ]
        said = await reader.read([words.call(pair.factory, _GET_PAIR, pair.token0, pair.token1) for pair in found])
        none: dict[str, _Pair | None] = dict.fromkeys(tokens)
        return none | {
            pair.address: pair
            for pair, answer in zip(found, said, strict=True)
            if words.address(words.uint(answer) or 0) == pair.address
        }

    def _position(
        self, chain_id: int, block: Header, wallet: str, pair: _Pair, held: int | None, pool: V2Pool | None
    ) -> Position:
        amounts: tuple[int | None, int | None] = (None, None)
        problem: str | None = NOT_SAID
        if pool is not None and held is not None:
            try:
                amounts, problem = burn_amounts(pool, held), None
            except ValueError:
                problem = _NO_SENSE
        return Position(
            chain_id=chain_id,
            protocol=self.name,
            kind="lp",
            wallet=wallet,
            block_number=block.number,
            block_hash=block.hash,
            parts=(Part(pair.token0, amounts[0]), Part(pair.token1, amounts[1])),
            receipts={pair.address: held or 0},
            identifiers={"pool": pair.address},
            problem=problem,
        )


async def _pools(reader: BlockReader, pairs: Sequence[_Pair]) -> list[V2Pool | None]:
    """Return the state of pairs, None where a part of it was not said."""
    reads = [
        read
        for pair in pairs
        for read in (
            words.call(pair.address, _GET_RESERVES),
            words.call(pair.token0, _BALANCE_OF, pair.address),
            words.call(pair.token1, _BALANCE_OF, pair.address),
            words.call(pair.address, _TOTAL_SUPPLY),
            words.call(pair.address, _K_LAST),
            words.call(pair.factory, _FEE_TO),
        )
    ]
    answers = await reader.read(reads)
    return [_pool(answers[at : at + 6]) for at in range(0, len(answers), 6)]


def _pool(answers: Sequence[bytes | None]) -> V2Pool | None:
    reserves = words.uints(answers[0], 2)
    balance0, balance1, supply, k_last, fee_to = (words.uint(answer) for answer in answers[1:])
    if reserves is None or balance0 is None or balance1 is None or supply is None or k_last is None or fee_to is None:
        return None
    return V2Pool(reserves[0], reserves[1], balance0, balance1, supply, k_last if fee_to else 0)
