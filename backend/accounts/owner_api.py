"""Proving, before something weighty, that it is the account's owner who asks: by the password, or by a new session."""

from fastapi import Request, Response
from pydantic import SecretStr

from backend.accounts.credentials.service import account_of, password_is
from backend.accounts.freshness import is_fresh
from backend.accounts.schemas import CurrentUser
from backend.accounts.sessions.service import rotate_session, session_token
from backend.accounts.sign_in.completion_api import is_secure, set_session_cookie
from backend.api.auth import api_key, bearer_token, client_ip
from backend.api.resources import resources
from backend.core.errors import ForbiddenError, InvalidInputError, UnauthorizedError


class SignInAgainError(ForbiddenError):
    """This needs somebody who signed in just now."""

    code = "SIGN_IN_AGAIN"

    def __init__(self) -> None:
        super().__init__("Sign in again to do this: your last sign-in was more than ten minutes ago.")


async def prove_owner(
    request: Request, user: CurrentUser, password: SecretStr | None, *, field: str = "password", always: bool = False
) -> None:
    """Return when the password is right, or none was sent and the session began minutes ago.

    `always`: an account that has a password must send it. Raises InvalidInputError (`field`), SignInAgainError when
    there is no password that could be sent, RateLimitError.
    """
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        account = await account_of(session, user)
        fresh = await is_fresh(session, cookie_session(request))
    sent = password.get_secret_value() if password is not None else ""
    if not sent and fresh and not (always and account.password_hash):
        return
    if account.password_hash is None:
        raise SignInAgainError
    if not sent:
        raise InvalidInputError("Enter your password.", {field: "Enter your password."})
    ip = client_ip(request, held.settings)
    subject = user.email or str(user.id)
    await held.throttle.begin(subject, ip)
    if not await password_is(account, sent):
        raise InvalidInputError("The password is wrong.", {field: "This is not your password."})
    await held.throttle.succeeded(subject, ip)


def cookie_session(request: Request) -> str | None:
    """Return the token of the browser session that asks, None when a program asks."""
    if bearer_token(request) or api_key(request):
        return None
    return session_token(request.headers.get("cookie"))


async def rotate_cookie(request: Request, response: Response, user: CurrentUser) -> None:
    """Give the browser that asks another session token: rights have changed, and the one before proves nothing now."""
    token = cookie_session(request)
    if token is None:
        return
    try:
        async with resources().database.unit_of_work(user.id) as session:
            new = await rotate_session(session, token)
    except UnauthorizedError:
        return
    resources().identities.forget(user.id)
    set_session_cookie(response, new, secure=is_secure())
