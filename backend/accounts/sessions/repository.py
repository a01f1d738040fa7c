"""The SQL of sessions. Who comes with a cookie is looked up through one security-definer function."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.models import UserSession


async def find_session(session: AsyncSession, token_hash: bytes, idle: timedelta) -> Any:
    """Return `session_id, user_id, email, tier, last_seen_at` of the live session with this cookie, or None."""
    statement = text("select * from auth_find_session(:token_hash, :idle)")
    return (await session.execute(statement, {"token_hash": token_hash, "idle": idle})).one_or_none()


async def find_live_owner(session: AsyncSession, session_id: UUID) -> Any:
    """Return `id, email, tier` of the unit of work's user, if this session of theirs is live; else None."""
    statement = """
    select u.id, coalesce(u.email, '') as email, u.tier from premium_users u join user_sessions s on s.user_id = u.id
    where s.id = :id and s.revoked_at is null and s.expires_at > now()
    """
    return (await session.execute(text(statement), {"id": session_id})).one_or_none()


async def insert_session(session: AsyncSession, row: UserSession) -> None:
    """Store a new session of the unit of work's user."""
    session.add(row)
    await session.flush()


async def note_seen(session: AsyncSession, session_id: UUID, at: datetime, before: datetime) -> None:
    """Note that the session was in use at `at`, unless somebody noted so since `before`."""
    await session.execute(
        text("update user_sessions set last_seen_at = :at where id = :id and last_seen_at < :before"),
        {"id": session_id, "at": at, "before": before},
    )


async def replace_token(session: AsyncSession, old_hash: bytes, new_hash: bytes) -> bool:
    """Give the live session with this cookie another one; return whether there was such a session."""
    statement = """
    update user_sessions set token_hash = :new_hash
    where token_hash = :old_hash and revoked_at is null and expires_at > now() returning id
    """
    found = await session.execute(text(statement), {"old_hash": old_hash, "new_hash": new_hash})
    return found.first() is not None


async def revoke_by_token(session: AsyncSession, token_hash: bytes, at: datetime) -> bool:
    """End the session with this cookie if it is the unit of work's user's; return whether one ended."""
    statement = """
    update user_sessions set revoked_at = :at where token_hash = :token_hash and revoked_at is null returning id
    """
    return (await session.execute(text(statement), {"at": at, "token_hash": token_hash})).first() is not None


async def revoke_by_id(session: AsyncSession, user_id: UUID, session_id: UUID, at: datetime) -> Any:
    """End one session of the user and return `kind, user_agent` of it, or None when there is no such live session."""
    statement = """
    update user_sessions set revoked_at = :at where id = :id and user_id = :user_id and revoked_at is null
    returning kind, user_agent
    """
    return (await session.execute(text(statement), {"at": at, "id": session_id, "user_id": user_id})).one_or_none()


async def revoke_others(session: AsyncSession, user_id: UUID, kept_hash: bytes | None, at: datetime) -> int:
    """End every session of the user but the one with this cookie; return how many ended."""
    # A program's session has no cookie, so it is never the one that is kept.
    statement = """
    update user_sessions set revoked_at = :at
    where user_id = :user_id and revoked_at is null and expires_at > :at
      and (cast(:kept as bytea) is null or token_hash is distinct from cast(:kept as bytea))
    returning id
    """
    ended = await session.execute(text(statement), {"user_id": user_id, "at": at, "kept": kept_hash})
    return len(ended.all())


async def list_live(session: AsyncSession, user_id: UUID, idle: timedelta) -> list[Any]:
    """Return the user's live sessions, the last seen first."""
    statement = """
    select id, token_hash, kind, way, user_agent, ip_address, created_at, last_seen_at from user_sessions
    where user_id = :user_id and revoked_at is null and expires_at > now()
      and (kind = 'program' or last_seen_at > now() - cast(:idle as interval))
    order by last_seen_at desc, id
    """
    return list((await session.execute(text(statement), {"user_id": user_id, "idle": idle})).all())


async def delete_ended(session: AsyncSession, user_id: UUID, at: datetime) -> None:
    """Forget the user's sessions that ended before `at`."""
    await session.execute(
        text("delete from user_sessions where user_id = :user_id and (expires_at < :at or revoked_at < :at)"),
        {"user_id": user_id, "at": at},
    )
