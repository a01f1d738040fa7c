"""Users with wallets in the ledger."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.core.db import Database
from backend.core.ids import new_id
from tests.integration.api.conftest import api

__all__ = ["api"]

NewUser = Callable[[], Awaitable[UUID]]


@pytest.fixture
def new_user(admin_database: Database) -> NewUser:
    """A function that makes a user."""

    async def make() -> UUID:
        user_id = new_id()
        async with admin_database.unit_of_work() as session:
            await session.execute(
                text("insert into premium_users (id, email, tier) values (:id, :email, 'starter')"),
                {"id": user_id, "email": f"{user_id}@example.com"},
            )
        return user_id

    return make
