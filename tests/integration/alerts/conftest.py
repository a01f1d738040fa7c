"""Users of every plan, in the shared database."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.accounts.service import CurrentUser
from backend.core.db import Database
from backend.core.ids import new_id
from tests.integration.alerts.world import World


@pytest.fixture
def make_user(admin_database: Database) -> Callable[..., Awaitable[CurrentUser]]:
    """A function that makes a new account of a plan."""

    async def make(tier: str = "enterprise") -> CurrentUser:
        user = CurrentUser(id=new_id(), email=f"{new_id()}@example.com", tier=tier)
        await insert_user(admin_database, user)
        return user

    return make


async def insert_user(database: Database, user: CurrentUser) -> None:
    """Write an account."""
    async with database.unit_of_work() as session:
        await session.execute(
            text("insert into premium_users (id, email, tier) values (:id, :email, :tier)"),
            {"id": user.id, "email": user.email, "tier": user.tier},
        )


async def insert_alert(database: Database, user: CurrentUser, rule_id: UUID, event_id: str, **values: object) -> UUID:
    """Write an alert into the history, as the worker does; the month is 2024-05."""
    row = {
        "id": new_id(), "rule": rule_id, "user": user.id, "event": event_id, "at": "2024-05-02 10:00:00+00",
        "message": "A message", "data": "{}", "token": None, "type": "whale", "chain": 1, **values,
    }  # fmt: skip
    async with database.unit_of_work() as session:
        await session.execute(
            text("select ensure_month_partition('alert_history', cast(:at as timestamptz))"), {"at": row["at"]}
        )
        await session.execute(
            text(
                "insert into alert_history (id, triggered_at, alert_rule_id, user_id, rule_version, type, event_id,"
                " chain_id, block_number, block_hash, token, message, event_data) values (:id,"
                " cast(:at as timestamptz), :rule, :user, 1, :type, :event, :chain, 5, '0xb', :token, :message,"
                " cast(:data as jsonb))"
            ),
            row,
        )
    return UUID(str(row["id"]))


@pytest.fixture
def make_world(make_settings, redis, app_database, worker_database, monkeypatch) -> Callable[..., World]:
    """A function that returns a new chain, known to the settings of this process too."""

    def make() -> World:
        world = World(make_settings(), redis, app_database, worker_database)
        world.settings = make_settings(chains={world.chain_id: ["http://127.0.0.1:9"]})
        for module in ("lookup", "service", "preview.service", "preview.sources"):
            monkeypatch.setattr(f"backend.alerts.{module}.get_settings", lambda: world.settings)
        return world

    return make


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A new chain."""
    return make_world()
