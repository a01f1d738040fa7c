"""A V3 position: what taking it all out would pay, to the wei."""

from dataclasses import dataclass

from backend.portfolio.engine.uniswap.fee_growth import FeeGrowth, fee_growth_inside, uncollected_fees
from backend.portfolio.engine.uniswap.liquidity_amounts import amounts_for_liquidity
from backend.portfolio.engine.uniswap.tick_math import sqrt_ratio_at_tick


@dataclass(frozen=True, slots=True)
class V3Pool:
    """A pool as of one block: slot0 and the global fee growth."""

    sqrt_price_x96: int
    tick: int
    fee_growth: FeeGrowth


@dataclass(frozen=True, slots=True)
class V3Position:
    """A position and its ticks as of the same block."""

    tick_lower: int
    tick_upper: int
    liquidity: int
    outside_lower: FeeGrowth
    outside_upper: FeeGrowth
    inside_last: FeeGrowth
    owed: tuple[int, int]


@dataclass(frozen=True, slots=True)
class PositionAmounts:
    """Units of token0 and token1: what the liquidity holds, and the fees that wait."""

    principal: tuple[int, int]
    fees: tuple[int, int]
    is_in_range: bool


def position_amounts(pool: V3Pool, position: V3Position) -> PositionAmounts:
    """Return what burning all liquidity and collecting would pay at this price."""
    principal = amounts_for_liquidity(
        pool.sqrt_price_x96,
        sqrt_ratio_at_tick(position.tick_lower),
        sqrt_ratio_at_tick(position.tick_upper),
        position.liquidity,
    )
    inside = fee_growth_inside(
        pool.fee_growth,
        position.outside_lower,
        position.outside_upper,
        pool.tick,
        position.tick_lower,
        position.tick_upper,
    )
    fees = uncollected_fees(position.liquidity, inside, position.inside_last, position.owed)
    return PositionAmounts(principal, fees, position.tick_lower <= pool.tick < position.tick_upper)
