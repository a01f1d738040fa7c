"""Fetching the reference rates: once a business day, after they are published."""

from datetime import date, timedelta

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.jobs import JobContext, periodic, task
from backend.core.logging import get_logger
from backend.core.settings import Settings
from backend.market.fiat import repository
from backend.market.fiat.ecb import SOURCE, fetch_rates

log = get_logger(__name__)
_PART = 5_000


@periodic("50 14-17 * * *")
@task(name="fiat.refresh", retry=3, timeout_seconds=120)
async def refresh(context: JobContext, timestamp: int) -> None:
    """Fetch the rates if those of the last business day are not there yet."""
    await refresh_rates(context.settings, context.database)


async def refresh_rates(settings: Settings, database: Database) -> int:
    """Fetch and store what is not there yet; return how many rates are new. Raises SourceError.

    Asks nobody when the newest business day is stored, or when the settings name no place to ask.
    """
    if not settings.asks_ecb:
        return 0
    async with database.unit_of_work() as session:
        newest = await repository.newest_day(session)
    if newest is not None and newest >= last_business_day(utc_now().date()):
        return 0
    rates = await fetch_rates(settings)
    added = 0
    for start in range(0, len(rates), _PART):
        part = [(rate.currency, rate.day, rate.per_eur) for rate in rates[start : start + _PART]]
        async with database.unit_of_work() as session:
            added += await repository.insert_rates(session, part, SOURCE, utc_now())
    log.info("reference rates fetched", new=added)
    return added


def last_business_day(today: date) -> date:
    """Return the last day from Monday to Friday, today among them (holidays of the ECB are not known here)."""
    return today - timedelta(days=max(0, today.weekday() - 4))
