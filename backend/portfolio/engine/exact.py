"""Exact sums of money: 200 digits, so that parts add up to the whole to the last unit."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from functools import reduce

# 78 digits of an amount, as many of a price and 18 places leave room.
EXACT = Context(prec=200, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
USD_QUANTUM = Decimal("1e-18")
ZERO = Decimal(0)
HUNDRED = Decimal(100)


def add_up(values: Iterable[Decimal]) -> Decimal:
    """Return the exact sum."""
    return reduce(EXACT.add, values, ZERO)


def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return 100 x part / whole in percent to 18 places, None when the whole is not above zero."""
    if whole <= 0:
        return None
    return EXACT.quantize(EXACT.divide(EXACT.multiply(HUNDRED, part), whole), USD_QUANTUM)
