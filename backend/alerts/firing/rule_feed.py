"""Keeps a worker's rule book as the table has it: loaded once, then every change within a second."""

import asyncio
import gc
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import orjson
import psycopg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from backend.alerts.engine.book import RuleBook
from backend.alerts.engine.points import Placement
from backend.alerts.engine.watching import looked_at
from backend.alerts.firing import repository
from backend.alerts.firing.recall import recalled
from backend.alerts.kinds.registry import kind_named
from backend.chain.events import Event
from backend.core.db import Database
from backend.core.logging import get_logger
from backend.core.telemetry import alert_rules_loaded

POLL_SECONDS = 0.5
LOOK_SECONDS = 30.0
RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
log = get_logger(__name__)

_NOBODY = (UUID(int=0), UUID(int=0))
Row = tuple[bytes, int, Placement]


class RuleFeed:
    """Loads every active rule, then follows changes: woken by NOTIFY, and looking every half second all the same.

    What a look may have missed is what was not committed then. Every change is stamped with its transaction's id, and
    each look starts at the oldest transaction that was still running at the look before, so nothing is missed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._since = ""
        self._seen: dict[UUID, str] = {}
        self.book = RuleBook()
        self.led: set[int] = set()  # the chains that this process processes
        self.loaded = asyncio.Event()

    async def run(self) -> None:
        """Load and follow until cancelled, reconnecting when PostgreSQL goes away."""
        attempt = 0
        while True:
            try:
                async with await self._connect() as connection:
                    await repository.listen(connection)
                    if not self.loaded.is_set():
                        await self._load()
                    attempt = 0
                    await self._follow(connection)
            except (SQLAlchemyError, psycopg.Error, OSError, TimeoutError) as error:
                log.warning("rules cannot be read", error=type(error).__name__, reason=str(error)[:200])
            await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
            attempt += 1

    async def refresh(self) -> int:
        """Look for changes now; returns how many were taken over."""
        async with asyncio.timeout(LOOK_SECONDS), self._database.unit_of_work() as session:
            since, changes = await repository.changed_rules(session, self._since)
        news = [(change, _placement(change)) for change in changes if self._seen.get(change.id) != change.changed_xid]
        await self._know([placement for _, placement in news if placement is not None])
        for change, placement in news:
            if placement is not None:
                self.book.put(change.id.bytes, change.version, placement)
            else:
                self.book.remove(change.id.bytes)
        taken = len(news)
        self._since, self._seen = since, {change.id: change.changed_xid for change in changes}
        alert_rules_loaded.set(len(self.book))
        return taken

    async def recall(self, chain_id: int, first: Event | None) -> None:
        """Know of a chain's series what was known when `first` was about to be processed (None: what is newest).

        For whoever begins to process a chain: another process may have done so until now. Raises TimeoutError and what
        the database raises.
        """
        book = self.book
        keys = [key for key in book.readings.kept if key[1] == chain_id]
        book.readings.replace(keys, await recalled(self._database, book.readings, keys, first))
        book.wake()

    async def recall_others(self, chain_id: int) -> None:
        """Know the newest of the chains that nobody processes here yet, for whoever begins to process `chain_id`."""
        book = self.book
        keys = [key for key in book.readings.kept if key[1] != chain_id and key[1] not in self.led]
        book.readings.replace(keys, await recalled(self._database, book.readings, keys))
        book.wake()

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        url = make_url(self._database.url).set(drivername="postgresql").render_as_string(hide_password=False)
        return await psycopg.AsyncConnection.connect(
            url, autocommit=True, connect_timeout=5, application_name="premium-rules"
        )

    async def _load(self) -> None:
        book = RuleBook()
        # Millions of lasting objects come to be, and none of them is garbage: looking took a tenth of the time.
        gc.disable()
        try:
            await self._load_into(book)
        finally:
            gc.enable()
        # What is here now stays: a full collection would go through all of it in the middle of a batch.
        gc.collect()
        gc.freeze()
        alert_rules_loaded.set(len(book))
        self.loaded.set()
        log.info("rules loaded", rules=len(book), megabytes=round(book.nbytes / 1e6, 1))

    async def _load_into(self, book: RuleBook) -> None:
        async with await self._connect() as connection, repository.active_rules(connection) as (since, chunks):
            async for chunk in chunks:
                await asyncio.to_thread(book.load, _parsed(chunk))
        book.readings.add_recalled(await recalled(self._database, book.readings, book.readings.kept))
        # Nothing is awaited between here and the first look, so nobody matches against half a book.
        self.book, self._since, self._seen = book, since, {}

    async def _follow(self, connection: psycopg.AsyncConnection[Any]) -> None:
        while True:
            await self.refresh()
            async for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                pass

    async def _know(self, placements: Sequence[Placement]) -> None:
        """Read what series were, before rules that look at them are matched for the first time."""
        watches = [placement.watch for placement in placements if placement.watch is not None]
        readings = self.book.readings
        if new := readings.keep([each for watch in watches for each in looked_at(watch)]):
            readings.add_recalled(await recalled(self._database, readings, new))


def _parsed(rows: list[repository.RuleRow]) -> Iterator[Row]:
    for rule_id, version, name, owner, conditions, level in rows:
        try:
            kind = kind_named(name)
            typed = kind.of_stored(orjson.loads(conditions))
            ids = (UUID(bytes=rule_id), UUID(bytes=owner)) if kind.knows_rule else _NOBODY
            placement = kind.placements(typed, *ids, level=level)
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            log.error("rule cannot be read", rule=rule_id.hex(), error=repr(error)[:200])
            continue
        yield rule_id, version, placement


def _placement(change: repository.RuleChange) -> Placement | None:
    """Return where a rule stands now; None when it is not to be matched (any more)."""
    if not change.active:
        return None
    try:
        kind = kind_named(change.type)
        return kind.placements(kind.of_stored(change.conditions), change.id, change.user_id, level=change.level)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        log.error("rule cannot be read", rule=str(change.id), error=repr(error)[:200])
        return None
