"""What liquidity in a range is worth in tokens, and what liquidity tokens make: `LiquidityAmounts.sol`, to the unit.

Source: Uniswap v3-periphery 1.4.4, contracts/libraries/LiquidityAmounts.sol; the amounts are those that
`UniswapV3Pool.burn` pays (rounded down) and `mint` takes (rounded up).
"""

from backend.portfolio.engine.uniswap.sqrt_price_math import Q96, amount0_delta, amount1_delta


def amounts_for_liquidity(
    sqrt_price_x96: int, sqrt_a_x96: int, sqrt_b_x96: int, liquidity: int, *, round_up: bool = False
) -> tuple[int, int]:
    """Return the units of token0 and token1 that liquidity between two square root prices holds at the given one."""
    low, high = sorted((sqrt_a_x96, sqrt_b_x96))
    inside = min(max(sqrt_price_x96, low), high)
    return (
        amount0_delta(inside, high, liquidity, round_up=round_up),
        amount1_delta(low, inside, liquidity, round_up=round_up),
    )


def liquidity_for_amounts(
    sqrt_price_x96: int, sqrt_a_x96: int, sqrt_b_x96: int, amount0_raw: int, amount1_raw: int
) -> int:
    """Return the most liquidity that the amounts make between two square root prices at the given one.

    Raises ValueError for an empty range.
    """
    low, high = sorted((sqrt_a_x96, sqrt_b_x96))
    if low == high:
        raise ValueError("the range is empty")
    if sqrt_price_x96 <= low:
        return _for_amount0(low, high, amount0_raw)
    if sqrt_price_x96 >= high:
        return _for_amount1(low, high, amount1_raw)
    return min(_for_amount0(sqrt_price_x96, high, amount0_raw), _for_amount1(low, sqrt_price_x96, amount1_raw))


def _for_amount0(low: int, high: int, amount0_raw: int) -> int:
    return amount0_raw * (low * high // Q96) // (high - low)


def _for_amount1(low: int, high: int, amount1_raw: int) -> int:
    return amount1_raw * Q96 // (high - low)
