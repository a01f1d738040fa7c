"""`/v1/auth`: signing up, confirming an address, and setting a new password by a mailed link.

None of the answers tells whether an address has an account.
"""

from fastapi import APIRouter, Depends, Request, Response

from backend.accounts.api import limited_sign_in
from backend.accounts.credentials.service import reset_password
from backend.accounts.email_address.service import confirm
from backend.accounts.forms_api import check_from_our_page
from backend.accounts.links.repository import FoundLink
from backend.accounts.links.service import find_link
from backend.accounts.password_rules import check_password
from backend.accounts.passwords import hash_password
from backend.accounts.service import find_user
from backend.accounts.sign_in.completion_api import complete_sign_in
from backend.accounts.sign_in.places import SIGN_IN_PAGE
from backend.accounts.sign_up.maker_api import prove_maker
from backend.accounts.sign_up.schemas import (
    AddressRequest,
    LinkFollowed,
    LinkRequest,
    MailSent,
    ResetRequest,
    SignUpRequest,
)
from backend.accounts.sign_up.service import ask_reset, ask_verification, normal_address, sign_up
from backend.accounts.throttle import LINK, RESET, SIGN_UP, VERIFICATION
from backend.api.auth import client_ip, public
from backend.api.browser_cookie import browser_of, keep_browser
from backend.api.envelope import Envelope, errors, ok
from backend.api.resources import resources
from backend.core.browser import browser_mark, new_browser_handle

router = APIRouter(
    prefix="/v1/auth",
    tags=["Sign-in"],
    dependencies=[Depends(limited_sign_in), Depends(check_from_our_page)],
    responses=errors(403, 422, 429, 503),
)
ACCOUNT_PAGE = "/settings/account/"


@router.post("/sign-up", status_code=202)
@public("signing up")
async def create_account(request: Request, response: Response, body: SignUpRequest) -> Envelope[MailSent]:
    """Make a free account. Its address gets a link that confirms it; an address in use gets word that it is.

    Somebody who follows the link within minutes, in the browser that signed up, is signed in by it.
    """
    held, password = resources(), body.password.get_secret_value()
    email = normal_address(body.email)
    check_password(password, email)
    await held.throttle.begin(email, client_ip(request, held.settings), SIGN_UP)
    browser = browser_of(request) or new_browser_handle()
    password_hash = await hash_password(password)
    async with held.database.unit_of_work() as session:
        await sign_up(session, email, password_hash, browser_mark(browser))
    keep_browser(response, browser, held.settings)
    return ok(MailSent(email=email))


@router.post("/resend-verification", status_code=202)
@public("tells nothing, and mails the address's owner only")
async def resend_verification(request: Request, body: AddressRequest) -> Envelope[MailSent]:
    """Have the link that confirms an address sent again, if an account waits for it."""
    held, email = resources(), normal_address(body.email)
    await held.throttle.begin(email, client_ip(request, held.settings), VERIFICATION)
    async with held.database.unit_of_work() as session:
        await ask_verification(session, email)
    return ok(MailSent(email=email))


@router.post("/verify-email")
@public("the mailed link is the proof")
async def verify_email(request: Request, response: Response, body: LinkRequest) -> Envelope[LinkFollowed]:
    """Confirm an address by its mailed link: that of a new account, or the one an account changes to.

    The mailbox alone is not enough, since anybody may have asked for the mail: the account must be that of this
    browser (it signed up, or is signed in), or its password must come along.
    """
    held = resources()
    await held.throttle.begin("", client_ip(request, held.settings), LINK)
    found = await find_link(held.database, body.token.get_secret_value(), "verify", "change_email")
    await prove_maker(request, found, body.password)
    link = await confirm(held.database, found)
    held.identities.forget(found.user_id)
    await held.throttle.succeeded("", client_ip(request, held.settings), LINK)
    return ok(LinkFollowed(location=await _after(request, response, found, link.browser_mark)))


async def _after(request: Request, response: Response, found: FoundLink, mark: str | None) -> str:
    """Return where the browser goes; sign it in when it is the one that signed up."""
    held = resources()
    signed_in = await held.identities.of_cookie(request.headers.get("cookie"))
    if signed_in is not None and signed_in.id == found.user_id:
        return f"{ACCOUNT_PAGE}?done=verified"
    browser = browser_of(request)
    if mark is not None and browser is not None and browser_mark(browser) == mark:
        user = await find_user(held.database, found.user_id)
        if user is not None:
            done = await complete_sign_in(request, user, way="link", next_path="/?welcome=1")
            done.set_cookies(response)
            return done.location
    return f"{SIGN_IN_PAGE}/?notice=verified"


@router.post("/forgot-password", status_code=202)
@public("tells nothing, and mails the address's owner only")
async def forgot_password(request: Request, body: AddressRequest) -> Envelope[MailSent]:
    """Have a link to set a new password sent to an address, if it has an account."""
    held, email = resources(), normal_address(body.email)
    await held.throttle.begin(email, client_ip(request, held.settings), RESET)
    async with held.database.unit_of_work() as session:
        await ask_reset(session, email)
    return ok(MailSent(email=email))


@router.post("/reset-password")
@public("the mailed link is the proof")
async def set_new_password(request: Request, body: ResetRequest) -> Envelope[LinkFollowed]:
    """Set a new password by a mailed link. Every session of the account ends, those of programs too."""
    held, ip = resources(), client_ip(request, resources().settings)
    await held.throttle.begin("", ip, LINK)
    found = await find_link(held.database, body.token.get_secret_value(), "reset")
    email = await reset_password(held.database, found, body.password.get_secret_value())
    held.identities.forget(found.user_id)
    await held.throttle.succeeded("", ip, LINK)
    await held.throttle.succeeded(email, ip)
    return ok(LinkFollowed(location=f"{SIGN_IN_PAGE}/?notice=reset"))
