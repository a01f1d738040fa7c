"""What tax years come to: computed by the engine from the book, and kept as long as the book and the choices stand."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.core.clock import utc_now
from backend.core.errors import NotFoundError
from backend.core.telemetry import cache_lookups
from backend.tax import repository, store
from backend.tax.book_service import book_of, settings_of
from backend.tax.books import TaxSettings
from backend.tax.engine.calculate import ENGINE_VERSION
from backend.tax.summary.counting import summarise
from backend.tax.summary.schemas import TaxYears, YearAnswer

# What depends on more than the book (rates of today, how far wallets are read) is never older than this.
KEPT_SECONDS = 1800
_hits, _misses = (cache_lookups.labels("tax_summaries", outcome) for outcome in ("hit", "miss"))


@requires(Feature.TAX)
async def years(session: AsyncSession, user: CurrentUser, redis: Redis) -> TaxYears:
    """Return what every year of a user comes to, the newest first."""
    settings = await settings_of(session, user.id)
    key = await _key(session, user.id, settings)
    found = await _kept(redis, key)
    if found is None:
        await repository.lock_summary(session, user.id)  # of two pages at once one computes
        found = await _kept(redis, key) or await _computed(session, user.id, settings, redis, key)
    return found.model_copy(update={"synced_at": await repository.synced_at(session, user.id)})


@requires(Feature.TAX)
async def year(session: AsyncSession, user: CurrentUser, redis: Redis, wanted: int) -> YearAnswer:
    """Return what a tax year of a user comes to. Raises NotFoundError for one before or after all transactions."""
    found = await years(session, user, redis)
    for each in found.years:
        if each.year == wanted:
            return YearAnswer(summary=each, book_version=found.book_version, as_of=found.as_of)
    raise NotFoundError(f"There are no transactions in {wanted}.")


async def _computed(session: AsyncSession, user_id: UUID, settings: TaxSettings, redis: Redis, key: str) -> TaxYears:
    book = await book_of(session, user_id, settings)
    dismissed = await repository.dismissed_issues(session, user_id)
    found = await asyncio.to_thread(summarise, book, dismissed, utc_now().date())
    with suppress(RedisError):
        await redis.set(key, found.model_dump_json(by_alias=True), ex=KEPT_SECONDS)
    return found


async def _kept(redis: Redis, key: str) -> TaxYears | None:
    try:
        kept = await redis.get(key)
    except RedisError:
        kept = None
    (_misses if kept is None else _hits).inc()
    return None if kept is None else TaxYears.model_validate_json(kept)


async def _key(session: AsyncSession, user_id: UUID, settings: TaxSettings) -> str:
    version = await store.book_version(session, user_id)
    dismissed = sorted(map(str, await repository.dismissed_issues(session, user_id)))
    said = (
        ENGINE_VERSION,
        version,
        repr(replace(settings, excluded_wallets=frozenset())),
        sorted(settings.excluded_wallets),
        dismissed,
    )
    return f"tax:summary:1:{user_id}:{blake2b(repr(said).encode(), digest_size=16).hexdigest()}"
