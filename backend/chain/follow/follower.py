"""One chain's follower: blocks in order, each written, priced and emitted exactly once; see docs/contracts.md.

The rules that make it safe to stop at any instruction:
- One transaction per block writes the block with its place in the stream (`emit_seq`), its readings, and moves the
  checkpoint from exactly the block before. Two processes cannot both move it.
- Only then the block is appended to the stream, under an id made of `emit_seq`. Whatever the stream lacks is emitted
  again from the database and the chain, in order, before anything newer.
"""

import asyncio
from dataclasses import dataclass, replace

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain import repository
from backend.chain.blocks import Block, Header
from backend.chain.decode import decode_block
from backend.chain.events import Event, TokenTransfer, kind_of
from backend.chain.fetch import BlockSource
from backend.chain.follow.context import ChainContext
from backend.chain.follow.emission import EventStream
from backend.chain.follow.enrich import enrich
from backend.chain.follow.heads import HeadWatch
from backend.chain.follow.housekeeping import tidy_for_ever
from backend.chain.follow.leader import LeadershipLostError
from backend.chain.follow.ports import Pricing, Readings
from backend.chain.follow.reorg import ReorgFinder
from backend.chain.follow.repair import Repairer
from backend.chain.follow.watch import ProviderWatch
from backend.chain.registry import Chain
from backend.chain.repository import Checkpoint
from backend.chain.rpc.errors import RpcError, RpcMissingError
from backend.core import telemetry
from backend.core.clock import from_unix, now_seconds
from backend.core.db import Database
from backend.core.errors import PremiumError
from backend.core.logging import get_logger

MISSING_SECONDS = 0.1
JUDGE_SECONDS = 5.0
MAX_STORED = 1 << 63  # some chains say 2^64 - 1 where there is no limit
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FollowOptions:
    """How a chain is followed.

    `start_block`: the first block ever, None for `first_window` blocks before the head. `most_back`: never start
    further back than this, for a node that keeps no older logs.
    """

    start_block: int | None = None
    first_window: int = 20
    most_back: int | None = None
    batch_blocks: int = 25
    poll_seconds: float = 0.4
    quiet_seconds: float = 1.0


class ChainFollower:
    """Follows one chain while it leads. Make a new one after any error: memory may be ahead of the database."""

    def __init__(
        self,
        chain: Chain,
        context: ChainContext,
        pricing: Pricing,
        readings: Readings,
        database: Database,
        redis: Redis,
        options: FollowOptions,
    ) -> None:
        self._chain = chain
        self._context = context
        self._pricing = pricing
        self._readings = readings
        self._database = database
        self._source = BlockSource(context.rpc)
        self._options = options
        self._stream = EventStream(redis, chain.id)
        self._repairer = Repairer(chain, context, pricing, readings, database, self._source, self._stream)
        # A load balancer may answer from a node that trails; a node of our own does not.
        own_node = all(provider.is_local for provider in context.rpc.providers)
        shorter_seconds = 1.0 if own_node else min(max(3.0, 5 * chain.expected_block_seconds), 30.0)
        self._reorgs = ReorgFinder(chain.id, context.rpc, self._source, shorter_seconds)
        self._watch = ProviderWatch(context.rpc, chain.expected_block_seconds)
        self._checkpoint: Checkpoint | None = None
        self._judge_at = 0.0

    @property
    def checkpoint(self) -> Checkpoint:
        """How far the chain was followed. Only valid after `start`."""
        assert self._checkpoint is not None
        return self._checkpoint

    async def run(self) -> None:
        """Follow for ever. Raises RpcError, AllProvidersDownError, SQLAlchemyError, RedisError, LeadershipLostError."""
        tidying = asyncio.create_task(tidy_for_ever(self._chain.id, self._database, self._stream))
        try:
            await self._run()
        finally:
            tidying.cancel()
            await asyncio.gather(tidying, return_exceptions=True)

    async def _run(self) -> None:
        await self.start()
        websockets = [provider for provider in self._context.rpc.providers if provider.is_websocket]
        options = self._options
        async with HeadWatch(self._source, websockets, options.poll_seconds, options.quiet_seconds) as heads:
            await self._watch.judge()
            head = await self._source.latest()
            while True:
                try:
                    await self.advance(head)
                except RpcMissingError as error:
                    # The head that was claimed is not there (yet): somebody trails or lies. Find out who, look again.
                    log.info("head not found", chain_id=self._chain.id, claimed=head.number, reason=error.message[:160])
                    await self._watch.judge()
                    await asyncio.sleep(MISSING_SECONDS)
                await self._judge_now_and_then()
                head = await heads.wait()

    async def _judge_now_and_then(self) -> None:
        """Every few seconds: judge the providers, and ask all of them whether our newest block is theirs too."""
        now = asyncio.get_running_loop().time()
        if now < self._judge_at or len(self._context.rpc.providers) < 2:
            return
        self._judge_at = now + JUDGE_SECONDS
        await self._watch.judge()
        if not await self._reorgs.is_agreed(self.checkpoint):
            await self._reorganise()

    async def start(self) -> None:
        """Find the checkpoint (or make the first one), load what is known, and repair the stream."""
        genesis = await self._source.header(0)
        async with self._database.unit_of_work() as session:
            checkpoint = await repository.read_checkpoint(session, self._chain.id)
        if checkpoint is None:
            checkpoint = await self._first_checkpoint(genesis.hash, next_seq=1)
        elif checkpoint.genesis_hash != genesis.hash:
            checkpoint = await self._start_anew(checkpoint, genesis.hash)
        async with self._database.unit_of_work() as session:
            await self._context.load(session)
        self._checkpoint = await self._repairer.catch_up(checkpoint)
        if await self._reorgs.is_canonical(self.checkpoint):
            await self._rebuild()
        else:
            await self._reorganise()
        log.info("following", chain_id=self._chain.id, after_block=self.checkpoint.block_number)

    async def _first_checkpoint(self, genesis_hash: str, next_seq: int, emitted_seq: int = 0) -> Checkpoint:
        """Write a checkpoint just before the first block to follow."""
        head = (await self._source.latest()).number
        start, most_back = self._options.start_block, self._options.most_back
        if start is None:
            start = head - self._options.first_window
        elif most_back is not None and start < head - most_back:
            start = head - most_back
            log.warning(
                "older blocks are not read: the node keeps no logs of them", chain_id=self._chain.id, first=start
            )
        before = await self._source.header(max(start - 1, 0))
        checkpoint = Checkpoint(genesis_hash, before.number, before.hash, next_seq, emitted_seq)
        async with self._database.unit_of_work() as session:
            await repository.create_checkpoint(session, self._chain.id, checkpoint)
        return checkpoint

    async def _start_anew(self, old: Checkpoint, genesis_hash: str) -> Checkpoint:
        """The chain is another one (a demo chain thrown away): orphan all of the old one."""
        log.warning("another genesis block: everything followed so far is withdrawn", chain_id=self._chain.id)
        async with self._database.unit_of_work() as session:
            dropped = await repository.orphan_above(session, self._chain.id, -1, old.next_seq)
            await self._pricing.withdraw(session, dropped)
            await self._readings.withdraw(session, dropped)
            await repository.forget_contracts(session, self._chain.id)
        self._context.forget()
        return await self._first_checkpoint(genesis_hash, old.next_seq + len(dropped), old.emitted_seq)

    async def _rebuild(self) -> None:
        """Bring memory to the state as of the checkpoint."""
        at = await self._source.header(self.checkpoint.block_number)
        async with self._database.unit_of_work() as session:
            await self._context.load(session)
            await self._pricing.start(session, at)
            await self._readings.start(session, at)

    async def advance(self, head: Header) -> None:
        """Follow up to `head`, in batches while far behind, through any reorganisation on the way."""
        if head.number <= self.checkpoint.block_number and head.hash != self.checkpoint.block_hash:
            await self._check_tip(head)
        while (behind := head.number - self.checkpoint.block_number) > 0:
            first = self.checkpoint.block_number + 1
            if behind > 2:
                blocks = await self._source.blocks(first, min(head.number, first + self._options.batch_blocks - 1))
            else:
                blocks = [await self._source.block(first)]
            for block in blocks:
                if block.header.parent_hash != self.checkpoint.block_hash:
                    await self._reorganise()
                    break
                await self._process(block)

    async def _check_tip(self, head: Header) -> None:
        """A head at or below the checkpoint is fine when it is on our branch; otherwise our branch is gone."""
        async with self._database.unit_of_work() as session:
            ours = dict(await repository.blocks_back_from(session, self._chain.id, head.number, 1))
        if head.number in ours and ours[head.number] != head.hash:
            await self._reorganise()

    async def _reorganise(self) -> None:
        """Walk back to the common ancestor, withdraw everything above it, and go on from there."""
        before = self.checkpoint
        ancestor = await self._reorgs.find(self._database, before)
        if ancestor is None or ancestor.hash == before.block_hash:
            return
        async with self._database.unit_of_work() as session:
            dropped = await repository.orphan_above(session, self._chain.id, ancestor.number, before.next_seq)
            await self._pricing.withdraw(session, dropped)
            await self._readings.withdraw(session, dropped)
            after = replace(
                before,
                block_number=ancestor.number,
                block_hash=ancestor.hash,
                next_seq=before.next_seq + len(dropped),
            )
            await self._move(session, before, after)
        self._checkpoint = after
        log.warning("reorganisation", chain_id=self._chain.id, ancestor=ancestor.number, dropped_blocks=len(dropped))
        if len(dropped) > self._chain.finality_blocks:
            log.error("deeper than what counts as final", chain_id=self._chain.id, depth=len(dropped))
        telemetry.chain_reorgs.labels(str(self._chain.id)).inc()
        self._checkpoint = await self._repairer.catch_up(after)
        await self._rebuild()

    async def _process(self, block: Block) -> None:
        """Price, write and emit the next block."""
        header, before = block.header, self.checkpoint
        decoded = decode_block(self._chain.id, block)
        await self._know_tokens(decoded.events)
        self._readings.before(decoded.events)
        prices = await self._pricing.observe(header, decoded.pool_changes)
        count = len(decoded.events) + prices + await self._readings.observe(header, block.logs, decoded.events)
        seq = before.next_seq
        after = replace(
            before,
            block_number=header.number,
            block_hash=header.hash,
            next_seq=seq + 1,
            emitted_seq=self._repairer.emitted_seq,
        )
        async with self._database.unit_of_work() as session:
            await self._context.store(session)
            await repository.insert_block(session, _row(self._chain.id, header, count, seq))
            await self._pricing.store(session, header)
            await self._readings.store(session, header)
            updates = await self._pricing.updates(session, header) if prices else []
            noted = await self._readings.events(session, header)
            await self._move(session, before, after)
        self._checkpoint = after
        events = enrich(
            decoded.events,
            self._chain.currency,
            self._context.token,
            lambda token: self._pricing.value(token, header.taken_at),
            self._context.is_verified_pool,
        )
        emitted = [*events, *updates, *noted]
        await self._repairer.emit(after, seq, emitted)
        self._measure(header, emitted)

    async def _know_tokens(self, events: list[Event]) -> None:
        """Read the metadata of tokens met for the first time; a failure leaves them unknown for this block."""
        met = {event.token for event in events if isinstance(event, TokenTransfer) and event.log_index is not None}
        missing = {address for address in met if self._context.token(address) is None}
        if not missing:
            return
        try:
            await self._context.tokens(missing)
        except (RpcError, PremiumError) as error:
            log.warning("token metadata not read", chain_id=self._chain.id, reason=str(error)[:160])

    async def _move(self, session: AsyncSession, before: Checkpoint, after: Checkpoint) -> None:
        if not await repository.move_checkpoint(session, self._chain.id, before, after):
            raise LeadershipLostError("another process moved the checkpoint")

    def _measure(self, header: Header, events: list[Event]) -> None:
        label = str(self._chain.id)
        telemetry.chain_head.labels(label).set(header.number)
        telemetry.chain_lag_seconds.labels(label).set(max(0.0, now_seconds() - header.taken_at))
        for event in events:
            telemetry.chain_events.labels(label, kind_of(event)).inc()


def _row(chain_id: int, header: Header, event_count: int, seq: int) -> dict[str, object]:
    return {
        "chain_id": chain_id,
        "block_hash": header.hash,
        "block_number": header.number,
        "parent_hash": header.parent_hash,
        "taken_at": from_unix(header.taken_at),
        "base_fee_wei": header.base_fee_wei,
        "gas_used": header.gas_used if header.gas_used < MAX_STORED else None,
        "gas_limit": header.gas_limit if header.gas_limit < MAX_STORED else None,
        "event_count": event_count,
        "emit_seq": seq,
    }
