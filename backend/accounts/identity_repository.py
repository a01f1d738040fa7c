"""The SQL behind `identity`."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.schemas import CurrentUser

_FIND_USER = text("select id, coalesce(email, '') as email, tier from premium_users where id = :id")


async def find_user(session: AsyncSession, user_id: UUID) -> CurrentUser | None:
    """Return the unit of work's user, None when the account is gone."""
    row = (await session.execute(_FIND_USER, {"id": user_id})).one_or_none()
    return CurrentUser(id=row.id, email=row.email, tier=row.tier) if row else None
