"""What tax years come to: computed by the engine from the book, and kept as long as the book and the choices stand."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from uuid import UUID

from pydantic import TypeAdapter
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.core.clock import utc_now
from backend.core.errors import NotFoundError
from backend.core.jobs import defer
from backend.core.schemas import ApiModel
from backend.core.telemetry import cache_lookups
from backend.tax import repository, store
from backend.tax.book_service import book_of, settings_of
from backend.tax.books import Book, TaxSettings
from backend.tax.engine.calculate import ENGINE_VERSION, Calculation
from backend.tax.refusals import RefusedHistoryError
from backend.tax.summary.counting import summarise
from backend.tax.summary.schemas import TaxYears, YearAnswer

# What depends on more than the book (rates of today, how far wallets are read) is never older than this.
KEPT_SECONDS = 1800
# A history up to so long is computed while its user waits (half a second or so), a longer one by a job.
MOST_AT_ONCE = 5_000
SUMMARISE = "tax.summarise"
_hits, _misses = (cache_lookups.labels("tax_summaries", outcome) for outcome in ("hit", "miss"))


@requires(Feature.TAX)
async def years(session: AsyncSession, user: CurrentUser, redis: Redis) -> TaxYears:
    """Return what every year of a user comes to, the newest first.

    Of a long history that is not computed yet a job does it: until then the answer says so (`is_computing`). Raises
    RefusedHistoryError.
    """
    settings = await settings_of(session, user.id)
    key = await _key(session, user.id, settings)
    found = await _kept(redis, key)
    if found is None:
        count = await repository.count(session, user.id)
        if count > MOST_AT_ONCE:
            await defer(session, SUMMARISE, queueing_lock=f"{SUMMARISE}:{user.id}", user_id=str(user.id))
            version = await store.book_version(session, user.id)
            return TaxYears(is_computing=True, years=[], transactions=count, book_version=version, as_of=None)
        await repository.lock_summary(session, user.id)  # of two pages at once one computes
        found = await _kept(redis, key)
    if found is None:
        book = await book_of(session, user.id, settings)
        dismissed = await repository.dismissed_issues(session, user.id)
        found = await asyncio.to_thread(summarise, book, dismissed, utc_now().date())
        await _keep(redis, key, found)
    return found.model_copy(update={"synced_at": await repository.synced_at(session, user.id)})


@requires(Feature.TAX)
async def year(session: AsyncSession, user: CurrentUser, redis: Redis, wanted: int) -> YearAnswer:
    """Return what a tax year of a user comes to. Raises NotFoundError for one before or after all transactions."""
    found = await years(session, user, redis)
    if found.is_computing:
        return YearAnswer(is_computing=True, summary=None, book_version=found.book_version, as_of=None)
    for each in found.years:
        if each.year == wanted:
            return YearAnswer(summary=each, book_version=found.book_version, as_of=found.as_of)
    raise NotFoundError(f"There are no transactions in {wanted}.")


async def compute(session: AsyncSession, user_id: UUID, redis: Redis) -> None:
    """Compute what the years of a long history come to, so that the next who asks finds it: the job does this.

    A history that the engine refuses is kept with the reason, until it is another one.
    """
    settings = await settings_of(session, user_id)
    key = await _key(session, user_id, settings)
    await repository.lock_summary(session, user_id)
    if await _has(redis, key):
        return
    book = await book_of(session, user_id, settings)
    await keep(session, user_id, redis, book)


async def keep(session: AsyncSession, user_id: UUID, redis: Redis, book: Book, done: Calculation | None = None) -> None:
    """Keep what the years of a book under its user's own settings come to; `done`: where it is calculated already."""
    dismissed = await repository.dismissed_issues(session, user_id)
    key = _key_of(user_id, book.version, book.settings, dismissed)
    try:
        found = await asyncio.to_thread(summarise, book, dismissed, utc_now().date(), done)
    except RefusedHistoryError as error:
        await _keep(redis, key, _Refused(message=error.message, transaction_id=error.transaction_id))
    else:
        await _keep(redis, key, found)


class _Refused(ApiModel):
    """Why there are no figures, as it is kept in their place."""

    message: str
    transaction_id: UUID | None


async def _keep(redis: Redis, key: str, found: TaxYears | _Refused) -> None:
    with suppress(RedisError):
        await redis.set(key, found.model_dump_json(by_alias=True), ex=KEPT_SECONDS)


async def _has(redis: Redis, key: str) -> bool:
    try:
        return bool(await redis.exists(key))
    except RedisError:
        return False


async def _kept(redis: Redis, key: str) -> TaxYears | None:
    try:
        kept = await redis.get(key)
    except RedisError:
        kept = None
    (_misses if kept is None else _hits).inc()
    if kept is None:
        return None
    found = _ANSWER.validate_json(kept)
    if isinstance(found, _Refused):
        raise RefusedHistoryError(found.message, found.transaction_id)
    return found


async def _key(session: AsyncSession, user_id: UUID, settings: TaxSettings) -> str:
    version = await store.book_version(session, user_id)
    return _key_of(user_id, version, settings, await repository.dismissed_issues(session, user_id))


def _key_of(user_id: UUID, version: int, settings: TaxSettings, dismissed: Collection[UUID]) -> str:
    said = (
        ENGINE_VERSION,
        version,
        repr(replace(settings, excluded_wallets=frozenset())),
        sorted(settings.excluded_wallets),
        sorted(map(str, dismissed)),
    )
    return f"tax:summary:2:{user_id}:{blake2b(repr(said).encode(), digest_size=16).hexdigest()}"


_ANSWER: TypeAdapter[TaxYears | _Refused] = TypeAdapter(TaxYears | _Refused)
