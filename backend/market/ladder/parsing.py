"""The door: what sources send is taken apart here, exactly (no float is ever made), or refused."""

import json
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any, NoReturn

from backend.core.money import PRICE_QUANTUM, engine_decimal
from backend.market.ladder.problems import SourceGarbageError

LARGEST_PRICE_USD = Decimal(10) ** 12  # a unit of anything dearer than that is a mistake or a lie
EARLIEST = 1_230_768_000  # 2009-01-01: nothing had a price on any chain before
AHEAD_SECONDS = 300
_MOST_DIGITS = 80
_WIDE = Context(prec=40)  # 13 digits before the point and 18 after it are more than the 28 that are usual


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body, its fractions as Decimal. Raises SourceGarbageError."""
    try:
        value = json.loads(body, parse_float=_decimal, parse_int=_integer, parse_constant=_refuse)
    except (ValueError, RecursionError):
        kind = "HTML" if body[:200].lstrip()[:1] == b"<" else "no JSON"
        raise SourceGarbageError(f"the answer is {kind}") from None
    if not isinstance(value, dict):
        raise SourceGarbageError("the answer is no JSON object")
    return value


def member(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an object inside an object. Raises SourceGarbageError when it is missing or something else."""
    inner = value.get(name)
    if not isinstance(inner, dict):
        raise SourceGarbageError(f"the answer has no object `{name}`")
    return inner


def price(value: Any) -> Decimal | None:
    """Return a price in US dollars to 15 significant digits and 18 places, None for anything that is no price.

    Text, booleans, zero, negative numbers, what is not finite, too small or too large to be true: none is a price.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    exact = Decimal(value)
    if not exact.is_finite() or not PRICE_QUANTUM <= exact <= LARGEST_PRICE_USD:
        return None
    return engine_decimal(engine_decimal(exact).quantize(PRICE_QUANTUM, context=_WIDE))


def instant(value: Any, now: int) -> int | None:
    """Return a Unix time in seconds, None for what is none or is still to come."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    exact = Decimal(value)
    if not exact.is_finite() or not EARLIEST <= exact <= now + AHEAD_SECONDS:
        return None
    return min(int(exact), now)


def share(value: Any, otherwise: Decimal) -> Decimal:
    """Return a number between 0 and 1, `otherwise` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return otherwise
    exact = Decimal(value)
    return exact if exact.is_finite() and 0 <= exact <= 1 else otherwise


def _decimal(text: str) -> Decimal:
    if len(text) > _MOST_DIGITS:
        raise ValueError("a number of that many digits")
    return Decimal(text)


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError("a number of that many digits")
    return int(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
