"""Books that are kept calculated between requests, so that a question about one does not begin with all of its history.

A book is kept as long as its version and settings are the user's (an edit of a transaction that stands alone is put
into it, which takes a fraction of the time), ten minutes at most (rates and price history behind
it may change), and together no more events than a process has room for (a hundred thousand take about 250 MB).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID
from weakref import WeakValueDictionary

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.clock import utc_now
from backend.tax.assembling.alone import change
from backend.tax.book_service import DayRates, book_of, day_rates, settings_of
from backend.tax.books import Book, TaxSettings
from backend.tax.engine.calculate import Calculation
from backend.tax.engine.incremental import Incremental
from backend.tax.engine.optimise import MethodResult, compare_methods
from backend.tax.refusals import in_words
from backend.tax.store import Entry, book_version, changed_since

KEEPS = timedelta(minutes=10)
MOST_EVENTS = 150_000


@dataclass(slots=True, eq=False)
class Kept:
    """A book with its calculation; `compared` are methods side by side by tax year and scope, as they are asked for."""

    book: Book
    settings: TaxSettings
    history: Incremental
    done: Calculation
    made_at: datetime
    compared: dict[tuple[int, bool], list[MethodResult]] = field(default_factory=dict)

    async def methods(self, year: int, *, from_year: bool) -> list[MethodResult]:
        """Return what a year comes to under every method."""
        key = (year, from_year)
        if key not in self.compared:
            self.compared[key] = await asyncio.to_thread(
                compare_methods, self.book.events, self.book.engine, year, from_year=from_year
            )
        return self.compared[key]


class KeptBooks:
    """The books of a process, the one used last at the end."""

    def __init__(self, most_events: int = MOST_EVENTS, keeps: timedelta = KEEPS) -> None:
        self._most_events = most_events
        self._keeps = keeps
        self._books: OrderedDict[UUID, Kept] = OrderedDict()
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def of(self, session: AsyncSession, user_id: UUID) -> Kept:
        """Return a user's book as it is now, calculated. Raises RefusedHistoryError when it cannot be."""
        lock = self._locks.setdefault(user_id, asyncio.Lock())
        async with lock:  # two requests do not calculate the same twice
            settings = await settings_of(session, user_id)
            version = await book_version(session, user_id)
            found = self._books.get(user_id)
            if found is None or not self._is_current(found, version, settings):
                self._books.pop(user_id, None)
                found = await self._changed(session, user_id, found, settings)
                if found is None:
                    book = await book_of(session, user_id, settings, finds_bound=True)
                    found = await asyncio.to_thread(kept_of, book, settings)
                self._books[user_id] = found
            self._books.move_to_end(user_id)
            self._make_room()
            return found

    async def _changed(
        self, session: AsyncSession, user_id: UUID, found: Kept | None, settings: TaxSettings
    ) -> Kept | None:
        """Return a kept book with the edits since, where these are all that changed and concern nothing else."""
        if found is None or found.settings != settings or utc_now() - found.made_at >= self._keeps:
            return None
        version, entries = await changed_since(session, user_id, found.book.version)
        if entries is None:
            return None
        rates = await day_rates(session, settings.currency, entries)
        return await asyncio.to_thread(kept_after, found, version, entries, rates)

    def _is_current(self, found: Kept, version: int, settings: TaxSettings) -> bool:
        return found.book.version == version and found.settings == settings and utc_now() - found.made_at < self._keeps

    def _make_room(self) -> None:
        now = utc_now()
        for user_id in [id_ for id_, each in self._books.items() if now - each.made_at >= self._keeps]:
            del self._books[user_id]
        while len(self._books) > 1 and sum(len(each.book.events) for each in self._books.values()) > self._most_events:
            self._books.popitem(last=False)


def kept_of(book: Book, settings: TaxSettings) -> Kept:
    """Return a book with its calculation. Raises RefusedHistoryError when the rules refuse the history."""
    with in_words(book):
        history = Incremental(book.events, book.engine)
        return Kept(book, settings, history, history.calculation(), utc_now())


def kept_after(kept: Kept, version: int, entries: Sequence[Entry], rates: DayRates) -> Kept | None:
    """Return a kept book after edits of some of its transactions; None: it has to be read and assembled anew.

    It is as old as the one before: what else it rests on was read then. Raises RefusedHistoryError.
    """
    before = kept.book
    made = None if before.bound is None else change(before, before.bound, entries, rates)
    if made is None:
        return None
    book = replace(before, events=made.events, issues=made.issues, version=version)
    with in_words(book):
        history = kept.history.copy()
        history.change(made.put, made.gone)
        return Kept(book, kept.settings, history, history.calculation(), kept.made_at)


kept_books = KeptBooks()
