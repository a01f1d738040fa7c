"""Keeping the stream complete: emit the newest block, or first whatever the stream lacks.

What a block emits is a function of the block (read again by its hash) and of the stored readings, so a block emitted
again after a crash carries the same events under the same ids. Consumers are idempotent by event id.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain import repository
from backend.chain.blocks import Block
from backend.chain.decode import decode_block
from backend.chain.events import BlockOrphaned, Event, TokenTransfer
from backend.chain.fetch import BlockSource
from backend.chain.follow.context import ChainContext
from backend.chain.follow.emission import NOTHING, EventStream, StreamMovedError, seq_of
from backend.chain.follow.enrich import enrich
from backend.chain.follow.ports import Pricing, Readings
from backend.chain.registry import Chain
from backend.chain.repository import Checkpoint, Emission
from backend.chain.rpc.errors import RpcMissingError
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.logging import get_logger

PAGE = 200
LOST_STREAM_WINDOW = timedelta(minutes=10)
REDIS_RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
MISSING_RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0)
log = get_logger(__name__)


class Repairer:
    """Emits through one stream, and knows its last id."""

    def __init__(
        self,
        chain: Chain,
        context: ChainContext,
        pricing: Pricing,
        readings: Readings,
        database: Database,
        source: BlockSource,
        stream: EventStream,
    ) -> None:
        self._chain = chain
        self._context = context
        self._pricing = pricing
        self._readings = readings
        self._database = database
        self._source = source
        self._stream = stream
        self._last_id = NOTHING

    @property
    def emitted_seq(self) -> int:
        """The place in the stream of the newest entry."""
        return seq_of(self._last_id)

    async def emit(self, checkpoint: Checkpoint, seq: int, events: list[Event]) -> None:
        """Append a block's events, waiting for Redis as long as it takes; what Redis lost comes before them."""
        if not events:
            return
        try:
            self._last_id = await self._stream.append(self._last_id, [(seq, events)])
        except StreamMovedError as moved:
            log.warning("the stream is not where it was left", chain_id=self._chain.id, stream_at=moved.last_id)
            await self.catch_up(checkpoint)
        except RedisError as error:
            log.warning("Redis is away", chain_id=self._chain.id, reason=type(error).__name__)
            await self.catch_up(checkpoint)

    async def catch_up(self, checkpoint: Checkpoint) -> Checkpoint:
        """Emit everything that the database says the stream must hold; return the checkpoint with a free next place.

        Waits for Redis as long as it takes. Raises RpcError, AllProvidersDownError or SQLAlchemyError.
        """
        attempt = 0
        while True:
            try:
                return await self._catch_up(checkpoint)
            except (RedisError, StreamMovedError) as error:
                delay = REDIS_RETRY_SECONDS[min(attempt, len(REDIS_RETRY_SECONDS) - 1)]
                if attempt % 10 == 0:
                    log.warning("waiting for Redis", chain_id=self._chain.id, reason=type(error).__name__)
                await asyncio.sleep(delay)
                attempt += 1

    async def _catch_up(self, checkpoint: Checkpoint) -> Checkpoint:
        self._last_id = await self._stream.last_id()
        if self.emitted_seq >= checkpoint.next_seq:
            # The database is older than the stream (restored, or made anew): go on above the stream's last id.
            ahead = replace(checkpoint, next_seq=self.emitted_seq + 1, emitted_seq=self.emitted_seq)
            async with self._database.unit_of_work() as session:
                await repository.move_checkpoint(session, self._chain.id, checkpoint, ahead)
            return ahead
        since = utc_now() - LOST_STREAM_WINDOW if self._last_id == NOTHING else None
        seq, emitted = self.emitted_seq, 0
        while True:
            async with self._database.unit_of_work() as session:
                page = await repository.emissions_after(session, self._chain.id, seq, PAGE, since)
            if not page:
                break
            for emission in page:
                events = await self._events(emission)
                if events:
                    self._last_id = await self._stream.append(self._last_id, [(emission.seq, events)])
                    emitted += 1
            seq = page[-1].seq
        if emitted:
            log.info("emitted again", chain_id=self._chain.id, entries=emitted, up_to=self._last_id)
        return checkpoint

    async def _events(self, emission: Emission) -> list[Event]:
        """Return the events of one place in the stream; none for a block that was orphaned meanwhile."""
        if emission.is_orphan:
            return [
                BlockOrphaned(
                    id=f"{self._chain.id}:{emission.block_hash}:orphaned",
                    chain_id=self._chain.id,
                    block_number=emission.block_number,
                    block_hash=emission.block_hash,
                    taken_at=int(emission.taken_at.timestamp()),
                )
            ]
        if emission.is_gone:
            return []
        block = await self._read_again(emission)
        if block is None:
            return []
        decoded = decode_block(self._chain.id, block)
        met = {
            event.token for event in decoded.events if isinstance(event, TokenTransfer) and event.log_index is not None
        }
        async with self._database.unit_of_work() as session:
            await self._know(session, met)
            values = await self._pricing.value_as_of(session, block.header)
            updates = await self._pricing.updates(session, block.header)
            noted = await self._readings.events(session, block.header)
        events = enrich(
            decoded.events, self._chain.currency, self._context.token, values.get, self._context.is_verified_pool
        )
        return [*events, *updates, *noted]

    async def _read_again(self, emission: Emission) -> Block | None:
        """Return the block, None when it is gone: dropped by a reorganisation that we are about to find.

        A block that is canonical but cannot be read is asked for again before it is given up: nodes drop their past.
        """
        for delay in (*MISSING_RETRY_SECONDS, None):
            try:
                return await self._source.block_by_hash(emission.block_hash)
            except RpcMissingError:
                try:
                    header = await self._source.header(emission.block_number)
                except RpcMissingError:
                    return None
                if header.hash != emission.block_hash:
                    return None
                if delay is not None:
                    await asyncio.sleep(delay)
        log.error(
            "the node has dropped a block that was not emitted", chain_id=self._chain.id, block=emission.block_number
        )
        return None

    async def _know(self, session: AsyncSession, tokens: set[str]) -> None:
        if any(self._context.token(address) is None for address in tokens):
            await self._context.load(session)
        await self._context.tokens(tokens)
