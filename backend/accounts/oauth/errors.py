"""Why a trip to another provider did not end well; each reason has its own words on the page."""

from typing import Literal, get_args

from backend.core.errors import UnauthorizedError, UnavailableError

Reason = Literal[
    "state",
    "declined",
    "failed",
    "unavailable",
    "throttled",
    "email_unverified",
    "account_unverified",
    "taken",
    "not_offered",
    "session",
    "unconfirmed",
]
REASONS: tuple[Reason, ...] = get_args(Reason)


class OAuthFailedError(UnauthorizedError):
    """The trip proved nothing; `reason` says why."""

    def __init__(self, reason: Reason, what: str) -> None:
        super().__init__(f"Signing in with the other account did not work: {what}.")
        self.reason: Reason = reason


class ProviderDownError(UnavailableError):
    """The provider does not answer, or with something that is no answer."""

    reason: Reason = "unavailable"

    def __init__(self, what: str) -> None:
        super().__init__(f"The other provider does not answer right now: {what}.")
