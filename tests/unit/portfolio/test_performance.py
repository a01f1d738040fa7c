"""Performance from days: worked by hand, and unknown wherever a day or a flow is."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from backend.portfolio.performance import NO_DAY, NO_FLOWS, ONE_DAY, TOO_SHORT, performance
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
    assert (read.days, read.days_known, read.problems) == (12, 11, [NO_DAY])
    assert read.sharpe is None and read.max_drawdown is None
    assert read.time_weighted_pct == 11, "over the hole the flow since the day before it is known"


def test_unknown_flows_leave_the_change_of_value_only():
    points = [day(number, str(100 + number), None if number == 3 else "0") for number in range(12)]
    read = performance("30d", points, START + 12 * DAY)
    assert (read.change_usd, read.problems) == (11, [NO_FLOWS])
    assert (read.gain_usd, read.time_weighted_pct, read.money_weighted_annual_pct, read.sharpe) == (None,) * 4


@pytest.mark.parametrize("points", [[], [day(0, "5")], [day(0, None), day(1, None)]])
def test_less_than_two_days_are_nothing(points):
    read = performance("all", points, START + 3 * DAY)
    assert (read.start_usd, read.change_usd, read.problems) == (None, None, [ONE_DAY])


def test_from_nothing_to_something():
    read = performance("30d", [day(0, "0"), day(1, "50", "50"), day(2, "75")], START + 3 * DAY)
    assert (read.change_pct, read.gain_usd, read.roi_pct, read.time_weighted_pct) == (None, 25, 50, 50)
