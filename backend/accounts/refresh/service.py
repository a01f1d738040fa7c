"""Sessions of programs: opened with a first refresh token, kept alive by exchanging it for the next.

A refresh token works once. Used a second time it was stolen, from us or from them: the whole session ends, and with it
every access token of it (they name their session).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.models import UserSession
from backend.accounts.refresh import repository
from backend.accounts.schemas import CurrentUser
from backend.accounts.sessions import repository as sessions
from backend.accounts.sessions.service import SESSION_LIFETIME, printable, token_hash
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import UnauthorizedError
from backend.core.ids import new_id, new_token

REFRESH_LIFETIME = timedelta(days=7)
_REFUSED = "The refresh token is not valid, was used already or has expired. Sign in again."


@dataclass(frozen=True, slots=True)
class Grant:
    """A program's session, and the refresh token that is good for its next exchange."""

    user: CurrentUser
    session_id: UUID
    refresh_token: str


async def open_program_session(
    session: AsyncSession, user: CurrentUser, user_agent: str, ip: str, way: str = "password"
) -> Grant:
    """Start a session of a program that signed in as `user` (whose unit of work this must be)."""
    now = utc_now()
    await sessions.delete_ended(session, user.id, now)
    row = UserSession(
        id=new_id(),
        user_id=user.id,
        kind="program",
        way=way,
        user_agent=printable(user_agent),
        ip_address=ip[:45],
        created_at=now,
        last_seen_at=now,
        expires_at=now + REFRESH_LIFETIME,
    )
    await sessions.insert_session(session, row)
    await audit(session, user.id, "session.opened", "program", {"way": row.way})
    return Grant(user, row.id, await _give(session, user.id, row.id, row.created_at + SESSION_LIFETIME))


async def exchange(database: Database, refresh_token: str) -> Grant:
    """Use a refresh token up and return the next. Raises UnauthorizedError; after a reuse the session has ended."""
    async with database.unit_of_work() as session:
        found = await repository.find_token(session, token_hash(refresh_token))
    if found is None:
        raise UnauthorizedError(_REFUSED)
    async with database.unit_of_work(found.user_id) as session:
        grant = await _exchange(session, found)
    if grant is None:
        raise UnauthorizedError(_REFUSED)
    return grant


async def _exchange(session: AsyncSession, found: Any) -> Grant | None:
    # Locks the session, so that of two exchanges at once the second sees what the first did.
    started = await repository.session_start(session, found.session_id)
    owner = await sessions.find_live_owner(session, found.session_id)
    if started is None or owner is None:
        return None
    now = utc_now()
    if not await repository.use_token(session, found.token_id, now):
        if await repository.is_used(session, found.token_id):
            await sessions.revoke_by_id(session, found.user_id, found.session_id, now)
            await audit(session, found.user_id, "session.refresh_token_reused", str(found.session_id))
        return None
    token = await _give(session, found.user_id, found.session_id, started + SESSION_LIFETIME)
    return Grant(CurrentUser(owner.id, owner.email, owner.tier), found.session_id, token)


async def revoke(database: Database, refresh_token: str) -> UUID | None:
    """End the session that a refresh token (used or not) belongs to and return whose it was.

    An unknown one changes nothing (RFC 7009).
    """
    async with database.unit_of_work() as session:
        found = await repository.find_token(session, token_hash(refresh_token))
    if found is None:
        return None
    async with database.unit_of_work(found.user_id) as session:
        if await sessions.revoke_by_id(session, found.user_id, found.session_id, utc_now()):
            await audit(session, found.user_id, "session.ended", str(found.session_id), {"kind": "program"})
    return found.user_id


async def _give(session: AsyncSession, user_id: UUID, session_id: UUID, ends_at: datetime) -> str:
    token, now = new_token(), utc_now()
    until = min(now + REFRESH_LIFETIME, ends_at)
    values = {
        "id": new_id(),
        "user_id": user_id,
        "session_id": session_id,
        "token_hash": token_hash(token),
        "created_at": now,
        "expires_at": until,
    }
    await repository.insert_token(session, values)
    await repository.prolong(session, session_id, now, until)
    return token
