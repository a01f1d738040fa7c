"""Where snapshots are: the product's own database, or TimescaleDB at TIMESERIES_URL when it is there (ADR 16)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.db import Database
from backend.core.logging import get_logger
from backend.core.settings import Settings
from backend.portfolio.snapshots.repository import NativeStore
from backend.portfolio.snapshots.store import SnapshotStore
from backend.portfolio.snapshots.timescale_repository import TimescaleStore, timescale_version

log = get_logger(__name__)
Role = Literal["web", "worker"]


class SnapshotHome:
    """Opens stores of snapshots, as the web (one user's rows) or as the worker (everybody's).

    `database` is the product's own. `timeseries` may be TimescaleDB: it is asked once, at the first use; without the
    extension, or without our schema in it, snapshots are in `database`.
    """

    def __init__(self, database: Database, timeseries: Database | None, role: Role) -> None:
        self.database = database
        self._timeseries = timeseries
        self._role: Role = role
        self._is_timescale: bool | None = None if timeseries is not None else False

    async def is_timescale(self) -> bool:
        """Return whether snapshots are in TimescaleDB. Raises sqlalchemy.exc.OperationalError when it is away."""
        if self._is_timescale is None:
            assert self._timeseries is not None
            async with self._timeseries.unit_of_work() as session:
                version = await timescale_version(session)
            self._is_timescale = version is not None
            log.info("snapshots have a place", timescale=version or "no")
        return self._is_timescale

    @asynccontextmanager
    async def open(self, user_id: UUID | None = None) -> AsyncIterator[SnapshotStore]:
        """Open a store in a transaction of its own; `user_id` is whose rows the web sees."""
        if await self.is_timescale():
            assert self._timeseries is not None
            async with self._timeseries.unit_of_work(user_id) as session:
                yield TimescaleStore(session, self._role)
        else:
            async with self.database.unit_of_work(user_id) as session:
                yield NativeStore(session)

    @asynccontextmanager
    async def beside(self, session: AsyncSession, user_id: UUID | None = None) -> AsyncIterator[SnapshotStore]:
        """Open a store in the caller's transaction of `database`; TimescaleDB's own ends before the caller's does."""
        if await self.is_timescale():
            async with self.open(user_id) as store:
                yield store
        else:
            yield NativeStore(session)

    @asynccontextmanager
    async def elsewhere(self) -> AsyncIterator[AsyncSession | None]:
        """Open a transaction in TimescaleDB, None when snapshots are in `database`."""
        if await self.is_timescale():
            assert self._timeseries is not None
            async with self._timeseries.unit_of_work() as session:
                yield session
        else:
            yield None

    async def close(self) -> None:
        """Close the connections to TimescaleDB."""
        if self._timeseries is not None:
            await self._timeseries.close()


def worker_home(settings: Settings, database: Database) -> SnapshotHome:
    """Return the home of snapshots for workers, `database` being theirs. Close it."""
    elsewhere = settings.worker_timeseries_url
    return SnapshotHome(database, Database(elsewhere, pool_size=2) if elsewhere else None, "worker")
