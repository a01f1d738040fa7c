"""Putting syncs in line: once however often it is asked for meanwhile."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.jobs import defer

SYNC = "tax.sync"


async def defer_syncs(session: AsyncSession, users: Iterable[UUID]) -> None:
    """Have the history of these users' wallets taken over into their tax books."""
    for user_id in users:
        await defer(session, SYNC, queueing_lock=f"{SYNC}:{user_id}", user_id=str(user_id))
