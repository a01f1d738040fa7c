"""How a portfolio did over a range, pure: from its days to the metrics of the engine (formulas: docs/metrics.md).

A day's flow came in since the day before, so the value right before it is the day's value less the flow. Nothing is
guessed: a day without a complete snapshot is unknown, and so is every figure that needs it.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from backend.portfolio.engine import time_weighted as twr
from backend.portfolio.engine.drawdown import max_drawdown
from backend.portfolio.engine.exact import EXACT, add_up, percent
from backend.portfolio.engine.money_weighted import Flow, money_weighted
from backend.portfolio.engine.roi import return_on_investment
from backend.portfolio.engine.sharpe import sharpe
from backend.portfolio.engine.sortino import sortino
from backend.portfolio.engine.value_at_risk import historical_var
from backend.portfolio.engine.volatility import volatility
from backend.portfolio.schemas import DrawdownRead, PerformanceRange, PerformanceRead
from backend.portfolio.snapshots.records import DAY
from backend.portfolio.snapshots.service import Point

LEAST_RETURNS = 7  # statistics of fewer days say nothing
NO_FLOWS = "What came in and went out is not known of every day, so returns are not known."
ONE_DAY = "There are not two days with a complete snapshot yet, so how it did is not known."
NO_DAY = "There is no complete snapshot of every day, so figures that need each day are not known."
TOO_SHORT = f"Statistics of returns need at least {LEAST_RETURNS} whole days."
PLACES = Decimal("0.0001")


def performance(name: PerformanceRange, points: Sequence[Point], now: datetime) -> PerformanceRead:
    """Return the figures of a range of days, the last of which may not be over."""
    days = [point for point in points if point.value_usd is not None and (point.complete_share or 0) > 0]
    problems: list[str] = []
    first, last = (days[0], days[-1]) if len(days) > 1 else (None, None)
    flows = [day.net_flow_usd for day in days[1:]]
    known_flows = [flow for flow in flows if flow is not None]
    has_flows = first is not None and len(known_flows) == len(flows)
    if first is None:
        problems.append(ONE_DAY)
    elif not has_flows:
        problems.append(NO_FLOWS)
    read = PerformanceRead(
        range=name,
        start_at=None if first is None else first.taken_at,
        end_at=None if last is None else last.taken_at,
        start_usd=None if first is None else first.value_usd,
        end_usd=None if last is None else last.value_usd,
        days=len(points),
        days_known=len(days),
        problems=problems,
    )
    if first is not None and last is not None and first.value_usd is not None and last.value_usd is not None:
        read.change_usd = EXACT.subtract(last.value_usd, first.value_usd)
        read.change_pct = _places(percent(read.change_usd, first.value_usd))
        if has_flows:
            _returns(read, days, known_flows, points, now)
    return read


def _returns(
    read: PerformanceRead, days: Sequence[Point], flows: Sequence[Decimal], points: Sequence[Point], now: datetime
) -> None:
    """Fill in what needs the flows."""
    read.net_flow_usd = add_up(flows)
    if found := return_on_investment(days[0].value_usd, days[-1].value_usd, flows):
        read.gain_usd, read.roi_pct = found.gain_usd, _places(found.pct)
    periods = [_before_flow(day, flow) for day, flow in zip(days, [Decimal(0), *flows], strict=True)]
    linked = twr.time_weighted(periods)
    if linked.fraction is not None:
        read.time_weighted_pct = _places(linked.fraction * 100)
    paid = [Flow(periods[0].at, -(days[0].value_usd or Decimal(0)))]
    paid += [Flow(period.at, -flow) for period, flow in zip(periods[1:], flows, strict=True)]
    paid.append(Flow(periods[-1].at, days[-1].value_usd or Decimal(0)))
    rate = money_weighted(paid)
    read.money_weighted_annual_pct = _hundredfold(rate.annual)
    _statistics(read, linked.periods, days, points, now)


def _statistics(
    read: PerformanceRead,
    periods: Sequence[twr.PeriodReturn],
    days: Sequence[Point],
    points: Sequence[Point],
    now: datetime,
) -> None:
    """Fill in what needs the return of every whole day."""
    whole = [point for point in points if point.starts_at >= days[0].starts_at and point.starts_at + DAY <= now]
    known = {day.starts_at for day in days}
    if any(point.starts_at not in known for point in whole):
        read.problems.append(NO_DAY)
        return
    fractions = [
        None if period.fraction is None else float(period.fraction)
        for (_, day), period in zip(pairwise(days), periods, strict=True)
        if day.starts_at + DAY <= now
    ]
    if len(fractions) < LEAST_RETURNS:
        read.problems.append(TOO_SHORT)
        return
    returns = [float("nan") if fraction is None else fraction for fraction in fractions]
    read.volatility_annual_pct = _hundredfold(volatility(returns))
    read.sharpe, read.sortino = _rounded(sharpe(returns)), _rounded(sortino(returns))
    read.value_at_risk_day_pct = _hundredfold(historical_var(returns))
    index: list[tuple[datetime, float]] = [(days[0].starts_at, 1.0)]
    for point, fraction in zip(whole[1:], returns, strict=True):
        index.append((point.starts_at, index[-1][1] * (1 + fraction)))
    if (fall := max_drawdown(index)) is not None:
        read.max_drawdown = DrawdownRead(
            pct=round(fall.fraction * 100, 4),
            peak_at=fall.peak_at,
            trough_at=fall.trough_at,
            recovered_at=fall.recovered_at,
        )


def _before_flow(day: Point, flow: Decimal) -> twr.Point:
    assert day.value_usd is not None and day.taken_at is not None
    return twr.Point(day.taken_at, EXACT.subtract(day.value_usd, flow), flow)


def _places(value: Decimal | None) -> Decimal | None:
    return None if value is None else EXACT.quantize(value, PLACES)


def _hundredfold(fraction: float | None) -> float | None:
    return None if fraction is None else _rounded(fraction * 100)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
