"""A past for a portfolio: days of snapshots with flows, and of prices, so that figures which need them are there."""

import json
import math
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.redis import make_redis
from backend.embedded.trial import Trial
from backend.portfolio.snapshots.records import AssetPart, ChainPart, Snapshot, day_of, make_snapshot
from backend.portfolio.snapshots.service import SnapshotHome, save_snapshots

CHAIN = 31337
ETH, USD = "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "0x" + "ab" * 20
WALLETS = ("0x" + "11" * 20, "0x" + "22" * 20)


def worker_of(trial: Trial) -> Database:
    """The product's database as its workers see it."""
    secrets = json.loads((trial.var_dir / "secrets" / "postgres.json").read_text())
    port = trial.environment["EMBEDDED_POSTGRES_PORT"]
    return Database(f"postgresql://premium_worker:{secrets['premium_worker']}@127.0.0.1:{port}/premium", 2)


def part(wallet: str, token: str, amount: int, price: str, symbol: str, **more: Any) -> AssetPart:
    fields: dict[str, Any] = {"category": "native" if token == ETH else "token", **more}
    return AssetPart(
        chain_id=CHAIN,
        token=token,
        wallet=wallet,
        symbol=symbol,
        decimals=0,
        amount_raw=amount,
        price_usd=Decimal(price),
        price_source="Demo market",
        price_taken_at=utc_now(),
        value_usd=amount * Decimal(price),
        **fields,
    )


def ether_at(day: int) -> str:
    """A made-up course of ether: it wanders."""
    return f"{3000 + 260 * math.sin(day / 6) + 90 * math.sin(day * 1.7) + 4 * day:.2f}"


def snapshots_of(user_id: UUID, days: int) -> list[Snapshot]:
    """A snapshot for every day until yesterday; 5,000 dollars come in on the twentieth day before today."""
    today = day_of(utc_now())
    found = []
    for day in range(days, 0, -1):
        at = today - timedelta(days=day) + timedelta(hours=23, minutes=2)
        block = {"block_number": 1_000 - day, "block_hash": f"0x{day:064x}"}
        chain = ChainPart(chain_id=CHAIN, value_usd=None, taken_at=at, state="fresh", **block)  # type: ignore[arg-type]
        dollars = 4_000 if day > 20 else 9_000
        price = ether_at(days - day)
        parts = [
            part(WALLETS[0], ETH, 5, price, "ETH"),
            part(WALLETS[1], ETH, 1, price, "ETH"),
            part(WALLETS[1], USD, dollars, "1", "USDC"),
        ]
        flow = Decimal(5_000) if day == 20 else Decimal(0)
        found.append(make_snapshot(user_id, at, [chain], parts, is_complete=True, net_flow_usd=flow))
    return found


async def give_past(trial: Trial, user_id: UUID, days: int) -> None:
    """Give a user so many days of snapshots, and the demo market as many days of prices of ether."""
    worker = worker_of(trial)
    redis = make_redis(f"redis://127.0.0.1:{trial.environment['EMBEDDED_REDIS_PORT']}/0")
    await save_snapshots(SnapshotHome(worker, None, "worker"), redis, snapshots_of(user_id, days))
    weth = json.loads((trial.var_dir / "demo" / "addresses.json").read_text())["tokens"]["WETH"]["address"].lower()
    today = day_of(utc_now())
    async with worker.unit_of_work() as session:
        for day in range(days, 1, -1):
            at = today - timedelta(days=day) - timedelta(minutes=5)
            await session.execute(
                text("select ensure_month_partition('price_readings'::regclass, cast(:at as timestamptz))"), {"at": at}
            )
            await session.execute(
                text(
                    "insert into price_readings (chain_id, token, taken_at, block_hash, block_number, price_usd,"
                    " source) values (:chain_id, :token, :at, :hash, 1, :price, 'pool') on conflict do nothing"
                ),
                {"chain_id": CHAIN, "token": weth, "at": at, "hash": f"0xpast{day}", "price": ether_at(days - day - 1)},
            )
    await worker.close()
    await redis.aclose()
