"""Positions of Uniswap V3 that its position manager keeps: amounts and uncollected fees as of a block, to the unit.

The manager, the factory that it names and the pools that this one names are trusted; what they say is checked for its
type all the same, and what does not fit is unknown. Source: v3-periphery 1.4.4, NonfungiblePositionManager.sol.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.chain.blocks import Header
from backend.portfolio.engine.uniswap.fee_growth import FeeGrowth
from backend.portfolio.engine.uniswap.tick_math import MAX_TICK, MIN_TICK
from backend.portfolio.engine.uniswap.v3_position import PositionAmounts, V3Pool, V3Position, position_amounts
from backend.portfolio.protocols import words
from backend.portfolio.protocols.base import NOT_SAID, BlockReader, Part, PlacedPlugin, Position, Wallet

MOST_POSITIONS = 500  # of a wallet that are read
_FACTORY, _BALANCE_OF, _OF_OWNER, _POSITIONS = "c45a0155", "70a08231", "2f745c59", "99fbab88"
_GET_POOL, _SLOT0, _GROWTH0, _GROWTH1, _TICKS = "1698ee82", "3850c7bd", "f3058399", "46141319", "f30dba93"


@dataclass(frozen=True, slots=True)
class _Kept:
    """A position as the manager keeps it."""

    wallet: str
    token_id: int
    token0: str
    token1: str
    fee_ppm: int
    tick_lower: int
    tick_upper: int
    liquidity: int
    inside_last: FeeGrowth
    owed: tuple[int, int]


class Plugin(PlacedPlugin):
    """Implements ProtocolPlugin."""

    name = "Uniswap V3"

    async def positions(self, reader: BlockReader, wallets: Sequence[Wallet], block: Header) -> list[Position]:
        """Return every position of the wallets that holds something or has fees waiting."""
        found: list[Position] = []
        for deployment in self._places.on(reader.chain_id):
            manager = deployment["position_manager"]
            owned, unknown = await _owned(reader, manager, [wallet.address for wallet in wallets])
            found += [self._unknown(reader.chain_id, block, wallet, why) for wallet, why in unknown]
            answers = await reader.read([words.call(manager, _POSITIONS, token_id) for _, token_id in owned])
            kept: list[_Kept] = []
            for (wallet, token_id), answer in zip(owned, answers, strict=True):
                position = kept_of(wallet, token_id, answer)
                if position is None:
                    found.append(self._unknown(reader.chain_id, block, wallet, NOT_SAID, token_id))
                elif position.liquidity or any(position.owed):
                    kept.append(position)
            found += await self._valued(reader, block, manager, kept)
        return found

    async def _valued(self, reader: BlockReader, block: Header, manager: str, kept: Sequence[_Kept]) -> list[Position]:
        if not kept:
            return []
        (answer,) = await reader.read([words.call(manager, _FACTORY)])
        factory = words.address(words.uint(answer) or 0)
        keys = list(dict.fromkeys((each.token0, each.token1, each.fee_ppm) for each in kept))
        named = await reader.read([words.call(factory, _GET_POOL, *key) for key in keys]) if factory else []
        pools = {key: words.address(words.uint(answer) or 0) for key, answer in zip(keys, named, strict=bool(factory))}
        placed = [(each, pools.get((each.token0, each.token1, each.fee_ppm))) for each in kept]
        states = await _states(reader, [(each, pool) for each, pool in placed if pool is not None])
        return [self._position(reader.chain_id, block, each, pool, states.get(each.token_id)) for each, pool in placed]

    def _position(
        self, chain_id: int, block: Header, kept: _Kept, pool: str | None, state: tuple[V3Pool, PositionAmounts] | None
    ) -> Position:
        amounts = state[1] if state else None
        principal: tuple[int | None, int | None] = amounts.principal if amounts else (None, None)
        fees: tuple[int | None, int | None] = amounts.fees if amounts else (None, None)
        identifiers = {
            "token_id": str(kept.token_id),
            "token0": kept.token0,
            "token1": kept.token1,
            "fee_ppm": str(kept.fee_ppm),
            "tick_lower": str(kept.tick_lower),
            "tick_upper": str(kept.tick_upper),
        }
        if pool is not None:
            identifiers["pool"] = pool
        if state is not None and amounts is not None:
            identifiers["sqrt_price_x96"] = str(state[0].sqrt_price_x96)
            identifiers["in_range"] = "yes" if amounts.is_in_range else "no"
        return Position(
            chain_id=chain_id,
            protocol=self.name,
            kind="lp",
            wallet=kept.wallet,
            block_number=block.number,
            block_hash=block.hash,
            parts=(Part(kept.token0, principal[0]), Part(kept.token1, principal[1])),
            fees=(Part(kept.token0, fees[0]), Part(kept.token1, fees[1])),
            identifiers=identifiers,
            problem=None if amounts else NOT_SAID,
        )

    def _unknown(
        self, chain_id: int, block: Header, wallet: str, problem: str, token_id: int | None = None
    ) -> Position:
        return Position(
            chain_id=chain_id,
            protocol=self.name,
            kind="lp",
            wallet=wallet,
            block_number=block.number,
            block_hash=block.hash,
            parts=(),
            identifiers=None if token_id is None else {"token_id": str(token_id)},
            problem=problem,
        )


async def _owned(
    reader: BlockReader, manager: str, wallets: Sequence[str]
) -> tuple[list[tuple[str, int]], list[tuple[str, str]]]:
    """Return (wallet, token id) of every position, and the wallets of which not all are known, with the reason."""
    counts = await reader.read([words.call(manager, _BALANCE_OF, wallet) for wallet in wallets])
    places: list[tuple[str, int]] = []
    unknown: list[tuple[str, str]] = []
    for wallet, answer in zip(wallets, counts, strict=True):
        count = 0 if answer == b"" else words.uint(answer)  # nothing: the manager was not deployed yet
        if count is None:
            unknown.append((wallet, NOT_SAID))
            continue
        if count > MOST_POSITIONS:
            unknown.append((wallet, f"The wallet has more than {MOST_POSITIONS} positions: the rest is not read."))
        places += [(wallet, place) for place in range(min(count, MOST_POSITIONS))]
    ids = await reader.read([words.call(manager, _OF_OWNER, *each) for each in places])
    owned: list[tuple[str, int]] = []
    for (wallet, _), answer in zip(places, ids, strict=True):
        token_id = words.uint(answer)
        if token_id is None:
            unknown.append((wallet, NOT_SAID))
        else:
            owned.append((wallet, token_id))
    return owned, unknown


def kept_of(wallet: str, token_id: int, answer: bytes | None) -> _Kept | None:
    """Return what `positions(uint256)` says, None where it is not of the types that it has."""
    said = words.uints(answer, 12)
    if said is None:
        return None
    token0, token1, fee_ppm = words.address(said[2]), words.address(said[3]), words.small(said[4], 24)
    lower, upper, liquidity = words.signed(said[5], 24), words.signed(said[6], 24), words.small(said[7], 128)
    owed0, owed1 = words.small(said[10], 128), words.small(said[11], 128)
    if token0 is None or token1 is None or fee_ppm is None or lower is None or upper is None:
        return None
    if liquidity is None or owed0 is None or owed1 is None or not MIN_TICK <= lower < upper <= MAX_TICK:
        return None
    growth = FeeGrowth(said[8], said[9])
    return _Kept(wallet, token_id, token0, token1, fee_ppm, lower, upper, liquidity, growth, (owed0, owed1))


async def _states(
    reader: BlockReader, placed: Sequence[tuple[_Kept, str]]
) -> dict[int, tuple[V3Pool, PositionAmounts]]:
    """Return pools, and what positions hold and have earned, by token id; without those of which not all was said."""
    pools = list(dict.fromkeys(pool for _, pool in placed))
    ticks = list(dict.fromkeys((pool, tick) for kept, pool in placed for tick in (kept.tick_lower, kept.tick_upper)))
    reads = [words.call(pool, selector) for pool in pools for selector in (_SLOT0, _GROWTH0, _GROWTH1)]
    answers = await reader.read([*reads, *(words.call(pool, _TICKS, tick) for pool, tick in ticks)])
    states = {pool: pool_of(answers[3 * place : 3 * place + 3]) for place, pool in enumerate(pools)}
    outside = {key: outside_of(answer) for key, answer in zip(ticks, answers[len(reads) :], strict=True)}
    found: dict[int, tuple[V3Pool, PositionAmounts]] = {}
    for kept, pool in placed:
        state, lower, upper = states[pool], outside[pool, kept.tick_lower], outside[pool, kept.tick_upper]
        if state is None or lower is None or upper is None:
            continue
        position = V3Position(
            kept.tick_lower, kept.tick_upper, kept.liquidity, lower, upper, kept.inside_last, kept.owed
        )
        found[kept.token_id] = state, position_amounts(state, position)
    return found


def pool_of(answers: Sequence[bytes | None]) -> V3Pool | None:
    """Return what slot0 and both global fee growths say, None where they do not."""
    slot0, growth0, growth1 = words.uints(answers[0], 2), words.uint(answers[1]), words.uint(answers[2])
    if slot0 is None or growth0 is None or growth1 is None:
        return None
    price, tick = words.small(slot0[0], 160), words.signed(slot0[1], 24)
    return V3Pool(price, tick, FeeGrowth(growth0, growth1)) if price and tick is not None else None


def outside_of(answer: bytes | None) -> FeeGrowth | None:
    """Return the fee growth outside of a tick."""
    said = words.uints(answer, 4)
    return None if said is None else FeeGrowth(said[2], said[3])
