"""The jobs of snapshots."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from backend.core.jobs import JobContext, periodic, task
from backend.portfolio.snapshots import service
from backend.privacy.service import erasure_step


@asynccontextmanager
async def _home(context: JobContext) -> AsyncIterator[service.SnapshotHome]:
    home = service.worker_home(context.settings, context.database)
    try:
        yield home
    finally:
        await home.close()


@periodic("52 0 * * *")
@task(name="portfolio.roll_up", timeout_seconds=7200)
async def roll_up(context: JobContext, timestamp: int) -> None:
    """Roll up the days that are over."""
    async with _home(context) as home:
        await service.roll_up(home)


@periodic("* * * * *")
@task(name="portfolio.withdraw_orphaned")
async def withdraw_orphaned(context: JobContext, timestamp: int) -> None:
    """Mark the snapshots that rest on blocks that were dropped."""
    async with _home(context) as home:
        await service.withdraw_orphaned(home, context.redis)


@erasure_step("portfolio snapshots")
async def erase(context: JobContext, user_id: UUID) -> None:
    """Delete what TimescaleDB has of a user; what is in our own database goes with the account."""
    async with _home(context) as home:
        await service.erase(home, user_id)
