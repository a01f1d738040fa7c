"""The SQL of API keys. Only hashes of secrets are stored."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

_COLUMNS = (
    "id, name, prefix, scopes, requests_per_minute, created_at, expires_at, last_used_at, rotated_at, old_secret_until"
)
_KEPT = "user_id = :user_id and revoked_at is null"
_LIST = text(f"select {_COLUMNS} from api_keys where {_KEPT} order by created_at desc, id desc")  # noqa: S608 - constants
_INSERT = text(
    "insert into api_keys (id, user_id, name, prefix, secret_hash, scopes, requests_per_minute, created_at, expires_at)"  # noqa: S608
    " values (:id, :user_id, :name, :prefix, :secret_hash, :scopes, :requests_per_minute, :created_at, :expires_at)"
    f" returning {_COLUMNS}"
)
_ROTATE = text(
    "update api_keys set old_secret_hash = case when :grace > 0 then secret_hash end,"  # noqa: S608
    " old_secret_until = case when :grace > 0 then cast(:at as timestamptz) + make_interval(hours => :grace) end,"
    " secret_hash = :secret_hash, prefix = :prefix, rotated_at = :at"
    f" where id = :id and {_KEPT} and (expires_at is null or expires_at > :at) returning {_COLUMNS}"
)
_REVOKE = text(
    "update api_keys set revoked_at = :at, old_secret_hash = null, old_secret_until = null"  # noqa: S608
    f" where id = :id and {_KEPT} returning name"
)
_TOUCH = text(
    "update api_keys set last_used_at = :at where id = :id"
    " and (last_used_at is null or last_used_at < cast(:at as timestamptz) - interval '1 minute')"
)


async def lock_keys(session: AsyncSession, user_id: UUID) -> None:
    """Let no other transaction add keys of this user until this one ends."""
    await session.execute(
        text("select pg_advisory_xact_lock(7101, hashtext(cast(:user_id as text)))"), {"user_id": str(user_id)}
    )


async def list_keys(session: AsyncSession, user_id: UUID) -> Sequence[RowMapping]:
    """Return the user's keys that are not revoked, newest first."""
    return (await session.execute(_LIST, {"user_id": user_id})).mappings().all()


async def insert_key(session: AsyncSession, values: dict[str, Any]) -> RowMapping:
    """Store a key and return it."""
    return (await session.execute(_INSERT, values)).mappings().one()


async def rotate_key(session: AsyncSession, values: dict[str, Any]) -> RowMapping | None:
    """Give a key another secret, the old one valid for `grace` more hours; None when there is no such live key."""
    return (await session.execute(_ROTATE, values)).mappings().one_or_none()


async def revoke_key(session: AsyncSession, user_id: UUID, key_id: UUID, at: datetime) -> str | None:
    """End a key for good and return its name; None when there is no such key."""
    return (await session.execute(_REVOKE, {"id": key_id, "user_id": user_id, "at": at})).scalar_one_or_none()


async def find_live_key(session: AsyncSession, secret_hash: bytes) -> RowMapping | None:
    """Return the live key with this secret and its owner, or None."""
    statement = text("select * from auth_find_api_key(:secret_hash)")
    return (await session.execute(statement, {"secret_hash": secret_hash})).mappings().one_or_none()


async def note_use(session: AsyncSession, key_id: UUID, at: datetime) -> None:
    """Remember that a key of the unit of work's user was used, at most once a minute."""
    await session.execute(_TOUCH, {"id": key_id, "at": at})
