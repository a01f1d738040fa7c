"""What the forms that a browser sends by itself have in common: fields, where they came from, and how they fail."""

from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from backend.accounts.two_factor.errors import WrongCodeError
from backend.api.auth import is_same_site
from backend.api.resources import resources
from backend.core.errors import ForbiddenError, InvalidInputError, PremiumError, RateLimitError, UnauthorizedError


def check_from_our_page(request: Request) -> None:
    """Raise ForbiddenError when a browser says that another site sent this (programs send neither header).

    For whatever sets a cookie without asking for one, such as signing in: else another site could sign a browser in
    to an account of its own.
    """
    if "origin" in request.headers or "referer" in request.headers:
        if not is_same_site(request, resources().settings):
            raise ForbiddenError("The request came from another site.")
    elif request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise ForbiddenError("The request came from another site.")


async def form_of(request: Request) -> FormData:
    """Return the form's fields. Raises InvalidInputError."""
    try:
        return await request.form(max_files=0, max_fields=10)
    except HTTPException:
        raise InvalidInputError("Send the fields of the form.") from None


def text_of(form: FormData, name: str) -> str:
    """Return a field's text, or nothing."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def failure_redirect(page: str, error: Exception, target: str, **more: str) -> RedirectResponse:
    """Return the answer that leads back to the form's page with `error=` and, where to wait, `wait=` seconds."""
    reason = "unavailable"
    if isinstance(error, WrongCodeError):
        reason = "code"
    elif isinstance(error, UnauthorizedError):
        reason = "credentials"
    elif isinstance(error, RateLimitError):
        reason = "throttled"
    elif isinstance(error, ForbiddenError):
        reason = "origin"
    query: dict[str, Any] = {**more, "error": reason}
    if isinstance(error, PremiumError) and (wait := error.details.get("retryAfter")):
        query["wait"] = wait
    if target != "/":
        query["next"] = target
    return RedirectResponse(f"{page}?{urlencode(query)}", status_code=303)
