"""Signing up and asking for mails, without a difference that would tell who has an account.

The request does the same whether the address is new, in use or unknown: a job makes the difference, and mails a link
to confirm the address or, to its owner, that there is an account already.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import repository
from backend.core.ids import new_id
from backend.core.jobs import defer
from backend.core.origin import current_origin
from backend.core.sealing import seal
from backend.notifications.service import checked_address


def normal_address(email: str) -> str:
    """Return the address as accounts have it: checked, in lower case. Raises InvalidInputError (`email`)."""
    return checked_address(email).lower()


async def sign_up(session: AsyncSession, email: str, password_hash: str, browser_mark: str) -> None:
    """Make an account of this address unless there is one, and have its mailbox told (in nobody's unit of work)."""
    account_id = new_id()
    await repository.act_as(session, account_id)
    await repository.insert_account(session, account_id, email, password_hash, None)
    origin = current_origin()
    await defer(
        session,
        "accounts.sign_up_mail",
        address=seal(email).decode(),
        account_id=str(account_id),
        browser_mark=browser_mark,
        ip=origin.ip,
        user_agent=origin.user_agent,
    )


async def ask_reset(session: AsyncSession, email: str) -> None:
    """Have a reset link mailed to the owner of the address, if there is one; the same work if there is none."""
    await defer(session, "accounts.reset_mail", address=seal(email).decode())


async def ask_verification(session: AsyncSession, email: str) -> None:
    """Have the address's link mailed again, if an account waits for it; the same work if none does."""
    await defer(session, "accounts.verification_mail", address=seal(email).decode())
