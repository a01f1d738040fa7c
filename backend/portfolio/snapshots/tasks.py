"""The jobs of snapshots."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.db import Database
from backend.core.jobs import JobContext, periodic, task
from backend.core.settings import Settings
from backend.portfolio.snapshots import service
from backend.privacy.service import erasure_step, held_elsewhere


@asynccontextmanager
async def _home(settings: Settings, database: Database) -> AsyncIterator[service.SnapshotHome]:
    home = service.worker_home(settings, database)
    try:
        yield home
    finally:
        await home.close()


@periodic("52 0 * * *")
@task(name="portfolio.roll_up", timeout_seconds=7200)
async def roll_up(context: JobContext, timestamp: int) -> None:
    """Roll up the days that are over."""
    async with _home(context.settings, context.database) as home:
        await service.roll_up(home)


@periodic("* * * * *")
@task(name="portfolio.withdraw_orphaned")
async def withdraw_orphaned(context: JobContext, timestamp: int) -> None:
    """Mark the snapshots that rest on blocks that were dropped."""
    async with _home(context.settings, context.database) as home:
        await service.withdraw_orphaned(home, context.redis)


@erasure_step("portfolio snapshots")
async def erase(context: JobContext, user_id: UUID) -> None:
    """Delete what TimescaleDB has of a user; what is in our own database goes with the account."""
    async with _home(context.settings, context.database) as home:
        await service.erase(home, user_id)


@held_elsewhere("portfolio_snapshots", "portfolio_rollups")
@asynccontextmanager
async def open_for_export(settings: Settings, database: Database) -> AsyncIterator[AsyncSession | None]:
    """Open where exports read snapshots from, None for our own database."""
    async with _home(settings, database) as home, home.elsewhere() as session:
        yield session
