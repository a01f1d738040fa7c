"""The SQL behind `identity`."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.schemas import CurrentUser

_FIND_USER = text("select id, coalesce(email, '') as email, tier from premium_users where id = :id")


async def find_user(session: AsyncSession, user_id: UUID) -> CurrentUser | None:
    """Return the unit of work's user, None when the account is gone."""
    row = (await session.execute(_FIND_USER, {"id": user_id})).one_or_none()
    return CurrentUser(id=row.id, email=row.email, tier=row.tier) if row else None


_HOLD = text("select id from premium_users where id = any(cast(:ids as uuid[])) order by id for key share")


async def hold_accounts(session: AsyncSession, user_ids: Iterable[UUID]) -> set[UUID]:
    """Return those of the accounts that there are; none of them is erased before the transaction ends."""
    rows = await session.execute(_HOLD, {"ids": list(set(user_ids))})
    return set(rows.scalars())


async def listen(connection: psycopg.AsyncConnection[Any]) -> None:
    """Have the connection told of every change of a user or session (migration 0010). Raises psycopg.Error."""
    await connection.execute("listen identity_changed")


async def ask(connection: psycopg.AsyncConnection[Any]) -> None:
    """Have the server answer something, to see that the connection stands. Raises psycopg.Error."""
    await connection.execute("select 1")
