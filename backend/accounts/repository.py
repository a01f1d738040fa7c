"""The SQL of accounts. Sign-in looks across users only through security-definer functions."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Credentials:
    """What sign-in compares: the account, and the hash of its password (None when it has no password)."""

    id: UUID
    email: str
    password_hash: str | None
    tier: str


async def find_credentials(session: AsyncSession, email: str) -> Credentials | None:
    """Return the account of an e-mail address in lower case, or None."""
    row = (
        await session.execute(
            text("select id, email, password_hash, tier from auth_find_user(:email)"), {"email": email}
        )
    ).one_or_none()
    return Credentials(row.id, row.email, row.password_hash, row.tier) if row else None


async def act_as(session: AsyncSession, user_id: UUID) -> None:
    """Let the rest of the transaction see and write this user's rows."""
    await session.execute(text("select set_config('app.current_user_id', :user_id, true)"), {"user_id": str(user_id)})


async def insert_account(
    session: AsyncSession, account_id: UUID, email: str | None, password_hash: str | None, verified_at: datetime | None
) -> bool:
    """Store a new account of the unit of work's user; return False when the address is somebody's already."""
    statement = """
    insert into premium_users (id, email, password_hash, email_verified_at)
    values (:id, :email, :password_hash, :verified_at) on conflict (email) do nothing returning id
    """
    values = {"id": account_id, "email": email, "password_hash": password_hash, "verified_at": verified_at}
    return (await session.execute(text(statement), values)).first() is not None


async def upsert_account(session: AsyncSession, account_id: UUID, email: str, tier: str) -> Credentials:
    """Make the account of this e-mail exist with this tier (owner's connection only) and return it."""
    row = (
        await session.execute(
            text(
                "insert into premium_users (id, email, tier, email_verified_at) values (:id, :email, :tier, now())"
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
