"""The SQL of mailed links. One is looked up through a security-definer function, and used up in one statement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link that exists, used or not, live or not."""

    id: UUID
    user_id: UUID
    purpose: str


@dataclass(frozen=True, slots=True)
class UsedLink:
    """A link that was just used up: where it was sent, and which browser had asked for it."""

    email: str
    browser_mark: str | None


async def find_link(session: AsyncSession, token_hash: bytes) -> FoundLink | None:
    """Return the link with this token, or None."""
    statement = text("select link_id, user_id, purpose from auth_find_link(:token_hash)")
    row = (await session.execute(statement, {"token_hash": token_hash})).one_or_none()
    return FoundLink(row.link_id, row.user_id, row.purpose) if row else None


async def peek_link(session: AsyncSession, link_id: UUID, at: datetime) -> UsedLink | None:
    """Return a live, unused link of the unit of work's user as it stands, or None."""
    statement = text(
        "select email, browser_mark from account_links where id = :id and used_at is null and expires_at > :at"
    )
    row = (await session.execute(statement, {"id": link_id, "at": at})).one_or_none()
    return UsedLink(row.email, row.browser_mark) if row else None


async def use_link(session: AsyncSession, link_id: UUID, at: datetime) -> UsedLink | None:
    """Use up a live link of the unit of work's user; None when it is too old or was used already."""
    statement = """
    update account_links set used_at = :at where id = :id and used_at is null and expires_at > :at
    returning email, browser_mark
    """
    row = (await session.execute(text(statement), {"id": link_id, "at": at})).one_or_none()
    return UsedLink(row.email, row.browser_mark) if row else None


async def insert_link(session: AsyncSession, values: dict[str, Any]) -> None:
    """Store a link."""
    statement = """
    insert into account_links (id, user_id, purpose, token_hash, email, browser_mark, created_at, expires_at)
    values (:id, :user_id, :purpose, :token_hash, :email, :browser_mark, :created_at, :expires_at)
    """
    await session.execute(text(statement), values)


async def delete_links(session: AsyncSession, user_id: UUID, purpose: str) -> None:
    """Forget the user's links of one purpose."""
    await session.execute(
        text("delete from account_links where user_id = :user_id and purpose = :purpose"),
        {"user_id": user_id, "purpose": purpose},
    )


async def pending_email(session: AsyncSession, user_id: UUID, at: datetime) -> str | None:
    """Return the address that the user wants to change to and has not confirmed yet."""
    statement = """
    select email from account_links where user_id = :user_id and purpose = 'change_email' and used_at is null
      and expires_at > :at order by created_at desc limit 1
    """
    return (await session.execute(text(statement), {"user_id": user_id, "at": at})).scalar_one_or_none()


async def delete_old_links(session: AsyncSession, before: datetime) -> int:
    """Delete what expired before `before`; return how many (role premium_worker)."""
    statement = text("delete from account_links where expires_at < :before returning id")
    return len((await session.execute(statement, {"before": before})).all())
