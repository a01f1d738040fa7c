"""Money inside of the engine: whole numbers of 10^-18 of the reporting currency. Pure.

Decimals come in and go out; in between integers are exact, fast, and shared out without loss: a share is what is used
up to its end less what was used up to its beginning, so that shares always sum to the whole, in any number of steps.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal

EXACT = Context(prec=400, rounding=ROUND_HALF_EVEN)
PLACES = 18
# No amount has more than 400 digits before its point. Looked up once: it is called for every amount.
_scaleb, _PLACES = Context(prec=400, rounding=ROUND_HALF_EVEN, Emax=399).scaleb, Decimal(PLACES)


def scaled(value: Decimal) -> int:
    """Return an amount of money in units of 10^-18; what is finer is rounded half to even.

    Raises ValueError for what is not a number.
    """
    try:
        return round(_scaleb(value, _PLACES))  # to a whole number, half to even
    except (ArithmeticError, ValueError):
        raise ValueError(f"{value} is no amount of money") from None


def scaled_or_none(value: Decimal | None) -> int | None:
    """Return the same, None when it is unknown."""
    return None if value is None else scaled(value)


def money(units: int) -> Decimal:
    """Return units of 10^-18 as an amount of money."""
    return EXACT.scaleb(Decimal(units), -PLACES)


def money_or_none(units: int | None) -> Decimal | None:
    """Return the same, None when it is unknown."""
    return None if units is None else money(units)


def shared(total: int, weights: Sequence[int]) -> list[int]:
    """Return `total` in shares by weight that sum to it exactly. Raises ValueError when nothing has weight."""
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("nothing has weight")
    shares, reached, before = [], 0, 0
    for weight in weights:
        reached += weight
        upto = total * reached // whole
        shares.append(upto - before)
        before = upto
    return shares


def plus(one: int | None, other: int | None) -> int | None:
    """Return a sum, None when a part of it is unknown."""
    return None if one is None or other is None else one + other
