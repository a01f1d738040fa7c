"""Every failure becomes an envelope: ours as they are, validation by field, anything unexpected without internals."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.responses import JSONResponse, Response
from redis.exceptions import RedisError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from backend.api.envelope import error_response, premium_error_response
from backend.core.errors import PremiumError, UnavailableError
from backend.core.logging import get_logger

log = get_logger(__name__)

# What PostgreSQL and Redis raise when they do not answer.
STORE_ERRORS: tuple[type[Exception], ...] = (OperationalError, InterfaceError, PoolTimeoutError, RedisError)

_HTTP_CODES = {
    400: ("INVALID_INPUT", "The request could not be read."),
    401: ("UNAUTHORIZED", "Sign in to do this."),
    403: ("FORBIDDEN", "This is not allowed."),
    404: ("NOT_FOUND", "There is nothing at this address."),
    405: ("METHOD_NOT_ALLOWED", "This address does not take that method."),
    413: ("PAYLOAD_TOO_LARGE", "The request is too large."),
    415: ("UNSUPPORTED_MEDIA_TYPE", "Send JSON."),
}


def field_messages(errors: Any) -> dict[str, str]:
    """Return messages by field path (`conditions[0].value`) from pydantic's error list; values are not repeated."""
    messages: dict[str, str] = {}
    for error in errors:
        path = ""
        for step in error.get("loc", ())[1:] or error.get("loc", ()):
            path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
        if error.get("type") == "json_invalid":
            path = "body"
        if error.get("type") == "missing" and path != "body":
            error = {**error, "msg": "This is needed."}
        message = str(error.get("msg", "is not valid")).removeprefix("Value error, ")
        messages.setdefault(path[:200] or "body", message[:300])
    return dict(list(messages.items())[:50])


async def _premium(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PremiumError)
    if error.status_code >= 500:
        log.error("request failed", code=error.code, message=error.message)
    return premium_error_response(error)


async def _validation(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    details = field_messages(error.errors())
    return error_response(422, "INVALID_INPUT", "Some values cannot be accepted.", details)


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code in (204, 304) or error.status_code < 400:
        return Response(status_code=error.status_code, headers=headers)
    code, message = _HTTP_CODES.get(error.status_code, ("HTTP_ERROR", "The request could not be answered."))
    return error_response(error.status_code, code, message, headers=headers)


async def _unavailable(_request: Request, error: Exception) -> JSONResponse:
    log.error("a store does not answer", error=type(error).__name__)
    return premium_error_response(UnavailableError("The service cannot answer right now. Try again in a moment."))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("unexpected error", path=request.url.path, exc_info=error)
    return error_response(
        500, "INTERNAL_ERROR", "Something went wrong on our side. Tell us the request id if it keeps happening."
    )


def install_failures(app: FastAPI) -> None:
    """Register the handlers on the application."""
    app.add_exception_handler(PremiumError, _premium)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    for kind in STORE_ERRORS:
        app.add_exception_handler(kind, _unavailable)
    app.add_exception_handler(ResponseValidationError, _unexpected)
    app.add_exception_handler(Exception, _unexpected)
