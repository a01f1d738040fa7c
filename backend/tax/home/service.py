"""The home of tax: what a year comes to now, how much of it is not settled, and what is left to do."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.core.clock import utc_now
from backend.portfolio.wallets import service as wallets
from backend.tax.books import TaxSettings
from backend.tax.engine.methods import Method
from backend.tax.engine.registry import jurisdiction
from backend.tax.form_templates.schemas import FIRST_YEAR, LAST_YEAR, FormName
from backend.tax.home import repository
from backend.tax.home.glance import Glance, glance
from backend.tax.optimisation.kept import kept_books
from backend.tax.review.service import OpenSummary, open_summary


@dataclass(frozen=True, slots=True)
class Home:
    """What the home page shows. `glance` is as of the book's `version`, read at `as_of`; `labels` are of its years.

    `forms` of `most_forms` official PDFs that reports of the year fill in are there (0 of 0: the place has none).
    """

    settings: TaxSettings
    place: str
    method: Method
    labels: Mapping[int, str]
    glance: Glance
    open: OpenSummary
    wallets: int
    imports: int
    transactions: int
    of_wallets: int
    reports: int
    synced_at: datetime | None
    as_of: datetime
    version: int
    forms: int = 0
    most_forms: int = 0


@requires(Feature.TAX)
async def home(session: AsyncSession, user: CurrentUser, year: int | None = None) -> Home:
    """Return a tax year of a user at a glance (None, or a year without history: the last one that is over).

    Raises RefusedHistoryError when the history cannot be calculated under the settings.
    """
    kept = await kept_books.of(session, user.id)
    now = utc_now()
    today = now.astimezone(ZoneInfo(kept.done.timezone)).date()
    seen = await asyncio.to_thread(glance, kept.book, kept.done, year, today)
    rules = jurisdiction(kept.settings.jurisdiction)
    done = await repository.done_so_far(session, user.id, seen.result.year, rules.code)
    return Home(
        settings=kept.settings,
        place=rules.name,
        method=_method(kept.settings, seen.result.year) or rules.methods[0],
        labels={each: rules.label(each) for each in seen.years},
        glance=seen,
        open=await open_summary(session, user.id),
        wallets=len(await wallets.list_wallets(session, user)),
        imports=done.imports,
        transactions=done.transactions,
        of_wallets=done.of_wallets,
        reports=done.reports,
        synced_at=done.synced_at,
        as_of=kept.made_at,
        version=kept.book.version,
        forms=done.forms,
        most_forms=_most_forms(rules.code, seen.result.year),
    )


def _most_forms(place: str, year: int) -> int:
    return len(FormName) if place == "US" and FIRST_YEAR <= year <= LAST_YEAR else 0


def _method(settings: TaxSettings, year: int) -> Method | None:
    """Return the method that was chosen for a year: the last one from then or before, else the first there is."""
    chosen = sorted(settings.methods.items())
    until = [method for since, method in chosen if since <= year]
    return until[-1] if until else chosen[0][1] if chosen else None
