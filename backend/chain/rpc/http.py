"""JSON-RPC over HTTP: one keep-alive session, every way of failing turned into a typed error."""

from itertools import count
from typing import Any

import aiohttp

from backend.chain.rpc.errors import RpcGarbageError, RpcThrottledError, RpcTimeoutError, RpcUnreachableError
from backend.chain.rpc.transport import MAX_BODY_BYTES, Request, encode, parse

_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


class HttpTransport:
    """One http(s) URL. Make it inside a running event loop."""

    def __init__(self, url: str, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._url = url
        self._max_body_bytes = max_body_bytes
        self._ids = count(1)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, requests: list[Request], timeout_seconds: float) -> list[Any]:
        """Return for each request its result or its RpcError. Raises RpcError when the round trip as a whole failed."""
        first_id = next(self._ids)
        for _ in requests[1:]:
            next(self._ids)
        body = await self._round_trip(encode(requests, first_id), timeout_seconds)
        return parse(body, first_id, len(requests))

    async def _round_trip(self, payload: bytes, timeout_seconds: float) -> bytes:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=32, keepalive_timeout=60), headers=_HEADERS
            )
        timeout = aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=min(3.0, timeout_seconds))
        try:
            async with self._session.post(self._url, data=payload, timeout=timeout, allow_redirects=False) as response:
                if response.status == 429:
                    raise RpcThrottledError("HTTP 429", _retry_after(response.headers.get("Retry-After")))
                if response.status >= 500:
                    raise RpcUnreachableError(f"HTTP {response.status}")
                body = await self._read(response)
        except TimeoutError:
            raise RpcTimeoutError(f"no answer within {timeout_seconds:g} s") from None
        except aiohttp.ClientError as error:
            raise RpcUnreachableError(f"connection failed: {type(error).__name__}") from None
        if response.status != 200 and body[:1] not in (b"{", b"["):
            raise RpcGarbageError(f"HTTP {response.status} without a JSON body")
        return body

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        chunks, size = [], 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self._max_body_bytes:
                response.close()
                raise RpcGarbageError(f"the answer is larger than {self._max_body_bytes} bytes")
            chunks.append(chunk)
        return b"".join(chunks)

    async def close(self) -> None:
        """Close the keep-alive connections."""
        if self._session is not None:
            await self._session.close()


def _retry_after(header: str | None) -> float | None:
    """Return the seconds of a Retry-After header in its numeric form, None for anything else."""
    try:
        return min(max(float(header), 0.0), 300.0) if header else None
    except ValueError:
        return None
