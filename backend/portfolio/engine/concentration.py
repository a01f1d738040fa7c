"""Concentration: the Herfindahl-Hirschman index of the shares.

HHI = sum of (value_i / sum of values)^2 over what is worth more than zero; no unit, from 1/n (n equal parts) to 1 (all
in one). 1 / HHI is the number of equal parts that would be as concentrated. Source: US Department of Justice and FTC,
Merger Guidelines (2023) §2.1, there in points of 10,000; Hirschman, American Economic Review 54 (1964).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from backend.portfolio.engine.exact import EXACT, USD_QUANTUM, add_up


@dataclass(frozen=True, slots=True)
class Concentration:
    """The index, and how many equal parts would give it."""

    hhi: Decimal
    effective_parts: Decimal


def concentration(values_usd: Iterable[Decimal]) -> Concentration | None:
    """Return the concentration of values in US dollars, None when none is above zero."""
    positive = [value for value in values_usd if value > 0]
    if not positive:
        return None
    whole = add_up(positive)
    squares = add_up(EXACT.multiply(value, value) for value in positive)
    square = EXACT.multiply(whole, whole)
    return Concentration(
        EXACT.quantize(EXACT.divide(squares, square), USD_QUANTUM),
        EXACT.quantize(EXACT.divide(square, squares), USD_QUANTUM),
    )
