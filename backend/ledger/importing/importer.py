"""One wallet on one chain, from where its history was read to the newest block, in steps that are stored each.

A step makes what it found all that there is of the wallet in its blocks. What is not final yet is read again by the
next import, so a reorganisation that nobody told of is put right too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.chain.blocks import Header
from backend.chain.fetch import BlockSource
from backend.chain.rpc.errors import AllProvidersDownError, RpcError
from backend.chain.rpc.pool import RpcPool
from backend.core.clock import from_unix, now_seconds, utc_now
from backend.core.db import Database
from backend.core.logging import get_logger
from backend.ledger import repository
from backend.ledger.decoding.decode import decode
from backend.ledger.events import Coverage, Event, Kind
from backend.ledger.importing.facts import FactsBook
from backend.ledger.importing.pricing import due_again, with_prices
from backend.ledger.importing.ways import NotReadError, Part, Way
from backend.ledger.importing.whole import read_transactions
from backend.ledger.records import coverage_of, event_id, row_of
from backend.ledger.transactions import Facts, Transaction
from backend.market.ladder.service import Ladder

# To be raised when `decode` makes other events of the same transaction than before.
DECODER_VERSION = 3
FIRST_LOOK_BACK = 100_000  # blocks before the head where a node is read from first; then backwards, run by run
BACK_BLOCKS = 10_000
MOST_TRANSACTIONS = 300  # of a step
HEAD_SECONDS = 20.0
MOST_READ_ANEW = 100  # blocks a run
NOT_UNDERSTOOD = "This transaction could not be understood: what it moved is not shown."
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known of a chain. `keeps_blocks`: its node forgets what is older (None: it does not)."""

    finality_blocks: int
    keeps_blocks: int | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """Whether events changed, and whether all is read that can be now: else there was not enough time."""

    changed: bool
    is_current: bool


class Importer:
    """Imports one wallet of one user on one chain. `deadline`: Unix seconds after which no step begins."""

    def __init__(
        self,
        database: Database,
        rpc: RpcPool,
        way: Way,
        facts: FactsBook,
        prices: Ladder,
        ground: Ground,
        *,
        from_start: bool,
    ) -> None:
        self._database = database
        self._rpc = rpc
        self._way = way
        self._facts = facts
        self._prices = prices
        self._ground = ground
        self._from_start = from_start  # the way knows everything since the first block
        self._blocks = BlockSource(rpc, HEAD_SECONDS)
        self._changed = self._is_late = False

    async def run(self, user_id: UUID, wallet: str, deadline: float) -> Imported:
        """Read on, as far as there is time. What goes wrong stands in the coverage."""
        place = _Place(user_id, wallet, self._rpc.chain_id)
        self._changed = self._is_late = False
        covered = await self._covered(place)
        if covered is None:
            return Imported(changed=False, is_current=True)
        try:
            head = await self._head()
            current = await self._forward(place, await self._begin(place, covered, head), head, deadline)
            if current is not None:
                current = await self._read_anew(place, current, head, deadline)
            if current is not None:
                await self._back(place, current, head, deadline)
        except NotReadError as error:
            await self._note(place, error.message)
        return Imported(self._changed, not self._is_late)

    async def _head(self) -> Header:
        try:
            return await self._blocks.latest()
        except (RpcError, AllProvidersDownError) as error:
            raise NotReadError("The chain's providers do not answer.") from error

    async def _covered(self, place: "_Place") -> "_Covered | None":
        async with self._database.unit_of_work() as session:
            rows = await repository.coverage(session, place.user_id, [place.wallet])
        row = next((row for row in rows if row["chain_id"] == place.chain_id), None)
        return None if row is None else _Covered(coverage_of(row), row["version"])

    async def _begin(self, place: "_Place", covered: "_Covered", head: Header) -> "_Covered":
        """Return the coverage that reading goes on from: what there is, or nothing yet from a first block on."""
        now = covered.coverage
        oldest = 0 if self._ground.keeps_blocks is None else max(0, head.number + 1 - self._ground.keeps_blocks)
        is_empty = now.to_block < now.from_block
        if not is_empty and await self._is_another_chain(now, head):
            async with self._database.unit_of_work() as session:
                gone = await repository.replace_range(session, *place.key, (0, 2**62), [])
            self._changed = self._changed or bool(gone)
            is_empty = True
        if not is_empty and head.number < now.to_block:
            raise NotReadError(f"The chain's providers are behind: they know no block after {head.number:,}.")
        if is_empty or now.to_block + 1 < oldest or (self._from_start and not now.reached_start):
            first = 0 if self._from_start else max(oldest, head.number - FIRST_LOOK_BACK, 0)
            now = replace(now, from_block=first, to_block=first - 1, to_block_at=None, native_is_known=True)
            return covered.with_(replace(now, reached_start=first == 0))
        return covered

    async def _is_another_chain(self, now: Coverage, head: Header) -> bool:
        """Return whether a final block that was read is not there: the (local) chain was thrown away."""
        if now.to_block_at is None:
            return False
        if head.number < now.to_block:
            return self._ground.keeps_blocks is not None
        if now.to_block > head.number - self._ground.finality_blocks:
            return False
        try:
            header = await self._blocks.header(now.to_block)
        except (RpcError, AllProvidersDownError):
            return False
        return from_unix(header.taken_at) != now.to_block_at

    async def _forward(self, place: "_Place", covered: "_Covered", head: Header, deadline: float) -> "_Covered | None":
        """Read up to the head; return what is covered then, None when there was no time or somebody else was first."""
        current: _Covered | None = covered
        now = covered.coverage
        first = max(now.from_block, now.to_block + 1 - self._ground.finality_blocks)
        if self._ground.keeps_blocks is not None:
            first = max(first, head.number + 1 - self._ground.keeps_blocks)
        while first <= head.number:
            if current is None:
                return None
            if now_seconds() > deadline:
                self._is_late = True
                return None
            part, events = await self._read(place.wallet, first, head.number, head)
            now = replace(
                current.coverage,
                to_block=max(part.last, current.coverage.to_block),
                to_block_at=await self._time_of(part.last, head),
                native_is_known=current.coverage.native_is_known and part.native_is_known,
                source=part.source,
            )
            current = await self._store(place, current.with_(now), (first, part.last), events)
            first = part.last + 1
        return current

    async def _read_anew(
        self, place: "_Place", covered: "_Covered", head: Header, deadline: float
    ) -> "_Covered | None":
        """Read blocks again whose events an older decoder made, some a run, the newest first.

        One whose transactions the providers do not have any more stays as it is.
        """
        oldest = 0 if self._ground.keeps_blocks is None else head.number + 1 - self._ground.keeps_blocks
        async with self._database.unit_of_work() as session:
            outdated = await repository.outdated(session, *place.key, DECODER_VERSION, oldest, MOST_READ_ANEW)
        current: _Covered | None = covered
        for block, hashes in outdated:
            if current is None or now_seconds() > deadline:
                return None
            part, events = await self._read(place.wallet, block, block, head)
            if hashes <= part.blocks.keys():
                current = await self._store(place, current, (block, block), events)
        return current

    async def _back(self, place: "_Place", covered: "_Covered", head: Header, deadline: float) -> None:
        """Read what was before, a piece at a time, until the first block."""
        current: _Covered | None = covered
        if self._ground.keeps_blocks is not None:
            return
        while current is not None and current.coverage.from_block > 0:
            now = current.coverage
            lowest = max(0, now.from_block - BACK_BLOCKS)
            first = lowest
            while first < now.from_block:
                if now_seconds() > deadline:
                    return
                part, events = await self._read(place.wallet, first, now.from_block - 1, head)
                known = current.coverage.native_is_known and part.native_is_known
                is_whole = part.last >= now.from_block - 1
                after = replace(
                    current.coverage,
                    native_is_known=known,
                    from_block=lowest if is_whole else current.coverage.from_block,
                    reached_start=is_whole and lowest == 0,
                )
                current = await self._store(place, current.with_(after), (first, part.last), events)
                if current is None:
                    return
                first = part.last + 1

    async def _read(self, wallet: str, first: int, last: int, head: Header) -> tuple[Part, list[Event]]:
        """Return a part and its events, with prices. Raises NotReadError."""
        part = (await self._way.find(wallet, first, last)).at_most(MOST_TRANSACTIONS)
        transactions, missing = await read_transactions(
            self._rpc, list(part.blocks), part.inside, native_is_known=part.native_is_known
        )
        if missing:
            raise _gone(missing, part, head.number - self._ground.finality_blocks)
        facts = await self._facts.of(self._database, self._rpc, transactions)
        events = [event for each in transactions for event in _decoded(each, wallet, facts, part.source)]
        return part, await with_prices(events, self._prices)

    async def _time_of(self, number: int, head: Header) -> datetime | None:
        if number == head.number:
            return from_unix(head.taken_at)
        try:
            return from_unix((await self._blocks.header(number)).taken_at)
        except (RpcError, AllProvidersDownError):
            return None

    async def _store(
        self, place: "_Place", covered: "_Covered", blocks: tuple[int, int], events: Sequence[Event]
    ) -> "_Covered | None":
        """Write a step; None when another import or a removal came first, and nothing was written."""
        rows = [row_of(event, DECODER_VERSION, due_again(event, 1)) for event in events]
        async with self._database.unit_of_work() as session:
            version = await repository.move_coverage(session, covered.values(place, None))
            if version is None:
                return None
            changed = await repository.replace_range(session, *place.key, blocks, rows)
        self._changed = self._changed or bool(changed)
        return _Covered(covered.coverage, version)

    async def _note(self, place: "_Place", problem: str) -> None:
        covered = await self._covered(place)
        if covered is not None:
            log.warning("history not read", chain_id=place.chain_id, reason=problem)
            async with self._database.unit_of_work() as session:
                await repository.move_coverage(session, covered.values(place, problem[:300]))


def _gone(missing: Sequence[str], part: Part, final: int) -> NotReadError:
    """Return why transactions that were found are not there: nothing is taken away for what may be a provider's lie."""
    block = part.blocks[missing[0]]
    if block > final:
        return NotReadError(f"Block {block:,} changed while it was read. It is read again next time.")
    return NotReadError(
        f"The chain's providers do not have {len(missing)} of the wallet's transactions, the first in block {block:,}:"
        " they contradict each other, or do not keep what is so old."
    )


@dataclass(frozen=True, slots=True)
class _Place:
    user_id: UUID
    wallet: str
    chain_id: int

    @property
    def key(self) -> tuple[UUID, str, int]:
        return self.user_id, self.wallet, self.chain_id


@dataclass(frozen=True, slots=True)
class _Covered:
    coverage: Coverage
    version: int

    def with_(self, coverage: Coverage) -> "_Covered":
        return _Covered(coverage, self.version)

    def values(self, place: _Place, problem: str | None) -> dict[str, Any]:
        names = ("from_block", "to_block", "to_block_at", "native_is_known", "reached_start", "source")
        return {
            **{name: getattr(self.coverage, name) for name in names},
            "user_id": place.user_id,
            "wallet": place.wallet,
            "chain_id": place.chain_id,
            "version": self.version,
            "checked_at": utc_now(),
            "problem": problem,
        }


def _decoded(transaction: Transaction, wallet: str, facts: Facts, source: Any) -> list[Event]:
    """Return a transaction's events; one that the decoders break on is there all the same, and says so."""
    try:
        events = decode(transaction, wallet, facts)
    except Exception:
        log.exception("transaction not decoded", chain_id=transaction.chain_id, tx_hash=transaction.hash)
        events = [_not_understood(transaction, wallet)]
    return [replace(event, source=source) for event in events]


def _not_understood(transaction: Transaction, wallet: str) -> Event:
    return Event(
        id=event_id(transaction.chain_id, transaction.hash, wallet, 0),
        wallet=wallet,
        chain_id=transaction.chain_id,
        kind=Kind.CALL,
        happened_at=transaction.happened_at,
        block_number=transaction.block_number,
        block_hash=transaction.block_hash,
        tx_hash=transaction.hash,
        tx_index=transaction.index,
        number=0,
        source="chain",
        method=transaction.method,
        fee_wei=transaction.fee_wei if transaction.sender == wallet else 0,
        succeeded=transaction.succeeded,
        problem=NOT_UNDERSTOOD,
    )
