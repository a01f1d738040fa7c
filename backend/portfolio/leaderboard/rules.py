"""Who ranks, pure: the one place of what keeps the board honest, and the order of it.

Only returns of complete data count: every day of the period has a complete snapshot and known flows. What could be
gamed: a few dollars that multiply (LEAST_USD on every day), a lucky day (the whole period, from its first day on),
somebody else's wallet (every wallet must have signed in here).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal
from uuid import UUID

from backend.portfolio.engine.returns import growth_index
from backend.portfolio.figures.daily_returns import course_of, within
from backend.portfolio.snapshots.history import RANGES, Range
from backend.portfolio.snapshots.records import DAY
from backend.portfolio.snapshots.service import Point

Period = Literal["30d", "90d", "1y"]
PERIODS: tuple[Period, ...] = ("30d", "90d", "1y")
LEAST_USD = Decimal(100)
TOP = 100
_SHOWN = Decimal("0.01")
MOST_PCT = 1e12  # more is no return, it is a price that was wrong
Reason = Literal["not_proven", "no_wallet", "too_young", "incomplete", "flows", "too_small", "too_large"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's return over a period in percent, or the reason why there is none."""

    return_pct: Decimal | None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A member's place; equal returns share one."""

    member_id: UUID
    pseudonym: str
    return_pct: Decimal
    place: int


def standing(period: Period, points: Sequence[Point], now: datetime, *, unproven: int, wallets: int) -> Standing:
    """Return how a member stands over a period, from the days of their portfolio and what is known of its wallets."""
    if wallets == 0:
        return Standing(None, "no_wallet")
    if unproven:
        return Standing(None, "not_proven")
    wanted = _days(period)
    inside = [point for point in within(points, period, now) if point.starts_at + DAY <= now]
    if len(inside) < wanted:
        return Standing(None, "too_young")
    course = course_of(inside, now)
    if len(course.days) < len(inside):
        return Standing(None, "incomplete")
    if not course.whole_flows or not course.whole_days or len(course.daily) < wanted - 1:
        return Standing(None, "flows")
    if any((day.value_usd or 0) < LEAST_USD for day in course.days):
        return Standing(None, "too_small")
    made = (float(growth_index(day.fraction for day in course.daily)[-1]) - 1) * 100
    if not -100 <= made <= MOST_PCT:
        return Standing(None, "too_large")
    return Standing(Decimal(str(made)).quantize(_SHOWN, ROUND_HALF_EVEN))


def ranking(members: Sequence[tuple[UUID, str, Decimal]]) -> list[Ranked]:
    """Return members (id, pseudonym, return in percent) in order: equal returns share a place, then by name."""
    ordered = sorted(members, key=lambda member: (-member[2], member[1].casefold()))
    ranked: list[Ranked] = []
    for number, (member_id, pseudonym, pct) in enumerate(ordered, 1):
        place = ranked[-1].place if ranked and ranked[-1].return_pct == pct else number
        ranked.append(Ranked(member_id, pseudonym, pct, place))
    return ranked


def _days(period: Range) -> int:
    length = RANGES[period][0]
    assert length is not None
    return length.days
