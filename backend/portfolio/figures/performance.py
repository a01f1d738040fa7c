"""How a portfolio did over a range, pure: from its days to the metrics of the engine (formulas: docs/metrics.md).

Nothing is guessed: a figure that needs what is not known is unknown, or of the later days that are known, and says so.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, localcontext

from backend.portfolio.engine.apy import apy_from_growth
from backend.portfolio.engine.drawdown import max_drawdown
from backend.portfolio.engine.exact import EXACT, add_up, percent
from backend.portfolio.engine.expected_shortfall import historical_shortfall, parametric_shortfall
from backend.portfolio.engine.money_weighted import Flow, money_weighted
from backend.portfolio.engine.returns import growth_index
from backend.portfolio.engine.roi import return_on_investment
from backend.portfolio.engine.sharpe import sharpe
from backend.portfolio.engine.sortino import downside_deviation, sortino
from backend.portfolio.engine.value_at_risk import historical_var, parametric_var
from backend.portfolio.engine.volatility import volatility
from backend.portfolio.figures.daily_returns import Course, course_of
from backend.portfolio.figures.schemas import DrawdownRead, MonthRead, PerformanceRange, PerformanceRead
from backend.portfolio.snapshots.records import DAY
from backend.portfolio.snapshots.service import Point

LEAST_RETURNS = 7  # statistics of fewer days say nothing
LEAST_APY_DAYS = 30  # less, made yearly, is noise
NO_FLOWS = "What came in and went out is not known of every day, so returns are not known."
LATE_FLOWS = "What came in and went out is known since {day} only: returns are of the time from then on."
ONE_DAY = "There are not two days with a complete snapshot yet, so how it did is not known."
NO_DAY = "There is no complete snapshot of every day: statistics of returns are of the days in a row since {day}."
NO_ROW = "There are not two days in a row with a complete snapshot, so statistics of returns are not known."
TOO_SHORT = f"Statistics of returns need at least {LEAST_RETURNS} whole days."
PLACES = Decimal("0.0001")


def performance(name: PerformanceRange, points: Sequence[Point], now: datetime) -> PerformanceRead:
    """Return the figures of a range of days, the last of which may not be over."""
    course = course_of(points, now)
    days = course.days
    has_two = len(days) > 1
    read = PerformanceRead(
        range=name,
        start_at=days[0].taken_at if has_two else None,
        end_at=days[-1].taken_at if has_two else None,
        start_usd=days[0].value_usd if has_two else None,
        end_usd=days[-1].value_usd if has_two else None,
        days=len(points),
        days_known=len(days),
        problems=[],
    )
    if read.start_usd is None or read.end_usd is None:
        read.problems.append(ONE_DAY)
        return read
    read.change_usd = EXACT.subtract(read.end_usd, read.start_usd)
    read.change_pct = _places(percent(read.change_usd, read.start_usd))
    if len(course.linked) < 2:
        read.problems.append(NO_FLOWS)
        return read
    if not course.whole_flows:
        read.problems.append(LATE_FLOWS.format(day=f"{course.linked[0].starts_at:%Y-%m-%d}"))
    _returns(read, course)
    _statistics(read, course)
    read.months = months_of(course)
    return read


def months_of(course: Course) -> list[MonthRead]:
    """Return the time-weighted return of each calendar month (UTC), oldest first.

    A month is whole when returns begin on its first day or before it, and its last day is over.
    """
    index = course.index()
    if len(index) < 2:
        return []
    began, newest = index[0][0].starts_at, course.points[-1].starts_at
    levels = {(day.starts_at.year, day.starts_at.month): level for day, level in index[1:]}
    found: list[MonthRead] = []
    before = Decimal(1)
    for (year, month), level in levels.items():
        first = began.replace(year=year, month=month, day=1)
        past = first.replace(year=year + month // 12, month=month % 12 + 1)
        with localcontext(EXACT):
            made = (level / before - 1) * 100 if before > 0 else None
        is_whole = began < first and newest >= past
        found.append(MonthRead(month=f"{year}-{month:02}", return_pct=_places(made), is_whole=is_whole))
        before = level
    return found


def _returns(read: PerformanceRead, course: Course) -> None:
    """Fill in what needs the flows."""
    first, last = course.linked[0], course.linked[-1]
    read.returns_from = first.taken_at
    read.net_flow_usd = add_up(course.flows)
    if found := return_on_investment(first.value_usd, last.value_usd, course.flows):
        read.invested_usd, read.gain_usd, read.roi_pct = found.invested_usd, found.gain_usd, _places(found.pct)
    if course.growth.fraction is not None:
        read.time_weighted_pct = _places(course.growth.fraction * 100)
        span = last.starts_at - first.starts_at
        if span >= LEAST_APY_DAYS * DAY:
            grown = EXACT.add(Decimal(1), course.growth.fraction)
            read.apy_pct = _places(apy_from_growth(Decimal(1), grown, int(span.total_seconds())))
    moments = [(day.taken_at or day.starts_at, flow) for day, flow in zip(course.linked[1:], course.flows, strict=True)]
    paid = [Flow(first.taken_at or first.starts_at, -(first.value_usd or Decimal(0)))]
    paid += [Flow(at, -flow) for at, flow in moments]
    paid.append(Flow(last.taken_at or last.starts_at, last.value_usd or Decimal(0)))
    rate = money_weighted(paid)
    read.money_weighted_pct, read.money_weighted_annual_pct = _hundredfold(rate.whole), _hundredfold(rate.annual)
    read.money_weighted_problem = rate.problem


def _statistics(read: PerformanceRead, course: Course) -> None:
    """Fill in what needs the return of every whole day."""
    if not course.whole_days:
        since = course.daily_from
        if since is None:
            read.problems.append(NO_ROW)
        elif since > course.linked[0].starts_at:
            read.problems.append(NO_DAY.format(day=f"{since:%Y-%m-%d}"))
    if len(course.daily) < LEAST_RETURNS:
        if course.daily or course.whole_days:
            read.problems.append(TOO_SHORT)
        return
    returns = [day.fraction for day in course.daily]
    read.statistics_from, read.statistics_days = course.daily_from, len(returns)
    read.volatility_annual_pct = _hundredfold(volatility(returns))
    read.downside_annual_pct = _hundredfold(downside_deviation(returns))
    read.sharpe, read.sortino = _rounded(sharpe(returns)), _rounded(sortino(returns))
    read.value_at_risk_day_pct = _hundredfold(historical_var(returns))
    read.value_at_risk_normal_day_pct = _hundredfold(parametric_var(returns))
    read.expected_shortfall_day_pct = _hundredfold(historical_shortfall(returns))
    read.expected_shortfall_normal_day_pct = _hundredfold(parametric_shortfall(returns))
    index = daily_index(course)
    read.never_fell = False
    if (fall := max_drawdown(index)) is not None:
        read.max_drawdown = DrawdownRead(
            pct=round(fall.fraction * 100, 4),
            peak_at=fall.peak_at,
            trough_at=fall.trough_at,
            recovered_at=fall.recovered_at,
        )
    else:
        read.never_fell = True


def daily_index(course: Course) -> list[tuple[datetime, float]]:
    """Return what 1 became by the end of each whole day in a row, the day before the first of them first."""
    if course.daily_from is None:
        return []
    days = [course.daily_from, *(day.starts_at for day in course.daily)]
    return list(zip(days, growth_index(day.fraction for day in course.daily).tolist(), strict=True))


def _places(value: Decimal | None) -> Decimal | None:
    return None if value is None else EXACT.quantize(value, PLACES)


def _hundredfold(fraction: float | None) -> float | None:
    return None if fraction is None else _rounded(fraction * 100)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
