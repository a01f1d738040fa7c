"""Who is asking: a bearer token or the session cookie; and how much they may ask."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.requests import HTTPConnection

from backend.accounts.service import SESSION_COOKIE, CurrentUser
from backend.api.limits import ANONYMOUS_PER_MINUTE, REQUESTS_PER_MINUTE
from backend.api.resources import Resources, resources
from backend.core.errors import ForbiddenError, RateLimitError, UnauthorizedError
from backend.core.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS = {"http": 80, "https": 443}

# Only for the OpenAPI description; what counts is read below.
_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="The access token of POST /v1/auth/token")
_cookie = APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="The session of a signed-in browser")


def client_ip(connection: HTTPConnection, settings: Settings) -> str:
    """Return the caller's address: the socket's, or what the configured number of trusted proxies reported."""
    hops = settings.trusted_proxy_hops
    if hops > 0:
        forwarded = [part.strip() for part in ",".join(connection.headers.getlist("x-forwarded-for")).split(",")]
        if len(forwarded) >= hops and forwarded[-hops]:
            return forwarded[-hops][:45]
    return connection.client.host if connection.client else "unknown"


def is_same_site(connection: HTTPConnection, settings: Settings) -> bool:
    """Return whether the browser says that the request came from a page of ours (`Origin`, else `Referer`)."""
    claimed = connection.headers.get("origin") or connection.headers.get("referer") or ""
    origin = _origin(claimed)
    if origin is None:
        return False
    allowed = {_origin(url) for url in (settings.app_url, *settings.cors_origins)}
    scheme = {"ws": "http", "wss": "https"}.get(connection.url.scheme, connection.url.scheme)
    own = _origin(f"{scheme}://{connection.headers.get('host', '')}")
    # Behind a TLS proxy our own scheme reads http while the page's is https; the host an attacker cannot choose.
    return origin in allowed or (own is not None and origin[1] == own[1] and origin[2] in (own[2], 443))


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname.lower(), port) if parts.hostname else None


def bearer_token(connection: HTTPConnection) -> str | None:
    """Return the token of an `Authorization: Bearer` header, or None."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


async def identify(connection: HTTPConnection, held: Resources) -> CurrentUser | None:
    """Return who is asking, or None for nobody. Raises UnauthorizedError on a bad token.

    A token wins over a cookie; a request that changes something by cookie must come from a page of ours, else
    ForbiddenError.
    """
    if token := bearer_token(connection):
        return (await held.identities.of_access_token(token, held.settings))[0]
    user = await held.identities.of_cookie(connection.headers.get("cookie"))
    method = connection.scope.get("method", "GET")
    if user is not None and method not in SAFE_METHODS and not is_same_site(connection, held.settings):
        raise ForbiddenError("The request came from another site.")
    return user


async def take_from_limit(request: Request, per_minute: int, *names: str) -> None:
    """Count the request under `names`; the answer gets the `X-RateLimit-*` headers. Raises RateLimitError."""
    verdict = await resources().limiter.hit(per_minute, *names)
    request.state.extra_headers = verdict.headers
    if not verdict.allowed:
        wait = max(1, verdict.reset_seconds)
        raise RateLimitError(f"Too many requests. Try again in {wait} seconds.", {"retryAfter": wait})


async def limited_by_address(request: Request) -> None:
    """Dependency of routes that need nobody signed in."""
    held = resources()
    await take_from_limit(request, ANONYMOUS_PER_MINUTE, "ip", client_ip(request, held.settings))


async def current_user(
    request: Request, _token: Annotated[object, Depends(_bearer)], _session: Annotated[object, Depends(_cookie)]
) -> CurrentUser:
    """Return the signed-in user, counted against the plan's limit. Raises UnauthorizedError, RateLimitError."""
    held = resources()
    try:
        user = await identify(request, held)
        if user is None:
            raise UnauthorizedError("Sign in to do this.")
    except UnauthorizedError:
        await limited_by_address(request)
        raise
    await take_from_limit(request, REQUESTS_PER_MINUTE[user.tier], "user", str(user.id))
    return user


SignedIn = Annotated[CurrentUser, Depends(current_user)]
