"""Ten million snapshots: what is written a second, and how soon a month and a year of one user are read.

Real PostgreSQL that writes to its disk. Rows come hour by hour for everybody, as they do in life, so that a user's
hours lie far apart; each has one chain and two holdings in it, 1 kB. They go into the partitioned table with its live
indexes by COPY over two connections as the owner (row security refuses COPY to everybody else), and as the worker may,
by COPY into a temporary table and an upsert. Then one user's 30 days are read as the web's role under row security,
each in a transaction of its own. The peer is the same rows in one plain table with an index on (user, hour) and no row
security. `BENCH_ROWS` takes less.
"""

import asyncio
import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import orjson
import psycopg
from numpy.typing import NDArray

from backend.accounts.schemas import CurrentUser
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.redis import make_redis
from backend.portfolio.snapshots import service
from backend.portfolio.snapshots.records import (
    AssetPart,
    ChainPart,
    Snapshot,
    day_of,
    hour_of,
    make_snapshot,
    row_of,
    week_of,
)
from benchmarks.harness import cpu_seconds, report, say, stopwatch
from benchmarks.servers import Servers, servers

ROWS = int(os.environ.get("BENCH_ROWS", 10_000_000))
HOURS = 90 * 24
USERS = max(ROWS // HOURS, 20)
YEAR_USERS = 1_000
QUERIES = 400
SAVED = 2_000
LOADERS = 2
_ROLLUPS = """
insert into portfolio_rollups
select u, %(unit)s, at, 24, 24, 24, at, 100, at, 100 + random(), 90, 110, 2400, 0, '{"1": "100"}', '{"token": "100"}'
from unnest(%(users)s::uuid[]) u,
  generate_series(%(first)s::timestamptz, %(last)s::timestamptz, make_interval(hours => %(step)s * 24)) at
order by at on conflict do nothing
"""
_COLUMNS = (
    "id, user_id, hour, taken_at, total_value_usd, is_complete, chain_breakdown, asset_breakdown, category_breakdown"
)
_EPOCH_2000 = 946_684_800
_MONTH = (
    "select hour, taken_at, total_value_usd, net_flow_usd, is_complete from {table}"
    " where user_id = %s and withdrawn_at is null and hour >= %s and hour < %s order by hour"
)


def main() -> None:
    """Fill, read, and do the same with the peer."""
    with servers() as running:
        asyncio.run(_measure(running))


def example(user_id: UUID, at: datetime) -> Snapshot:
    """Return a snapshot of two holdings on one chain."""
    chain = ChainPart(
        chain_id=1,
        value_usd=None,
        block_number=21_000_000,
        block_hash="0x" + "ab" * 32,
        taken_at=at,
        state="fresh",
    )
    assets = [
        AssetPart(
            chain_id=1,
            token=f"0x{token:040x}",
            wallet="0x" + "22" * 20,
            symbol="TOKEN",
            decimals=18,
            amount_raw=123_456_789 * 10**12,
            price_usd=Decimal("1234.5678"),
            price_source="Uniswap V3 WETH/USDC 0.05% pool 0x88e6…5640",
            price_taken_at=at,
            value_usd=Decimal("617.2839"),
            category="token",
        )
        for token in (1, 2)
    ]
    return make_snapshot(user_id, at, [chain], assets, is_complete=True)


class Hours:
    """Rows of everybody's hours in PostgreSQL's binary COPY format, all of one width, made by columns."""

    def __init__(self, users: list[UUID], now: datetime) -> None:
        row = row_of(example(users[0], now))
        fields: list[tuple[str, bytes | int]] = [("id", 16), ("user_id", 16), ("hour", 8), ("taken_at", 8)]
        fields += [("total", 16), ("is_complete", b"\1")]
        fields += [
            (name, b"\1" + orjson.dumps(row[name]))
            for name in ("chain_breakdown", "asset_breakdown", "category_breakdown")
        ]
        layout: list[tuple[str, str]] = [("count", ">i2")]
        for name, size in fields:
            width = size if isinstance(size, int) else len(size)
            layout += [(f"{name}_size", ">i4"), (name, f"V{width}")]
        self.rows: NDArray[np.void] = np.zeros(len(users), dtype=np.dtype(layout))
        self.rows["count"] = len(fields)
        for name, size in fields:
            width = size if isinstance(size, int) else len(size)
            self.rows[f"{name}_size"] = width
            if isinstance(size, bytes):
                self.rows[name] = np.void(size)
        self.rows["user_id"] = np.frombuffer(b"".join(user.bytes for user in users), dtype="V16")
        self._random = np.random.default_rng(5)
        self.width = self.rows.dtype.itemsize

    def of(self, hour: datetime) -> bytes:
        """Return everybody's rows of an hour."""
        count = len(self.rows)
        micros = (int(hour.timestamp()) - _EPOCH_2000) * 1_000_000
        times = np.full(count, micros, dtype=">i8")
        self.rows["hour"] = times.view("V8")
        self.rows["taken_at"] = (times + 90_000_000).astype(">i8").view("V8")
        self.rows["id"] = np.frombuffer(self._random.bytes(16 * count), dtype="V16")
        digits = np.zeros((count, 8), dtype=">i2")
        digits[:, 0], digits[:, 1], digits[:, 3] = 4, 1, 8  # four digits of 10,000, the first times 10,000; 8 places
        digits[:, 4:] = self._random.integers(1, 10_000, (count, 4))
        self.rows["total"] = digits.view("V16").reshape(count)
        return self.rows.tobytes()


def _copy(connection: psycopg.Connection, table: str, hours: Hours, times: list[datetime]) -> None:
    with connection.cursor().copy(f"copy {table} ({_COLUMNS}) from stdin (format binary)".encode()) as copy:
        copy.write(b"PGCOPY\n\377\r\n\0" + bytes(8))
        for at in times:
            copy.write(hours.of(at))
        copy.write(b"\377\377")


def _days(times: list[datetime]) -> Iterator[list[datetime]]:
    for start in range(0, len(times), 24):
        yield times[start : start + 24]


def _load(owner_url: str, table: str, users: list[UUID], times: list[datetime]) -> tuple[float, float]:
    """Copy everybody's hours into a table over several connections; return the seconds and the server's CPU seconds."""

    def load(number: int) -> float:
        hours = Hours(users, times[-1])
        with psycopg.connect(owner_url, autocommit=True) as owner:
            for part in list(_days(times))[number::LOADERS]:
                _copy(owner, table, hours, part)
            return cpu_seconds(owner.info.backend_pid)

    with stopwatch() as took, ThreadPoolExecutor(LOADERS) as pool:
        used = sum(pool.map(load, range(LOADERS)))
    return took[0], used


def _fill(running: Servers, users: list[UUID], times: list[datetime]) -> None:
    hours = Hours(users, times[-1])
    with psycopg.connect(running.urls.admin, autocommit=True) as owner:
        with owner.cursor().copy("copy premium_users (id, email, tier) from stdin") as copy:
            for user in users:
                copy.write_row((user, f"{user}@example.com", "pro"))
        for at in {time.replace(day=1) for time in times}:
            owner.execute("select ensure_month_partition('portfolio_snapshots', %s)", (at,))
        took, used = _load(running.urls.admin, "portfolio_snapshots", users, times[:-24])
        count = len(users) * (len(times) - 24)
        notes: dict[str, Any] = {"rows": count, "connections": LOADERS, "bytes_a_row": hours.width}
        say(f"{count:,} rows copied in {took:.0f} s")
        report(
            "store.ingest_per_s",
            count / took,
            "rows/s",
            "target",
            100_000,
            server_cpu_us_a_row=round(used / count * 1e6, 1),
            **notes,
        )
        owner.execute(
            "create table plain_snapshots (like portfolio_snapshots including defaults);"
            " create index on plain_snapshots(user_id, hour)"
        )
        took, plain_used = _load(running.urls.admin, "plain_snapshots", users, times[:-24])
        plain_cpu = round(plain_used / count * 1e6, 1)
        report("store.plain_ingest_per_s", count / took, "rows/s", server_cpu_us_a_row=plain_cpu, **notes)
    _fill_as_worker(running, hours, times[-24:])
    with psycopg.connect(running.urls.admin, autocommit=True) as owner:
        _copy(owner, "plain_snapshots", hours, times[-24:])
        owner.execute("grant select on plain_snapshots to premium_app")
        with stopwatch() as took:
            owner.execute("vacuum analyze portfolio_snapshots, plain_snapshots")
        say(f"vacuum in {took[0]:.0f} s")


def _fill_as_worker(running: Servers, hours: Hours, times: list[datetime]) -> None:
    with psycopg.connect(running.urls.worker, autocommit=True) as worker, stopwatch() as took, worker.transaction():
        worker.execute("create temporary table t (like portfolio_snapshots including defaults) on commit drop")
        _copy(worker, "t", hours, times)
        worker.execute(
            f"insert into portfolio_snapshots as s ({_COLUMNS}) select {_COLUMNS} from t"
            " on conflict (user_id, hour) do update set total_value_usd = excluded.total_value_usd"
        )
    report("store.upsert_per_s", len(times) * len(hours.rows) / took[0], "rows/s", rows=len(times) * len(hours.rows))


def _fill_year(running: Servers, users: list[UUID], today: datetime) -> None:
    """Write a year of days and weeks of some users, as the roll-up does."""
    with psycopg.connect(running.urls.admin, autocommit=True) as owner:
        for month in range(14):
            at = today - timedelta(days=30 * month)
            owner.execute("select ensure_month_partition('portfolio_rollups', %s)", (at,))
        week = week_of(today) - timedelta(days=371)
        for unit, first, step in (("day", today - timedelta(days=366), 1), ("week", week, 7)):
            owner.execute(
                _ROLLUPS,
                {
                    "unit": unit,
                    "users": users,
                    "first": first,
                    "last": today - timedelta(days=2 * step),
                    "step": step,
                },
            )
        owner.execute(
            "insert into portfolio_marks values ('rolled_until', %s) on conflict (name) do update set reached ="
            " excluded.reached",
            (today - timedelta(days=1),),
        )
        owner.execute("vacuum analyze portfolio_rollups")


async def _measure(running: Servers) -> None:
    chance, now = random.Random(11), utc_now()
    users = [UUID(int=chance.getrandbits(128), version=4) for _ in range(USERS)]
    times = [hour_of(now) - timedelta(hours=ago) for ago in range(HOURS, 0, -1)]
    _fill(running, users, times)
    asked = [chance.choice(users) for _ in range(QUERIES)]
    peer, peer_cpu = _read_months(running, "plain_snapshots", asked, now)
    took, cpu = _read_months(running, "portfolio_snapshots", asked, now)
    plain = "one plain table, index on (user, hour), no row security"
    notes = {"rows": len(users) * HOURS, "server_cpu_ms": round(cpu, 2), "peer_server_cpu_ms": round(peer_cpu, 2)}
    for share, what in ((0.5, "p50"), (0.95, "p95")):
        name = f"store.query_{what}_ms"
        report(name, _at(took, share), "ms", plain, _at(peer, share), better="lower", target=5, **notes)
    await _read_through_the_door(running, users, now)
    await _save(running, users)


def _read_months(running: Servers, table: str, asked: list[UUID], now: datetime) -> tuple[list[float], float]:
    """Return the sorted milliseconds of reading 30 days of a user, a transaction each, and the server's CPU of one."""
    took, query = [], _MONTH.format(table=table).encode()
    with psycopg.connect(running.urls.app) as connection:
        for user in asked:
            begin = time.perf_counter()
            connection.execute("select set_config('app.current_user_id', %s, true)", (str(user),))
            rows = connection.execute(query, (user, now - timedelta(days=30), now)).fetchall()
            connection.commit()
            took.append((time.perf_counter() - begin) * 1e3)
            assert len(rows) >= 30 * 24 - 1
        used = cpu_seconds(connection.info.backend_pid)
    return sorted(took), used / len(asked) * 1e3


async def _read_through_the_door(running: Servers, users: list[UUID], now: datetime) -> None:
    some = users[:YEAR_USERS]
    _fill_year(running, some, day_of(now))
    web = service.SnapshotHome(Database(running.urls.app, 2), None, "web")
    ranges: tuple[tuple[service.Range, float | None], ...] = (("30d", None), ("1y", 50))
    for name, target in ranges:
        took = []
        for user in random.Random(3).choices(some, k=QUERIES // 2):
            begin = time.perf_counter()
            async with web.open(user) as store:
                found = await service.history(store, CurrentUser(user, "", "pro"), name)
            took.append((time.perf_counter() - begin) * 1e3)
            assert sum(bool(point.samples) for point in found.points) > 300
        took.sort()
        notes: dict[str, Any] = {"peer": "target", "peer_value": target} if target else {}
        notes["p50"] = round(_at(took, 0.5), 2)
        report(f"store.history_{name}_p95_ms", _at(took, 0.95), "ms", better="lower", **notes)
    await web.database.close()


async def _save(running: Servers, users: list[UUID]) -> None:
    """Save the hour of now as the aggregator does, readings and news included; then roll a day of everybody up."""
    database, redis = Database(running.urls.worker, 2), make_redis(running.redis_url)
    home, now = service.SnapshotHome(database, None, "worker"), utc_now()
    some = (users * (SAVED // len(users) + 1))[:SAVED]
    begin = time.perf_counter()
    for start in range(0, len(some), 500):
        await service.save_snapshots(home, redis, [example(user, now) for user in some[start : start + 500]])
    report("store.save_per_s", len(some) / (time.perf_counter() - begin), "snapshots/s", batch=500)
    begin = time.perf_counter()
    async with home.open() as store:
        await store.roll_up_day(day_of(now) - timedelta(days=20))
    report("store.roll_up_day_s", time.perf_counter() - begin, "s", better="lower", users=len(users))
    await redis.aclose()
    await database.close()


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


if __name__ == "__main__":
    main()
