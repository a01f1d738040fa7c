"""Fetching the reference rates: at the first start, and once a business day after they are published."""

from datetime import date, datetime, timedelta

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.jobs import JobContext, periodic, task
from backend.core.logging import get_logger
from backend.core.settings import Settings
from backend.market.fiat import repository
from backend.market.fiat.ecb import SOURCE, fetch_rates

log = get_logger(__name__)
_PART = 5_000
_ASKED = "fiat:v1:asked"
EVERY_SECONDS = 3 * 3_600
PUBLISHED_UTC_HOUR = 15  # 16:00 Central European Time, an hour later than that in summer


@periodic("50 * * * *")
@task(name="fiat.refresh", retry=3, timeout_seconds=120)
async def refresh(context: JobContext, timestamp: int) -> None:
    """Fetch the rates if those that should be published are not there yet: every three hours, on a holiday too."""
    if not await context.redis.set(_ASKED, 1, nx=True, ex=EVERY_SECONDS):
        return
    try:
        await refresh_rates(context.settings, context.database)
    except BaseException:
        await context.redis.delete(_ASKED)
        raise


async def refresh_rates(settings: Settings, database: Database) -> int:
    """Fetch and store what is not there yet; return how many rates are new. Raises SourceError.

    Asks nobody when the newest business day is stored, or when the settings name no place to ask.
    """
    if not settings.asks_ecb:
        return 0
    async with database.unit_of_work() as session:
        newest = await repository.newest_day(session)
    if newest is not None and newest >= last_published_day(utc_now()):
        return 0
    rates = await fetch_rates(settings)
    added = 0
    for start in range(0, len(rates), _PART):
        part = [(rate.currency, rate.day, rate.per_eur) for rate in rates[start : start + _PART]]
        async with database.unit_of_work() as session:
            added += await repository.insert_rates(session, part, SOURCE, utc_now())
    log.info("reference rates fetched", new=added)
    return added


def last_published_day(now: datetime) -> date:
    """Return the last day from Monday to Friday whose rates should be out (holidays of the ECB are not known here)."""
    day = now.date() if now.hour >= PUBLISHED_UTC_HOUR else now.date() - timedelta(days=1)
    return day - timedelta(days=max(0, day.weekday() - 4))
