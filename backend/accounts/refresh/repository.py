"""The SQL of refresh tokens. One is looked up through a security-definer function, and used up in one statement."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def find_token(session: AsyncSession, token_hash: bytes) -> Any:
    """Return `token_id, user_id, session_id` of the refresh token, live or not, or None."""
    statement = text("select * from auth_find_refresh_token(:token_hash)")
    return (await session.execute(statement, {"token_hash": token_hash})).one_or_none()


async def insert_token(session: AsyncSession, values: dict[str, Any]) -> None:
    """Store a refresh token."""
    statement = """
    insert into refresh_tokens (id, user_id, session_id, token_hash, created_at, expires_at)
    values (:id, :user_id, :session_id, :token_hash, :created_at, :expires_at)
    """
    await session.execute(text(statement), values)


async def use_token(session: AsyncSession, token_id: UUID, at: datetime) -> bool:
    """Use a live token up; return False when it was used already or has expired."""
    statement = """
    update refresh_tokens set used_at = :at where id = :id and used_at is null and expires_at > :at returning id
    """
    return (await session.execute(text(statement), {"id": token_id, "at": at})).first() is not None


async def is_used(session: AsyncSession, token_id: UUID) -> bool:
    """Return whether a token was used before."""
    statement = text("select used_at is not null from refresh_tokens where id = :id")
    return bool((await session.execute(statement, {"id": token_id})).scalar_one_or_none())


async def prolong(session: AsyncSession, session_id: UUID, at: datetime, until: datetime) -> None:
    """Note that a program's session was in use, and let it live until its newest token ends."""
    await session.execute(
        text("update user_sessions set last_seen_at = :at, expires_at = :until where id = :id"),
        {"id": session_id, "at": at, "until": until},
    )


async def session_start(session: AsyncSession, session_id: UUID) -> datetime | None:
    """Return when a live session of the unit of work's user began."""
    statement = text(
        "select created_at from user_sessions where id = :id and revoked_at is null and expires_at > now() for update"
    )
    return (await session.execute(statement, {"id": session_id})).scalar_one_or_none()
