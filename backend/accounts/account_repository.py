"""The SQL of an account's own row: address and password, as its owner changes them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Account:
    """An account as its settings show it."""

    id: UUID
    email: str
    email_verified_at: datetime | None
    password_hash: str | None
    tier: str
    created_at: datetime


_COLUMNS = "id, coalesce(email, '') as email, email_verified_at, password_hash, tier, created_at"


async def find_account(session: AsyncSession, user_id: UUID) -> Account | None:
    """Return the account, which must be the unit of work's user's, or None when it is gone."""
    statement = text(f"select {_COLUMNS} from premium_users where id = :id")  # noqa: S608 - our own words
    row = (await session.execute(statement, {"id": user_id})).one_or_none()
    return Account(**row._mapping) if row else None


async def find_account_by_email(session: AsyncSession, email: str) -> Account | None:
    """Return the account of an address in lower case, or None (role premium_worker)."""
    statement = text(f"select {_COLUMNS} from premium_users where email = :email")  # noqa: S608 - our own words
    row = (await session.execute(statement, {"email": email})).one_or_none()
    return Account(**row._mapping) if row else None


async def set_password(session: AsyncSession, user_id: UUID, password_hash: str) -> None:
    """Replace the password's hash."""
    await session.execute(
        text("update premium_users set password_hash = :password_hash where id = :id"),
        {"id": user_id, "password_hash": password_hash},
    )


async def set_verified(session: AsyncSession, user_id: UUID, email: str, at: datetime) -> bool:
    """Note that the account's address was proven, if it is (still) this one; return whether it is."""
    statement = """
    update premium_users set email_verified_at = coalesce(email_verified_at, :at) where id = :id and email = :email
    returning id
    """
    return (await session.execute(text(statement), {"id": user_id, "email": email, "at": at})).first() is not None


async def set_email(session: AsyncSession, user_id: UUID, email: str, at: datetime) -> None:
    """Give the account another, proven address. Raises sqlalchemy.exc.IntegrityError when it is somebody's."""
    await session.execute(
        text("update premium_users set email = :email, email_verified_at = :at where id = :id"),
        {"id": user_id, "email": email, "at": at},
    )


async def delete_old_refresh_tokens(session: AsyncSession, before: datetime) -> int:
    """Delete what expired before `before`; return how many (role premium_worker)."""
    statement = text("delete from refresh_tokens where expires_at < :before returning id")
    return len((await session.execute(statement, {"before": before})).all())
