"""`complete_sign_in`: every way of signing a browser in ends here, once it has proven who somebody is.

It opens a session (never the one of before) or, when the account has a second factor, asks for that first.
"""

from dataclasses import dataclass

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from backend.accounts.schemas import SESSION_COOKIE, CurrentUser
from backend.accounts.sessions.service import (
    SESSION_LIFETIME,
    close_session,
    open_session,
    session_token,
    user_of_cookie,
)
from backend.accounts.sign_in.pending import PENDING_SECONDS, PendingSignIn, begin_pending
from backend.accounts.two_factor.service import is_enabled
from backend.api.auth import client_ip
from backend.api.resources import resources

SECOND_FACTOR_COOKIE = "premium_second_factor"
SECOND_FACTOR_PAGE = "/sign-in/?step=code"
_PENDING_PATH = "/v1/auth"


@dataclass(frozen=True, slots=True)
class CompletedSignIn:
    """Where the browser goes now (`location`), and the cookies it gets.

    With `needs_second_factor` nobody is signed in yet: `location` is the page that asks for the code.
    """

    location: str
    needs_second_factor: bool
    _token: str
    _secure: bool

    def set_cookies(self, response: Response) -> None:
        """Put the cookies on an answer."""
        if self.needs_second_factor:
            response.set_cookie(
                SECOND_FACTOR_COOKIE, self._token, max_age=PENDING_SECONDS, path=_PENDING_PATH,
                secure=self._secure, httponly=True, samesite="lax",
            )  # fmt: skip
            return
        set_session_cookie(response, self._token, secure=self._secure)
        response.delete_cookie(SECOND_FACTOR_COOKIE, path=_PENDING_PATH, httponly=True, samesite="lax")

    def redirect(self) -> RedirectResponse:
        """Return the answer that sends the browser on (303), with the cookies."""
        response = RedirectResponse(self.location, status_code=303)
        self.set_cookies(response)
        return response


async def complete_sign_in(request: Request, user: CurrentUser, *, way: str, next_path: str = "/") -> CompletedSignIn:
    """Sign the browser in as `user`, who has proven it by `way` (at most 12 letters), or ask for the second factor.

    `next_path` must be a path of this site (`safe_path`). The session that came with the request ends.
    """
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        asks_code = await is_enabled(session, user.id)
    if not asks_code:
        return await open_browser_session(request, user, way=way, next_path=next_path)
    handle = await begin_pending(held.redis, PendingSignIn(user.id, way, next_path))
    return CompletedSignIn(SECOND_FACTOR_PAGE, True, handle, is_secure())


async def open_browser_session(request: Request, user: CurrentUser, *, way: str, next_path: str) -> CompletedSignIn:
    """Open the session itself: only for who has passed every factor (see `complete_sign_in`)."""
    held = resources()
    await end_browser_session(request)
    async with held.database.unit_of_work(user.id) as session:
        token = await open_session(
            session, user, request.headers.get("user-agent", ""), client_ip(request, held.settings), way
        )
    return CompletedSignIn(next_path, False, token, is_secure())


async def end_browser_session(request: Request) -> None:
    """End the session that came with the request, so that a new sign-in never shares it."""
    held = resources()
    cookie = request.headers.get("cookie")
    user, token = await user_of_cookie(held.database, cookie), session_token(cookie)
    if user is not None and token is not None:
        async with held.database.unit_of_work(user.id) as session:
            await close_session(session, token)
        held.identities.forget(user.id)


def set_session_cookie(response: Response, token: str, *, secure: bool) -> None:
    """Give the browser its session: closed to scripts, sent only to us, and not along with other sites' forms."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def is_secure() -> bool:
    """Return whether cookies are for https only."""
    return resources().settings.app_url.startswith("https://")
