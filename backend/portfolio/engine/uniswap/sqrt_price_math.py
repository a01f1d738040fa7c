"""Amounts between two prices: `SqrtPriceMath.sol` of Uniswap v3-core, to the unit.

amount0 = L x (sqrt(b) - sqrt(a)) / (sqrt(a) x sqrt(b)); amount1 = L x (sqrt(b) - sqrt(a)), in smallest units. The
contract rounds down what it pays out and up what it takes in. Source: Uniswap v3-core 1.0.1,
contracts/libraries/SqrtPriceMath.sol; whitepaper §6.3, equations 6.29 and 6.30.
"""

Q96 = 1 << 96


def amount0_delta(sqrt_a_x96: int, sqrt_b_x96: int, liquidity: int, *, round_up: bool) -> int:
    """Return the units of token0 between two square root prices, in any order.

    Raises ValueError for a price of zero.
    """
    low, high = sorted((sqrt_a_x96, sqrt_b_x96))
    if low <= 0:
        raise ValueError("a price is above zero")
    numerator = (liquidity << 96) * (high - low)
    if round_up:
        return _divided_up(_divided_up(numerator, high), low)
    return numerator // high // low


def amount1_delta(sqrt_a_x96: int, sqrt_b_x96: int, liquidity: int, *, round_up: bool) -> int:
    """Return the units of token1 between two square root prices, in any order."""
    low, high = sorted((sqrt_a_x96, sqrt_b_x96))
    product = liquidity * (high - low)
    return _divided_up(product, Q96) if round_up else product // Q96


def _divided_up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)
