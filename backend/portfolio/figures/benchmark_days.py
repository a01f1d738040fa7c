"""What benchmarks were worth at the end of each day, from the ladder's stored points."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.settings import Settings
from backend.market.ladder.history import Point
from backend.market.ladder.service import Benchmark, Ladder, benchmark_or_fill
from backend.portfolio.snapshots.records import DAY

NAMES = {Benchmark.BTC: "Bitcoin", Benchmark.ETH: "Ether", Benchmark.SP500: "S&P 500"}
_INSTANT = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class BenchmarkDays:
    """A benchmark's prices in US dollars (index points for the S&P 500) by the day (UTC) at whose end they were.

    `traded` are the days with a price of their own: an exchange is closed at weekends, and its last close stands on.
    """

    benchmark: Benchmark
    prices: Mapping[date, Decimal] = field(default_factory=dict)
    traded: frozenset[date] = frozenset()
    source: str | None = None
    observed_at: datetime | None = None
    is_filling: bool = False


async def benchmark_days(
    session: AsyncSession, settings: Settings, ladder: Ladder, start: datetime, end: datetime
) -> list[BenchmarkDays]:
    """Return every benchmark from the day of `start` to that of `end`; what is not stored yet is put in line."""
    found = []
    for benchmark in Benchmark:
        # The end of a day is the midnight after it.
        stored = await benchmark_or_fill(session, settings, ladder, benchmark, start, end + DAY)
        if stored is None:
            found.append(BenchmarkDays(benchmark))
        else:
            found.append(days_of(benchmark, stored.points, is_filling=stored.is_filling))
    return found


def days_of(benchmark: Benchmark, points: list[Point], *, is_filling: bool = False) -> BenchmarkDays:
    """Return points at midnights as days."""
    ends = {(point.taken_at - DAY).date(): point for point in points}
    newest = max(points, key=lambda point: point.observed_at, default=None)
    return BenchmarkDays(
        benchmark,
        {day: point.price_usd for day, point in ends.items()},
        frozenset(day for day, point in ends.items() if point.taken_at - point.observed_at < DAY - _INSTANT),
        newest.source if newest else None,
        newest.observed_at if newest else None,
        is_filling,
    )
