"""Figures of a portfolio for the pages and the API: performance, comparison and risk."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.core.clock import utc_now
from backend.core.settings import Settings
from backend.market.ladder.service import Ladder
from backend.portfolio.engine.drawdown import drawdowns
from backend.portfolio.figures.benchmark_days import benchmark_days
from backend.portfolio.figures.comparison import benchmark_read, lines_of
from backend.portfolio.figures.correlations import asset_correlations
from backend.portfolio.figures.daily_returns import course_of, within
from backend.portfolio.figures.performance import daily_index, performance
from backend.portfolio.figures.risk import risk_of
from backend.portfolio.figures.schemas import (
    BenchmarkRead,
    ComparisonPoint,
    ComparisonRead,
    CorrelationRead,
    MetricsRead,
    PerformanceRange,
    PerformanceRead,
    RiskRead,
    WalletComparison,
)
from backend.portfolio.figures.wallet_comparison import TOO_LONG, Named, compare_wallets
from backend.portfolio.snapshots.history import RANGES
from backend.portfolio.snapshots.records import DAY, snapshot_of
from backend.portfolio.snapshots.service import Point, days_of, latest
from backend.portfolio.snapshots.store import SnapshotStore
from backend.portfolio.stablecoins import stablecoins_of
from backend.portfolio.wallets import service as wallets

__all__ = [
    "METRIC_RANGES",
    "compared",
    "comparison_of",
    "course_of",
    "daily_index",
    "drawdowns",
    "metrics_of",
    "performance",
    "performance_of",
    "performances_of",
    "risk_and_correlation",
    "wallets_compared",
]
METRIC_RANGES: tuple[PerformanceRange, ...] = ("30d", "90d", "1y")
HOLDINGS_KEPT = 90 * DAY
_NEAR = timedelta(hours=3)


@requires(Feature.PORTFOLIO)
async def performance_of(store: SnapshotStore, user: CurrentUser, name: PerformanceRange) -> PerformanceRead:
    """Return how the user's portfolio did over a range."""
    return performance(name, await days_of(store, user, name), utc_now())


@requires(Feature.PORTFOLIO)
async def performances_of(
    store: SnapshotStore, user: CurrentUser, names: Sequence[PerformanceRange] = METRIC_RANGES
) -> list[PerformanceRead]:
    """Return how the user's portfolio did over several ranges."""
    now = utc_now()
    days = await days_of(store, user, "all" if "all" in names else "1y")
    return [performance(name, within(days, name, now), now) for name in names]


@requires(Feature.PORTFOLIO)
async def compared(
    store: SnapshotStore,
    session: AsyncSession,
    user: CurrentUser,
    settings: Settings,
    ladder: Ladder,
    names: Sequence[PerformanceRange],
) -> dict[PerformanceRange, tuple[list[Point], list[BenchmarkRead], list[ComparisonPoint]]]:
    """Return days, benchmarks and lines of several ranges; the prices of benchmarks are read once."""
    now = utc_now()
    points = await days_of(store, user, "all" if "all" in names else "1y")
    starts = {name: now - (RANGES[name][0] or timedelta(0)) for name in names}
    if "all" in names:
        starts["all"] = points[0].starts_at if points else now - DAY
    days = await benchmark_days(session, settings, ladder, min(starts.values()), now)
    found = {}
    for name in names:
        inside = within(points, name, now)
        course = course_of(inside, now)
        # Side by side is over the same days: those of which the portfolio's returns are known, if there are any.
        start = course.linked[0].starts_at.date() if len(course.linked) > 1 else starts[name].date()
        reads = [benchmark_read(each, course, start, now.date()) for each in days]
        found[name] = inside, reads, lines_of(course, days, start, now.date())
    return found


@requires(Feature.PORTFOLIO)
async def wallets_compared(
    store: SnapshotStore, session: AsyncSession, user: CurrentUser, name: PerformanceRange
) -> WalletComparison:
    """Return the user's wallets and groups beside each other over a range, as long as holdings are kept."""
    now = utc_now()
    length = RANGES[name][0]
    if length is None or length > HOLDINGS_KEPT:
        return WalletComparison(before_at=None, after_at=None, items=[], problem=TOO_LONG)
    since = await store.tracked_since(user.id)
    at = max(now - length, since) + _NEAR if since is not None else now
    row = await store.latest(user.id, at, at - DAY)
    mine = await wallets.list_wallets(session, user)
    named = [Named(each.address.lower(), each.label or each.ens_name or "", each.group) for each in mine]
    return compare_wallets(snapshot_of(row) if row is not None else None, await latest(store, user), named)


@requires(Feature.PORTFOLIO)
async def comparison_of(
    store: SnapshotStore,
    session: AsyncSession,
    user: CurrentUser,
    settings: Settings,
    ladder: Ladder,
    name: PerformanceRange,
) -> ComparisonRead:
    """Return the portfolio beside benchmarks, and the wallets beside each other, over a range."""
    points, benchmarks, lines = (await compared(store, session, user, settings, ladder, [name]))[name]
    return ComparisonRead(
        range=name,
        portfolio=performance(name, points, utc_now()),
        benchmarks=benchmarks,
        points=lines,
        wallets=await wallets_compared(store, session, user, name),
    )


@requires(Feature.PORTFOLIO)
async def risk_and_correlation(
    store: SnapshotStore, session: AsyncSession, user: CurrentUser, settings: Settings, ladder: Ladder
) -> tuple[RiskRead, CorrelationRead]:
    """Return the risk of the user's newest snapshot, and how alike its largest assets move."""
    newest = await latest(store, user)
    stable = stablecoins_of(settings, [part.chain_id for part in newest.chains] if newest else [])
    risk = risk_of(newest, stable)
    return risk, await asset_correlations(session, ladder, risk.exposures, stable, utc_now())


@requires(Feature.PORTFOLIO)
async def metrics_of(
    store: SnapshotStore, session: AsyncSession, user: CurrentUser, settings: Settings, ladder: Ladder
) -> MetricsRead:
    """Return the metrics of a month, a quarter and a year, and the risk of what is held now."""
    risk, correlation = await risk_and_correlation(store, session, user, settings, ladder)
    return MetricsRead(ranges=await performances_of(store, user), risk=risk, correlation=correlation)
