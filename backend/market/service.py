"""What pages and other domains may ask about prices. Every price comes with its source and its block's time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain.events import NATIVE_TOKEN
from backend.chain.service import known_tokens
from backend.core.clock import utc_now
from backend.core.money import engine_decimal
from backend.core.settings import get_settings
from backend.market import repository
from backend.market.anchors import market_anchors

STALE_AFTER = timedelta(minutes=10)
HOUR = timedelta(hours=1)
MAX_POINTS = 2_000


@dataclass(frozen=True, slots=True)
class PriceView:
    """A token's newest price, and what it was an hour before; None is unknown."""

    chain_id: int
    token: str
    symbol: str | None
    name: str | None
    price_usd: Decimal
    hour_ago_usd: Decimal | None
    liquidity_usd: Decimal | None
    source: str
    block_number: int
    taken_at: datetime

    @property
    def change_1h_percent(self) -> Decimal | None:
        """The change over the hour in percent, None when the price an hour ago is unknown."""
        if self.hour_ago_usd is None:
            return None
        return engine_decimal((self.price_usd - self.hour_ago_usd) / self.hour_ago_usd * 100)


@dataclass(frozen=True, slots=True)
class PricePoint:
    """One point of a chart: the only place where a price is a float."""

    taken_at: datetime
    price_usd: float


async def latest_prices(session: AsyncSession, chain_id: int) -> list[PriceView]:
    """Return every token's newest price, none more than ten minutes older than the chain's newest reading.

    When the chain itself is behind, the prices are as of then: `taken_at` says so.
    """
    newest = await repository.newest_taken_at(session, chain_id)
    if newest is None:
        return []
    rows = await repository.latest_readings(session, chain_id, 2**62, newest - STALE_AFTER, newest)
    before = await repository.prices_before(
        session, chain_id, [row.token for row in rows], newest - HOUR, newest - HOUR - STALE_AFTER
    )
    names = {token.address: token for token in await known_tokens(session, [chain_id])}
    views = []
    for row in rows:
        token = names.get(row.token)
        views.append(
            PriceView(
                chain_id=chain_id,
                token=row.token,
                symbol=token.symbol if token else None,
                name=token.name if token else None,
                price_usd=engine_decimal(row.price_usd),
                hour_ago_usd=engine_decimal(before[row.token]) if row.token in before else None,
                liquidity_usd=row.liquidity_usd,
                source=row.source,
                block_number=row.block_number,
                taken_at=row.taken_at,
            )
        )
    return sorted(views, key=lambda view: (-(view.liquidity_usd or 0), view.token))


async def price_series(
    session: AsyncSession, chain_id: int, token: str, since: datetime, points: int = 300
) -> list[PricePoint]:
    """Return at most `points` readings of a token since then, evenly spread in time, oldest first.

    NATIVE_TOKEN gives the series of the chain's wrapped native token.
    """
    address = token.lower()
    if address == NATIVE_TOKEN:
        anchors = market_anchors(chain_id, get_settings().demo_addresses_file)
        if anchors is None:
            return []
        address = anchors.anchors.wrapped_native
    points = max(2, min(points, MAX_POINTS))
    span_seconds = max(1.0, (utc_now() - since).total_seconds())
    rows = await repository.series(session, chain_id, address, since, span_seconds / (points - 1))
    return [PricePoint(taken_at, float(price)) for taken_at, price in rows]


async def drop_old_readings(session: AsyncSession, keep: timedelta) -> int:
    """Drop whole months of readings older than `keep` (30 days or more); return how many months."""
    return await repository.drop_months_before(session, utc_now() - keep)
