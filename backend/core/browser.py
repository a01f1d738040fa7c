"""The handle that ties what one browser began (a nonce, a trip to another provider) to that browser's return."""

import hashlib
import re

from backend.core.ids import new_token

BROWSER_COOKIE = "premium_browser"
BROWSER_SECONDS = 900
_HANDLE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def browser_handle(cookie: str | None) -> str | None:
    """Return the handle a cookie's value is, None when it is none of ours."""
    return cookie if cookie and _HANDLE.fullmatch(cookie) else None


def new_browser_handle() -> str:
    """Return a fresh handle."""
    return new_token()


def browser_mark(handle: str) -> str:
    """Return what is kept of a handle on the server: enough to compare, not enough to pretend."""
    return hashlib.sha256(handle.encode()).hexdigest()
