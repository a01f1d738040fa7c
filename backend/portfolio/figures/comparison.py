"""A portfolio beside benchmarks, pure: each over the same days, with what relates their daily returns.

A benchmark's line begins at the first day that both know, at the level of the portfolio there: what was before is not
known of one of them, and no line is drawn for it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal

from backend.market.ladder.service import Benchmark
from backend.portfolio.engine.benchmark import aligned_returns, compare
from backend.portfolio.engine.drawdown import max_drawdown
from backend.portfolio.engine.returns import DAYS_A_YEAR, simple_returns
from backend.portfolio.engine.volatility import volatility
from backend.portfolio.figures.benchmark_days import NAMES, BenchmarkDays
from backend.portfolio.figures.daily_returns import Course
from backend.portfolio.figures.performance import LEAST_RETURNS, daily_index
from backend.portfolio.figures.schemas import BenchmarkRead, ComparisonPoint

TRADING_DAYS_A_YEAR = 252
NO_SOURCE = "No source for it is configured here."
NO_PRICES = "Its source has no prices of these days."
FILLING = "Its prices of these days are being fetched."
FEW_COMMON = f"Fewer than {LEAST_RETURNS} daily returns are known of both."


def benchmark_read(days: BenchmarkDays, course: Course, start: date, end: date) -> BenchmarkRead:
    """Return what a benchmark did from `start` to `end`, and how the portfolio stood to it."""
    prices = {day: price for day, price in days.prices.items() if start <= day <= end}
    read = BenchmarkRead(
        benchmark=days.benchmark.value,
        name=NAMES[days.benchmark],
        source=days.source,
        as_of=days.observed_at,
        is_filling=days.is_filling,
    )
    if len(prices) < 2:
        read.problem = FILLING if days.is_filling else NO_PRICES if days.source else NO_SOURCE
        return read
    ordered = sorted(prices)
    read.from_day, read.to_day = ordered[0], ordered[-1]
    read.return_pct = _pct(prices[ordered[-1]] / prices[ordered[0]] - 1)
    traded = [day for day in ordered if day in days.traded]
    year = TRADING_DAYS_A_YEAR if days.benchmark is Benchmark.SP500 else DAYS_A_YEAR
    own = simple_returns([prices[day] for day in traded])
    if len(own) >= LEAST_RETURNS:
        read.volatility_annual_pct = _pct(volatility(own, year))
        fall = max_drawdown([(datetime.combine(day, time(), UTC), prices[day]) for day in traded])
        read.max_drawdown_pct = 0.0 if fall is None else _pct(fall.fraction)
    _relate(read, course, {day: prices[day] for day in traded}, prices, year)
    return read


def _relate(
    read: BenchmarkRead,
    course: Course,
    traded: Mapping[date, Decimal],
    prices: Mapping[date, Decimal],
    periods_a_year: int,
) -> None:
    """Fill in how the portfolio stood to the benchmark."""
    index = {day.starts_at.date(): level for day, level in course.index()}
    both = sorted(index.keys() & prices.keys())
    if len(both) > 1 and index[both[0]] > 0:
        read.portfolio_return_pct = _pct(index[both[-1]] / index[both[0]] - 1)
    known = {at.date(): level for at, level in daily_index(course)}
    _, ours, theirs = aligned_returns(known, traded)
    if len(ours) < LEAST_RETURNS:
        read.problem = FEW_COMMON
        return
    found = compare(ours, theirs, periods_a_year=periods_a_year)
    if found is None:
        return
    read.common_returns = found.periods
    read.beta, read.correlation = _rounded(found.beta), _rounded(found.correlation)
    read.alpha_annual_pct = _pct(found.alpha_annual)
    read.tracking_error_annual_pct = _pct(found.tracking_error_annual)
    read.information_ratio = _rounded(found.information_ratio)


def lines_of(course: Course, benchmarks: Sequence[BenchmarkDays], start: date, end: date) -> list[ComparisonPoint]:
    """Return a point for every day from `start` to `end` of which something is known."""
    index = course.index()
    ours = {day.starts_at.date(): level for day, level in index} if len(index) > 1 else {}  # one day made nothing
    lines = {each.benchmark: _line(each, ours, start, end) for each in benchmarks}
    days = sorted(ours.keys() | {day for line in lines.values() for day in line})
    return [
        ComparisonPoint(
            day=day,
            portfolio_pct=_pct(ours[day] - 1) if day in ours else None,
            btc_pct=lines.get(Benchmark.BTC, {}).get(day),
            eth_pct=lines.get(Benchmark.ETH, {}).get(day),
            sp500_pct=lines.get(Benchmark.SP500, {}).get(day),
        )
        for day in days
    ]


def _line(days: BenchmarkDays, ours: Mapping[date, Decimal], start: date, end: date) -> dict[date, float]:
    prices = {day: price for day, price in days.prices.items() if start <= day <= end}
    both = sorted(ours.keys() & prices.keys())
    begins = both[0] if both else min(prices, default=None)
    if begins is None:
        return {}
    level = ours[begins] if both else Decimal(1)
    return {day: _pct(level * price / prices[begins] - 1) or 0.0 for day, price in prices.items() if day >= begins}


def _pct(fraction: Decimal | float | None) -> float | None:
    return None if fraction is None else round(float(fraction) * 100, 4)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
