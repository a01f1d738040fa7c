"""Signing in: tokens for programs, a session cookie for browsers."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from backend.accounts.schemas import SESSION_COOKIE, CurrentUser, TokenRead, TokenRequest, UserRead
from backend.accounts.service import (
    LIFETIME_SECONDS,
    SESSION_LIFETIME,
    authenticate,
    close_session,
    issue_access_token,
    open_session,
    session_token,
    user_of_cookie,
)
from backend.api.auth import SignedIn, client_ip, is_same_site, take_from_limit
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.failures import STORE_ERRORS
from backend.api.limits import SIGN_IN_PER_MINUTE
from backend.api.resources import Resources, resources
from backend.core.errors import ForbiddenError, InvalidInputError, PremiumError, RateLimitError, UnauthorizedError

router = APIRouter(prefix="/v1/auth", tags=["Sign-in"])
SIGN_IN_PAGE = "/sign-in"


async def _limited_sign_in(request: Request) -> None:
    held = resources()
    await take_from_limit(request, SIGN_IN_PER_MINUTE, "sign-in", client_ip(request, held.settings))


async def _verified(request: Request, held: Resources, email: str, password: str) -> CurrentUser:
    """Return the user with these credentials, after the back-off. Raises UnauthorizedError, RateLimitError."""
    ip = client_ip(request, held.settings)
    await held.throttle.begin(email, ip)
    async with held.database.unit_of_work() as session:
        user = await authenticate(session, email, password)
    await held.throttle.succeeded(email, ip)
    return user


@router.post("/token", dependencies=[Depends(_limited_sign_in)], responses=errors(401, 422, 429, 503))
async def create_token(request: Request, body: TokenRequest) -> Envelope[TokenRead]:
    """Exchange e-mail and password for an access token, valid for fifteen minutes."""
    held = resources()
    user = await _verified(request, held, body.email, body.password.get_secret_value())
    return ok(TokenRead(access_token=issue_access_token(user, held.settings), expires_in=LIFETIME_SECONDS))


@router.get("/me", responses=SIGNED_IN_ERRORS)
async def read_me(user: SignedIn) -> Envelope[UserRead]:
    """Return the signed-in user."""
    return ok(UserRead.model_validate(user))


@router.post("/login", status_code=303, response_class=RedirectResponse, responses={303: {"description": "See `next`"}})
async def log_in(request: Request) -> Response:
    """Sign a browser in (form fields `email`, `password`, `next`) and send it to `next`, a path of this site.

    On failure it goes back to `/sign-in?error=` with `credentials`, `throttled`, `origin` or `unavailable`.
    """
    held = resources()
    form = await _form(request)
    target = safe_path(_text(form, "next"))
    try:
        if not _from_our_form(request, held):
            raise ForbiddenError("The request came from another site.")
        await _limited_sign_in(request)
        user = await _verified(request, held, _text(form, "email"), _text(form, "password"))
        await _end_session(request, held)
        async with held.database.unit_of_work(user.id) as session:
            token = await open_session(
                session, user, request.headers.get("user-agent", ""), client_ip(request, held.settings)
            )
    except (PremiumError, *STORE_ERRORS) as error:
        return RedirectResponse(f"{SIGN_IN_PAGE}?{urlencode(_failure(error, target))}", status_code=303)
    response = RedirectResponse(target, status_code=303)
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        path="/",
        secure=held.settings.app_url.startswith("https://"),
        httponly=True,
        samesite="lax",
    )
    return response


@router.post(
    "/logout", status_code=303, response_class=RedirectResponse, responses={303: {"description": "Signed out"}}
)
async def log_out(request: Request) -> Response:
    """End the browser's session on the server and send it to the sign-in page."""
    held = resources()
    if not _from_our_form(request, held):
        raise ForbiddenError("The request came from another site.")
    await _end_session(request, held)
    response = RedirectResponse(SIGN_IN_PAGE, status_code=303)
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="lax")
    return response


async def _end_session(request: Request, held: Resources) -> None:
    """Revoke the session that came with the request, so that a new sign-in never shares it."""
    cookie = request.headers.get("cookie")
    user, token = await user_of_cookie(held.database, cookie), session_token(cookie)
    if user is not None and token is not None:
        async with held.database.unit_of_work(user.id) as session:
            await close_session(session, token)


def _from_our_form(request: Request, held: Resources) -> bool:
    """Return whether no browser says that another site sent this form (programs send neither header)."""
    if "origin" in request.headers or "referer" in request.headers:
        return is_same_site(request, held.settings)
    return request.headers.get("sec-fetch-site", "none") in ("none", "same-origin")


def _failure(error: Exception, target: str) -> dict[str, Any]:
    reason = "unavailable"
    if isinstance(error, UnauthorizedError):
        reason = "credentials"
    elif isinstance(error, RateLimitError):
        reason = "throttled"
    elif isinstance(error, ForbiddenError):
        reason = "origin"
    query: dict[str, Any] = {"error": reason}
    if isinstance(error, PremiumError) and (wait := error.details.get("retryAfter")):
        query["wait"] = wait
    if target != "/":
        query["next"] = target
    return query


async def _form(request: Request) -> FormData:
    try:
        return await request.form(max_files=0, max_fields=10)
    except HTTPException:
        raise InvalidInputError("Send the form fields email and password.") from None


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def safe_path(wanted: str) -> str:
    """Return `wanted` if it is a path of this site, else `/`: an open redirect would lend our name to others."""
    if not wanted.startswith("/") or wanted.startswith("//") or len(wanted) > 500:
        return "/"
    if "\\" in wanted or any(ord(character) < 33 or ord(character) > 126 for character in wanted):
        return "/"
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or parts.path.startswith(("/v1/", "//", SIGN_IN_PAGE)):
        return "/"
    return wanted
