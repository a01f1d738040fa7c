"""From the days of a portfolio to what was made in each, pure: the one way from values and flows to returns.

A day's value is that of its last complete snapshot, its flow what came in since the day before; the value right before
the flow is the value less the flow. Returns begin after the last flow that is unknown, daily returns after the last day
without a complete snapshot: what is older is left out and said, nothing is guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backend.portfolio.engine import time_weighted as twr
from backend.portfolio.engine.exact import EXACT
from backend.portfolio.snapshots.history import RANGES, Range
from backend.portfolio.snapshots.records import DAY, HOUR, day_of
from backend.portfolio.snapshots.service import Point


@dataclass(frozen=True, slots=True)
class DayReturn:
    """What a whole day made, as a fraction."""

    starts_at: datetime
    fraction: float


@dataclass(frozen=True, slots=True)
class Course:
    """Days of a portfolio and their returns.

    `days` have a complete snapshot; `linked` are those since which every flow is known, the first is where returns
    begin; `flows` are of the linked days after the first. `daily` are the whole days in a row up to the last that is
    over, `daily_from` the day before them. `whole_flows` and `whole_days`: nothing had to be left out.
    """

    points: tuple[Point, ...]
    days: tuple[Point, ...]
    linked: tuple[Point, ...]
    flows: tuple[Decimal, ...]
    growth: twr.TimeWeighted
    daily: tuple[DayReturn, ...]
    daily_from: datetime | None
    whole_flows: bool
    whole_days: bool

    def index(self) -> list[tuple[Point, Decimal]]:
        """Return what 1 at the first linked day became at each, as far as it is known."""
        level = Decimal(1)
        found = [(self.linked[0], level)] if self.linked else []
        for day, period in zip(self.linked[1:], self.growth.periods, strict=True):
            if period.fraction is None:
                break
            level = EXACT.multiply(level, EXACT.add(Decimal(1), period.fraction))
            level = EXACT.quantize(level, _PLACES)
            found.append((day, level))
        return found


_PLACES = Decimal("1e-30")
LAST_HOUR = 23 * HOUR


def course_of(points: Sequence[Point], now: datetime) -> Course:
    """Return the returns of days in order, the last of which may not be over."""
    days = [point for point in points if _is_known(point)]
    steps = _steps(points)
    since = max((place for place, flow in enumerate(steps) if flow is None), default=-1) + 1
    linked = days[since:]
    flows = [flow for flow in steps[since:] if flow is not None]
    came_in = [Decimal(0), *flows] if linked else []
    growth = twr.time_weighted([_before_flow(day, flow) for day, flow in zip(linked, came_in, strict=True)])
    daily = _daily(linked, growth.periods, now)
    over = [point for point in points if point.starts_at + DAY <= now]
    started = [point for point in over if days and point.starts_at > days[0].starts_at]
    return Course(
        points=tuple(points),
        days=tuple(days),
        linked=tuple(linked),
        flows=tuple(flows),
        growth=growth,
        daily=tuple(daily),
        daily_from=daily[0].starts_at - DAY if daily else None,
        whole_flows=since == 0,
        whole_days=len(daily) == len(started),
    )


def within(points: Sequence[Point], name: Range, now: datetime) -> list[Point]:
    """Return those of the days that a range has."""
    length = RANGES[name][0]
    return [point for point in points if length is None or point.starts_at >= day_of(now - length)]


def _is_known(point: Point) -> bool:
    return point.value_usd is not None and (point.complete_share or 0) > 0


def _steps(points: Sequence[Point]) -> list[Decimal | None]:
    """Return the flow of each known day after the first, with those of the days between that are not known."""
    steps: list[Decimal | None] = []
    flow: Decimal | None = Decimal(0)
    is_first = True
    for point in points:
        if not is_first and point.samples:
            own = _flow_of(point)
            flow = None if flow is None or own is None else EXACT.add(flow, own)
        if _is_known(point):
            if not is_first:
                steps.append(flow)
            is_first, flow = False, Decimal(0)
    return steps


def _flow_of(point: Point) -> Decimal | None:
    """Return a day's flow, None where a part of it may have come after the value of the day.

    That may be when the day's last hours have no complete snapshot; a day without any has no value to come after.
    """
    flow, at = point.net_flow_usd, point.taken_at
    is_last = at is not None and at >= point.starts_at + LAST_HOUR
    return flow if not flow or point.is_complete or is_last or not _is_known(point) else None


def _before_flow(day: Point, flow: Decimal) -> twr.Point:
    assert day.value_usd is not None and day.taken_at is not None
    return twr.Point(day.taken_at, EXACT.subtract(day.value_usd, flow), flow)


def _daily(linked: Sequence[Point], periods: Sequence[twr.PeriodReturn], now: datetime) -> list[DayReturn]:
    """Return the whole days in a row up to the last known one: each from the day before, none of them unknown."""
    found: list[DayReturn] = []
    for place in range(len(linked) - 1, 0, -1):
        day, fraction = linked[place], periods[place - 1].fraction
        if day.starts_at + DAY > now:
            continue
        if fraction is None or day.starts_at - linked[place - 1].starts_at != DAY:
            break
        found.append(DayReturn(day.starts_at, float(fraction)))
    return found[::-1]
