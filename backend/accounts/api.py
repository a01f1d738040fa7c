"""Signing in: tokens for programs, a session cookie for browsers."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import SecretStr

from backend.accounts.forms_api import check_from_our_page, failure_redirect, form_of, text_of
from backend.accounts.refresh.service import REFRESH_LIFETIME, Grant, exchange, open_program_session, revoke
from backend.accounts.schemas import (
    SESSION_COOKIE,
    CurrentUser,
    RefreshRequest,
    TokenRead,
    TokenRequest,
    TokenRevoked,
    UserRead,
)
from backend.accounts.service import LIFETIME_SECONDS, authenticate, find_user, issue_access_token
from backend.accounts.sign_in.completion_api import (
    SECOND_FACTOR_COOKIE,
    complete_sign_in,
    end_browser_session,
    open_browser_session,
)
from backend.accounts.sign_in.pending import end_pending, find_pending
from backend.accounts.sign_in.places import SIGN_IN_PAGE, place_after
from backend.accounts.throttle import REFRESH
from backend.accounts.two_factor.errors import TotpRequiredError, WrongCodeError
from backend.accounts.two_factor.proof import prove_code
from backend.accounts.two_factor.service import is_enabled
from backend.api.auth import SignedIn, client_ip, public, take_from_limit
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.failures import STORE_ERRORS
from backend.api.resources import Resources, resources
from backend.core.errors import PremiumError, UnauthorizedError

router = APIRouter(prefix="/v1/auth", tags=["Sign-in"])
_SEE_OTHER: dict[int | str, dict[str, Any]] = {303: {"description": "See `next`"}}


async def limited_sign_in(request: Request) -> None:
    """Dependency of routes that sign in: counted by address."""
    held = resources()
    per_minute = held.settings.sign_in_requests_per_minute
    await take_from_limit(request, per_minute, "sign-in", client_ip(request, held.settings))


async def _verified(request: Request, held: Resources, email: str, password: str) -> CurrentUser:
    """Return the user with these credentials, after the back-off. Raises UnauthorizedError, RateLimitError."""
    ip = client_ip(request, held.settings)
    await held.throttle.begin(email, ip)
    async with held.database.unit_of_work() as session:
        user = await authenticate(session, email, password)
    await held.throttle.succeeded(email, ip)
    return user


@router.post("/token", dependencies=[Depends(limited_sign_in)], responses=errors(401, 422, 429, 503))
@public("signing in")
async def create_token(request: Request, body: TokenRequest) -> Envelope[TokenRead]:
    """Exchange e-mail and password (and `totp`, where two-step sign-in is on) for an access and a refresh token.

    The access token lives fifteen minutes, the refresh token seven days: see `/v1/auth/refresh`. Without the code that
    an account wants the answer is 401 with the code `TOTP_REQUIRED`.
    """
    held = resources()
    user = await _verified(request, held, body.email, body.password.get_secret_value())
    return ok(await token_after_code(request, user, body.totp))


async def token_after_code(
    request: Request, user: CurrentUser, totp: SecretStr | None, way: str = "password"
) -> TokenRead:
    """Return tokens for who has proven to be `user`, once the code fits that the account may ask for.

    Raises TotpRequiredError, UnauthorizedError for a wrong code, RateLimitError.
    """
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        wants_code = await is_enabled(session, user.id)
    if wants_code and totp is None:
        raise TotpRequiredError
    if wants_code and totp is not None:
        try:
            await prove_code(
                held.database, held.throttle, user, totp.get_secret_value(), client_ip(request, held.settings)
            )
        except WrongCodeError as error:
            raise UnauthorizedError(error.message, {"totp": error.details["code"]}) from None
    async with held.database.unit_of_work(user.id) as session:
        grant = await open_program_session(
            session, user, request.headers.get("user-agent", ""), client_ip(request, held.settings), way
        )
    return await _tokens(held, grant)


@router.post("/refresh", dependencies=[Depends(limited_sign_in)], responses=errors(401, 422, 429, 503))
@public("the refresh token is the proof")
async def refresh_token(request: Request, body: RefreshRequest) -> Envelope[TokenRead]:
    """Exchange a refresh token for a new access token and the next refresh token.

    Each works once. One that comes a second time was stolen: the whole session ends, with its access tokens.
    """
    held = resources()
    ip = client_ip(request, held.settings)
    await held.throttle.begin("", ip, REFRESH)
    grant = await exchange(held.database, body.refresh_token.get_secret_value())
    await held.throttle.succeeded("", ip, REFRESH)
    return ok(await _tokens(held, grant))


@router.post("/revoke", dependencies=[Depends(limited_sign_in)], responses=errors(422, 429, 503))
@public("the refresh token is the proof")
async def revoke_token(body: RefreshRequest) -> Envelope[TokenRevoked]:
    """End the session that a refresh token belongs to, at once; what is unknown is answered the same (RFC 7009)."""
    held = resources()
    user_id = await revoke(held.database, body.refresh_token.get_secret_value())
    if user_id is not None:
        held.identities.forget(user_id)
    return ok(TokenRevoked())


async def _tokens(held: Resources, grant: Grant) -> TokenRead:
    key = await held.signing_keys.current()
    return TokenRead(
        access_token=issue_access_token(grant.user, grant.session_id, key),
        expires_in=LIFETIME_SECONDS,
        refresh_token=grant.refresh_token,
        refresh_expires_in=int(REFRESH_LIFETIME.total_seconds()),
    )


@router.get("/me", responses=SIGNED_IN_ERRORS)
async def read_me(user: SignedIn) -> Envelope[UserRead]:
    """Return the signed-in user."""
    return ok(UserRead.model_validate(user))


@router.post("/login", status_code=303, response_class=RedirectResponse, responses=_SEE_OTHER)
@public("signing in")
async def log_in(request: Request) -> Response:
    """Sign a browser in (form fields `email`, `password`, `next`) and send it to `next`, a path of this site.

    Where two-step sign-in is on it goes to `/sign-in/?step=code` first. On failure it goes back to `/sign-in?error=`
    with `credentials`, `throttled`, `origin` or `unavailable`.
    """
    held = resources()
    form = await form_of(request)
    target = place_after(request.headers.get("referer"), text_of(form, "next"))
    try:
        check_from_our_page(request)
        await limited_sign_in(request)
        user = await _verified(request, held, text_of(form, "email"), text_of(form, "password"))
        done = await complete_sign_in(request, user, way="password", next_path=target)
    except (PremiumError, *STORE_ERRORS) as error:
        return failure_redirect(SIGN_IN_PAGE, error, target)
    return done.redirect()


@router.post("/second-factor", status_code=303, response_class=RedirectResponse, responses=_SEE_OTHER)
@public("the second step of signing in")
async def enter_code(request: Request) -> Response:
    """Finish a sign-in that waits for the second factor (form field `code`: of the app, or a recovery code).

    On failure the browser goes back to `/sign-in?error=`: with `step=code` and `code` or `throttled` to try again, with
    `expired` when the five minutes for the code are over.
    """
    held = resources()
    form = await form_of(request)
    handle = request.cookies.get(SECOND_FACTOR_COOKIE)
    try:
        check_from_our_page(request)
        await limited_sign_in(request)
        pending = await find_pending(held.redis, handle)
        user = await find_user(held.database, pending.user_id) if pending else None
        if pending is None or user is None or handle is None:
            return RedirectResponse(f"{SIGN_IN_PAGE}?error=expired", status_code=303)
        await prove_code(held.database, held.throttle, user, text_of(form, "code"), client_ip(request, held.settings))
        if not await end_pending(held.redis, handle):
            return RedirectResponse(f"{SIGN_IN_PAGE}?error=expired", status_code=303)
        done = await open_browser_session(request, user, way=pending.way, next_path=pending.next_path)
    except (PremiumError, *STORE_ERRORS) as error:
        return failure_redirect(SIGN_IN_PAGE, error, "/", step="code")
    return done.redirect()


@router.post(
    "/logout", status_code=303, response_class=RedirectResponse, responses={303: {"description": "Signed out"}}
)
@public("ends the session of its own cookie")
async def log_out(request: Request) -> Response:
    """End the browser's session on the server and send it to the sign-in page."""
    check_from_our_page(request)
    await end_browser_session(request)
    response = RedirectResponse(SIGN_IN_PAGE, status_code=303)
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="lax")
    return response
