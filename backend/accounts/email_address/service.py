"""Confirming the address of an account, and changing it: the new one proves itself, the old one is told."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import account_repository
from backend.accounts.links import repository as links_repository
from backend.accounts.links.repository import FoundLink, UsedLink
from backend.accounts.links.service import LinkError, make_link, use_link, valid_for
from backend.accounts.notices import tell_security
from backend.accounts.schemas import CurrentUser
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import ConflictError, ForbiddenError, InvalidInputError
from backend.core.settings import Settings
from backend.notifications.service import send_mail


class EmailNotVerifiedError(ForbiddenError):
    """The account's e-mail address is not confirmed yet."""

    code = "EMAIL_NOT_VERIFIED"

    def __init__(self) -> None:
        super().__init__("Confirm your e-mail address first: follow the link that we sent you.")


async def require_verified(session: AsyncSession, user: CurrentUser) -> None:
    """Raise EmailNotVerifiedError while the address of the unit of work's user waits to be confirmed.

    For what reaches beyond the account: payments, and messages to the outside. An account without any address (a
    wallet's) passes: nothing is claimed there that could be somebody else's.
    """
    if await unconfirmed_email(session, user):
        raise EmailNotVerifiedError


async def unconfirmed_email(session: AsyncSession, user: CurrentUser) -> str:
    """Return the address of the unit of work's user while it is not confirmed, else nothing."""
    account = await account_repository.find_account(session, user.id)
    return account.email if account is not None and account.email_verified_at is None else ""


async def ask_change(session: AsyncSession, settings: Settings, user: CurrentUser, email: str) -> None:
    """Mail a link to the new address, and word of it to the old. Nothing changes until the link is followed.

    The answer is the same when the new address is another account's: following the link tells its owner. Raises
    InvalidInputError (`email`) when it is the account's own already.
    """
    if email == user.email:
        raise InvalidInputError("This is your address already.", {"email": "This is your address already."})
    link = await make_link(session, settings, user.id, email, "change_email")
    values = {"link": link, "valid_for": valid_for("change_email")}
    await send_mail(session, user_id=user.id, to=email, template="verify_email", values=values)
    await audit(session, user.id, "account.email_change_asked", email)
    await tell_security(session, user.id, user.email, f"a change of the e-mail address to {email} was asked for")


async def confirm(database: Database, found: FoundLink) -> UsedLink:
    """Do what a followed link is for: confirm the account's address, or change it to the link's.

    Raises LinkError, ConflictError when the address has become another account's meanwhile.
    """
    try:
        async with database.unit_of_work(found.user_id) as session:
            link = await use_link(session, found)
            if found.purpose == "verify":
                await _verify(session, found, link)
            else:
                await _change(session, found, link)
    except IntegrityError:
        raise ConflictError("This address belongs to another account.") from None
    return link


async def holder_of(session: AsyncSession, user_id: UUID) -> account_repository.Account:
    """Return the account of the unit of work's user. Raises LinkError when it is gone."""
    account = await account_repository.find_account(session, user_id)
    if account is None:
        raise LinkError
    return account


async def pending_change(session: AsyncSession, user: CurrentUser) -> str | None:
    """Return the address that waits for confirmation, or None."""
    return await links_repository.pending_email(session, user.id, utc_now())


async def _verify(session: AsyncSession, found: FoundLink, link: UsedLink) -> None:
    if not await account_repository.set_verified(session, found.user_id, link.email, utc_now()):
        raise LinkError
    await audit(session, found.user_id, "account.email_verified", link.email)


async def _change(session: AsyncSession, found: FoundLink, link: UsedLink) -> None:
    before = await account_repository.find_account(session, found.user_id)
    if before is None:
        raise LinkError
    await account_repository.set_email(session, found.user_id, link.email, utc_now())
    await links_repository.delete_links(session, found.user_id, "reset")
    await links_repository.delete_links(session, found.user_id, "verify")
    await audit(session, found.user_id, "account.email_changed", link.email, {"from": before.email})
    await tell_security(session, found.user_id, before.email, f"the e-mail address is now {link.email}")
