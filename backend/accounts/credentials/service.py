"""The password: set by who follows a mailed link, changed by who knows the one before. Other sessions end with it."""

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import account_repository
from backend.accounts.links.repository import FoundLink
from backend.accounts.links.service import peek_link, use_link
from backend.accounts.notices import tell_password_changed
from backend.accounts.password_rules import check_password
from backend.accounts.passwords import hash_password, password_matches
from backend.accounts.schemas import MAX_PASSWORD_LENGTH, CurrentUser
from backend.accounts.sessions.service import end_sessions
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import InvalidInputError, NotFoundError


async def account_of(session: AsyncSession, user: CurrentUser) -> account_repository.Account:
    """Return the unit of work's user's account. Raises NotFoundError when it is gone."""
    account = await account_repository.find_account(session, user.id)
    if account is None:
        raise NotFoundError("There is no such account any more.")
    return account


async def password_is(account: account_repository.Account, password: str) -> bool:
    """Return whether this is the account's password."""
    fits = 0 < len(password) <= MAX_PASSWORD_LENGTH
    return await password_matches(account.password_hash, password if fits else "?") and fits


async def set_password(session: AsyncSession, user: CurrentUser, password: str, keep: str | None) -> None:
    """Give the account (whose owner the edge has proven) another password; every session but `keep` ends.

    Raises InvalidInputError (`newPassword`): not a password to set, or there is no address to sign in with.
    """
    if not user.email:
        raise InvalidInputError(
            "Add an e-mail address first: you sign in with address and password.",
            {"newPassword": "Add an e-mail address first."},
        )
    check_password(password, user.email, "newPassword")
    await account_repository.set_password(session, user.id, await hash_password(password))
    await end_sessions(session, user.id, keep)
    await audit(session, user.id, "account.password_changed")
    await tell_password_changed(session, user.id, user.email)


async def reset_password(database: Database, found: FoundLink, password: str) -> str:
    """Set a new password by a mailed link, which is used up, and return the address it was sent to.

    Every session ends, also those of programs. Following the link proves the address. Raises LinkError,
    InvalidInputError (`password`): then the link can be used again.
    """
    async with database.unit_of_work(found.user_id) as session:
        link = await peek_link(session, found)
    check_password(password, link.email)
    password_hash = await hash_password(password)
    async with database.unit_of_work(found.user_id) as session:
        link = await use_link(session, found)
        await account_repository.set_password(session, found.user_id, password_hash)
        await account_repository.set_verified(session, found.user_id, link.email, utc_now())
        await end_sessions(session, found.user_id)
        await audit(session, found.user_id, "account.password_reset")
        await tell_password_changed(session, found.user_id, link.email)
    return link.email
