"""The job that counts users anew: when a snapshot was taken, and when their history was read on or changed."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.jobs import JobContext, defer, task
from backend.portfolio.profit import service
from backend.portfolio.snapshots import live
from backend.portfolio.snapshots.service import worker_home

RECOUNT = "portfolio.recount"


async def defer_recounts(session: AsyncSession, users: Iterable[UUID]) -> None:
    """Have these users counted anew, once however often it is asked for meanwhile."""
    for user_id in users:
        await defer(session, RECOUNT, queueing_lock=f"{RECOUNT}:{user_id}", user_id=str(user_id))


@task(name=RECOUNT, retry=1, timeout_seconds=600)
async def recount(context: JobContext, user_id: str) -> None:
    """Count a user's flows, profit and loss anew, and tell open pages."""
    home = worker_home(context.settings, context.database)
    try:
        if await service.recount(home, UUID(user_id)):
            await live.tell(context.redis, [live.counted(UUID(user_id))])
    finally:
        await home.close()
