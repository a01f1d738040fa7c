"""Stored readings: previous prices and changes over windows against a plain loop; series, partitions, retention."""

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.chain.events import CHANGE_WINDOWS_SECONDS
from backend.core.clock import from_unix, utc_now
from backend.core.db import Database
from backend.market import readings_repository, repository
from backend.market.pricing import change_percent
from backend.market.service import drop_old_readings, latest_prices, price_series

START = 1_790_000_000
TOKENS = ("0x" + "a" * 40, "0x" + "b" * 40)


def _history(chain_id: int, seed: int) -> list[dict[str, Any]]:
    """Two weeks of readings at uneven times, blocks of the same second among them."""
    choice = random.Random(seed)
    rows, at, number = [], START, 100
    for _ in range(300):
        number += 1
        at += choice.choice([0, 1, 2, 12, 60, 300, 900, 3600, 14_400])
        for token in TOKENS:
            if choice.random() < 0.8:
                rows.append(
                    {
                        "chain_id": chain_id,
                        "token": token,
                        "taken_at": from_unix(at),
                        "block_hash": f"0x{number:064x}",
                        "block_number": number,
                        "price_usd": Decimal(choice.randrange(1, 10**9)) / 10**5,
                        "liquidity_usd": Decimal(5),
                        "source": "test",
                    }
                )
    return rows


async def _insert(database: Database, rows: list[dict[str, Any]]) -> None:
    async with database.unit_of_work() as session:
        for month in {row["taken_at"].replace(day=1) for row in rows}:
            await repository.ensure_partition(session, month)
        await repository.insert_readings(session, rows)


def _naive(rows: list[dict[str, Any]], row: dict[str, Any]) -> tuple[Any, list[Any], list[Any]]:
    """Return previous price, then the prices a window before this reading and before the previous one."""
    own = [r for r in rows if r["token"] == row["token"] and r["block_number"] < row["block_number"]]
    previous = own[-1] if own else None

    def at(moment: Any) -> Decimal | None:
        older = [r["price_usd"] for r in own if r["taken_at"] <= moment]
        return older[-1] if older else None

    windows = [timedelta(seconds=window) for window in CHANGE_WINDOWS_SECONDS]
    now = [at(row["taken_at"] - window) for window in windows]
    before = [at(previous["taken_at"] - window) if previous else None for window in windows]
    return previous["price_usd"] if previous else None, now, before


async def test_windows_equal_a_plain_loop(worker_database: Database) -> None:
    rows = _history(990_001, seed=3)
    await _insert(worker_database, rows)
    async with worker_database.unit_of_work() as session:
        for row in rows:
            found = await repository.block_readings(
                session, row["chain_id"], row["block_hash"], row["taken_at"], CHANGE_WINDOWS_SECONDS
            )
            mine = next(item for item in found if item["token"] == row["token"])
            expected = _naive(rows, row)
            assert (mine["previous_price_usd"], mine["base_now"], mine["base_before"]) == expected
    assert any(all(_naive(rows, row)[2]) for row in rows), "the longest window is reached"


async def test_latest_prices_and_series(worker_database: Database) -> None:
    chain_id = 990_002
    now = int(utc_now().timestamp())
    rows = [
        {
            "chain_id": chain_id,
            "token": token,
            "taken_at": from_unix(now - age),
            "block_hash": f"0x{age:064x}",
            "block_number": 10_000 - age,
            "price_usd": Decimal(price),
            "liquidity_usd": Decimal(1),
            "source": "test",
        }
        for token, readings in {
            TOKENS[0]: [(3700, 90), (3600, 100), (3500, 140), (10, 150)],
            TOKENS[1]: [(3000, 7), (900, 8)],
        }.items()
        for age, price in readings
    ]
    await _insert(worker_database, rows)
    async with worker_database.unit_of_work() as session:
        views = await latest_prices(session, chain_id)
        assert [(view.token, view.price_usd) for view in views] == [(TOKENS[0], 150)], "the other one is stale"
        assert views[0].hour_ago_usd == 90 and views[0].change_1h_percent == Decimal("66.6666666666667")
        series = await price_series(session, chain_id, TOKENS[0].upper().replace("X", "x"), from_unix(now - 7200), 1000)
        assert [point.price_usd for point in series] == [90.0, 100.0, 140.0, 150.0]
        few = await price_series(session, chain_id, TOKENS[0], from_unix(now - 7200), 3)
        assert len(few) <= 3 and few[-1].price_usd == 150.0
        assert await latest_prices(session, 990_003) == []


def test_change_is_exact() -> None:
    assert change_percent(Decimal(200), Decimal(190)) == -5
    assert change_percent(Decimal(3), Decimal(4)) == Decimal("33.3333333333333")


async def test_whole_old_months_are_dropped_and_no_others(make_database) -> None:
    urls = make_database()
    database = Database(urls.worker, pool_size=2)
    now = utc_now()
    rows = [
        {
            "chain_id": 1,
            "token": TOKENS[0],
            "taken_at": now - timedelta(days=days),
            "block_hash": f"0x{days:064x}",
            "block_number": 1000 - days,
            "price_usd": Decimal(1),
            "liquidity_usd": None,
            "source": "test",
        }
        for days in (0, 30, 60, 89, 130, 200, 400)
    ]
    await _insert(database, rows)
    async with database.unit_of_work() as session:
        assert await drop_old_readings(session, timedelta(days=90)) == 3
    async with database.unit_of_work() as session:
        kept = (await session.execute(text("select count(*) from price_readings"))).scalar_one()
        assert kept == 4
    with pytest.raises(DBAPIError):
        async with database.unit_of_work() as session:
            await drop_old_readings(session, timedelta(days=1))
    await database.close()


async def test_old_months_of_readings_and_occurrences_go_too(make_database) -> None:
    urls = make_database()
    database = Database(urls.worker, pool_size=2)
    now = utc_now()
    for days in (0, 60, 130, 200):
        at = now - timedelta(days=days)
        block = {"chain_id": 1, "taken_at": at, "block_hash": f"0x{days:064x}", "block_number": 1000 - days}
        reading = {"metric": "m", "subject": "", "value": "1", "source": "test", "details": {}}
        occurrence = {"topic": "t", "subject": "s", "log_index": 1, "tx_hash": "0x", "source": "test", "details": {}}
        async with database.unit_of_work() as session:
            await readings_repository.ensure_partitions(session, at)
            await readings_repository.insert_readings(session, block, [reading])
            await readings_repository.insert_occurrences(session, block, [occurrence])
    async with database.unit_of_work() as session:
        assert await drop_old_readings(session, timedelta(days=90)) == 4
    async with database.unit_of_work() as session:
        for table in ("metric_readings", "chain_occurrences"):
            kept = await session.execute(text(f"select count(*), count(distinct block_hash) from {table}"))
            assert tuple(kept.one()) == (2, 2), table
    await database.close()
