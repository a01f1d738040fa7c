"""How we talk to a provider: bounded in time and size, once more for reads, and not at all while it is down."""

import asyncio
import random
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from backend.accounts.oauth.errors import OAuthFailedError, ProviderDownError
from backend.accounts.oauth.providers import ProviderConfig
from backend.core.breaker import Breaker
from backend.core.logging import get_logger

with warnings.catch_warnings():
    import authlib.deprecate  # noqa: F401 - it asks for its warnings to be shown always, so it comes first

    warnings.simplefilter("ignore")  # Authlib would rather have httpx2, which Reflex does not bring along
    from authlib.integrations.base_client.errors import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client

OAuthClient = Any  # Authlib's AsyncOAuth2Client, whose base class its types do not know
MAX_ANSWER_BYTES = 256 * 1024
CALL_SECONDS = 5.0
TRIP_SECONDS = 12.0
_breakers: dict[str, Breaker] = {}
log = get_logger(__name__)


class _TooLargeError(httpx.TransportError):
    """The answer is longer than any answer of a provider."""


class _BoundedStream(httpx.AsyncByteStream):
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self._inner:
            seen += len(chunk)
            if seen > MAX_ANSWER_BYTES:
                raise _TooLargeError("the answer is too large")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


class _BoundedTransport(httpx.AsyncHTTPTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise _TooLargeError("the answer is compressed, which we did not ask for")
        response.stream = _BoundedStream(response.stream)
        return response


def oauth_client(config: ProviderConfig, scope: str) -> OAuthClient:
    """Return an Authlib client of the provider: authorization code with PKCE, the secret in the body of what asks."""
    return AsyncOAuth2Client(
        client_id=config.client_id,
        client_secret=config.secret,
        token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method
        scope=scope,
        redirect_uri=config.redirect_uri,
        code_challenge_method="S256",
        transport=_BoundedTransport(),
        timeout=httpx.Timeout(CALL_SECONDS),
        headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "premium"},
        follow_redirects=False,
        trust_env=False,
    )


@asynccontextmanager
async def calling(config: ProviderConfig, scope: str) -> AsyncIterator[OAuthClient]:
    """Open a client to call the provider with; not at all while its circuit breaker is open.

    Inside, whatever goes wrong on the way becomes ProviderDownError, an OAuth error object OAuthFailedError.
    """
    breaker = _breakers.setdefault(config.provider, Breaker())
    if not breaker.try_enter():
        raise ProviderDownError("it failed a moment ago")
    client = oauth_client(config, scope)
    try:
        async with asyncio.timeout(TRIP_SECONDS), client:
            yield client
    except ProviderDownError:
        breaker.failed()
        raise
    except (httpx.HTTPError, TimeoutError, OSError) as error:
        breaker.failed()
        log.warning("sign-in provider does not answer", provider=config.provider, error=type(error).__name__)
        raise ProviderDownError(type(error).__name__) from error
    except OAuthError as error:
        breaker.succeeded()
        raise OAuthFailedError("failed", f"the provider says {str(error.error)[:60]}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:  # such as a token answer that is no JSON object
        breaker.failed()
        raise ProviderDownError("its answer cannot be read") from error
    except BaseException:
        breaker.abandoned()
        raise
    else:
        breaker.succeeded()


async def read_json(client: OAuthClient, url: str, **options: Any) -> Any:
    """Return the JSON at a URL of the provider, asking a second time when the first went wrong.

    Raises ProviderDownError, httpx.HTTPError.
    """
    for last in (False, True):
        try:
            answer = await client.request("GET", url, **options)  # `get` does not take all of the options
            if answer.status_code == 200:
                return answer.json()
            if answer.status_code < 500 or last:
                raise ProviderDownError(f"status {answer.status_code}")
        except (httpx.HTTPError, ValueError):
            if last:
                raise
        await asyncio.sleep(random.uniform(0.1, 0.4))  # noqa: S311 - jitter, nothing secret
    raise AssertionError("the second attempt returns or raises")


def forget_outages() -> None:
    """Trust every provider again (tests only)."""
    _breakers.clear()
