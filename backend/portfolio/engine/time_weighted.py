"""Time-weighted return: what a unit of money made that stayed from the first time to the last, whatever came and went.

Cut at every flow; the return of a period is r_i = before_i / (before_(i-1) + flow_(i-1)) - 1, where `before` is the
value right before the flow of that time, and TWR = (1 + r_1) x ... x (1 + r_n) - 1. A fraction, over the whole time.
Source: GIPS Handbook, "true time-weighted rate of return"; Bacon, Practical Portfolio Performance Measurement and
Attribution, 2nd ed., §2.5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from itertools import pairwise

from backend.portfolio.engine.exact import EXACT

# Digits kept of a return, half of which no sum of money needs.
RETURN_DIGITS = 50


@dataclass(frozen=True, slots=True)
class Point:
    """The value right before the flow of that time in US dollars (None: unknown), and the flow: positive comes in."""

    at: datetime
    value_usd: Decimal | None
    flow_usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class PeriodReturn:
    """What a period made, as a fraction; None when the values do not say, and `problem` why."""

    start: datetime
    end: datetime
    fraction: Decimal | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class TimeWeighted:
    """The linked return as a fraction; None when a period has none. `periods` say which and why."""

    fraction: Decimal | None
    periods: tuple[PeriodReturn, ...]


def time_weighted(points: Sequence[Point]) -> TimeWeighted:
    """Return the true time-weighted return over points in the order of time; one point is no time and made nothing.

    Raises ValueError when times do not increase.
    """
    periods = tuple(_period(start, end) for start, end in pairwise(points))
    growth = Decimal(1)
    with localcontext(EXACT) as context:
        context.prec = RETURN_DIGITS
        for period in periods:
            if period.fraction is None:
                return TimeWeighted(None, periods)
            growth *= 1 + period.fraction
        return TimeWeighted(growth - 1, periods)


def _period(start: Point, end: Point) -> PeriodReturn:
    if end.at <= start.at:
        raise ValueError("the points are not in the order of time")
    if start.value_usd is None or end.value_usd is None:
        return PeriodReturn(start.at, end.at, None, "a value is unknown")
    invested = EXACT.add(start.value_usd, start.flow_usd)
    if invested == 0 and end.value_usd == 0:
        return PeriodReturn(start.at, end.at, Decimal(0))
    if invested <= 0:
        return PeriodReturn(start.at, end.at, None, "nothing was invested")
    with localcontext(EXACT) as context:
        context.prec = RETURN_DIGITS
        return PeriodReturn(start.at, end.at, end.value_usd / invested - 1)
