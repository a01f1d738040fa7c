"""Which tokens are pairs of Uniswap V2, and the state of pairs as of a block.

A token counts as a pair only when the factory says that it is its own: what the token itself says is not enough.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from backend.portfolio.engine.uniswap.v2_position import V2Pool, burn_amounts
from backend.portfolio.protocols import words
from backend.portfolio.protocols.base import NOT_SAID, BlockReader

_FACTORY, _TOKEN0, _TOKEN1, _GET_PAIR, _FEE_TO = "c45a0155", "0dfe1681", "d21220a7", "e6a43905", "017e7e58"
_BALANCE_OF, _TOTAL_SUPPLY, _GET_RESERVES, _K_LAST = "70a08231", "18160ddd", "0902f1ac", "7464fc3d"
NO_SENSE = "The pair's contract says less LP tokens than the wallet has."


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair, which is its LP token too."""

    address: str
    factory: str
    token0: str
    token1: str


async def pairs_among(reader: BlockReader, factories: Collection[str], tokens: Sequence[str]) -> dict[str, Pair | None]:
    """Return the pair of one of the factories that each token is, None for what is none. Raises RpcError."""
    claims = await reader.read([words.call(token, _FACTORY) for token in tokens])
    claimed = [(token, words.address(words.uint(answer) or 0)) for token, answer in zip(tokens, claims, strict=True)]
    candidates = [(token, factory) for token, factory in claimed if factory in factories]
    answers = await reader.read(
        [words.call(token, selector) for token, _ in candidates for selector in (_TOKEN0, _TOKEN1)]
    )
    sides = [words.address(words.uint(answer) or 0) for answer in answers]
    found = [
        Pair(token, factory, side0, side1)
        for (token, factory), side0, side1 in zip(candidates, sides[::2], sides[1::2], strict=True)
        if factory and side0 and side1
    ]
    said = await reader.read([words.call(pair.factory, _GET_PAIR, pair.token0, pair.token1) for pair in found])
    none: dict[str, Pair | None] = dict.fromkeys(tokens)
    return none | {
        pair.address: pair
        for pair, answer in zip(found, said, strict=True)
        if words.address(words.uint(answer) or 0) == pair.address
    }


def worth_of(pool: V2Pool | None, shares: int | None) -> tuple[tuple[int | None, int | None], str | None]:
    """Return what burning LP tokens pays of both tokens; or, when that is unknown, why."""
    if pool is None or shares is None:
        return (None, None), NOT_SAID
    try:
        return burn_amounts(pool, shares), None
    except ValueError:
        return (None, None), NO_SENSE


async def states_of(reader: BlockReader, pairs: Sequence[Pair]) -> list[V2Pool | None]:
    """Return the state of pairs, None where a part of it was not said. Raises RpcError."""
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
