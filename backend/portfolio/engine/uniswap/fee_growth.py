"""Fees that a V3 position has earned and not collected, to the unit.

fee growth inside = global - below - above, per unit of liquidity as Q128.128; it and its parts wrap around at 2^256,
so that only differences mean anything. fees = owed + floor((inside now - inside last) x L / 2^128), in smallest units.
Source: Uniswap v3-core 1.0.1, contracts/libraries/Tick.sol (getFeeGrowthInside) and Position.sol (update); whitepaper
§6.3, equations 6.17 to 6.19, and §6.4.1.
"""

from dataclasses import dataclass

Q128 = 1 << 128
_MASK_256 = (1 << 256) - 1
_MASK_128 = Q128 - 1


@dataclass(frozen=True, slots=True)
class FeeGrowth:
    """Of both tokens, per unit of liquidity, as Q128.128 modulo 2^256."""

    token0_x128: int
    token1_x128: int


def fee_growth_inside(
    growth: FeeGrowth,
    outside_lower: FeeGrowth,
    outside_upper: FeeGrowth,
    tick_current: int,
    tick_lower: int,
    tick_upper: int,
) -> FeeGrowth:
    """Return the growth inside a range. `outside_…` is what the ticks say (`feeGrowthOutside`)."""
    return FeeGrowth(
        *(
            _inside(whole, lower, upper, tick_current, tick_lower, tick_upper)
            for whole, lower, upper in (
                (growth.token0_x128, outside_lower.token0_x128, outside_upper.token0_x128),
                (growth.token1_x128, outside_lower.token1_x128, outside_upper.token1_x128),
            )
        )
    )


def _inside(whole: int, lower: int, upper: int, tick: int, tick_lower: int, tick_upper: int) -> int:
    below = lower if tick >= tick_lower else whole - lower
    above = upper if tick < tick_upper else whole - upper
    return (whole - below - above) & _MASK_256


def uncollected_fees(
    liquidity: int, inside: FeeGrowth, inside_last: FeeGrowth, owed: tuple[int, int]
) -> tuple[int, int]:
    """Return the units of token0 and token1 that a collect would pay beside what was burned already.

    `owed` is what the position's last update noted. The contract adds modulo 2^128, and so does this.
    """
    earned0, earned1 = (
        ((now - last) & _MASK_256) * liquidity // Q128
        for now, last in (
            (inside.token0_x128, inside_last.token0_x128),
            (inside.token1_x128, inside_last.token1_x128),
        )
    )
    return (owed[0] + earned0) & _MASK_128, (owed[1] + earned1) & _MASK_128
