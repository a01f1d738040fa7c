"""The sign-in page: why it did not work, where to go afterwards, and the demo account where there is one."""

from typing import Any

import reflex as rx

from backend.api.resources import resources
from components.i18n import t
from state.guard import user_of
from state.sign_in_ways_state import oauth_problem

_ERRORS = ("credentials", "throttled", "origin", "unavailable", "code", "expired")
_NOTICES = ("verified", "reset", "signed_up")


def safe_next(path: str) -> str:
    """Return `path` when it is an address on this site, else the overview's."""
    is_local = path.startswith("/") and not path.startswith(("//", "/\\", "/sign-in"))
    return path if is_local and path.isprintable() else "/"


class SignInState(rx.State):
    """What the sign-in page shows."""

    error: str = ""
    notice: str = ""
    asks_code: bool = False
    next_path: str = ""  # unknown until the page has loaded: the server then reads the page's address
    demo_email: str = ""
    demo_password: str = ""

    @rx.event
    async def load(self) -> Any:
        """Read the address; somebody who is signed in goes on."""
        query = self.router.url.query_parameters
        self.next_path = safe_next(query.get("next", "/"))
        code = query.get("error", "")
        said = oauth_problem(code) or t(f"sign_in.error.{code if code in _ERRORS else 'other'}")
        self.error = said if code else ""
        notice = query.get("notice", "")
        self.notice = t(f"sign_in.notice.{notice}") if notice in _NOTICES else ""
        self.asks_code = query.get("step", "") == "code"
        settings = resources().settings
        if settings.environment == "demo":
            # The demo account's password is published in the README; no other password ever enters a state.
            self.demo_email = settings.demo_email
            self.demo_password = settings.demo_password.get_secret_value()
        return rx.redirect(self.next_path) if await user_of(self) else None
