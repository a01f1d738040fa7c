"""Performance from days: worked by hand, and unknown wherever a day or a flow is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.portfolio.figures.daily_returns import course_of
from backend.portfolio.figures.performance import LATE_FLOWS, NO_DAY, NO_FLOWS, ONE_DAY, TOO_SHORT, performance
from backend.portfolio.snapshots.service import Point

START = datetime(2026, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def day(number: int, value: str | None, flow: str | None = "0", share: str = "1") -> Point:
    at = START + number * DAY
    if value is None:
        return Point(starts_at=at)
    return Point(
        starts_at=at,
        taken_at=at + timedelta(hours=23),
        value_usd=Decimal(value),
        net_flow_usd=None if flow is None else Decimal(flow),
        samples=24,
        complete_share=Decimal(share),
    )


def test_by_hand():
    """100 grows to 110, 40 come in, 150 falls to 135: TWR 1.1 · 0.9 - 1 = -1 %, gain 135 - 100 - 40 = -5."""
    read = performance("30d", [day(0, "100", None), day(1, "150", "40"), day(2, "135")], START + 3 * DAY)
    assert (read.start_usd, read.end_usd, read.change_usd, read.change_pct) == (100, 135, 35, 35)
    assert (read.net_flow_usd, read.gain_usd) == (40, -5)
    assert read.roi_pct == Decimal("-3.5714"), "-5 of the 140 put in"
    assert read.time_weighted_pct == -1
    assert read.money_weighted_annual_pct is not None and read.money_weighted_annual_pct < 0
    assert read.problems == [TOO_SHORT] and read.sharpe is None
    assert read.start_at == START + timedelta(hours=23)


def test_statistics_of_whole_days_only():
    values = [100, 110, 99, 108, 108, 120, 96, 100, 130, 999]
    points = [day(number, str(value)) for number, value in enumerate(values)]
    read = performance("30d", points, START + 9 * DAY + timedelta(hours=5))
    assert read.max_drawdown is not None
    assert (read.max_drawdown.pct, read.max_drawdown.peak_at) == (-20, START + 5 * DAY)
    assert (read.max_drawdown.trough_at, read.max_drawdown.recovered_at) == (START + 6 * DAY, START + 8 * DAY)
    calm = performance("30d", points[:-1], START + 9 * DAY)
    assert (read.volatility_annual_pct, read.sharpe) == (calm.volatility_annual_pct, calm.sharpe)
    assert None not in (read.volatility_annual_pct, read.sortino, read.value_at_risk_day_pct)
    assert read.time_weighted_pct == 899 and read.problems == []


@pytest.mark.parametrize("hole", [day(4, None), day(4, "1", share="0")])
def test_a_day_that_is_missing_or_incomplete_is_not_guessed(hole):
    points = [day(number, str(100 + number)) for number in range(12)]
    points[4] = hole
    read = performance("30d", points, START + 12 * DAY)
    since = NO_DAY.format(day="2026-05-06")
    assert (read.days, read.days_known, read.problems) == (12, 11, [since, TOO_SHORT])
    assert read.sharpe is None and read.max_drawdown is None and read.never_fell is None
    assert read.time_weighted_pct == 11, "over the hole the flow since the day before it is known"
    later = [*points, *(day(number, str(100 + number)) for number in range(12, 20))]
    read = performance("30d", later, START + 20 * DAY)
    assert (read.problems, read.statistics_from, read.statistics_days) == ([since], START + 5 * DAY, 14)
    assert (read.never_fell, read.max_drawdown) == (True, None)


def test_what_flowed_on_a_day_that_is_left_out_counts_for_the_next():
    """100; a day that is not known, in which 50 came; 150: nothing was made."""
    hole = Point(starts_at=START + DAY, samples=3, complete_share=Decimal(0), net_flow_usd=Decimal(50))
    course = course_of([day(0, "100"), hole, day(2, "150")], START + 3 * DAY)
    assert (course.flows, course.growth.fraction, course.daily) == ((50,), 0, ())


def test_a_flow_that_may_have_come_after_the_days_value_is_unknown():
    """The day's value is of 10:00, later hours are not complete: 50 may have come before or after it."""
    early = replace(day(1, "150", "50", share="0.5"), taken_at=START + DAY + timedelta(hours=10))
    points = [day(0, "100"), early, day(2, "150")]
    assert course_of(points, START + 3 * DAY).whole_flows is False
    late = replace(early, taken_at=START + DAY + timedelta(hours=23, minutes=2))
    assert course_of([day(0, "100"), late, day(2, "150")], START + 3 * DAY).growth.fraction == 0
    still = replace(early, net_flow_usd=Decimal(0), value_usd=Decimal(100))
    assert course_of([day(0, "100"), still, day(2, "100")], START + 3 * DAY).whole_flows is True


def test_returns_begin_after_the_last_unknown_flow():
    points = [day(number, str(100 + number), None if number == 3 else "0") for number in range(12)]
    read = performance("30d", points, START + 12 * DAY)
    assert (read.change_usd, read.problems) == (11, [LATE_FLOWS.format(day="2026-05-04")])
    assert (read.gain_usd, read.returns_from) == (8, START + 3 * DAY + timedelta(hours=23))
    assert (read.statistics_days, read.statistics_from) == (8, START + 3 * DAY)
    unknown = [day(number, str(100 + number), None) for number in range(12)]
    read = performance("30d", unknown, START + 12 * DAY)
    assert (read.change_usd, read.problems) == (11, [NO_FLOWS])
    assert (read.gain_usd, read.time_weighted_pct, read.money_weighted_annual_pct, read.sharpe) == (None,) * 4


def test_months_link_to_the_whole():
    """May 20 to July 2: May begins within, June is whole, July is not over."""
    values = [Decimal(100) + Decimal(number * number % 17) for number in range(44)]
    points = [day(number + 19, str(value)) for number, value in enumerate(values)]
    read = performance("90d", points, START + 63 * DAY)
    assert [(each.month, each.is_whole) for each in read.months] == [
        ("2026-05", False),
        ("2026-06", True),
        ("2026-07", False),
    ]
    made = [1 + (each.return_pct or 0) / 100 for each in read.months]
    assert made[0] * made[1] * made[2] - 1 == pytest.approx((read.time_weighted_pct or 0) / 100, abs=Decimal("3e-6"))
    assert made[1] - 1 == pytest.approx(values[41] / values[11] - 1, abs=Decimal("1e-6"))
    assert read.apy_pct is not None, "a guess from 30 days on"
    assert performance("7d", points[:7], START + 26 * DAY).apy_pct is None


@given(
    st.lists(
        st.tuples(st.decimals(1, 1000, places=2), st.none() | st.decimals(-5, 5, places=2), st.sampled_from("10h")),
        min_size=1,
        max_size=40,
    )
)
def test_as_the_slow_obvious_version_has_it(rows):
    """Days of a value and a flow: known, not complete, or without any snapshot."""
    points = []
    for number, (value, flow, kind) in enumerate(rows):
        given_flow = None if flow is None else str(flow)
        points.append(day(number, None if kind == "h" else str(value), given_flow, share="1" if kind == "1" else "0"))
    course = course_of(points, START + 50 * DAY)
    known = [point for point, row in zip(points, rows, strict=True) if row[2] == "1"]
    assert list(course.days) == known
    for begin in range(len(known)):  # the earliest day from which no step has an unknown flow
        inside = [point for point in points if point.starts_at > known[begin].starts_at and point.samples]
        until = [point for point in inside if point.starts_at <= known[-1].starts_at]
        if all(point.net_flow_usd is not None for point in until):
            assert list(course.linked) == known[begin:]
            break
    level = Decimal(1)
    for one, other, flow in zip(course.linked, course.linked[1:], course.flows, strict=False):
        level *= (other.value_usd - flow) / one.value_usd
    if course.growth.fraction is not None:
        assert float(course.growth.fraction) == pytest.approx(float(level) - 1, abs=1e-9)
    for one in course.daily:
        assert any(one.starts_at - DAY == each.starts_at for each in course.linked)


@pytest.mark.parametrize("points", [[], [day(0, "5")], [day(0, None), day(1, None)]])
def test_less_than_two_days_are_nothing(points):
    read = performance("all", points, START + 3 * DAY)
    assert (read.start_usd, read.change_usd, read.problems) == (None, None, [ONE_DAY])


def test_from_nothing_to_something():
    read = performance("30d", [day(0, "0"), day(1, "50", "50"), day(2, "75")], START + 3 * DAY)
    assert (read.change_pct, read.gain_usd, read.roi_pct, read.time_weighted_pct) == (None, 25, 50, 50)
