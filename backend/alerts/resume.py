"""What a live connection missed while it was away."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser
from backend.alerts import resume_repository
from backend.alerts.schemas import AlertRead

MOST_MISSED = 1_000
# `recorded_at` is when a transaction began, and the longest may last so long: what is older was seen to be committed.
_OVERLAP = timedelta(seconds=60)


async def alerts_after(session: AsyncSession, user: CurrentUser, last_seen_id: UUID) -> list[AlertRead] | None:
    """Return what was recorded or withdrawn after the alert that was seen last, oldest first.

    The newest minute before it is repeated, since a transaction that began earlier may have been committed later: ids
    tell. None when the alert is not one of the user's, or when more than MOST_MISSED would have to be told.
    """
    seen = await resume_repository.find_seen(session, user.id, last_seen_id)
    if seen is None:
        return None
    since = seen["recorded_at"] - _OVERLAP
    rows = await resume_repository.news_since(
        session, user.id, last_seen_id, since, seen["triggered_at"], MOST_MISSED + 1
    )
    return None if len(rows) > MOST_MISSED else [AlertRead.model_validate(dict(row)) for row in rows]
