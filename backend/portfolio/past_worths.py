"""What portfolios were worth at earlier times, as far as snapshots of then are kept."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.portfolio.snapshots.repository import NativeStore


async def complete_worths(
    session: AsyncSession, user_id: UUID, start: datetime, end: datetime
) -> list[tuple[datetime, Decimal]]:
    """Return (taken at, total in US dollars) of a user's complete snapshots in the product's own database, in order."""
    rows = await NativeStore(session).hours(user_id, start, end)
    return [(row["taken_at"], row["total_value_usd"]) for row in rows if row["is_complete"]]
