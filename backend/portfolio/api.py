"""`/v1/portfolio`: what a user's wallets hold and are worth, from the snapshots, with block, time and source."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from backend.api.auth import ReadsPortfolio
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, ok
from backend.api.resources import resources
from backend.core.clock import utc_now
from backend.core.schemas import ApiModel
from backend.market.ladder.service import Ladder, shared_ladder
from backend.portfolio.figures import service as figures
from backend.portfolio.figures.schemas import ComparisonRead, MetricsRead, PerformanceRange, PerformanceRead
from backend.portfolio.overview import asset_list, chain_list, history_read, portfolio_read
from backend.portfolio.position_list import position_list
from backend.portfolio.profit.service import average_costs
from backend.portfolio.schemas import (
    AssetList,
    ChainList,
    DashboardRead,
    HistoryRead,
    PortfolioRead,
    PositionList,
)
from backend.portfolio.snapshots import service
from backend.portfolio.snapshots.history import Range

router = APIRouter(prefix="/v1/portfolio", tags=["Portfolio"], responses=SIGNED_IN_ERRORS)
MAX_PAGE_SIZE = 500
DASHBOARD_ASSETS = 20


def _ladder() -> Ladder:
    held = resources()
    return shared_ladder(held.settings, held.timeseries, held.counters)


class AssetsQuery(ApiModel):
    """Which holdings to list."""

    model_config = ConfigDict(extra="forbid")

    chain_id: int | None = Field(default=None, ge=1, le=2**53)
    wallet: str | None = Field(default=None, max_length=64)
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=100, ge=1, le=MAX_PAGE_SIZE)


class PositionsQuery(ApiModel):
    """Which positions to list."""

    model_config = ConfigDict(extra="forbid")

    chain_id: int | None = Field(default=None, ge=1, le=2**53)
    wallet: str | None = Field(default=None, max_length=64)


class HistoryQuery(ApiModel):
    """How far back to look."""

    model_config = ConfigDict(extra="forbid")

    range: Range = "30d"


class PerformanceQuery(ApiModel):
    """Of which time."""

    model_config = ConfigDict(extra="forbid")

    range: PerformanceRange = "30d"


@router.get("")
async def read_portfolio(user: ReadsPortfolio) -> Envelope[PortfolioRead]:
    """Read your newest snapshot: total, chains with their blocks, categories, and the change of the last 24 hours."""
    async with resources().snapshots.open(user.id) as store:
        newest, day_before = await service.latest_and_day_before(store, user)
    return ok(portfolio_read(newest, day_before, utc_now()))


@router.get("/dashboard")
async def read_dashboard(user: ReadsPortfolio) -> Envelope[DashboardRead]:
    """Read your newest snapshot at a glance: as `/v1/portfolio`, and the assets that are worth most."""
    async with resources().snapshots.open(user.id) as store:
        newest, day_before = await service.latest_and_day_before(store, user)
    async with resources().database.unit_of_work(user.id) as session:
        costs = await average_costs(session, user)
    assets = asset_list(newest, None, None, 1, DASHBOARD_ASSETS, average_costs=costs)
    return ok(DashboardRead(portfolio=portfolio_read(newest, day_before, utc_now()), assets=assets))


@router.get("/assets")
async def list_assets(user: ReadsPortfolio, query: Annotated[AssetsQuery, Query()]) -> Envelope[AssetList]:
    """List what you hold by asset and wallet: exact amounts, prices with their source, the block they were read at."""
    async with resources().snapshots.open(user.id) as store:
        newest = await service.latest(store, user)
    async with resources().database.unit_of_work(user.id) as session:
        costs = await average_costs(session, user)
    return ok(asset_list(newest, query.chain_id, query.wallet, query.page, query.page_size, average_costs=costs))


@router.get("/positions")
async def list_positions(user: ReadsPortfolio, query: Annotated[PositionsQuery, Query()]) -> Envelope[PositionList]:
    """List what you have in protocols: liquidity with its fees, supplied and owed, vaults, staked; with the block."""
    async with resources().snapshots.open(user.id) as store:
        newest = await service.latest(store, user)
    return ok(position_list(newest, query.chain_id, query.wallet))


@router.get("/chains")
async def list_chains(user: ReadsPortfolio) -> Envelope[ChainList]:
    """List the chains you hold something on; one that could not be read says so."""
    async with resources().snapshots.open(user.id) as store:
        newest = await service.latest(store, user)
    return ok(chain_list(newest))


@router.get("/performance")
async def read_performance(
    user: ReadsPortfolio, query: Annotated[PerformanceQuery, Query()]
) -> Envelope[PerformanceRead]:
    """Read how your portfolio did: gain, returns by time and by money, volatility, Sharpe, Sortino, deepest fall."""
    async with resources().snapshots.open(user.id) as store:
        return ok(await figures.performance_of(store, user, query.range))


@router.get("/metrics")
async def read_metrics(user: ReadsPortfolio) -> Envelope[MetricsRead]:
    """Read the metrics of 30 days, 90 days and a year, and what the newest snapshot says of risk."""
    held = resources()
    async with held.snapshots.open(user.id) as store, held.database.unit_of_work(user.id) as session:
        return ok(await figures.metrics_of(store, session, user, held.settings, _ladder()))


@router.get("/comparison")
async def read_comparison(
    user: ReadsPortfolio, query: Annotated[PerformanceQuery, Query()]
) -> Envelope[ComparisonRead]:
    """Read your portfolio beside Bitcoin, Ether and the S&P 500, and your wallets and groups beside each other."""
    held = resources()
    async with held.snapshots.open(user.id) as store, held.database.unit_of_work(user.id) as session:
        return ok(await figures.comparison_of(store, session, user, held.settings, _ladder(), query.range))


@router.get("/history")
async def read_history(user: ReadsPortfolio, query: Annotated[HistoryQuery, Query()]) -> Envelope[HistoryRead]:
    """Read the value of your portfolio in time: by hour up to 30 days, by day up to a year, then by week."""
    async with resources().snapshots.open(user.id) as store:
        found = await service.history(store, user, query.range)
    return ok(history_read(query.range, found))
