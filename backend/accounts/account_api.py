"""`/v1/account`: the account itself, its address, its password, and where it is signed in."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from backend.accounts import account_service
from backend.accounts.account_schemas import AccountRead, EmailChange, PasswordChange, PasswordChanged
from backend.accounts.credentials.service import set_password
from backend.accounts.email_address.service import ask_change
from backend.accounts.owner_api import cookie_session, prove_owner, rotate_cookie
from backend.accounts.sessions.schemas import SessionList, SessionsEnded
from backend.accounts.sessions.service import end_session, end_sessions, list_sessions
from backend.accounts.sign_up.schemas import MailSent
from backend.accounts.sign_up.service import ask_verification, normal_address
from backend.accounts.throttle import RESET, VERIFICATION
from backend.api.auth import SignedIn, client_ip
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources
from backend.core.errors import InvalidInputError

router = APIRouter(prefix="/v1/account", tags=["Account"], responses=SIGNED_IN_ERRORS)


@router.get("")
async def read_account(user: SignedIn) -> Envelope[AccountRead]:
    """Read your account: address, plan, and how you sign in."""
    async with resources().database.unit_of_work(user.id) as session:
        account = await account_service.read_account(session, user)
    return ok(account)


@router.post("/verification-mail", status_code=202)
async def send_verification_mail(request: Request, user: SignedIn) -> Envelope[MailSent]:
    """Have the link that confirms your address sent again; each time you wait longer for the next."""
    held = resources()
    if not user.email:
        raise InvalidInputError("Your account has no e-mail address.", {"email": "Add an e-mail address first."})
    await held.throttle.begin(user.email, client_ip(request, held.settings), VERIFICATION)
    async with held.database.unit_of_work(user.id) as session:
        await ask_verification(session, user.email)
    return ok(MailSent(email=user.email))


@router.post("/email", status_code=202)
async def change_email(request: Request, user: SignedIn, body: EmailChange) -> Envelope[MailSent]:
    """Change your address, or add one: it gets a link that confirms it, the one before is told. Needs your password."""
    held, email = resources(), normal_address(body.email)
    await prove_owner(request, user, body.password)
    await held.throttle.begin(str(user.id), client_ip(request, held.settings), RESET)
    async with held.database.unit_of_work(user.id) as session:
        await ask_change(session, held.settings, user, email)
    return ok(MailSent(email=email))


@router.post("/password")
async def change_password(
    request: Request, response: Response, user: SignedIn, body: PasswordChange
) -> Envelope[PasswordChanged]:
    """Change your password, or set a first one. Every other session ends, those of programs too."""
    await prove_owner(request, user, body.current_password, field="currentPassword", always=True)
    async with resources().database.unit_of_work(user.id) as session:
        await set_password(session, user, body.new_password.get_secret_value(), cookie_session(request))
    resources().identities.forget(user.id)
    await rotate_cookie(request, response, user)
    return ok(PasswordChanged())


@router.get("/sessions")
async def read_sessions(request: Request, user: SignedIn) -> Envelope[SessionList]:
    """List where you are signed in, browsers and programs, the last seen first."""
    async with resources().database.unit_of_work(user.id) as session:
        items = await list_sessions(session, user.id, cookie_session(request))
    return ok(SessionList(items=items, total=len(items)))


@router.delete("/sessions")
async def end_other_sessions(request: Request, user: SignedIn) -> Envelope[SessionsEnded]:
    """End every session but the browser's that asks (a program that asks ends its own too)."""
    async with resources().database.unit_of_work(user.id) as session:
        ended = await end_sessions(session, user.id, cookie_session(request))
    resources().identities.forget(user.id)
    return ok(SessionsEnded(ended=ended))


@router.delete("/sessions/{session_id}", responses=errors(404))
async def end_one_session(user: SignedIn, session_id: UUID) -> Envelope[SessionsEnded]:
    """End one session, at once and everywhere."""
    async with resources().database.unit_of_work(user.id) as session:
        await end_session(session, user.id, session_id)
    resources().identities.forget(user.id)
    return ok(SessionsEnded(ended=1))
