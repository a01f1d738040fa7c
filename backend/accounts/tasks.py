"""The jobs of accounts: mails whose content depends on whether there is an account, and forgetting what is over."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import account_repository
from backend.accounts.account_repository import Account
from backend.accounts.links import repository as links_repository
from backend.accounts.links.service import Purpose, make_link, valid_for
from backend.accounts.sign_in.places import SIGN_IN_PAGE
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.jobs import JobContext, periodic, task
from backend.core.origin import Origin, coming_from
from backend.core.retention import kept
from backend.core.sealing import unseal
from backend.core.settings import Settings
from backend.notifications.service import send_mail


@task(name="accounts.sign_up_mail")
async def sign_up_mail(
    context: JobContext, address: str, account_id: str, browser_mark: str, ip: str, user_agent: str
) -> None:
    """Mail the new account its link; or, when the address was somebody's, mail them that they have an account."""
    email = unseal(address.encode())
    with coming_from(Origin("page", ip, user_agent)):
        async with context.database.unit_of_work() as session:
            account = await account_repository.find_account_by_email(session, email)
            if account is None:
                return
            if account.id != UUID(account_id):
                link = context.settings.app_url + SIGN_IN_PAGE + "/"
                await send_mail(
                    session, user_id=account.id, to=account.email, template="email_in_use", values={"link": link}
                )
                return
            await audit(session, account.id, "account.created", "", {"email": account.email})
            await _send_link(session, context.settings, account, "verify", "verify_email", browser_mark)


@task(name="accounts.reset_mail")
async def reset_mail(context: JobContext, address: str) -> None:
    """Mail a link to set a new password, if there is an account."""
    async with context.database.unit_of_work() as session:
        account = await account_repository.find_account_by_email(session, unseal(address.encode()))
        if account is not None:
            await _send_link(session, context.settings, account, "reset", "reset_password")


@task(name="accounts.verification_mail")
async def verification_mail(context: JobContext, address: str) -> None:
    """Mail the link to confirm an address again, if an account waits for it."""
    async with context.database.unit_of_work() as session:
        account = await account_repository.find_account_by_email(session, unseal(address.encode()))
        if account is not None and account.email_verified_at is None:
            await _send_link(session, context.settings, account, "verify", "verify_email")


@periodic("17 4 * * *")
@task(name="accounts.delete_old")
async def delete_old(context: JobContext, timestamp: int) -> None:
    """Delete links and refresh tokens that ended a month ago."""
    now = utc_now()
    async with context.database.unit_of_work() as session:
        await links_repository.delete_old_links(session, now - kept("account_links"))
        await account_repository.delete_old_refresh_tokens(session, now - kept("refresh_tokens"))


async def _send_link(
    session: AsyncSession,
    settings: Settings,
    account: Account,
    purpose: Purpose,
    template: str,
    browser_mark: str | None = None,
) -> None:
    link = await make_link(session, settings, account.id, account.email, purpose, browser_mark)
    values = {"link": link, "valid_for": valid_for(purpose)}
    await send_mail(session, user_id=account.id, to=account.email, template=template, values=values)
