"""The few Uniswap formulas that deployment and traders need. Pure.

Sources: Uniswap v2 whitepaper (section 3), Uniswap v3 whitepaper (sections 6.2 and 6.3), `TickMath.sol`.
"""

import math
from decimal import Decimal, localcontext

Q96 = 2**96
MIN_TICK = -887_272
MAX_TICK = 887_272
TICK_SPACING = {500: 10, 3_000: 60, 10_000: 200}
PPM = 1_000_000


def sqrt_price_x96(amount0: int, amount1: int) -> int:
    """Return sqrt(amount1 / amount0) as Q64.96, the form in which a V3 pool keeps its price."""
    with localcontext() as context:
        context.prec = 60
        return int((Decimal(amount1) / Decimal(amount0)).sqrt() * Q96)


def tick_of(price_raw: float, spacing: int) -> int:
    """Return the usable tick at or below a raw price (token1 units per token0 unit): floor(log_1.0001 price)."""
    tick = math.floor(math.log(price_raw) / math.log(1.0001))
    usable = tick // spacing * spacing
    return max(-(-MIN_TICK // spacing) * spacing, min(MAX_TICK // spacing * spacing, usable))


def position_amounts(reserve0: int, reserve1: int, tick_lower: int, tick_upper: int) -> tuple[int, int]:
    """Return the real amounts of a V3 position with the depth of the given virtual reserves at their price.

    amount0 = L (1/sqrt(P) - 1/sqrt(P_upper)), amount1 = L (sqrt(P) - sqrt(P_lower)); x = L / sqrt(P), y = L sqrt(P).
    """
    root = math.sqrt(reserve1 / reserve0)
    lower, upper = 1.0001 ** (tick_lower / 2), 1.0001 ** (tick_upper / 2)
    return int(reserve0 * (1 - root / upper)), int(reserve1 * (1 - lower / root))


def virtual_reserves(liquidity: int, sqrt_price: int) -> tuple[float, float]:
    """Return the constant-product reserves (token0, token1) that a V3 pool behaves like near its price."""
    root = sqrt_price / Q96
    return liquidity / root, liquidity * root


def amount_out(amount_in: float, reserve_in: float, reserve_out: float, fee_ppm: int) -> float:
    """Return the output of a constant-product swap, fee taken from the input."""
    paid = amount_in * (PPM - fee_ppm) / PPM
    return reserve_out * paid / (reserve_in + paid)


def amount_in_to_reach(reserve_in: float, reserve_out: float, fair: float, fee_ppm: int) -> float:
    """Return the most profitable input when the outside world pays `fair` units out per unit in; 0 when none is.

    The input is worth giving until the pool's marginal rate after fee equals the outside rate:
    reserve_out/reserve_in after the swap = fair / (1 - fee), so x' = sqrt(x y (1 - fee) / fair).
    """
    kept = (PPM - fee_ppm) / PPM
    wanted = math.sqrt(reserve_in * reserve_out * kept / fair)
    return max(0.0, (wanted - reserve_in) / kept)
