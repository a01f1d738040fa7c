"""`/v1/tax/optimization`: methods side by side, losses to harvest, days until long term, and a sale thought of."""

from typing import Annotated

from fastapi import APIRouter, Query

from backend.api.auth import ReadsTax
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, ok
from backend.api.resources import resources
from backend.market.ladder.service import shared_ladder
from backend.tax.optimisation import service
from backend.tax.optimisation.schemas import OptimisationQuery, OptimisationRead, WhatIfRead, WhatIfWrite

router = APIRouter(prefix="/v1/tax/optimization", tags=["Tax"], responses=SIGNED_IN_ERRORS)


def _market() -> service.Market:
    held = resources()
    return service.Market(held.settings, shared_ladder(held.settings, held.timeseries, held.counters))


@router.get("")
async def read_optimization(user: ReadsTax, query: Annotated[OptimisationQuery, Query()]) -> Envelope[OptimisationRead]:
    """Compare the methods your place allows on your own history, and see losses, terms and prices now. No advice."""
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.optimisation(session, user, _market(), query.year, query.scope))


@router.post("/what-if")
async def think_of_sale(user: ReadsTax, body: WhatIfWrite) -> Envelope[WhatIfRead]:
    """Think a sale through: the lots it would take, its gain and term, and what it changes of the year. No advice."""
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.what_if(session, user, _market(), body))
