"""How alike the largest assets of a portfolio move: correlation of their daily prices over the last quarter."""

from collections.abc import Collection, Sequence
from datetime import datetime

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain.registry import chain_name
from backend.core import formats
from backend.market.engine.grid import Step
from backend.market.ladder.port import Key
from backend.market.ladder.service import Ladder, history_or_fill
from backend.portfolio.engine.correlation import LEAST_PERIODS, correlation_matrix
from backend.portfolio.engine.returns import simple_returns
from backend.portfolio.figures.schemas import CorrelationRead, ExposureRead
from backend.portfolio.holdings import AssetKey
from backend.portfolio.snapshots.records import DAY

MOST_ASSETS = 6
QUARTER = 90 * DAY


async def asset_correlations(
    session: AsyncSession,
    ladder: Ladder,
    exposures: Sequence[ExposureRead],
    stablecoins: Collection[AssetKey],
    now: datetime,
) -> CorrelationRead:
    """Return the matrix of the largest assets that are no stablecoins; prices that are not stored are put in line."""
    largest = [each for each in exposures if AssetKey(each.chain_id, each.token) not in stablecoins][:MOST_ASSETS]
    columns: list[dict[datetime, float]] = []
    sources: dict[str, None] = {}
    is_filling = False
    for each in largest:
        key = Key(each.chain_id, each.token)
        stored = await history_or_fill(session, ladder, key, now - QUARTER, now, Step.DAY)
        is_filling = is_filling or stored.is_filling
        sources |= dict.fromkeys(point.source for point in stored.points)
        columns.append({point.taken_at: float(point.price_usd) for point in stored.points})
    days = sorted({day for column in columns for day in column})
    # A day of which nobody has a price is no day apart: every return is of one day.
    grid = [days[0] + number * DAY for number in range((days[-1] - days[0]).days + 1)] if days else []
    matrix = _matrix([[column.get(day) for column in columns] for day in grid], len(columns))
    return CorrelationRead(
        labels=[_label(each, largest) for each in largest],
        rows=matrix,
        days=max(0, len(grid) - 1),
        source=", ".join(sources) or "no source has prices by day",
        is_filling=is_filling,
    )


def _matrix(prices: Sequence[Sequence[float | None]], width: int) -> list[list[float | None]]:
    if len(prices) <= LEAST_PERIODS:
        return [[None] * width for _ in range(width)]
    found = correlation_matrix(simple_returns(prices))
    return [[None if np.isnan(each) else round(float(each), 4) for each in row] for row in found]


def _label(each: ExposureRead, among: Sequence[ExposureRead]) -> str:
    symbol = formats.untrusted_text(each.symbol) if each.symbol else formats.address(each.token)
    twice = sum(other.symbol == each.symbol for other in among) > 1
    return f"{symbol} · {chain_name(each.chain_id)}" if twice else symbol
