"""The SQL of accounts and sessions. Sign-in looks across users only through two security-definer functions."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.models import UserSession


@dataclass(frozen=True, slots=True)
class Credentials:
    """What sign-in compares: the account, and the hash of its password (None when it has no password)."""

    id: UUID
    email: str
    password_hash: str | None
    tier: str


@dataclass(frozen=True, slots=True)
class SessionOwner:
    """Whose session a cookie proves."""

    user_id: UUID
    email: str
    tier: str


async def find_credentials(session: AsyncSession, email: str) -> Credentials | None:
    """Return the account of an e-mail address in lower case, or None."""
    row = (
        await session.execute(
            text("select id, email, password_hash, tier from auth_find_user(:email)"), {"email": email}
        )
    ).one_or_none()
    return Credentials(row.id, row.email, row.password_hash, row.tier) if row else None


async def find_session_owner(session: AsyncSession, token_hash: bytes) -> SessionOwner | None:
    """Return the owner of the live session with this token hash, or None."""
    row = (
        await session.execute(
            text("select user_id, email, tier from auth_find_session(:token_hash)"), {"token_hash": token_hash}
        )
    ).one_or_none()
    return SessionOwner(row.user_id, row.email, row.tier) if row else None


async def insert_session(session: AsyncSession, row: UserSession) -> None:
    """Store a new session of the unit of work's user."""
    session.add(row)
    await session.flush()


async def revoke_session(session: AsyncSession, token_hash: bytes, at: datetime) -> bool:
    """End the session with this token hash if it belongs to the unit of work's user; return whether one ended."""
    result = await session.execute(
        text(
            "update user_sessions set revoked_at = :at where token_hash = :token_hash and revoked_at is null"
            " returning id"
        ),
        {"at": at, "token_hash": token_hash},
    )
    return result.first() is not None


async def delete_ended_sessions(session: AsyncSession, user_id: UUID, at: datetime) -> None:
    """Forget the user's sessions that ended before `at`."""
    await session.execute(
        text("delete from user_sessions where user_id = :user_id and (expires_at < :at or revoked_at < :at)"),
        {"user_id": user_id, "at": at},
    )


async def upsert_account(session: AsyncSession, account_id: UUID, email: str, tier: str) -> Credentials:
    """Make the account of this e-mail exist with this tier (owner's connection only) and return it."""
    row = (
        await session.execute(
            text(
                "insert into premium_users (id, email, tier) values (:id, :email, :tier)"
                " on conflict (email) do update set tier = excluded.tier"
                " returning id, email, password_hash, tier"
            ),
            {"id": account_id, "email": email, "tier": tier},
        )
    ).one()
    return Credentials(row.id, row.email, row.password_hash, row.tier)


async def set_password_hash(session: AsyncSession, account_id: UUID, password_hash: str) -> None:
    """Replace the account's password hash (owner's connection only)."""
    await session.execute(
        text("update premium_users set password_hash = :password_hash where id = :id"),
        {"id": account_id, "password_hash": password_hash},
    )


async def change_tier(session: AsyncSession, user_id: UUID, tier: str) -> str | None:
    """Write a user's tier and return the one before; None when there is no such user."""
    statement = """
    with before as (select id, tier from premium_users where id = :id for no key update)
    update premium_users u set tier = :tier from before b where u.id = b.id returning b.tier
    """
    return (await session.execute(text(statement), {"id": user_id, "tier": tier})).scalar_one_or_none()
