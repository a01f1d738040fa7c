"""Sessions live on the server; a browser holds a random token whose hash we keep.

They end after SESSION_LIFETIME, after IDLE_LIFETIME without use, or when somebody ends them: at once, everywhere.
"""

import hashlib
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.models import UserSession
from backend.accounts.schemas import SESSION_COOKIE, CurrentUser
from backend.accounts.sessions import repository
from backend.accounts.sessions.device import device_name
from backend.accounts.sessions.schemas import SessionRead
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import NotFoundError, UnauthorizedError
from backend.core.ids import new_token

SESSION_LIFETIME = timedelta(days=30)
IDLE_LIFETIME = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=1)


async def open_session(
    session: AsyncSession, user: CurrentUser, user_agent: str = "", ip: str = "", way: str = "password"
) -> str:
    """Start a browser session of `user` (whose unit of work this must be) and return the token for the cookie.

    Every sign-in gets a token of its own, so one planted before cannot become a signed-in one.
    """
    token, now = new_token(), utc_now()
    await repository.delete_ended(session, user.id, now)
    await repository.insert_session(
        session,
        UserSession(
            user_id=user.id,
            token_hash=token_hash(token),
            way=way,
            user_agent=printable(user_agent),
            ip_address=ip[:45],
            created_at=now,
            last_seen_at=now,
            expires_at=now + SESSION_LIFETIME,
        ),
    )
    await audit(session, user.id, "session.opened", "browser", {"way": way})
    return token


async def close_session(session: AsyncSession, token: str) -> bool:
    """End the session with this token if it belongs to the unit of work's user; return whether it did."""
    return await repository.revoke_by_token(session, token_hash(token), utc_now())


async def rotate_session(session: AsyncSession, token: str) -> str:
    """Give the session another token and return it: the one from before a change of rights proves nothing after it.

    Raises UnauthorizedError when the session has ended.
    """
    new = new_token()
    if not await repository.replace_token(session, token_hash(token), token_hash(new)):
        raise UnauthorizedError("Your session has ended. Sign in again.")
    return new


async def end_sessions(session: AsyncSession, user_id: UUID, keep: str | None = None) -> int:
    """End the user's sessions, of browsers and of programs, but the one with the token `keep`; return how many."""
    ended = await repository.revoke_others(session, user_id, token_hash(keep) if keep else None, utc_now())
    if ended:
        await audit(session, user_id, "session.ended_others" if keep else "session.ended_all", "", {"sessions": ended})
    return ended


async def end_session(session: AsyncSession, user_id: UUID, session_id: UUID) -> None:
    """End one session of the user. Raises NotFoundError."""
    row = await repository.revoke_by_id(session, user_id, session_id, utc_now())
    if row is None:
        raise NotFoundError("There is no such session. It may have ended already.")
    await audit(session, user_id, "session.ended", str(session_id), {"kind": row.kind})


async def list_sessions(session: AsyncSession, user_id: UUID, token: str | None) -> list[SessionRead]:
    """Return where the user is signed in, the last seen first; `token` marks the one that asks."""
    mine = token_hash(token) if token else None
    return [
        SessionRead(
            id=row.id,
            kind=row.kind,
            way=row.way,
            device=device_name(row.user_agent),
            ip_address=row.ip_address,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            current=mine is not None and row.token_hash is not None and bytes(row.token_hash) == mine,
        )
        for row in await repository.list_live(session, user_id, IDLE_LIFETIME)
    ]


def session_token(cookie_header: str | None) -> str | None:
    """Return the session token of a `Cookie` header, or None. Other cookies may be as odd as they like."""
    for part in (cookie_header or "")[:16_384].split(";"):
        name, _, value = part.strip().partition("=")
        if name == SESSION_COOKIE and 20 <= len(value) <= 100:
            return value
    return None


async def user_of_cookie(database: Database, cookie_header: str | None) -> CurrentUser | None:
    """Return the user whose live session the `Cookie` header proves, or None; note (at most once a minute) its use."""
    token = session_token(cookie_header)
    if token is None:
        return None
    async with database.unit_of_work() as session:
        owner = await repository.find_session(session, token_hash(token), IDLE_LIFETIME)
    if owner is None:
        return None
    now = utc_now()
    if now - owner.last_seen_at > SEEN_EVERY:
        async with database.unit_of_work(owner.user_id) as session:
            await repository.note_seen(session, owner.session_id, now, now - SEEN_EVERY)
    return CurrentUser(id=owner.user_id, email=owner.email or "", tier=owner.tier)


async def live_owner(session: AsyncSession, session_id: UUID) -> CurrentUser | None:
    """Return the unit of work's user, if this session of theirs is live; else None."""
    row = await repository.find_live_owner(session, session_id)
    return CurrentUser(id=row.id, email=row.email, tier=row.tier) if row else None


def token_hash(token: str) -> bytes:
    """Return what is kept of a random token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def printable(user_agent: str) -> str:
    """Return a user agent that can be stored and shown."""
    return "".join(character for character in user_agent if character.isprintable())[:300]
