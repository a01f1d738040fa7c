"""Having a user's book reviewed soon: whoever changes the book calls this. It imports nothing that changes books."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.jobs import defer

REVIEW = "tax.review"


async def review_soon(session: AsyncSession, user_id: UUID, run_at: datetime | None = None) -> None:
    """Have a user's book reviewed, once however often it is asked for meanwhile."""
    await defer(session, REVIEW, run_at=run_at, queueing_lock=f"{REVIEW}:{user_id}", user_id=str(user_id))
