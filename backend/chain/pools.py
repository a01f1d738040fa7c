"""Pools as their contracts describe them, believed only when a factory we trust says that the pool is its own."""

from collections.abc import Iterable
from dataclasses import dataclass

from backend.chain.decode import V2, V3
from backend.chain.multicall import Read, read_many, word_address, word_uint
from backend.chain.rpc.pool import RpcPool

_TOKEN0, _TOKEN1, _FEE, _FACTORY = (bytes.fromhex(text) for text in ("0dfe1681", "d21220a7", "ddca3f43", "c45a0155"))
_GET_PAIR, _GET_POOL = bytes.fromhex("e6a43905"), bytes.fromhex("1698ee82")
_GET_RESERVES, _SLOT0, _LIQUIDITY, _BALANCE_OF = (
    bytes.fromhex(text) for text in ("0902f1ac", "3850c7bd", "1a686502", "70a08231")
)
V2_FEE_PPM = 3_000
V3_FEES_PPM = (100, 500, 3_000, 10_000)


@dataclass(frozen=True, slots=True)
class Factory:
    """A trusted factory; `protocol` is how its pools are named to people. V2-style pools all have its one fee."""

    address: str
    kind: str
    protocol: str
    fee_ppm: int = V2_FEE_PPM


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool; `factory` is the trusted one that vouches for it, None when none does."""

    address: str
    kind: str
    token0: str
    token1: str
    fee_ppm: int
    factory: Factory | None


@dataclass(frozen=True, slots=True)
class PoolReading:
    """A pool's state as of a block: V2 has reserves, V3 price, liquidity, tick and its real balances."""

    reserve0: int | None = None
    reserve1: int | None = None
    sqrt_price_x96: int | None = None
    liquidity: int | None = None
    tick: int | None = None
    balance0: int | None = None
    balance1: int | None = None


def _word(address: str) -> bytes:
    return bytes(12) + bytes.fromhex(address[2:])


def _ask_factory(factory: Factory, token0: str, token1: str, fee_ppm: int) -> Read:
    pair = _word(token0) + _word(token1)
    if factory.kind == V2:
        return Read(factory.address, _GET_PAIR + pair)
    return Read(factory.address, _GET_POOL + pair + fee_ppm.to_bytes(32, "big"))


async def read_pools(
    rpc: RpcPool, candidates: dict[str, str], factories: Iterable[Factory], multicall3: str | None
) -> dict[str, Pool]:
    """Return pools by address from `candidates` (address → kind its logs look like).

    Addresses that are no pool at all are left out. Raises RpcError or AllProvidersDownError.
    """
    trusted = {factory.address: factory for factory in factories}
    wanted = list(candidates)
    reads = [Read(address, selector) for address in wanted for selector in (_TOKEN0, _TOKEN1, _FEE, _FACTORY)]
    outputs = await read_many(rpc, reads, multicall3=multicall3)
    pools: dict[str, Pool] = {}
    claims: list[tuple[Pool, Factory]] = []
    for index, address in enumerate(wanted):
        token0, token1, fee, claimed = outputs[4 * index : 4 * index + 4]
        first, second = word_address(token0), word_address(token1)
        if first is None or second is None:
            continue
        kind = candidates[address]
        factory = trusted.get(word_address(claimed) or "")
        fee_ppm = word_uint(fee) if kind == V3 else (factory.fee_ppm if factory else V2_FEE_PPM)
        if fee_ppm is None or fee_ppm >= 1_000_000:
            continue
        pool = Pool(address, kind, first, second, fee_ppm, None)
        pools[address] = pool
        if factory is not None and factory.kind == kind:
            claims.append((pool, factory))
    answers = await read_many(
        rpc,
        [_ask_factory(factory, pool.token0, pool.token1, pool.fee_ppm) for pool, factory in claims],
        multicall3=multicall3,
    )
    for (pool, factory), answer in zip(claims, answers, strict=True):
        if word_address(answer) == pool.address:
            pools[pool.address] = Pool(pool.address, pool.kind, pool.token0, pool.token1, pool.fee_ppm, factory)
    return pools


async def find_pools(
    rpc: RpcPool, pairs: Iterable[tuple[str, str]], factories: Iterable[Factory], multicall3: str | None
) -> dict[str, str]:
    """Return the addresses (→ kind) of the pools that the factories have for these pairs of tokens."""
    asked = [
        (factory, pair, fee)
        for pair in pairs
        for factory in factories
        for fee in ((factory.fee_ppm,) if factory.kind == V2 else V3_FEES_PPM)
    ]
    reads = [_ask_factory(factory, *pair, fee) for factory, pair, fee in asked]
    answers = await read_many(rpc, reads, multicall3=multicall3)
    found = {}
    for (factory, _, _), answer in zip(asked, answers, strict=True):
        address = word_address(answer)
        if address is not None:
            found[address] = factory.kind
    return found


async def read_states(
    rpc: RpcPool, pools: Iterable[Pool], multicall3: str | None, block: int | None
) -> dict[str, PoolReading]:
    """Return the state of each pool as of `block` by address, leaving out pools that did not exist then.

    Raises RpcMissingError when no provider has the state of that block any more.
    """
    reads: list[Read] = []
    spans: list[tuple[Pool, int]] = []
    for pool in pools:
        spans.append((pool, len(reads)))
        if pool.kind == V2:
            reads.append(Read(pool.address, _GET_RESERVES))
        else:
            balance = _BALANCE_OF + _word(pool.address)
            reads += [
                Read(pool.address, _SLOT0),
                Read(pool.address, _LIQUIDITY),
                Read(pool.token0, balance),
                Read(pool.token1, balance),
            ]
    outputs = await read_many(rpc, reads, multicall3=multicall3, block=block)
    states = {}
    for pool, start in spans:
        state = _v2_state(outputs[start]) if pool.kind == V2 else _v3_state(outputs[start : start + 4])
        if state is not None:
            states[pool.address] = state
    return states


def _v2_state(output: bytes | None) -> PoolReading | None:
    reserve0, reserve1 = word_uint(output, 0), word_uint(output, 1)
    return None if reserve0 is None or reserve1 is None else PoolReading(reserve0=reserve0, reserve1=reserve1)


def _v3_state(outputs: list[bytes | None]) -> PoolReading | None:
    sqrt_price, tick, liquidity = word_uint(outputs[0], 0), word_uint(outputs[0], 1), word_uint(outputs[1])
    if sqrt_price is None or tick is None or liquidity is None or sqrt_price == 0:
        return None
    return PoolReading(
        sqrt_price_x96=sqrt_price,
        liquidity=liquidity,
        tick=tick - (1 << 256) if tick >> 255 else tick,
        balance0=word_uint(outputs[2]),
        balance1=word_uint(outputs[3]),
    )
