"""The file everything is kept in: SQLite, one writer, one transaction for each request."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists objects (
    number integer primary key autoincrement, id text not null unique, kind text not null, customer text,
    data text not null);
create index if not exists objects_by_kind on objects (kind, number);
create index if not exists objects_by_customer on objects (customer, kind, number) where customer is not null;
create table if not exists answers (
    key text primary key, fingerprint text not null, status integer not null, body text not null,
    request_id text not null, at integer not null);
create table if not exists deliveries (
    number integer primary key autoincrement, event text not null, endpoint text not null,
    attempts integer not null default 0, due real not null, done text);
create index if not exists deliveries_open on deliveries (due) where done is null;
"""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What was answered to an idempotency key, and the fingerprint of the request it was for."""

    fingerprint: str
    status: int
    body: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint; `attempts` so far."""

    number: int
    event: str
    endpoint: str
    attempts: int


def owner_of(item: dict[str, Any]) -> str | None:
    """Return the id of the customer an object belongs to, its own for a customer."""
    return item["id"] if item["object"] == "customer" else item.get("customer")


class Records:
    """The tables. Use from one thread; every write stands in a `transaction`."""

    def __init__(self, file: Path | str) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all that is written in the block, or nothing when it raises."""
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def load(self, object_id: str) -> str | None:
        """Return an object by its id, as JSON."""
        row = self._connection.execute("select data from objects where id = ?", (object_id,)).fetchone()
        return row[0] if row else None

    def save(self, item: dict[str, Any], data: str) -> None:
        """Write an object, new or changed; `data` is its JSON."""
        self._connection.execute(
            "insert into objects (id, kind, customer, data) values (?, ?, ?, ?)"
            " on conflict (id) do update set data = excluded.data, customer = excluded.customer",
            (item["id"], item["object"], owner_of(item), data),
        )

    def ids(self, kind: str, customer: str | None = None) -> list[str]:
        """Return the ids of a kind, newest first, all or those of one customer."""
        if customer is None:
            rows = self._connection.execute("select id from objects where kind = ? order by number desc", (kind,))
        else:
            rows = self._connection.execute(
                "select id from objects where kind = ? and customer = ? order by number desc", (kind, customer)
            )
        return [row[0] for row in rows]

    def drop(self, object_id: str) -> None:
        """Remove an object."""
        self._connection.execute("delete from objects where id = ?", (object_id,))

    def answer_to(self, key: str) -> StoredAnswer | None:
        """Return what was answered to an idempotency key."""
        row = self._connection.execute(
            "select fingerprint, status, body, request_id from answers where key = ?", (key,)
        ).fetchone()
        return StoredAnswer(*row) if row else None

    def keep_answer(self, key: str, answer: StoredAnswer, at: int) -> None:
        """Keep an answer for the next request with the same key."""
        self._connection.execute(
            "insert or replace into answers values (?, ?, ?, ?, ?, ?)",
            (key, answer.fingerprint, answer.status, answer.body, answer.request_id, at),
        )

    def forget_answers(self, before: int) -> None:
        """Remove answers given before a time."""
        self._connection.execute("delete from answers where at < ?", (before,))

    def forget_events(self, before: int) -> None:
        """Remove events made before a time, and the record of their deliveries."""
        old = "select id from objects where kind = 'event' and json_extract(data, '$._made_at') < ?"
        self._connection.execute(f"delete from deliveries where event in ({old})", (before,))  # noqa: S608 - constant
        self._connection.execute(f"delete from objects where id in ({old})", (before,))  # noqa: S608 - constant

    def add_delivery(self, event: str, endpoint: str, due: float) -> None:
        """Put an event on its way to an endpoint at a time (Unix seconds)."""
        self._connection.execute(
            "insert into deliveries (event, endpoint, due) values (?, ?, ?)", (event, endpoint, due)
        )

    def due_deliveries(self, now: float, most: int) -> list[Delivery]:
        """Return deliveries whose time has come, oldest first."""
        rows = self._connection.execute(
            "select number, event, endpoint, attempts from deliveries where done is null and due <= ?"
            " order by due, number limit ?",
            (now, most),
        )
        return [Delivery(*row) for row in rows]

    def open_deliveries(self, event: str | None = None) -> int:
        """Return how many deliveries are not done, of all events or of one."""
        query = "select count(*) from deliveries where done is null and (? is null or event = ?)"
        return self._connection.execute(query, (event, event)).fetchone()[0]

    def next_delivery_at(self, after: float) -> float | None:
        """Return when the first delivery after a time is due."""
        query = "select min(due) from deliveries where done is null and due > ?"
        return self._connection.execute(query, (after,)).fetchone()[0]

    def note_attempt(self, number: int, *, done: str | None, due: float) -> None:
        """Write down an attempt: done (how it ended) or due again."""
        self._connection.execute(
            "update deliveries set attempts = attempts + 1, done = ?, due = ? where number = ?", (done, due, number)
        )
