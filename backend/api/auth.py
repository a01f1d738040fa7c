"""Who is asking: an access token, an API key or the session cookie; and how much they may ask."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBearer, SecurityScopes
from starlette.requests import HTTPConnection

from backend.accounts.api_keys import KEY_MARK, LiveKey, Scope, check_scope, prove_key
from backend.accounts.service import SESSION_COOKIE, CurrentUser
from backend.api.limits import ANONYMOUS_PER_MINUTE, REQUESTS_PER_MINUTE, Allowance
from backend.api.resources import Resources, resources
from backend.core.errors import ForbiddenError, RateLimitError, UnauthorizedError
from backend.core.origin import came_with_key
from backend.core.settings import Settings

PUBLIC_MARK = "_public_because"
F = TypeVar("F", bound=Callable[..., Any])
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS = {"http": 80, "https": 443}

# Only for the OpenAPI description; what counts is read below.
_bearer = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    description="The access token of POST /v1/auth/token, or an API key where the route names a scope",
)
_api_key = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key that has the scope the route names")
_cookie = APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="The session of a signed-in browser")


def public(why: str) -> Callable[[F], F]:
    """Mark a route that needs nobody signed in, and say why; every other route must ask who is asking."""

    def mark(endpoint: F) -> F:
        setattr(endpoint, PUBLIC_MARK, why)
        return endpoint

    return mark


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


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, and the API key they came with (None: a person, by token or cookie)."""

    user: CurrentUser
    key: LiveKey | None = None


def api_key(connection: HTTPConnection) -> str | None:
    """Return the API key of an `X-API-Key` or `Authorization: Bearer pk_live_…` header, or None."""
    if sent := connection.headers.get("x-api-key", "").strip():
        return sent
    token = bearer_token(connection) or ""
    return token if token.startswith(KEY_MARK) else None


async def identify(connection: HTTPConnection, held: Resources) -> Caller | None:
    """Return who is asking, or None for nobody. Raises UnauthorizedError on a bad key or token.

    A key or token wins over a cookie; a request that changes something by cookie must come from a page of ours, else
    ForbiddenError.
    """
    if secret := api_key(connection):
        key = await prove_key(held.database, secret)
        return Caller(key.user, key)
    if token := bearer_token(connection):
        return Caller((await held.identities.of_access_token(token))[0])
    user = await held.identities.of_cookie(connection.headers.get("cookie"))
    method = connection.scope.get("method", "GET")
    if user is not None and method not in SAFE_METHODS and not is_same_site(connection, held.settings):
        raise ForbiddenError("The request came from another site.")
    return Caller(user) if user is not None else None


async def take_from_limit(request: Request, per_minute: int, *names: str) -> None:
    """Count the request under `names`; the answer gets the `X-RateLimit-*` headers. Raises RateLimitError."""
    await take_from_limits(request, Allowance(per_minute, names))


async def take_from_limits(request: Request, *allowances: Allowance) -> None:
    """Count the request under every name; the headers tell of the tightest. Raises RateLimitError."""
    verdict = await resources().limiter.hit_all(*allowances)
    request.state.extra_headers = verdict.headers
    if not verdict.allowed:
        wait = max(1, verdict.reset_seconds)
        raise RateLimitError(f"Too many requests. Try again in {wait} seconds.", {"retryAfter": wait})


def _allowances(caller: Caller) -> list[Allowance]:
    """Return what a request counts against: the account's limit, and with a key the key's own as well."""
    per_minute = REQUESTS_PER_MINUTE[caller.user.tier]
    allowances = [Allowance(per_minute, ("user", str(caller.user.id)))]
    if caller.key is not None:
        own = min(caller.key.requests_per_minute or per_minute, per_minute)
        allowances.append(Allowance(own, ("key", str(caller.key.id))))
    return allowances


async def limited_by_address(request: Request) -> None:
    """Dependency of routes that need nobody signed in."""
    held = resources()
    await take_from_limit(request, ANONYMOUS_PER_MINUTE, "ip", client_ip(request, held.settings))


async def current_user(
    request: Request,
    scopes: SecurityScopes,
    _token: Annotated[object, Depends(_bearer)],
    _session: Annotated[object, Depends(_cookie)],
    _key: Annotated[object, Depends(_api_key)],
) -> CurrentUser:
    """Return the signed-in user, counted against the plan's limit. Raises UnauthorizedError, RateLimitError.

    An API key passes only where the route names a scope, and the key has it: else ForbiddenError, or TierLimitError
    when the plan has no keys any more.
    """
    held = resources()
    try:
        caller = await identify(request, held)
        if caller is None:
            raise UnauthorizedError("Sign in to do this.")
    except UnauthorizedError:
        await limited_by_address(request)
        raise
    await take_from_limits(request, *_allowances(caller))
    if caller.key is not None:
        check_scope(caller.key, scopes.scopes)
        came_with_key(caller.key.prefix)
    return caller.user


# For people only.
SignedIn = Annotated[CurrentUser, Depends(current_user)]
# For people, and for keys that have the scope.
ReadsAlerts = Annotated[CurrentUser, Security(current_user, scopes=[Scope.READ_ALERTS.value])]
WritesAlerts = Annotated[CurrentUser, Security(current_user, scopes=[Scope.WRITE_ALERTS.value])]
ReadsMarket = Annotated[CurrentUser, Security(current_user, scopes=[Scope.READ_MARKET.value])]
ReadsPortfolio = Annotated[CurrentUser, Security(current_user, scopes=[Scope.READ_PORTFOLIO.value])]
ReadsSubscriptions = Annotated[CurrentUser, Security(current_user, scopes=[Scope.READ_SUBSCRIPTIONS.value])]
ReadsTax = Annotated[CurrentUser, Security(current_user, scopes=[Scope.READ_TAX.value])]
WritesTax = Annotated[CurrentUser, Security(current_user, scopes=[Scope.WRITE_TAX.value])]
