"""Whether somebody proved who they are just now, by whatever way of signing in: for what cannot be undone."""

import hashlib
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.freshness_repository import find_session_start
from backend.core.clock import utc_now

FRESH_FOR = timedelta(minutes=10)


async def is_fresh(session: AsyncSession, token: str | None) -> bool:
    """Return whether this session token began, by signing in, within FRESH_FOR (in its user's unit of work)."""
    if not token:
        return False
    started = await find_session_start(session, hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest())
    return started is not None and utc_now() - started <= FRESH_FOR
