"""`/v1/market/prices`: every priced token's newest price, with its source and block."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from backend.api.auth import ReadsMarket
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, ok
from backend.api.resources import resources
from backend.chain.service import chain_freshness
from backend.core.schemas import ApiModel, Exact, Instant
from backend.market.service import latest_prices

router = APIRouter(prefix="/v1/market", tags=["Chains and prices"], responses=SIGNED_IN_ERRORS)


class PriceRead(ApiModel):
    """A price in US dollars as an exact decimal in text; null is unknown."""

    chain_id: int
    token: str
    symbol: str | None = Field(description="As the contract says it: not to be trusted")
    name: str | None
    price_usd: Exact
    hour_ago_usd: Exact | None
    liquidity_usd: Exact | None = Field(description="Behind the price, in the pools it came through")
    source: str
    block_number: int
    taken_at: Instant


class PriceList(ApiModel):
    """The newest prices, deepest markets first."""

    items: list[PriceRead]
    total: int


@router.get("/prices")
async def list_prices(
    user: ReadsMarket, chain_id: Annotated[int | None, Query(alias="chainId", ge=1, le=2**53)] = None
) -> Envelope[PriceList]:
    """List the newest price of every priced token, on one chain or all followed ones."""
    async with resources().database.unit_of_work(user.id) as session:
        chains = [chain_id] if chain_id is not None else [chain.chain_id for chain in await chain_freshness(session)]
    async with resources().timeseries.unit_of_work(user.id) as history:
        prices = [PriceRead.model_validate(view) for chain in chains for view in await latest_prices(history, chain)]
    return ok(PriceList(items=prices, total=len(prices)))
