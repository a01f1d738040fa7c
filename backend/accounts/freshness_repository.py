"""When a session began."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def find_session_start(session: AsyncSession, token_hash: bytes) -> datetime | None:
    """Return when the live session with this token hash began, if it is the unit of work's user's."""
    statement = text(
        "select created_at from user_sessions"
        " where token_hash = :token_hash and revoked_at is null and expires_at > now()"
    )
    return (await session.execute(statement, {"token_hash": token_hash})).scalar_one_or_none()
