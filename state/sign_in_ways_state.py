"""The other ways to sign in: which are offered here, and what to say when one did not work."""

import reflex as rx

from backend.accounts.service import OAUTH_REASONS, configured_providers
from backend.api.resources import resources
from components.i18n import t


def oauth_problem(code: str) -> str:
    """Return the words for the `error=` with which the browser came back from another provider; empty for others."""
    reason = code.removeprefix("oauth_")
    return t(f"linked.problem.{reason}") if code.startswith("oauth_") and reason in OAUTH_REASONS else ""


class SignInWaysState(rx.State):
    """What the sign-in page offers besides the password."""

    google: bool = False
    github: bool = False

    @rx.event
    async def load(self) -> None:
        """Look which providers are configured."""
        offered = configured_providers(resources().settings)
        self.google, self.github = "google" in offered, "github" in offered
