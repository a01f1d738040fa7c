"""The erasure of an account whose days of grace are over, as role premium_worker.

First the steps of the domains that hold something elsewhere (payments cancel the subscription and delete the customer),
then what Redis has, then every row in one transaction. Each can be done twice; what fails is tried again at the next
run, and until all of it is done the account stays.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy.exc import OperationalError

from backend.core.clock import utc_now
from backend.core.jobs import JobContext
from backend.core.logging import get_logger
from backend.core.retention import kept
from backend.core.telemetry import erasures_overdue
from backend.notifications.service import send_mail
from backend.privacy import repository

log = get_logger(__name__)
ERASURES_AT_ONCE = 50
_OVERDUE_AFTER = timedelta(hours=6)
_KEYS_AT_ONCE = 1000
_WAITS_SECONDS = (0.2, 1.0, 3.0)

Step = Callable[[JobContext, UUID], Awaitable[None]]
_steps: dict[str, Step] = {}
_first_steps: dict[str, Step] = {}


def erasure_step(name: str) -> Callable[[Step], Step]:
    """Make `async def f(context, user_id)` a step of every erasure, done before the account's rows go.

    It must do no harm when done twice, and raise when it could not do its part: the erasure is tried again then.
    """
    return _registering(_steps, name)


def when_erasure_is_asked(name: str) -> Callable[[Step], Step]:
    """Make `async def f(context, user_id)` something done as soon as an erasure is asked for, days before it is due.

    For what must not go on meanwhile, such as paying. It must do no harm when done twice.
    """
    return _registering(_first_steps, name)


def _registering(steps: dict[str, Step], name: str) -> Callable[[Step], Step]:
    def register(step: Step) -> Step:
        if steps.get(name, step) is not step:
            raise ValueError(f"there is already an erasure step called {name}")
        steps[name] = step
        return step

    return register


def erasure_steps() -> tuple[str, ...]:
    """Return the names of the steps, in the order they are done in."""
    return tuple(_steps)


async def prepare(context: JobContext, user_id: UUID) -> None:
    """Do what an erasure begins with, unless its user took it back meanwhile."""
    async with context.database.unit_of_work() as session:
        if await repository.find_erasure(session, user_id) is None:
            return
    for step in _first_steps.values():
        await step(context, user_id)


async def erase_due(context: JobContext) -> int:
    """Erase the accounts whose days of grace are over, each by itself; return how many went."""
    async with context.database.unit_of_work() as session:
        due = await repository.due_erasures(session, utc_now(), ERASURES_AT_ONCE)
    erased = 0
    for user_id in due:
        try:
            await _erase(context, user_id)
            erased += 1
        except Exception as error:
            # One account that cannot be erased must not keep the others; it is tried again at the next run.
            log.error("an account could not be erased", user_id=str(user_id), error=type(error).__name__)
    async with context.database.unit_of_work() as session:
        erasures_overdue.set(len(await repository.due_erasures(session, utc_now() - _OVERDUE_AFTER, ERASURES_AT_ONCE)))
    return erased


async def erase_unconfirmed(context: JobContext) -> int:
    """Erase the accounts whose address nobody confirmed in all the time there was for it; return how many went.

    Such an account reaches nothing beyond itself, so there are no steps of other domains; and no mail says that it is
    done, since the address may be somebody else's. One that is confirmed at this moment stays.
    """
    now = utc_now()
    before, erased, last = now - kept("premium_users, never confirmed"), 0, UUID(int=0)
    while True:
        async with context.database.unit_of_work() as session:
            found = await repository.old_unconfirmed(session, before, last, ERASURES_AT_ONCE)
        for user_id in found:
            try:
                await forget_in_redis(context.redis, user_id)
                async with context.database.unit_of_work() as session:
                    if await repository.make_due_if_unconfirmed(session, user_id, before, now):
                        await repository.erase_user(session, user_id)
                        erased += 1
            except Exception as error:
                # It must not keep the others; it is tried again tomorrow.
                log.error("an account could not be erased", user_id=str(user_id), error=type(error).__name__)
        if len(found) < ERASURES_AT_ONCE:
            log.info("erased accounts that were never confirmed", count=erased)
            return erased
        last = found[-1]


async def _erase(context: JobContext, user_id: UUID) -> None:
    for step in _steps.values():
        await step(context, user_id)
    await forget_in_redis(context.redis, user_id)
    for wait in _WAITS_SECONDS:
        try:
            await _erase_rows(context, user_id)
            break
        except OperationalError:
            # What the steps set going (a payment provider tells of what it deleted) may hold rows of the user in
            # another order: PostgreSQL then ends one of the two, and may have ended this one.
            await asyncio.sleep(wait)
    else:
        await _erase_rows(context, user_id)
    log.info("an account was erased")


async def _erase_rows(context: JobContext, user_id: UUID) -> None:
    async with context.database.unit_of_work() as session:
        account = await repository.find_account(session, user_id)
        await repository.erase_user(session, user_id)
        if account is not None and account["email"]:
            values = {"date": f"{utc_now():%Y-%m-%d}"}
            await send_mail(session, user_id=None, to=account["email"], template="erasure_done", values=values)


async def forget_in_redis(redis: Redis, user_id: UUID) -> int:
    """Delete every key that carries the user's id; return how many. What carries it inside expires within an hour."""
    deleted = 0
    async for key in redis.scan_iter(match=f"*{user_id}*", count=_KEYS_AT_ONCE):
        deleted += await redis.unlink(key)
    return deleted
