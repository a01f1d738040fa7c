"""How we talk to a provider: bounded in time and size, once more for reads, and not at all while it is down."""

import asyncio
import random
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from backend.accounts.oauth.errors import OAuthFailedError, ProviderDownError
from backend.chain.rpc.breaker import Breaker
from backend.core.logging import get_logger

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Authlib would rather have httpx2, which Reflex does not bring along
    from authlib.integrations.base_client.errors import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client

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


@asynccontextmanager
async def provider_client(key: str, **options: Any) -> AsyncIterator[AsyncOAuth2Client]:
    """Open an Authlib client to the provider known to the circuit breaker as `key`.

    Inside, whatever goes wrong on the way becomes ProviderDownError, an OAuth error object OAuthFailedError.
    """
    breaker = _breakers.setdefault(key, Breaker())
    if not breaker.try_enter():
        raise ProviderDownError("it failed a moment ago")
    client = AsyncOAuth2Client(
        transport=_BoundedTransport(),
        timeout=httpx.Timeout(CALL_SECONDS),
        headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "premium"},
        follow_redirects=False,
        trust_env=False,
        **options,
    )
    try:
        async with asyncio.timeout(TRIP_SECONDS), client:
            yield client
    except (httpx.HTTPError, TimeoutError, ProviderDownError, OSError) as error:
        breaker.failed()
        log.warning("sign-in provider does not answer", provider=key, error=type(error).__name__)
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


async def read_json(client: AsyncOAuth2Client, url: str, **options: Any) -> Any:
    """Return the JSON at a URL of the provider, asking a second time when the first went wrong.

    Raises ProviderDownError, httpx.HTTPError.
    """
    for last in (False, True):
        try:
            answer = await client.get(url, **options)
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
