"""One family of errors that every edge (REST, page, job) knows how to show.

Domain errors are small subclasses beside their service. `message` is written for the user and says what to do.
"""

from typing import Any

from backend.core.logging import mask_text


class PremiumError(Exception):
    """Base: carries an HTTP status, a stable code, a message for the user and details by field."""

    status_code = 500
    code = "INTERNAL_ERROR"

    def __init__(self, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details or {}


class InvalidInputError(PremiumError):
    """The input cannot be accepted; `details` maps field names to messages."""

    status_code = 422
    code = "INVALID_INPUT"


class UnauthorizedError(PremiumError):
    """Nobody is signed in, or the credentials are wrong."""

    status_code = 401
    code = "UNAUTHORIZED"


class ForbiddenError(PremiumError):
    """The signed-in user may not do this."""

    status_code = 403
    code = "FORBIDDEN"


class NotFoundError(PremiumError):
    """There is no such thing for this user."""

    status_code = 404
    code = "NOT_FOUND"


class ConflictError(PremiumError):
    """The thing was changed meanwhile, or exists already."""

    status_code = 409
    code = "CONFLICT"


class TierLimitError(PremiumError):
    """The user's plan does not allow more of this."""

    status_code = 403
    code = "TIER_LIMIT_REACHED"


class RateLimitError(PremiumError):
    """Too many requests; `details["retryAfter"]` is in seconds."""

    status_code = 429
    code = "RATE_LIMIT_EXCEEDED"


class UnavailableError(PremiumError):
    """Something we depend on does not answer right now."""

    status_code = 503
    code = "UNAVAILABLE"


class RemoteError(PremiumError):
    """A remote party answered with an error, garbage, or not at all."""

    status_code = 502
    code = "REMOTE_ERROR"


def error_text(error: BaseException) -> str:
    """Return an error in one line that is fit to be kept: no parameters of statements, no passwords."""
    first_line = next(iter(str(error).splitlines()), "")
    return mask_text(f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__)[:500]
