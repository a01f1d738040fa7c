"""The SQL of webhook secrets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A user's secrets, sealed."""

    user_id: UUID
    sealed_secret: bytes
    sealed_old_secret: bytes | None
    old_valid_until: datetime | None


async def find_secrets(session: AsyncSession, user_ids: Iterable[UUID]) -> dict[UUID, StoredSecret]:
    """Return the stored secrets of these users, by user."""
    statement = text(
        "select user_id, sealed_secret, sealed_old_secret, old_valid_until from webhook_secrets"
        " where user_id = any(cast(:users as uuid[]))"
    )
    rows = await session.execute(statement, {"users": [str(user_id) for user_id in user_ids]})
    return {row["user_id"]: StoredSecret(**row) for row in rows.mappings()}


async def rotate(
    session: AsyncSession, user_id: UUID, sealed: bytes, sealed_derived: bytes, until: datetime | None, at: datetime
) -> None:
    """Store a new secret; the one before it (`sealed_derived` when none was stored) stays valid until `until`.

    One statement, so that of two at once the later one keeps what the earlier one made.
    """
    await session.execute(
        text("""
        insert into webhook_secrets as s (user_id, sealed_secret, sealed_old_secret, old_valid_until, rotated_at)
        values (:user_id, :sealed, case when cast(:until as timestamptz) is not null then cast(:derived as bytea) end,
          :until, :at)
        on conflict (user_id) do update set
          sealed_old_secret = case when excluded.old_valid_until is not null then s.sealed_secret end,
          old_valid_until = excluded.old_valid_until, sealed_secret = excluded.sealed_secret,
          rotated_at = excluded.rotated_at
        """),
        {"user_id": user_id, "sealed": sealed, "derived": sealed_derived, "until": until, "at": at},
    )


async def users_without_secret(session: AsyncSession, limit: int) -> list[UUID]:
    """Return some users who have no stored secret (role premium_worker)."""
    statement = text(
        "select id from premium_users u where not exists (select from webhook_secrets s where s.user_id = u.id)"
        " order by id limit :limit"
    )
    return list((await session.execute(statement, {"limit": limit})).scalars())


async def insert_secrets(session: AsyncSession, secrets: Mapping[UUID, bytes], at: datetime) -> None:
    """Store secrets of users who have none (role premium_worker)."""
    if secrets:
        await session.execute(
            text(
                "insert into webhook_secrets (user_id, sealed_secret, rotated_at) values (:user_id, :sealed, :at)"
                " on conflict (user_id) do nothing"
            ),
            [{"user_id": user_id, "sealed": sealed, "at": at} for user_id, sealed in secrets.items()],
        )
