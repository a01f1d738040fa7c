"""The consumer of one chain's stream: reads, has entries processed, acknowledges, tells. Goes on through every outage.

Only one consumer a chain is at work: it holds an advisory lock with the very connection it stores through, so whoever
lost the lock cannot store either. Entries are acknowledged after the commit; what a crash leaves unacknowledged is read
again first, and storing it again changes nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
import psycopg
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError, ResponseError
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from backend.alerts.firing import repository
from backend.alerts.firing.intake import Entry, RawEntry, park, read_entry
from backend.alerts.firing.onlooker import Onlooker, first_waiting
from backend.alerts.firing.processor import Processor
from backend.alerts.firing.quota_book import QuotaBook
from backend.alerts.firing.recorder import Told
from backend.alerts.firing.rule_feed import RuleFeed
from backend.core.db import Database
from backend.core.logging import get_logger
from backend.core.redis import EVENTS_GROUP, events_stream, user_alerts_channel

CONSUMER = "alerts"
BATCH_ENTRIES = 32
BLOCK_MS = 1_000
STANDBY_SECONDS = 1.0
RECLAIM_SECONDS = 30.0
BATCH_SECONDS = 60.0
RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
# An entry's own fault; every other database error is taken for an outage and waited out.
_POISON = (
    *(DataError, IntegrityError, psycopg.DataError, psycopg.IntegrityError),
    *(ValueError, KeyError, TypeError, ArithmeticError, AttributeError, IndexError),
)
# Channel, message, channel, message, …: one command takes a third of the time of one for each.
_PUBLISH = "for i = 1, #ARGV, 2 do redis.call('PUBLISH', ARGV[i], ARGV[i + 1]) end"
log = get_logger(__name__)


class ChainConsumer:
    """Processes one chain's events, in order, each at least once and with effect exactly once."""

    def __init__(self, chain_id: int, database: Database, redis: Redis, feed: RuleFeed, quotas: QuotaBook) -> None:
        self._chain_id = chain_id
        self._stream = events_stream(chain_id)
        self._database = database
        self._redis = redis
        self._feed = feed
        self._quotas = quotas
        self._untold: list[Told] = []
        self._onlooker = Onlooker(chain_id, redis, feed)
        self._stood_by = False

    async def run(self) -> None:
        """Wait to lead, then process until cancelled; begin again whenever a connection breaks."""
        await self._feed.loaded.wait()
        attempt = 0
        while True:
            started = asyncio.get_running_loop().time()
            try:
                async with self._leading() as connection:
                    await self._consume(connection)
            except (SQLAlchemyError, psycopg.Error, RedisError, OSError, TimeoutError) as error:
                log.warning("alerts wait", stream=self._stream, error=type(error).__name__, reason=str(error)[:200])
            attempt = 0 if asyncio.get_running_loop().time() - started > 30 else attempt + 1
            await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])

    @asynccontextmanager
    async def _leading(self) -> AsyncIterator[AsyncConnection]:
        """Yield the connection that holds the chain's lock, and close it for good afterwards."""
        async with self._database.engine.connect() as connection:
            try:
                while not await repository.try_lead(connection, self._chain_id):
                    await connection.rollback()
                    await self._stand_by()
                    await asyncio.sleep(STANDBY_SECONDS)
                await connection.commit()
                async with self._quotas.storing(connection, self._stand_by):
                    self._onlooker.forget()
                    yield connection
            finally:
                self._feed.led.discard(self._chain_id)
                with suppress(SQLAlchemyError):
                    await connection.invalidate()

    async def _stand_by(self) -> None:
        self._stood_by = True
        await self._onlooker.look()

    async def _consume(self, connection: AsyncConnection) -> None:
        @asynccontextmanager
        async def unit_of_work() -> AsyncIterator[AsyncSession]:
            async with AsyncSession(connection, expire_on_commit=False) as session, session.begin():
                yield session

        processor = Processor(
            self._chain_id, lambda: self._feed.book, self._quotas, unit_of_work, self._untold, self._tell
        )
        # Somebody else may have processed the chain until now, and may have known more of others than we looked at.
        await self._feed.recall(self._chain_id, await first_waiting(self._redis, self._stream))
        if self._stood_by:
            await self._feed.recall_others(self._chain_id)
            self._stood_by = False
        self._feed.led.add(self._chain_id)
        await self._take_over(processor, idle_ms=0)
        reclaim_at = asyncio.get_running_loop().time() + RECLAIM_SECONDS
        while True:
            batch = await self._read(">")
            if batch:
                await self._handle(processor, batch)
            else:
                await repository.ping(connection)
                await connection.rollback()
            if asyncio.get_running_loop().time() >= reclaim_at:
                await self._take_over(processor, idle_ms=int(RECLAIM_SECONDS * 1000))
                reclaim_at = asyncio.get_running_loop().time() + RECLAIM_SECONDS

    async def _take_over(self, processor: Processor, idle_ms: int) -> None:
        """Process what was delivered to anyone but never acknowledged, oldest first."""
        cursor: Any = b"0-0"
        while True:
            answer = await self._with_group(
                lambda start=cursor: self._redis.xautoclaim(
                    self._stream, EVENTS_GROUP, CONSUMER, idle_ms, start, count=BATCH_ENTRIES
                )
            )
            cursor, entries = answer[0], answer[1]
            # Redis before 7 also names entries that were trimmed meanwhile: nothing is left of them.
            if batch := [(entry_id, fields) for entry_id, fields in entries if fields]:
                log.info("pending entries taken over", stream=self._stream, entries=len(batch))
                await self._handle(processor, batch)
            if cursor in (b"0-0", "0-0"):
                return

    async def _read(self, last_id: str) -> list[RawEntry]:
        answer = await self._with_group(
            lambda: self._redis.xreadgroup(
                EVENTS_GROUP, CONSUMER, {self._stream: last_id}, count=BATCH_ENTRIES, block=BLOCK_MS
            )
        )
        return answer[0][1] if answer else []

    async def _with_group(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Call; when Redis does not know the group (any more), make it from the stream's beginning and call again."""
        try:
            return await call()
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
        with suppress(ResponseError):
            await self._redis.xgroup_create(self._stream, EVENTS_GROUP, id="0", mkstream=True)
            log.info("consumer group made", stream=self._stream)
        return await call()

    async def _handle(self, processor: Processor, batch: Sequence[RawEntry]) -> None:
        """Process a batch, then acknowledge and tell. Raises on outages, with nothing acknowledged."""
        entries = [read_entry(raw) for raw in batch]
        for entry in entries:
            if entry.fault:
                await park(self._redis, self._stream, entry.raw, entry.fault)
        # A database that neither answers nor breaks the connection must not hold the chain for ever.
        async with asyncio.timeout(BATCH_SECONDS):
            await self._process(processor, [entry for entry in entries if entry.facts])
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.xack(self._stream, EVENTS_GROUP, *(raw[0] for raw in batch))
        await self._tell(pipeline)

    async def _tell(self, pipeline: Pipeline | None = None) -> None:
        """Publish what is stored and not told yet, after what is in the pipeline already."""
        pipeline = self._redis.pipeline(transaction=False) if pipeline is None else pipeline
        if self._untold:
            news = [part for each in self._untold for part in (user_alerts_channel(each.user_id), _news(each))]
            pipeline.execute_command("EVAL", _PUBLISH, 0, *news)
        await pipeline.execute()
        self._untold.clear()

    async def _process(self, processor: Processor, entries: list[Entry]) -> None:
        """Process entries; when they cannot be stored, find the one event to blame and put its entry aside."""
        try:
            await processor.process(entries)
        except _POISON as error:
            parts = entries if len(entries) > 1 else entries[0].split()
            if len(parts) > 1:
                for part in parts:
                    await self._process(processor, [part])
            else:
                await processor.check()  # a broken connection may show as any error: then it is no fault of the entry
                await park(self._redis, self._stream, entries[0].raw, repr(error))


def _news(told: Told) -> bytes:
    return orjson.dumps({"type": told.kind, "data": told.data} if told.data else {"type": told.kind})
