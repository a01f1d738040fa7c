"""Optimisation: what the same history comes to under other methods, and what sales would do. No advice."""

import asyncio
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError
from backend.core.settings import Settings
from backend.portfolio.service import vouched_assets
from backend.tax.optimisation.kept import Kept, kept_books
from backend.tax.optimisation.pricing import Ladder, prices_of
from backend.tax.optimisation.reading import Standing, held_assets, read_optimisation, years_of
from backend.tax.optimisation.schemas import OptimisationRead, Scope, WhatIfRead, WhatIfWrite
from backend.tax.optimisation.thought import think


@dataclass(frozen=True, slots=True)
class Market:
    """Who knows prices, and of which chains."""

    settings: Settings
    ladder: Ladder


@requires(Feature.TAX)
async def optimisation(
    session: AsyncSession, user: CurrentUser, market: Market, year: int | None = None, scope: Scope = "history"
) -> OptimisationRead:
    """Return methods side by side for a year (None: the running one), losses, lots that become long, and prices.

    Raises InvalidInputError for a year before the history or after today, and when the history cannot be calculated.
    """
    standing = await _standing(session, user, market)
    years = years_of(standing.done, standing.book, standing.today)
    wanted = years[0] if year is None else year
    if wanted not in years:
        raise InvalidInputError(
            "There is nothing of that year.", {"year": f"{years[-1]} to {years[0]}, the year in which it begins"}
        )
    compared = await standing.kept.methods(wanted, from_year=scope == "year")
    return await asyncio.to_thread(read_optimisation, standing, wanted, scope, compared)


@requires(Feature.TAX)
async def what_if(session: AsyncSession, user: CurrentUser, market: Market, said: WhatIfWrite) -> WhatIfRead:
    """Return what a sale would come to now, under all rules. Raises InvalidInputError, by field."""
    standing = await _standing(session, user, market)
    return await asyncio.to_thread(think, standing, said, utc_now())


async def _standing(session: AsyncSession, user: CurrentUser, market: Market) -> Standing:
    kept: Kept = await kept_books.of(session, user.id)
    known = await vouched_assets(session, market.settings, sorted(market.settings.chain_urls))
    assets = held_assets(kept.done, kept.book)
    prices = await prices_of(session, market.ladder, known, assets, kept.book.settings.currency)
    return Standing(kept, prices, utc_now().astimezone(ZoneInfo(kept.done.timezone)).date())
