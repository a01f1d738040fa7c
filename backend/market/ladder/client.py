"""One source on the web: a keep-alive session with timeout, retries, circuit, rate limit and metrics.

What a source did wrong is an error of `problems`; what it sent goes through `parse`, and a parser that refuses it
counts as the source's failure. A refusal or a 429 is not tried again: after a 429 it rests as long as it asked.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import aiohttp
from aiolimiter import AsyncLimiter

from backend.core import telemetry
from backend.core.breaker import Breaker, BreakerState
from backend.core.logging import get_logger
from backend.market.ladder.problems import (
    SourceError,
    SourceGarbageError,
    SourceRefusedError,
    SourceRestingError,
    SourceThrottledError,
    SourceTimeoutError,
    SourceUnreachableError,
)

T = TypeVar("T")
BACKOFF_SECONDS = (0.25, 0.5)
THROTTLE_SECONDS = 30.0
LONGEST_THROTTLE_SECONDS = 3_600.0
KEY_REFUSED_SECONDS = 300.0
LIMIT_WAIT_SECONDS = 2.0
MAX_BODY_BYTES = 8 * 1024 * 1024
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source is, and how often it may be asked. `headers` may hold a key: they are never logged."""

    name: str
    url: str
    requests_per_minute: float
    timeout_seconds: float
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    max_body_bytes: int = MAX_BODY_BYTES


class SourceClient:
    """Asks one source. Use it inside one event loop, and close it."""

    def __init__(self, place: Place, breaker: Breaker | None = None) -> None:
        self.place = place
        self.breaker = breaker or Breaker(longest_seconds=60.0)
        self._limiter = AsyncLimiter(max(1.0, place.requests_per_minute), 60.0)
        self._session: aiohttp.ClientSession | None = None
        self._random = random.Random()  # noqa: S311 - jitter, nothing secret

    async def get(self, path: str, params: Mapping[str, str], parse: Callable[[bytes], T]) -> T:
        """Return `parse(body)` of the answer at a path below the source's URL. Raises SourceError."""
        for delay in (*BACKOFF_SECONDS, None):
            try:
                return await self._once(path, params, parse)
            except (SourceTimeoutError, SourceUnreachableError, SourceGarbageError):
                if delay is None or self.breaker.state is not BreakerState.CLOSED:
                    raise
            await asyncio.sleep(delay * self._random.uniform(1.0, 1.5))
        raise AssertionError("the last try returns or raises")

    async def _once(self, path: str, params: Mapping[str, str], parse: Callable[[bytes], T]) -> T:
        if not self.breaker.try_enter():
            self._count(SourceRestingError.outcome, None)
            raise SourceRestingError(f"it failed a moment ago; asked again in {self.breaker.reopens_in_seconds:.0f} s")
        started = time.perf_counter()
        outcome = "cancelled"
        try:
            await self._take_turn()
            started = time.perf_counter()
            value = parse(await self._fetch(path, params))
            outcome = "ok"
        except SourceError as error:
            outcome = error.outcome
            self._rejected(error)
            raise
        except BaseException:
            self.breaker.abandoned()
            raise
        else:
            self.breaker.succeeded()
            return value
        finally:
            self._count(outcome, time.perf_counter() - started)

    async def _take_turn(self) -> None:
        try:
            async with asyncio.timeout(LIMIT_WAIT_SECONDS):
                await self._limiter.acquire()
        except TimeoutError:
            raise SourceThrottledError("our own limit for it is used up", 0.0) from None

    async def _fetch(self, path: str, params: Mapping[str, str]) -> bytes:
        place = self.place
        if self._session is None or self._session.closed:
            headers = {
                "Accept": "application/json, text/csv;q=0.9, */*;q=0.1",
                "User-Agent": "premium",
                **place.headers,
            }
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=8, keepalive_timeout=60),
                headers=headers,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        timeout = aiohttp.ClientTimeout(total=place.timeout_seconds, sock_connect=min(3.0, place.timeout_seconds))
        try:
            async with self._session.get(
                place.url.rstrip("/") + path, params=params, timeout=timeout, allow_redirects=False
            ) as response:
                _check_status(response)
                return await self._read(response)
        except TimeoutError:
            raise SourceTimeoutError(f"no answer within {place.timeout_seconds:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise SourceUnreachableError(f"connection failed: {type(error).__name__}") from None

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        chunks, size = [], 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self.place.max_body_bytes:
                response.close()
                raise SourceGarbageError(f"the answer is larger than {self.place.max_body_bytes} bytes")
            chunks.append(chunk)
        return b"".join(chunks)

    def _rejected(self, error: SourceError) -> None:
        """Decide for how long the source is left alone."""
        if isinstance(error, SourceThrottledError):
            if error.retry_after_seconds == 0.0:
                self.breaker.abandoned()
                return
            self.breaker.trip(min(error.retry_after_seconds or THROTTLE_SECONDS, LONGEST_THROTTLE_SECONDS))
        elif isinstance(error, SourceRefusedError) and error.status in (401, 402, 403):
            self.breaker.trip(KEY_REFUSED_SECONDS)
        elif isinstance(error, SourceRefusedError):
            self.breaker.succeeded()
            return
        else:
            self.breaker.failed()
        log.warning(
            "price source failed",
            source=self.place.name,
            outcome=error.outcome,
            reason=error.message[:160],
            breaker=self.breaker.state.value,
        )

    def _count(self, outcome: str, seconds: float | None) -> None:
        name = self.place.name
        if seconds is not None:
            telemetry.price_source_requests.labels(name, outcome).observe(seconds)
        telemetry.price_source_circuit_open.labels(name).set(int(self.breaker.state is not BreakerState.CLOSED))

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def _check_status(response: aiohttp.ClientResponse) -> None:
    status = response.status
    if status == 200:
        return
    if status == 429:
        raise SourceThrottledError("HTTP 429", _retry_after(response.headers.get("Retry-After")))
    if status >= 500:
        raise SourceUnreachableError(f"HTTP {status}")
    raise SourceRefusedError(f"HTTP {status}", status)


def _retry_after(header: str | None) -> float | None:
    """Return the seconds of a Retry-After header in its numeric form (at least one), None for anything else."""
    if header and header.isascii() and header.isdigit() and len(header) < 7:
        return max(1.0, float(header))
    return None
