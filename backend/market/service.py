"""What pages and other domains may ask about prices. Every price comes with its source and its block's time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain.events import NATIVE_TOKEN
from backend.chain.service import chain_freshness, known_tokens
from backend.core.clock import utc_now
from backend.core.money import engine_decimal
from backend.core.settings import get_settings
from backend.market import readings_repository, repository
from backend.market.anchors import market_anchors
from backend.market.metrics import SILENT

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
    """Drop whole months of all readings older than `keep` (30 days or more); return how many partitions."""
    before = utc_now() - keep
    return await repository.drop_months_before(session, before) + await readings_repository.drop_months_before(
        session, before
    )


@dataclass(frozen=True, slots=True)
class MetricView:
    """A metric's newest reading of one subject (docs/readings.md says what the metric is and its unit)."""

    chain_id: int
    metric: str
    subject: str
    value: Decimal
    source: str
    label: str | None
    details: dict[str, str]
    block_number: int
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """One stored reading of a series, exactly; charts make a float of it."""

    taken_at: datetime
    value: Decimal


@dataclass(frozen=True, slots=True)
class OccurrenceView:
    """Something that happened on a chain; `label` and the texts in `details` are untrusted."""

    chain_id: int
    topic: str
    subject: str
    value: Decimal | None
    source: str
    label: str | None
    details: dict[str, str]
    tx_hash: str
    block_number: int
    taken_at: datetime


async def latest_readings(session: AsyncSession, chain_id: int, metric: str | None = None) -> list[MetricView]:
    """Return the newest reading of each subject of a metric (None: of every metric), by metric and subject.

    None is more than ten minutes older than the chain's newest block: then it is unknown.
    """
    newest = {each.chain_id: each.taken_at for each in await chain_freshness(session)}.get(chain_id)
    if newest is None:
        return []
    rows = await readings_repository.newest_readings(session, chain_id, metric, newest - STALE_AFTER, newest)
    return [
        MetricView(
            chain_id=chain_id,
            metric=row.metric,
            subject=row.subject,
            value=engine_decimal(row.value),
            source=row.source,
            label=row.label,
            details=row.details,
            block_number=row.block_number,
            taken_at=row.taken_at,
        )
        for row in rows
        if row.metric not in SILENT
    ]


async def metric_series(
    session: AsyncSession, metric: str, chain_id: int, subject: str, since: datetime, points: int = 300
) -> list[MetricPoint]:
    """Return at most `points` readings of a metric's subject since then, evenly spread in time, oldest first."""
    points = max(2, min(points, MAX_POINTS))
    span_seconds = max(1.0, (utc_now() - since).total_seconds())
    rows = await readings_repository.metric_series(
        session, metric, chain_id, subject, since, span_seconds / (points - 1)
    )
    return [MetricPoint(taken_at, engine_decimal(value)) for taken_at, value in rows]


async def every_reading(
    session: AsyncSession, metric: str, chain_id: int, subject: str, since: datetime, limit: int = 100_000
) -> list[MetricPoint]:
    """Return every stored reading of a metric's subject since then, oldest first, at most the newest `limit`."""
    rows = await readings_repository.all_readings(session, metric, chain_id, subject, since, limit)
    return [MetricPoint(taken_at, engine_decimal(value)) for taken_at, value in rows]


async def occurrences(
    session: AsyncSession, chain_id: int, topic: str, subject: str | None, since: datetime, limit: int = 1_000
) -> list[OccurrenceView]:
    """Return what occurred since then (to `subject`, None: to anything), newest first."""
    rows = await readings_repository.occurrences_since(session, chain_id, topic, subject, since, limit)
    return [
        OccurrenceView(
            chain_id=chain_id,
            topic=row["topic"],
            subject=row["subject"],
            value=None if row["value"] is None else engine_decimal(row["value"]),
            source=row["source"],
            label=row["label"],
            details=row["details"],
            tx_hash=row["tx_hash"],
            block_number=row["block_number"],
            taken_at=row["taken_at"],
        )
        for row in rows
    ]
