"""The cookie that ties what a browser began (a nonce, a trip to another provider) to its return."""

from fastapi import Request, Response

from backend.core.browser import BROWSER_COOKIE, BROWSER_SECONDS, browser_handle
from backend.core.settings import Settings


def browser_of(request: Request) -> str | None:
    """Return the handle that the request's browser holds, None when it holds none of ours."""
    return browser_handle(request.cookies.get(BROWSER_COOKIE))


def keep_browser(response: Response, handle: str, settings: Settings) -> None:
    """Have the browser hold the handle for BROWSER_SECONDS from now. (Lax: it comes along on the way back to us.)"""
    response.set_cookie(
        BROWSER_COOKIE,
        handle,
        max_age=BROWSER_SECONDS,
        path="/",
        secure=settings.app_url.startswith("https://"),
        httponly=True,
        samesite="lax",
    )
