"""Takes what was published to the platform's stream: in order, each event once, whatever is killed in between.

What goes out together gets its place in the stream first (`emit_seq`), then is appended under that id, then marked. The
append happens only on top of the entry we know to be the last. Whoever finds a place given but not marked looks into
the stream: what stands there is marked, what does not gets another place.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.engine import make_url

from backend.alerts import platform_repository as repository
from backend.alerts.platform import PLATFORM_CHAIN_ID
from backend.chain.events import EVENTS_PER_ENTRY, from_json_fields
from backend.chain.follow.emission import EventStream, StreamMovedError, seq_of
from backend.core.db import Database
from backend.core.logging import get_logger
from backend.core.retention import kept

STANDBY_SECONDS = 1.0
LOOK_SECONDS = 1.0
TIDY_SECONDS = 60.0
STEP_SECONDS = 30.0
LOST_STREAM_SECONDS = 600
RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
log = get_logger(__name__)

Connection = psycopg.AsyncConnection[Any]


class PlatformRelay:
    """The one that appends to `chain:0:events`: it holds a lock with the connection that it reads and marks through."""

    def __init__(self, database: Database, redis: Redis) -> None:
        self._url = make_url(database.url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._stream = EventStream(redis, PLATFORM_CHAIN_ID)
        self._last_id = ""

    async def run(self) -> None:
        """Relay until cancelled; begin again whenever PostgreSQL or Redis goes away."""
        attempt = 0
        while True:
            started = asyncio.get_running_loop().time()
            try:
                async with self._leading() as connection:
                    await self._relay(connection)
            except (psycopg.Error, RedisError, StreamMovedError, OSError, TimeoutError) as error:
                log.warning("platform events wait", error=type(error).__name__, reason=str(error)[:200])
            attempt = 0 if asyncio.get_running_loop().time() - started > 30 else attempt + 1
            await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])

    @asynccontextmanager
    async def _leading(self) -> AsyncIterator[Connection]:
        connection = await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=5, application_name="premium-platform-relay"
        )
        async with connection:
            while not await repository.try_lead(connection):  # noqa: ASYNC110 - the lock is elsewhere
                await asyncio.sleep(STANDBY_SECONDS)
            yield connection

    async def _relay(self, connection: Connection) -> None:
        await repository.listen(connection)
        async with asyncio.timeout(STEP_SECONDS):
            await self._settle(connection)
        tidy_at = asyncio.get_running_loop().time()
        while True:
            # A server that neither answers nor breaks the connection must not hold the stream for ever.
            async with asyncio.timeout(STEP_SECONDS):
                while await self._step(connection):
                    pass
                if asyncio.get_running_loop().time() >= tidy_at:
                    await self._tidy(connection)
                    tidy_at = asyncio.get_running_loop().time() + TIDY_SECONDS
            async for _ in connection.notifies(timeout=LOOK_SECONDS, stop_after=1):
                pass

    async def _settle(self, connection: Connection) -> None:
        """Find out what of the places given before is really in the stream, and emit again what Redis lost."""
        self._last_id = await self._stream.last_id()
        seq = seq_of(self._last_id)
        if lost := await repository.take_back_above(connection, seq, LOST_STREAM_SECONDS):
            log.warning("platform events are emitted again", events=lost, stream_at=self._last_id)
        for unmarked, first_id in await repository.unmarked(connection):
            if await self._stream.has(unmarked, first_id):
                await repository.mark(connection, unmarked)
            else:
                await repository.take_back(connection, unmarked)

    async def _step(self, connection: Connection) -> bool:
        """Relay one entry's worth of events; return False when none waits."""
        seq = seq_of(self._last_id) + 1
        waiting = await repository.give_place(connection, seq, EVENTS_PER_ENTRY)
        if not waiting:
            return False
        self._last_id = await self._stream.append(
            self._last_id, [(seq, [from_json_fields(fields) for fields in waiting])]
        )
        await repository.mark(connection, seq)
        return True

    async def _tidy(self, connection: Connection) -> None:
        """Trim the stream to an hour, never past what the alert workers have acknowledged."""
        keep_from = await repository.first_place_since(connection, kept("event streams"))
        if keep_from is None:
            return
        needed = await self._stream.oldest_needed_seq()
        await self._stream.trim_before(keep_from if needed is None else min(keep_from, needed))
