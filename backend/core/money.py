"""Exact numbers: token amounts, prices, and the one bridge to floats that loses nothing.

A decimal of at most 15 significant digits survives the way into an IEEE 754 double and back (DBL_DIG = 15), so on such
decimals float comparison equals decimal comparison. The alert engine works on doubles; `engine_number` makes sure
that what it compares is exactly what the user sees.
"""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation, localcontext

ENGINE_DIGITS = 15
_ENGINE = Context(prec=ENGINE_DIGITS, rounding=ROUND_HALF_EVEN)
_WIDE = Context(prec=96, rounding=ROUND_HALF_EVEN)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?", re.ASCII)  # 1,234,567.8; 12,34,567 in India
PRICE_QUANTUM = Decimal("1e-18")


def engine_number(value: Decimal) -> float:
    """Return `value` rounded to 15 significant digits, as a float that compares exactly like the rounded decimal."""
    return float(_ENGINE.plus(value))


def engine_decimal(value: Decimal) -> Decimal:
    """Return `value` rounded to 15 significant digits: the decimal twin of `engine_number`."""
    return _ENGINE.plus(value)


def token_amount(amount_raw: int, decimals: int) -> Decimal:
    """Return an amount in whole tokens, exactly, from its integer amount in the smallest unit."""
    with localcontext(_WIDE):
        return Decimal(amount_raw).scaleb(-decimals)


def value_usd(amount: Decimal, price_usd: Decimal) -> Decimal:
    """Return amount times price in US dollars, rounded to 18 decimal places."""
    with localcontext(_WIDE):
        return (amount * price_usd).quantize(PRICE_QUANTUM)


def parse_decimal(text: str) -> Decimal:
    """Return the finite decimal a person wrote (spaces, `$` and commas between thousands allowed).

    Raises ValueError when it is not a number, or has a comma where others write the decimal point: `1,5` is not 15.
    """
    cleaned = text.strip().replace("$", "").replace("_", "").replace(" ", "")
    if "," in cleaned:
        if not _GROUPED.fullmatch(cleaned):
            raise ValueError(f"{text.strip()[:40]!r} is not a number: write decimals after a point, as in 1.5")
        cleaned = cleaned.replace(",", "")
    try:
        value = Decimal(cleaned)
    except InvalidOperation:
        raise ValueError(f"{text.strip()[:40]!r} is not a number") from None
    if not value.is_finite():
        raise ValueError(f"{text.strip()[:40]!r} is not a number")
    return value


def plain(value: Decimal) -> str:
    """Return a decimal without exponent and without trailing zeros: `4000`, `0.00012`."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text or "0"
