"""Signing in and out. Sessions live on the server; the browser holds a random token whose hash we keep."""

import hashlib
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import api_keys, repository
from backend.accounts.audit import audit
from backend.accounts.entitlements import (
    PLANS,
    TIERS,
    Cap,
    Feature,
    Plan,
    allows,
    cap,
    first_tier_with,
    next_tier_with_more,
    plan_of,
    require,
    require_room,
)
from backend.accounts.freshness import FRESH_FOR, is_fresh
from backend.accounts.models import UserSession
from backend.accounts.passwords import hash_password, password_matches
from backend.accounts.requirements import FEATURE_MARK, requires
from backend.accounts.schemas import MAX_PASSWORD_LENGTH, SESSION_COOKIE, CurrentUser
from backend.accounts.tokens import (
    LIFETIME_SECONDS,
    issue_access_token,
    read_access_token,
    user_of_access_token,
)
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import ForbiddenError, UnauthorizedError
from backend.core.ids import derived_id, new_token
from backend.core.settings import Settings

__all__ = [
    "FEATURE_MARK",
    "FRESH_FOR",
    "LIFETIME_SECONDS",
    "PLANS",
    "SESSION_COOKIE",
    "SESSION_LIFETIME",
    "TIERS",
    "Cap",
    "CurrentUser",
    "Feature",
    "Plan",
    "allows",
    "api_keys",
    "audit",
    "authenticate",
    "cap",
    "change_tier",
    "close_session",
    "first_tier_with",
    "is_fresh",
    "issue_access_token",
    "next_tier_with_more",
    "open_session",
    "plan_of",
    "read_access_token",
    "require",
    "require_room",
    "requires",
    "seed_demo_account",
    "session_token",
    "user_of_access_token",
    "user_of_cookie",
]

SESSION_LIFETIME = timedelta(days=14)
DEMO_TIER = "enterprise"
_WRONG = "E-mail or password is wrong."


def _storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL, no lone surrogate."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


async def authenticate(session: AsyncSession, email: str, password: str) -> CurrentUser:
    """Return the user with this e-mail and password.

    Raises UnauthorizedError, with the same words and after the same work whether the e-mail is unknown or the
    password wrong.
    """
    wanted = email.strip().lower()
    known = None
    if len(wanted) <= 254 and _storable(wanted):
        known = await repository.find_credentials(session, wanted)
    fits = 0 < len(password) <= MAX_PASSWORD_LENGTH and _storable(password)
    matches = await password_matches(known.password_hash if known else None, password if fits else "?")
    if known is None or not matches or not fits:
        raise UnauthorizedError(_WRONG)
    return CurrentUser(id=known.id, email=known.email, tier=known.tier)


async def open_session(session: AsyncSession, user: CurrentUser, user_agent: str = "", ip: str = "") -> str:
    """Start a session of `user` (whose unit of work this must be) and return the token for the cookie.

    Every sign-in gets a token of its own, so one planted before cannot become a signed-in one.
    """
    token, now = new_token(), utc_now()
    await repository.delete_ended_sessions(session, user.id, now)
    await repository.insert_session(
        session,
        UserSession(
            user_id=user.id,
            token_hash=_hash(token),
            user_agent="".join(character for character in user_agent if character.isprintable())[:300],
            ip_address=ip[:45],
            created_at=now,
            expires_at=now + SESSION_LIFETIME,
        ),
    )
    return token


async def close_session(session: AsyncSession, token: str) -> bool:
    """Revoke the session with this token if it belongs to the unit of work's user; return whether it did."""
    return await repository.revoke_session(session, _hash(token), utc_now())


def session_token(cookie_header: str | None) -> str | None:
    """Return the session token of a `Cookie` header, or None. Other cookies may be as odd as they like."""
    for part in (cookie_header or "")[:16_384].split(";"):
        name, _, value = part.strip().partition("=")
        if name == SESSION_COOKIE and 20 <= len(value) <= 100:
            return value
    return None


async def user_of_cookie(database: Database, cookie_header: str | None) -> CurrentUser | None:
    """Return the user whose live session the `Cookie` header proves, or None."""
    token = session_token(cookie_header)
    if token is None:
        return None
    async with database.unit_of_work() as session:
        owner = await repository.find_session_owner(session, _hash(token))
    return CurrentUser(id=owner.user_id, email=owner.email, tier=owner.tier) if owner else None


async def change_tier(session: AsyncSession, user_id: UUID, tier: str, reason: str) -> bool:
    """Give a user another tier (role premium_worker); return whether it changed. Notes it in the audit log."""
    before = await repository.change_tier(session, user_id, tier)
    if before is None or before == tier:
        return False
    await audit(session, user_id, "account.tier_changed", tier, {"from": before, "to": tier, "reason": reason})
    return True


async def seed_demo_account(session: AsyncSession, settings: Settings) -> CurrentUser:
    """Make the demo account exist with the configured password and the largest plan (as the schema's owner).

    Running it again changes nothing. Raises ForbiddenError in production, where no account has a published password.
    """
    if settings.environment == "production":
        raise ForbiddenError("The demo account is not seeded in production.")
    email = settings.demo_email.strip().lower()
    account = await repository.upsert_account(session, derived_id("demo account", email), email, DEMO_TIER)
    password = settings.demo_password.get_secret_value()
    if not await password_matches(account.password_hash, password):
        await repository.set_password_hash(session, account.id, await hash_password(password))
    return CurrentUser(id=account.id, email=account.email, tier=account.tier)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
