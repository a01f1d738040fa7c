"""Accounts: who somebody is and what they may. The one door for the other domains and the pages."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import api_keys, identity_repository, repository
from backend.accounts.account_schemas import AccountRead
from backend.accounts.account_service import read_account
from backend.accounts.email_address.service import EmailNotVerifiedError, require_verified, unconfirmed_email
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
from backend.accounts.identity_repository import hold_accounts
from backend.accounts.linked import service as linked
from backend.accounts.oauth.errors import REASONS as OAUTH_REASONS
from backend.accounts.oauth.providers import configured_providers
from backend.accounts.passwords import hash_password, password_matches
from backend.accounts.requirements import FEATURE_MARK, requires
from backend.accounts.schemas import MAX_PASSWORD_LENGTH, SESSION_COOKIE, CurrentUser
from backend.accounts.sessions.device import device_name
from backend.accounts.sessions.service import (
    SESSION_LIFETIME,
    close_session,
    end_session,
    end_sessions,
    list_sessions,
    open_session,
    session_token,
    user_of_cookie,
)
from backend.accounts.sign_in.places import safe_path
from backend.accounts.tokens import LIFETIME_SECONDS, issue_access_token
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import ForbiddenError, UnauthorizedError
from backend.core.ids import derived_id, new_id
from backend.core.settings import Settings

__all__ = [
    "FEATURE_MARK",
    "FRESH_FOR",
    "LIFETIME_SECONDS",
    "OAUTH_REASONS",
    "PLANS",
    "SESSION_COOKIE",
    "SESSION_LIFETIME",
    "TIERS",
    "AccountRead",
    "Cap",
    "CurrentUser",
    "EmailNotVerifiedError",
    "Feature",
    "Plan",
    "allows",
    "api_keys",
    "authenticate",
    "cap",
    "change_tier",
    "close_session",
    "configured_providers",
    "create_account",
    "device_name",
    "end_session",
    "end_sessions",
    "find_user",
    "first_tier_with",
    "hold_accounts",
    "is_fresh",
    "issue_access_token",
    "linked",
    "list_sessions",
    "next_tier_with_more",
    "open_session",
    "plan_of",
    "read_account",
    "require",
    "require_room",
    "require_verified",
    "requires",
    "safe_path",
    "seed_demo_account",
    "session_token",
    "unconfirmed_email",
    "user_of_cookie",
]

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


async def find_user(database: Database, user_id: UUID) -> CurrentUser | None:
    """Return a user as the account is now, or None when there is none."""
    async with database.unit_of_work(user_id) as session:
        return await identity_repository.find_user(session, user_id)


async def create_account(
    session: AsyncSession,
    *,
    email: str | None = None,
    password_hash: str | None = None,
    email_verified: bool = False,
    user_id: UUID | None = None,
) -> CurrentUser | None:
    """Make a free account and return it; None when the e-mail address (in any case) is somebody's already.

    The rest of the transaction acts as that user. `email_verified`: somebody trustworthy says that it is theirs.
    """
    account_id = user_id or new_id()
    wanted = email.strip().lower() if email else None
    await repository.act_as(session, account_id)
    verified_at = utc_now() if email_verified and wanted else None
    if not await repository.insert_account(session, account_id, wanted, password_hash, verified_at):
        return None
    await audit(session, account_id, "account.created", "", {"email": wanted})
    return CurrentUser(id=account_id, email=wanted or "", tier="free")


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
