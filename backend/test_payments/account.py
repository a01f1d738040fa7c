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


@dataclass
class Account:
    """Everything the handlers need."""

    config: Config
    records: Records
    postman: Postman
    rules: Rules = field(default_factory=Rules)

    @contextmanager
    def book(self, request_id: str | None = None, idempotency_key: str | None = None) -> Iterator[Book]:
        """Open a unit of work: kept when the block ends, or with an error that says so; else nothing of it is."""
        book = Book(self.records, Origin(self.config.address, request_id, idempotency_key), self.rules)
        book.on_event = lambda event: self.postman.post(book, event)
        kept_error: StripeError | None = None
        with self.records.transaction():
            try:
                yield book
            except StripeError as error:
                if not error.keeps:
                    raise
                kept_error = error
            book.flush()
        if kept_error is not None:
            raise kept_error

    def pass_time(self) -> int:
        """Do what is due by now for customers without a test clock; forget what is old; return how much was done."""
        now = int(now_seconds())
        with self.book() as book:
            done = clockwork.run_until(book, book.all("customer", test_clock=None), now)
            for session in book.all("checkout.session", status="open", customer=None):
                if session["expires_at"] <= now:
                    clockwork.expire_session(book, session, now)
                    done += 1
            self.records.forget_answers(now - KEPT_ANSWER_SECONDS)
            self.records.forget_events(now - KEPT_EVENT_SECONDS)
        return done

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
    return account
