"""A trip to another provider: where to send the browser, and whom its return proves."""

import hmac
import secrets
from uuid import UUID

from redis.asyncio import Redis

from backend.accounts.linked.schemas import ProvenIdentity
from backend.accounts.oauth import github, google
from backend.accounts.oauth.errors import OAuthFailedError
from backend.accounts.oauth.providers import provider_config
from backend.accounts.oauth.trips import Trip, end_trip, remember_trip
from backend.core.browser import browser_mark
from backend.core.settings import Settings

_MAX_PARAMETER = 2048


async def begin_trip(
    redis: Redis, settings: Settings, provider: str, *, browser: str, next_path: str, user_id: UUID | None
) -> str:
    """Return the provider's address to send this browser to. `user_id`: who wants to link, None to sign in.

    Raises OAuthFailedError, ProviderDownError.
    """
    config = provider_config(settings, provider)
    state = secrets.token_urlsafe(32)
    trip = Trip(
        provider=config.provider,
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        next_path=next_path,
        browser=browser_mark(browser),
        user_id=user_id,
    )
    if config.provider == "google":
        url = await google.authorization_url(config, settings.google_issuer, trip, state)
    else:
        url = await github.authorization_url(config, settings.github_url, trip, state)
    await remember_trip(redis, state, trip)
    return url


async def find_trip(redis: Redis, provider: str, state: str, browser: str | None) -> Trip:
    """Return the trip that this browser comes back from; it cannot come back a second time.

    Raises OAuthFailedError (`state`) when the state is unknown or used, of another browser (login CSRF) or of another
    provider (mix-up).
    """
    trip = await end_trip(redis, state) if 0 < len(state) <= _MAX_PARAMETER else None
    if trip is None or browser is None or not hmac.compare_digest(trip.browser, browser_mark(browser)):
        raise OAuthFailedError("state", "it was begun elsewhere, was used already, or took too long")
    if trip.provider != provider:
        raise OAuthFailedError("state", "another provider answered than was asked")
    return trip


async def identity_of_return(
    settings: Settings, trip: Trip, *, code: str, error: str, issuer: str | None
) -> ProvenIdentity:
    """Return whom the provider's answer proves. `issuer`: the `iss` of the answer (RFC 9207), None when there is none.

    Raises OAuthFailedError, ProviderDownError.
    """
    if error:
        declined = error == "access_denied"
        raise OAuthFailedError("declined" if declined else "failed", "the provider did not agree")
    if not 0 < len(code) <= _MAX_PARAMETER:
        raise OAuthFailedError("failed", "the provider sent no code")
    config = provider_config(settings, trip.provider)
    if config.provider == "google":
        if issuer is not None and issuer != settings.google_issuer:
            raise OAuthFailedError("state", "another provider answered than was asked")
        return await google.identity_of_code(config, settings.google_issuer, trip, code)
    return await github.identity_of_code(config, settings.github_url, settings.github_api_url, trip, code)
