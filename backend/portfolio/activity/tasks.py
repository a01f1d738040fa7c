"""The jobs that keep the event ledger filled for the portfolio's wallets."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.clock import utc_now
from backend.core.jobs import JobContext, defer, periodic, task
from backend.core.logging import get_logger
from backend.core.settings import DEMO_CHAIN_ID
from backend.ledger import service as ledger
from backend.market.ladder.service import Ladder, shared_ladder
from backend.portfolio.chains import shared_pools
from backend.portfolio.profit.tasks import defer_recounts
from backend.portfolio.snapshots import live
from backend.portfolio.wallets import repository
from backend.tax.sync.service import defer_syncs

IMPORT = "portfolio.import_activity"
IMPORT_SECONDS = 240.0
GO_ON_AFTER = timedelta(seconds=30)
USERS_AT_ONCE = 500
# Longer than these jobs may be away without an import in between, which reads what is not final again anyway.
DROPPED_WITHIN = timedelta(minutes=30)
log = get_logger(__name__)


async def defer_imports(session: AsyncSession, users: Sequence[UUID]) -> None:
    """Have what is new of these users' wallets read, once however often it is asked for meanwhile."""
    for user_id in users:
        await defer(session, IMPORT, queueing_lock=f"{IMPORT}:{user_id}", user_id=str(user_id))


@task(name=IMPORT, retry=1, timeout_seconds=600)
async def import_activity(context: JobContext, user_id: str) -> None:
    """Read on what happened to a user's wallets on every chain where they are active, or may be."""
    user = UUID(user_id)
    pools = shared_pools(context.settings)
    async with context.database.unit_of_work() as session:
        rows = await repository.hold_wallets(session, [user])
        wanted = [
            (row.address, chain_id)
            for row in rows
            for chain_id in ([row.chain_id] if row.chain_id is not None else pools)
            if chain_id in pools and row.is_active is not False
        ]
        await ledger.open_coverage(session, user, wanted)
    imports = ledger.Imports(context.settings, context.database, _ladder(context), pools)
    done = await imports.run(user, wanted, IMPORT_SECONDS)
    if done.changed:
        await live.tell(context.redis, [live.moved(user)])
    async with context.database.unit_of_work() as session:
        await defer_recounts(session, [user])
        await defer_syncs(session, [user])
        if not done.is_current:
            lock = f"{IMPORT}:{user}"
            await defer(session, IMPORT, run_at=utc_now() + GO_ON_AFTER, queueing_lock=lock, user_id=user_id)


@periodic("*/10 * * * *")
@task(name="portfolio.import_local", timeout_seconds=600)
async def import_local(context: JobContext, timestamp: int) -> None:
    """Have the local chain read before it forgets: it keeps half an hour. Other chains are read after each snapshot."""
    if DEMO_CHAIN_ID not in context.settings.chain_urls:
        return
    after: UUID | None = None
    while True:
        async with context.database.unit_of_work() as session:
            users = await repository.users_with_wallets(session, after, USERS_AT_ONCE)
            await defer_imports(session, users)
        if not users:
            return
        after = users[-1]


@periodic("* * * * *")
@task(name="portfolio.withdraw_activity")
async def withdraw_activity(context: JobContext, timestamp: int) -> None:
    """Withdraw the events on blocks that were dropped, and have those blocks read again."""
    async with context.database.unit_of_work() as session:
        users = sorted(await ledger.withdraw_orphaned(session, utc_now() - DROPPED_WITHIN))
        await defer_imports(session, users)
    if users:
        log.info("events on dropped blocks", users=len(users))
        await live.tell(context.redis, [live.moved(user_id) for user_id in users])


@periodic("*/2 * * * *")
@task(name="portfolio.price_activity", timeout_seconds=600)
async def price_activity(context: JobContext, timestamp: int) -> None:
    """Ask again for prices that nobody knew when an event was read, and count anew whom that concerns."""
    users = sorted(await ledger.reprice(context.database, _ladder(context)))
    if not users:
        return
    async with context.database.unit_of_work() as session:
        await defer_recounts(session, users)
        await defer_syncs(session, users)
    for user_id in users:
        await live.tell(context.redis, [live.moved(user_id)])


def _ladder(context: JobContext) -> Ladder:
    return shared_ladder(context.settings, context.database, context.redis, stores=True)
