"""The rules of `benchmarks.alerts` as SQL in PostgreSQL: a query for each batch of readings, and a trigger.

A server of its own that writes to the disk, the rules in a table with an index by token and threshold for each
direction, numbers in floats (which flatters it). Its matches are compared with the engine's by whoever calls.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from backend.chain.events import PriceUpdate
from backend.embedded.ports import free_port
from backend.embedded.postgres import postgres_server
from benchmarks.harness import say, stopwatch

_TABLES = """
create table rules (id bytea not null, chain_id bigint not null, token text not null, above boolean not null,
  threshold float8 not null);
create table readings (n int not null, chain_id bigint not null, token text not null, before float8 not null,
  now float8 not null);
create table fired (n int not null, rule_id bytea not null);
"""
_INDEXES = """
create index above on rules (chain_id, token, threshold) include (id) where above;
create index below on rules (chain_id, token, threshold) include (id) where not above;
"""
# Two ranges of an index for each reading; one join with `or` reads every rule of the token.
_MATCHES = """
select e.n, r.id from {events} e join rules r on r.chain_id = e.chain_id and r.token = e.token and r.above
  and r.threshold >= e.before and r.threshold < e.now
union all
select e.n, r.id from {events} e join rules r on r.chain_id = e.chain_id and r.token = e.token and not r.above
  and r.threshold <= e.before and r.threshold > e.now
"""
_EVENTS = """
select * from unnest(%s::int[], %s::bigint[], %s::text[], %s::float8[], %s::float8[])
  as e(n, chain_id, token, before, now)
"""
_TRIGGER = f"""
create function match_readings() returns trigger language plpgsql as $$
begin
  insert into fired {_MATCHES.format(events="inserted")};
  return null;
end $$;
create trigger match_readings after insert on readings referencing new table as inserted
  for each statement execute function match_readings();
"""
_QUERY = f"with events as materialized ({_EVENTS}) {_MATCHES.format(events='events')}"
_INSERT = f"insert into readings {_EVENTS}"

Matches = list[list[bytes]]
Row = tuple[bytes, int, str, bool, float]


class SqlRules:
    """The rules in a table. Rates are readings a second, with the ids of the rules that fire handed out or stored."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def by_query(self, events: Sequence[PriceUpdate], batch: int) -> tuple[float, Matches]:
        """Return readings/s and what fired: one query a batch, the ids read by the client."""
        found: Matches = [[] for _ in events]
        with stopwatch() as elapsed:
            for first in range(0, len(events), batch):
                answer = self._connection.execute(_QUERY, _columns(events, first, batch), binary=True)
                for n, rule_id in answer:
                    found[n].append(rule_id)
        return len(events) / elapsed[0], found

    def by_trigger(self, events: Sequence[PriceUpdate], batch: int) -> tuple[float, Matches]:
        """Return readings/s and what fired: a batch is one insertion, committed, whose trigger stores what fires."""
        self._connection.execute(_TRIGGER)
        with stopwatch() as elapsed:
            for first in range(0, len(events), batch):
                self._connection.execute(_INSERT, _columns(events, first, batch))
        found: Matches = [[] for _ in events]
        for n, rule_id in self._connection.execute("select n, rule_id from fired", binary=True):
            found[n].append(rule_id)
        return len(events) / elapsed[0], found


@contextmanager
def sql_rules(rules: Iterator[Row]) -> Iterator[SqlRules]:
    """Start a server, load the rules (id, chain, token, above?, threshold) and index them."""
    with tempfile.TemporaryDirectory(prefix="premium-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        (directory / "postgres").mkdir(mode=0o755)
        with (
            postgres_server(directory / "postgres", free_port(), throwaway=False) as postgres,
            psycopg.connect(postgres.server.urls().admin, autocommit=True) as connection,
        ):
            begin = time.perf_counter()
            connection.execute(_TABLES)
            with connection.cursor() as cursor, cursor.copy("copy rules from stdin (format binary)") as copy:
                copy.set_types(["bytea", "int8", "text", "bool", "float8"])
                for row in rules:
                    copy.write_row(row)
            connection.execute(_INDEXES)
            connection.execute("vacuum analyze rules")
            say(f"rules in PostgreSQL and indexed in {time.perf_counter() - begin:.1f} s")
            yield SqlRules(connection)


def _columns(events: Sequence[PriceUpdate], first: int, batch: int) -> tuple[list, ...]:
    part = events[first : first + batch]
    return (
        list(range(first, first + len(part))),
        [event.chain_id for event in part],
        [event.token for event in part],
        [float(event.previous_price_usd or 0) for event in part],
        [float(event.price_usd) for event in part],
    )
