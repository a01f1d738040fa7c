"""The account in one process: opens units of work, keeps answers to idempotency keys, lets time pass."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.core.clock import now_seconds
from backend.test_payments.book import clockwork
from backend.test_payments.book.book import Book, Origin, Rules
from backend.test_payments.config import Config
from backend.test_payments.repository import Records
from backend.test_payments.seed import seed
from backend.test_payments.webhooks import Postman
from backend.test_payments.wire.errors import StripeError

KEPT_ANSWER_SECONDS = 86_400
KEPT_EVENT_SECONDS = 30 * 86_400
CLEAN_SECONDS = 3_600
NEVER = 1 << 62


@dataclass
class Account:
    """Everything the handlers need."""

    config: Config
    records: Records
    postman: Postman
    rules: Rules = field(default_factory=Rules)
    _changed: set[str | None] = field(default_factory=set)  # customers something was done for since time passed last
    _due: dict[str | None, int] = field(default_factory=dict)  # when time has something to do for a customer
    _cleaned_at: int = 0

    @contextmanager
    def book(
        self, request_id: str | None = None, idempotency_key: str | None = None, *, reads: bool = False
    ) -> Iterator[Book]:
        """Open a unit of work: kept when the block ends, or with an error that says so; else nothing of it is.

        `reads`: nothing is written.
        """
        book = Book(self.records, Origin(self.config.address, request_id, idempotency_key), self.rules)
        book.on_event = lambda event: self.postman.post(book, event)
        if reads:
            yield book
            return
        kept_error: StripeError | None = None
        with self.records.transaction():
            try:
                yield book
            except StripeError as error:
                if not error.keeps:
                    raise
                kept_error = error
            changed = book.flush()
        self._changed |= changed
        if kept_error is not None:
            raise kept_error

    def pass_time(self) -> int:
        """Do what is due by now for customers without a test clock; return how much was done."""
        now = int(now_seconds())
        self._forget_what_is_old(now)
        wanted = self._changed | {owner for owner, at in self._due.items() if at <= now}
        if not wanted:
            return 0
        with self.book() as book:
            done = sum(self._pass_time_for(book, owner, now) for owner in wanted)
        self._changed = {owner for owner in wanted if self._due.get(owner, NEVER) <= now}
        return done

    def _pass_time_for(self, book: Book, owner: str | None, now: int) -> int:
        """Do what is due for one customer (None: for sessions without one), and note when the next thing is."""
        if owner is None:
            return self._expire_sessions_of_nobody(book, now)
        customer = book.find("customer", owner)
        if customer is None or customer.get("deleted") or customer["test_clock"]:
            self._due.pop(owner, None)
            return 0
        done = clockwork.run_until(book, [customer], now)
        self._due[owner] = clockwork.next_due(book, [customer]) or NEVER
        return done

    def _expire_sessions_of_nobody(self, book: Book, now: int) -> int:
        sessions = [each for each in book.all("checkout.session", status="open") if each["customer"] is None]
        over = [each for each in sessions if each["expires_at"] <= now]
        for session in over:
            clockwork.expire_session(book, session, now)
        self._due[None] = min((each["expires_at"] for each in sessions if each not in over), default=NEVER)
        return len(over)

    def _forget_what_is_old(self, now: int) -> None:
        if now - self._cleaned_at < CLEAN_SECONDS:
            return
        self._cleaned_at = now
        with self.records.transaction():
            self.records.forget_answers(now - KEPT_ANSWER_SECONDS)
            self.records.forget_events(now - KEPT_EVENT_SECONDS)

    def look_at_everybody(self) -> None:
        """Have the next `pass_time` look at every customer (after a start)."""
        self._changed = {*self.records.ids("customer"), None}

    def do(self, work: Callable[[Book], Any]) -> Any:
        """Return what `work` returns, done in a unit of work of its own."""
        with self.book() as book:
            return work(book)


def open_account(config: Config) -> Account:
    """Open the data file (made when it is not there) and bring in what the configuration says."""
    Path(config.data_file).parent.mkdir(parents=True, exist_ok=True)
    records = Records(config.data_file)
    account = Account(config, records, Postman(records))
    account.do(lambda book: seed(book, config))
    account.look_at_everybody()
    return account
