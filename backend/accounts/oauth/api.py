"""`/v1/auth/oauth`: the browser goes to Google or GitHub, comes back, and is signed in or has the account linked."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from backend.accounts.linked.service import account_of_identity, add_identity
from backend.accounts.oauth.errors import OAuthFailedError, ProviderDownError, Reason
from backend.accounts.oauth.service import begin_trip, find_trip, identity_of_return
from backend.accounts.oauth.trips import Trip
from backend.accounts.sign_in.completion_api import complete_sign_in
from backend.accounts.sign_in.places import SIGN_IN_PAGE, place_after
from backend.api.auth import client_ip, public, take_from_limit
from backend.api.browser_cookie import browser_of, keep_browser
from backend.api.failures import STORE_ERRORS
from backend.api.resources import resources
from backend.core.browser import new_browser_handle
from backend.core.errors import ConflictError, ForbiddenError, PremiumError, RateLimitError
from backend.core.logging import get_logger

router = APIRouter(prefix="/v1/auth/oauth", tags=["Sign-in"])
SECURITY_PAGE = "/settings/security/"
_SEE = {303: {"description": "To the provider, to where the sign-in was for, or back with `error=`"}}
log = get_logger(__name__)


async def _limited(request: Request) -> None:
    held = resources()
    per_minute = held.settings.sign_in_requests_per_minute
    await take_from_limit(request, per_minute, "oauth", client_ip(request, held.settings))


@router.get("/{provider}/start", status_code=303, response_class=RedirectResponse, responses={**_SEE})
@public("signing in begins here")
async def start(request: Request, provider: str, next_path: Annotated[str, Query(alias="next")] = "") -> Response:
    """Send the browser to `google` or `github`; afterwards it is signed in at `next`, a path of this site.

    On failure it goes back to `/sign-in?error=oauth_…`.
    """
    held = resources()
    target = place_after(request.headers.get("referer"), next_path)
    browser = browser_of(request) or new_browser_handle()
    try:
        await _limited(request)
        url = await begin_trip(held.redis, held.settings, provider, browser=browser, next_path=target, user_id=None)
    except (PremiumError, *STORE_ERRORS) as error:
        return _back(_reason(error), SIGN_IN_PAGE, target)
    response = RedirectResponse(url, status_code=303)
    keep_browser(response, browser, held.settings)
    return response


@router.get("/{provider}/callback", status_code=303, response_class=RedirectResponse, responses={**_SEE})
@public("signing in ends here, bound to the browser that began it")
async def come_back(
    request: Request, provider: str, state: str = "", code: str = "", error: str = "", iss: str | None = None
) -> Response:
    """Take the provider's answer: sign the browser in, or link the account for whom it was begun."""
    held = resources()
    page, target = SIGN_IN_PAGE, "/"
    try:
        await _limited(request)
        trip = await find_trip(held.redis, provider, state, browser_of(request))
        page, target = (SECURITY_PAGE if trip.user_id else SIGN_IN_PAGE), trip.next_path
        proven = await identity_of_return(held.settings, trip, code=code, error=error, issuer=iss)
        if trip.user_id is not None:
            return await _link(request, trip, proven)
        async with held.database.unit_of_work() as session:
            user = await account_of_identity(session, proven)
        return (await complete_sign_in(request, user, way=provider, next_path=target)).redirect()
    except (PremiumError, *STORE_ERRORS) as failure:
        return _back(_reason(failure), page, target)


async def _link(request: Request, trip: Trip, proven: Any) -> Response:
    """Link for who began it, if that is who is still signed in here. Raises OAuthFailedError, ConflictError."""
    held = resources()
    user = await held.identities.of_cookie(request.headers.get("cookie"))
    if user is None or user.id != trip.user_id:
        raise OAuthFailedError("session", "somebody else is signed in by now")
    async with held.database.unit_of_work(user.id) as session:
        await add_identity(session, user.id, proven)
    return RedirectResponse(f"{SECURITY_PAGE}?{urlencode({'linked': proven.provider})}", status_code=303)


def _reason(error: Exception) -> Reason:
    if isinstance(error, OAuthFailedError | ProviderDownError):
        return error.reason
    if isinstance(error, RateLimitError):
        return "throttled"
    if isinstance(error, ConflictError):
        return "taken"
    if isinstance(error, ForbiddenError):
        return "unconfirmed"
    log.warning("sign-in through another provider failed", error=type(error).__name__)
    return "unavailable"


def _back(reason: Reason, page: str, target: str) -> Response:
    query = {"error": f"oauth_{reason}"}
    if page == SIGN_IN_PAGE and target != "/":
        query["next"] = target
    return RedirectResponse(f"{page}?{urlencode(query)}", status_code=303)
