"""`/v1/prices` and `/v1/prices/history`: prices of the ladder, with what every source says."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field, PlainSerializer

from backend.api.auth import ReadsMarket
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, ok
from backend.api.resources import resources
from backend.chain.events import NATIVE_TOKEN
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError
from backend.core.money import plain
from backend.core.schemas import ApiModel, Instant
from backend.market.engine.grid import Step
from backend.market.ladder.ladder import Ladder, shared_ladder
from backend.market.ladder.quotes import Quote
from backend.market.ladder.service import Asset, history_or_fill, parse_assets, quotes_of

router = APIRouter(prefix="/v1/prices", tags=["Chains and prices"], responses=SIGNED_IN_ERRORS)
Exact = Annotated[Decimal, PlainSerializer(plain, return_type=str, when_used="json")]
_ASSETS = "`chain:token`, with commas between: an address or `native`; in chain 0 `bitcoin` and `ethereum`"
DEFAULT_SPAN = {Step.HOUR: timedelta(days=7), Step.DAY: timedelta(days=365)}


class OtherPrice(ApiModel):
    """What another source says."""

    source: str
    price_usd: Exact
    taken_at: Instant
    distance_pct: Exact = Field(description="From the price that is taken, in percent")


class AssetPrice(ApiModel):
    """One asset; `priceUsd` null is unknown."""

    asset: str
    chain_id: int
    token: str
    price_usd: Exact | None
    source: str | None = None
    detail: str | None = None
    taken_at: Instant | None = None
    confidence: Exact | None = Field(default=None, description="0 to 1")
    is_stale: bool = False
    disagreement_pct: Exact | None = Field(default=None, description="Null when nobody else could be compared")
    disagrees: bool = Field(default=False, description="Sources are more than 2 % apart")
    others: list[OtherPrice] = []


class AssetPrices(ApiModel):
    """Prices in the order in which they were asked for."""

    items: list[AssetPrice]


class HistoryPoint(ApiModel):
    """The price for an instant; `observedAt` is when it really was that."""

    taken_at: Instant
    observed_at: Instant
    price_usd: Exact
    source: str


class PriceHistory(ApiModel):
    """Points that are there; `missing` instants have none, and `isFilling` says that they are being fetched."""

    asset: str
    step: Step
    points: list[HistoryPoint]
    missing: int
    is_filling: bool


def _ladder() -> Ladder:
    held = resources()
    return shared_ladder(held.settings, held.timeseries, held.counters)


@router.get("")
async def read_prices(
    user: ReadsMarket, assets: Annotated[str, Query(max_length=6_000, description=_ASSETS)]
) -> Envelope[AssetPrices]:
    """Return each asset's price now, where it is from, and what the other sources say."""
    wanted = parse_assets(assets, NATIVE_TOKEN)
    return ok(AssetPrices(items=[_shown(asset, quote) for asset, quote in await quotes_of(_ladder(), wanted)]))


@router.get("/history")
async def read_history(
    user: ReadsMarket,
    asset: Annotated[str, Query(max_length=100, description="One `chain:token`")],
    step: Step = Step.DAY,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Envelope[PriceHistory]:
    """Return an asset's price for every full hour or every midnight UTC (a week, or a year, if nothing else is said).

    What is not stored yet is fetched meanwhile: ask again while `isFilling` is true.
    """
    (named,) = parse_assets(asset, NATIVE_TOKEN, most=1)
    since, until = _range(start, end, step)
    async with resources().database.unit_of_work(user.id) as session:
        found = await history_or_fill(session, _ladder(), named.key, since, until, step)
    points = [HistoryPoint.model_validate(point) for point in found.points]
    return ok(
        PriceHistory(asset=named.written, step=step, points=points, missing=found.missing, is_filling=found.is_filling)
    )


def _range(start: datetime | None, end: datetime | None, step: Step) -> tuple[datetime, datetime]:
    """Return the range that is meant. Raises InvalidInputError for one that makes no sense."""
    for name, moment in (("start", start), ("end", end)):
        if moment is not None and (moment.tzinfo is None or not 2009 <= moment.year <= 9_000):
            raise InvalidInputError(
                "Give moments with a time zone, from 2009 on.", {name: "2009 or later, with a zone"}
            )
    until = min(end or utc_now(), utc_now())
    since = start or until - DEFAULT_SPAN[step]
    if since > until:
        raise InvalidInputError("Give a start before the end and before now.", {"start": "before the end"})
    return since, until


def _shown(asset: Asset, quote: Quote | None) -> AssetPrice:
    key = asset.key
    if quote is None:
        return AssetPrice(asset=asset.written, chain_id=key.chain_id, token=key.token, price_usd=None)
    return AssetPrice(
        asset=asset.written,
        chain_id=key.chain_id,
        token=key.token,
        price_usd=quote.price_usd,
        source=quote.source,
        detail=quote.detail or None,
        taken_at=quote.taken_at,
        confidence=quote.confidence,
        is_stale=quote.is_stale,
        disagreement_pct=quote.disagreement_pct,
        disagrees=quote.disagrees,
        others=[OtherPrice.model_validate(other) for other in quote.others],
    )
