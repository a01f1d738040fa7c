"""Prices of ticks and of square root prices in whole tokens.

A square root price s (Q64.96) is the price (s / 2^96)^2 of token0 in token1, both in smallest units; in whole tokens
it is that times 10^(decimals0 - decimals1). Source: Uniswap v3 whitepaper §6.1; TickMath.sol.
"""

from decimal import Decimal, localcontext

from backend.portfolio.engine.exact import EXACT
from backend.portfolio.engine.uniswap.sqrt_price_math import Q96
from backend.portfolio.engine.uniswap.tick_math import sqrt_ratio_at_tick

_DIGITS, _SHOWN = 60, 24


def price_of_sqrt(sqrt_price_x96: int, decimals0: int, decimals1: int) -> Decimal:
    """Return the price of one token0 in token1, to 24 digits."""
    with localcontext(EXACT) as context:
        context.prec = _DIGITS
        price = (Decimal(sqrt_price_x96) / Q96) ** 2 * Decimal(10) ** (decimals0 - decimals1)
        context.prec = _SHOWN
        return +price


def price_of_tick(tick: int, decimals0: int, decimals1: int) -> Decimal:
    """Return the price of one token0 in token1 at a tick. Raises ValueError outside of the contract's range."""
    return price_of_sqrt(sqrt_ratio_at_tick(tick), decimals0, decimals1)
