"""1.25 million rules of every kind, a tenth of them trees: a worker's memory, its cold load, how soon a change is seen.

Real PostgreSQL; the rules are copied in, and read by the worker's own feed in a process of its own. A change is timed
from before its transaction until the feed has it, with all of the rules loaded.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from uuid import UUID

import numpy as np
import orjson
import psycopg

from backend.alerts.firing.rule_feed import RuleFeed
from backend.core.db import Database
from benchmarks.harness import report, resident_mb, say, stopwatch
from benchmarks.market_model import CHAIN_ID, TOKENS, token_address
from benchmarks.servers import servers

RULES = 1_250_000
USERS = 50_000
CHANGES = 50
_COPY = "copy alert_rules (id, user_id, name, type, conditions, actions, cooldown_seconds, trigger) from stdin"
Row = tuple[str, list[dict[str, object]]]


def main() -> None:
    """Fill, then load and change in a process of its own."""
    with servers() as running:
        with stopwatch() as filled:
            _fill(running.urls.admin)
        say(f"{RULES:,} rules copied into PostgreSQL in {filled[0]:.0f} s")
        argv = [sys.executable, "-m", "benchmarks.alerts_rules", running.urls.worker, running.urls.admin]
        subprocess.run(argv, check=True)


def rules(count: int, seed: int = 11) -> Iterator[Row]:
    """Yield (kind, stored conditions): half prices, a tenth trees, the others shared among the other kinds."""
    random = np.random.default_rng(seed)
    weights = 1 / np.arange(1, TOKENS + 1) ** 0.8
    tokens = random.choice(TOKENS, count, p=weights / weights.sum()).tolist()
    draws, sizes = random.random(count).tolist(), np.round(random.lognormal(3, 1, count), 2).tolist()
    for token, draw, size in zip(tokens, draws, sizes, strict=True):
        address = token_address(token)
        if draw < 0.5:
            yield "price", _price(address, size)
        elif draw < 0.6:
            yield "multi", _tree(address, size)
        else:
            yield _other(int((draw - 0.6) / 0.4 * 7), address, size)


def _other(which: int, address: str, size: float) -> Row:
    chain = _is("chain", CHAIN_ID)
    if which in (0, 1):
        return "whale", [_test("value_usd", "gte", 1000 + size), chain, _is("token", address)]
    if which == 2:
        return "gas", _gas(size)
    if which == 3:
        drop, window = _test("drop_pct", "gte", min(size, 99.0)), _is("window_seconds", 86400)
        return "protocol_risk", [_is("signal", "tvl_drop"), chain, _is("protocol", f"p{address[-3:]}"), drop, window]
    if which == 4:
        return "governance", [chain, _is("governor", address), _is("step", "executed")]
    if which == 5:
        return "schedule", [_is("cron", "0 9 * * 1-5"), _is("time_zone", "Europe/Berlin")]
    owner = UUID(int=int(address, 16))
    return "portfolio", [_is("measure", "value"), _is("owner", str(owner)), _test("value", "lt", size)]


def _price(address: str, size: float) -> list[dict[str, object]]:
    return [_is("chain", CHAIN_ID), _is("token", address), _test("price_usd", "gt", size)]


def _gas(size: float) -> list[dict[str, object]]:
    return [_is("chain", CHAIN_ID), _test("base_fee_gwei", "lt", size)]


def _tree(address: str, size: float) -> list[dict[str, object]]:
    price = {"type": "price", "conditions": _price(address, size), "within": 120}
    gas = {"type": "gas", "conditions": _gas(size), "within": 120}
    return [_is("tree", {"all": [price, {"not": gas}]})]


def _is(field: str, value: object) -> dict[str, object]:
    return {"field": field, "operator": "eq", "value": value}


def _test(field: str, operator: str, value: float) -> dict[str, object]:
    return {"field": field, "operator": operator, "value": value}


def _fill(admin_url: str) -> None:
    random = np.random.default_rng(5)
    users = [UUID(bytes=random.bytes(16)) for _ in range(USERS)]
    with psycopg.connect(admin_url.replace("postgresql+psycopg://", "postgresql://")) as connection:
        connection.execute("select set_config('app.bulk_load', 'on', true)")
        with connection.cursor().copy("copy premium_users (id, email) from stdin") as copy:
            for user in users:
                copy.write_row((user, f"{user}@example.com"))
        with connection.cursor().copy(_COPY) as copy:
            for number, (kind, conditions) in enumerate(rules(RULES)):
                level = number % 20 == 0 and kind in ("price", "gas")
                text = orjson.dumps(conditions).decode()
                rule_id, user = UUID(bytes=random.bytes(16)), users[number % USERS]
                pause, trigger = (300, "level") if level else (0, "edge")
                copy.write_row((rule_id, user, "r", kind, text, '[{"type": "in_app"}]', pause, trigger))
    with psycopg.connect(admin_url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True) as connection:
        connection.execute("vacuum analyze alert_rules")


async def measure(worker_url: str, admin_url: str) -> None:
    """Load everything, then change single rules, in this process."""
    before = resident_mb()
    database = Database(worker_url, pool_size=2)
    feed = RuleFeed(database)
    with stopwatch() as loaded:
        task = asyncio.create_task(feed.run())
        await feed.loaded.wait()
    resident = resident_mb()
    notes = {"rules": len(feed.book), "points": feed.book.points, "before_mb": round(before)}
    report("alerts_rules.rss_gb", resident / 1e3, "GB", "target", 2, better="lower", **notes)
    report("alerts_rules.load_s", loaded[0], "s", "target", 20, better="lower", **notes)
    seen = sorted([await _change(feed, admin_url, number) for number in range(CHANGES)])
    median, slowest = seen[len(seen) // 2], seen[-1]
    notes = {"changes": CHANGES, "slowest_ms": round(slowest), "rules": len(feed.book)}
    report("alerts_rules.change_visible_ms", median, "ms", "target", 1000, better="lower", **notes)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await database.close()


async def _change(feed: RuleFeed, admin_url: str, number: int) -> float:
    """Edit one rule; return the milliseconds until the feed had its new version."""
    begin = time.perf_counter()
    version = 2 + number
    url = admin_url.replace("postgresql+psycopg://", "postgresql://")
    async with await psycopg.AsyncConnection.connect(url) as connection:
        edit = "update alert_rules set name = name || 'x', version = %s"
        one = "where id = (select id from alert_rules order by id limit 1) returning id"
        cursor = await connection.execute(f"{edit} {one}", (version,))
        ((rule_id,),) = await cursor.fetchall()
    while True:
        slot = feed.book._slot(rule_id.bytes)
        if slot is not None and feed.book.version(slot) == version:
            return (time.perf_counter() - begin) * 1e3
        await asyncio.sleep(0.001)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        asyncio.run(measure(sys.argv[1], sys.argv[2]))
    else:
        main()
