"""The form of every answer (section 6.3): `success`, `data` or `error`, and `meta` with time and request id."""

from contextvars import ContextVar
from typing import Any, Generic, Literal, TypeVar

from fastapi.responses import JSONResponse
from pydantic import Field

from backend.core.clock import utc_now
from backend.core.errors import PremiumError
from backend.core.ids import request_id
from backend.core.schemas import ApiModel, Instant

T = TypeVar("T")

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="")


class Meta(ApiModel):
    """When the answer was made and the id under which the logs know the request."""

    timestamp: Instant = Field(default_factory=utc_now)
    request_id: str = Field(default_factory=lambda: current_request_id.get() or request_id())


class Envelope(ApiModel, Generic[T]):
    """A successful answer."""

    success: Literal[True] = True
    data: T
    meta: Meta = Field(default_factory=Meta)


class ErrorBody(ApiModel):
    """What went wrong: a stable code, a sentence for people, and details by field."""

    code: str
    message: str
    details: dict[str, Any] = Field(default_factory=dict)


class ErrorEnvelope(ApiModel):
    """A failed answer."""

    success: Literal[False] = False
    error: ErrorBody
    meta: Meta = Field(default_factory=Meta)


def ok(data: T) -> Envelope[T]:
    """Return `data` in the envelope of a successful answer."""
    return Envelope(data=data)


def error_response(
    status_code: int,
    code: str,
    message: str,
    details: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Return the envelope of a failed answer."""
    body = ErrorEnvelope(error=ErrorBody(code=code, message=message, details=details or {}))
    return JSONResponse(body.model_dump(mode="json", by_alias=True), status_code, headers=headers)


def premium_error_response(error: PremiumError) -> JSONResponse:
    """Return the envelope of one of our errors, with the headers that HTTP wants for it."""
    headers: dict[str, str] = {}
    if error.status_code == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.status_code == 429 and (wait := error.details.get("retryAfter")):
        headers["Retry-After"] = str(wait)
    if error.status_code == 503:
        headers["Retry-After"] = "5"
    return error_response(error.status_code, error.code, error.message, error.details, headers)


_EXAMPLES = {
    400: ("BAD_SIGNATURE", "The signature of this message is not right."),
    401: ("UNAUTHORIZED", "Sign in to do this."),
    403: ("FORBIDDEN", "The request came from another site."),
    404: ("NOT_FOUND", "There is no such alert rule."),
    409: ("CONFLICT", "The rule was changed meanwhile. Load it again."),
    422: ("INVALID_INPUT", "Some values cannot be accepted."),
    429: ("RATE_LIMIT_EXCEEDED", "Too many requests. Try again in 12 seconds."),
    502: ("REMOTE_ERROR", "What was sent in answer cannot be used."),
    503: ("UNAVAILABLE", "The service cannot answer right now. Try again in a moment."),
}


def errors(*status_codes: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of the failures a route may answer."""
    described: dict[int | str, dict[str, Any]] = {}
    for status in status_codes:
        code, message = _EXAMPLES[status]
        example = ErrorEnvelope(
            error=ErrorBody(code=code, message=message),
            meta=Meta(request_id="req_0123456789abcdef", timestamp=utc_now().replace(year=2025)),
        ).model_dump(mode="json", by_alias=True)
        described[status] = {
            "model": ErrorEnvelope,
            "description": message,
            "content": {"application/json": {"example": example}},
        }
    return described


SIGNED_IN_ERRORS = errors(401, 403, 422, 429, 503)
