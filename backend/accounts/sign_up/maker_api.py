"""Whether who follows a confirming link is also who holds the account.

Somebody may sign up with an address that is not theirs and wait for its owner to follow the link; the account would
then count as the owner's, with the stranger's password ("pre-hijacking", ADR 8).
"""

from fastapi import Request
from pydantic import SecretStr

from backend.accounts.credentials.service import password_is
from backend.accounts.email_address.service import holder_of
from backend.accounts.links.repository import FoundLink, UsedLink
from backend.accounts.links.service import peek_link
from backend.api.auth import client_ip
from backend.api.browser_cookie import browser_of
from backend.api.resources import resources
from backend.core.browser import browser_mark
from backend.core.errors import ForbiddenError, InvalidInputError


class OpenWhereSignedInError(ForbiddenError):
    """The link must be followed by whoever holds the account."""

    code = "SIGN_IN_FIRST"

    def __init__(self) -> None:
        super().__init__("Sign in to the account first, then open this link again in the same browser.")


async def prove_maker(request: Request, found: FoundLink, password: SecretStr | None) -> None:
    """Return when the browser signed up for the link's account or is signed in to it, or the password is the account's.

    The link stays to be used. Raises LinkError; InvalidInputError (`password`) when it is missing or wrong;
    OpenWhereSignedInError when the account has none; RateLimitError.
    """
    held = resources()
    async with held.database.unit_of_work(found.user_id) as session:
        link = await peek_link(session, found)
        account = await holder_of(session, found.user_id)
    if await _is_here(request, found, link):
        return
    if account.password_hash is None:
        raise OpenWhereSignedInError
    sent = password.get_secret_value() if password is not None else ""
    if not sent:
        text = "Enter the password that this account was made with."
        raise InvalidInputError(text, {"password": text})
    subject, ip = account.email or str(found.user_id), client_ip(request, held.settings)
    await held.throttle.begin(subject, ip)
    if not await password_is(account, sent):
        raise InvalidInputError("The password is wrong.", {"password": "This is not the account's password."})
    await held.throttle.succeeded(subject, ip)


async def _is_here(request: Request, found: FoundLink, link: UsedLink) -> bool:
    browser = browser_of(request)
    if link.browser_mark is not None and browser is not None and browser_mark(browser) == link.browser_mark:
        return True
    signed_in = await resources().identities.of_cookie(request.headers.get("cookie"))
    return signed_in is not None and signed_in.id == found.user_id
