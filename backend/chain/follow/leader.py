"""One leader a chain: a PostgreSQL advisory lock, held by a connection of its own for as long as it leads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from backend.chain import repository
from backend.core.db import driver_url
from backend.core.logging import get_logger

CANDIDATE_SECONDS = 0.5
WATCH_SECONDS = 1.0
log = get_logger(__name__)


class LeadershipLostError(Exception):
    """The lock's connection is gone, or another process moved the checkpoint: stop at once."""


@asynccontextmanager
async def leadership(database_url: str, chain_id: int) -> AsyncIterator[None]:
    """Wait to become the chain's leader, run the block, and give up leadership.

    The body is cancelled, and LeadershipLostError raised, when the lock's connection breaks. Behind a pooler that
    shares sessions between clients (pgbouncer in transaction mode) the lock cannot work: connect directly.
    """
    engine = create_async_engine(
        driver_url(database_url),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": 5, "application_name": f"premium-leader-{chain_id}"},
    )
    try:
        async with engine.connect() as connection:
            while not await repository.try_lock(connection, chain_id):  # noqa: ASYNC110 - the lock is elsewhere
                await asyncio.sleep(CANDIDATE_SECONDS)
            log.info("leading", chain_id=chain_id)
            async with _watched(connection):
                yield
    finally:
        with suppress(SQLAlchemyError):
            await engine.dispose()


@asynccontextmanager
async def _watched(connection: AsyncConnection) -> AsyncIterator[None]:
    body = asyncio.current_task()
    assert body is not None
    lost: list[BaseException] = []

    async def watch() -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                async with asyncio.timeout(5):
                    await repository.ping(connection)
            except (SQLAlchemyError, TimeoutError, OSError) as error:
                lost.append(error)
                body.cancel()
                return

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if not lost or body.uncancel() > 0:  # somebody else wants the body to stop as well
            raise
        raise LeadershipLostError("the connection that holds the lock broke") from None
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher
