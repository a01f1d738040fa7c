"""Users with snapshots, the stores as the web and as the worker see them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.core import clock
from backend.core.db import Database
from backend.core.ids import new_id
from backend.portfolio.snapshots import service
from backend.portfolio.snapshots.records import AssetPart, ChainPart, Snapshot, make_snapshot
from backend.portfolio.snapshots.service import SnapshotHome
from tests.integration.api.conftest import api

__all__ = ["api"]

NOW = datetime(2026, 5, 20, 12, 30, tzinfo=UTC)
HASH = "0x" + "ab" * 32
TOKEN = "0x" + "11" * 20
WALLET = "0x" + "22" * 20
Save = Callable[..., Awaitable[service.Saved]]


def chain(chain_id: int = 31337, *, block_hash: str = HASH, state: Any = "fresh", **more: Any) -> ChainPart:
    values = {"value_usd": None, "block_number": 100, "block_hash": block_hash, "taken_at": NOW, **more}
    return ChainPart(chain_id=chain_id, state=state, **values)


def asset(value: str | None, chain_id: int = 31337, *, token: str = TOKEN, **more: Any) -> AssetPart:
    values: dict[str, Any] = {
        "wallet": WALLET,
        "symbol": "TKN",
        "decimals": 18,
        "amount_raw": 10**18,
        "price_usd": None if value is None else Decimal(value),
        "price_source": "pool",
        "price_taken_at": NOW,
        "value_usd": None if value is None else Decimal(value),
        "category": "token",
        **more,
    }
    return AssetPart(chain_id=chain_id, token=token, **values)


def worth(user_id: UUID, at: datetime, value: str, *, is_complete: bool = True, **more: Any) -> Snapshot:
    """A snapshot of one asset on one chain."""
    flow = more.pop("flow", None)
    net_flow = None if flow is None else Decimal(flow)
    chains = [chain(**more)]
    return make_snapshot(user_id, at, chains, [asset(value)], is_complete=is_complete, net_flow_usd=net_flow)


@pytest.fixture
def _a_day_in_may() -> Iterator[None]:
    clock.use_clock(NOW.timestamp)
    yield
    clock.use_clock(None)


@pytest.fixture
def new_user(admin_database: Database) -> Callable[[], Awaitable[CurrentUser]]:
    """A function that makes a user."""

    async def make() -> CurrentUser:
        user = CurrentUser(new_id(), f"{new_id()}@example.com", "starter")
        async with admin_database.unit_of_work() as session:
            await session.execute(
                text("insert into premium_users (id, email, tier) values (:id, :email, 'starter')"),
                {"id": user.id, "email": user.email},
            )
        return user

    return make


@pytest.fixture
async def user(new_user: Callable[[], Awaitable[CurrentUser]]) -> CurrentUser:
    return await new_user()


@pytest.fixture
def worker(worker_database: Database) -> SnapshotHome:
    """The home of snapshots as the worker has it."""
    return SnapshotHome(worker_database, None, "worker")


@pytest.fixture
def web(app_database: Database) -> SnapshotHome:
    """The home of snapshots as the web has it."""
    return SnapshotHome(app_database, None, "web")


@pytest.fixture
def save(worker: SnapshotHome, redis: Redis) -> Save:
    """A function that saves snapshots."""

    async def do(*snapshots: Snapshot) -> service.Saved:
        return await service.save_snapshots(worker, redis, snapshots)

    return do


@pytest.fixture
async def empty_store(admin_database: Database) -> None:
    """Nobody has a snapshot, and nothing is rolled up."""
    async with admin_database.unit_of_work() as session:
        for table in ("portfolio_snapshots", "portfolio_rollups", "portfolio_marks", "chain_blocks"):
            await session.execute(text(f"delete from {table}"))


@pytest.fixture
def mine(web: SnapshotHome, user: CurrentUser) -> Callable[[], AbstractAsyncContextManager[service.SnapshotStore]]:
    """A function that opens the store as the user."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[service.SnapshotStore]:
        async with web.open(user.id) as store:
            yield store

    return opened


def hours_before(count: float) -> datetime:
    return NOW - timedelta(hours=count)
