"""The one way out over HTTP for what users ask us to call: public addresses only, bounded in time and size.

The address is checked when the socket is made, after every look-up: a name that resolves to a public address once and
to a private one later (DNS rebinding), an IP literal in any spelling, and every entry of a mixed answer meet the same
check. Proxies of the environment are not used, since they would connect in our place.
"""

import asyncio
import errno
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from backend.core.destinations import is_public
from backend.core.errors import RemoteError

MAX_ANSWER_BYTES = 16 * 1024
_CONNECT_SECONDS = 10.0
_CONTENT_SECONDS = 1.0
_LOOKUP_THREADS = 32


class NotPublicError(OSError):
    """The address a socket was about to be made for is not public."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, "the address is not public")


class NoAnswerError(RemoteError):
    """There was no answer. `maybe_sent`: the connection stood, so the request may have been read all the same."""

    def __init__(self, message: str, *, maybe_sent: bool) -> None:
        super().__init__(message)
        self.maybe_sent = maybe_sent


@dataclass(frozen=True, slots=True)
class Answer:
    """Status of an answer, and how long it asked us to wait (None: it did not); headers and body if they were kept."""

    status: int
    retry_after_seconds: float | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class _Resolver(AbstractResolver):
    """Looks names up in threads of its own, so that a dead name server stalls nobody else's threads."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKUP_THREADS, thread_name_prefix="lookup")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name. Raises OSError when there are none."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
        )
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=int(address[1]), family=kind, proto=proto, flags=flags
            )
            for kind, _, proto, _, address in found
        ]

    async def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _public_socket(info: Any) -> socket.socket:
    family, kind, proto, _, address = info
    if not is_public(str(address[0])):
        raise NotPublicError
    return socket.socket(family=family, type=kind, proto=proto)


class OutgoingHttp:
    """A client for destinations that users named. Open it inside the process that uses it."""

    def __init__(
        self,
        *,
        timeout_seconds: float,
        allow_private: bool = False,
        resolver: AbstractResolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds, connect=min(_CONNECT_SECONDS, timeout_seconds))
        self._allow_private = allow_private
        self._resolver = resolver or _Resolver()
        self._ssl_context = ssl_context
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "OutgoingHttp":
        """Open the connection pool."""
        connector = aiohttp.TCPConnector(
            resolver=self._resolver,
            socket_factory=None if self._allow_private else _public_socket,
            ssl=self._ssl_context or True,
            limit=0,
            ttl_dns_cache=10,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            trust_env=False,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
        await self._resolver.close()

    async def post(self, url: str, body: bytes, headers: dict[str, str], *, keep_bytes: int = 0) -> Answer:
        """Send `body` once, see `request`."""
        return await self.request("POST", url, body, headers, keep_bytes=keep_bytes)

    async def request(
        self,
        method: str,
        url: str,
        body: bytes,
        headers: dict[str, str],
        *,
        keep_bytes: int = 0,
        timeout_seconds: float | None = None,
    ) -> Answer:
        """Ask once and return the answer's status; redirects are not followed.

        Headers and the first `keep_bytes` of the content are kept, the rest is thrown away. Raises NoAnswerError (a
        RemoteError), in words fit for the user, when there is no answer.
        """
        assert self._session is not None, "open the client first"
        seconds = timeout_seconds or self._timeout.total or 0
        timeout = aiohttp.ClientTimeout(total=seconds, connect=min(_CONNECT_SECONDS, seconds))
        try:
            async with self._session.request(
                method, url, data=body, headers=headers, allow_redirects=False, timeout=timeout
            ) as response:
                kept = await _read_some(response, keep_bytes)
                wait = _seconds(response.headers.get("Retry-After"))
                return Answer(response.status, wait, tuple(response.headers.items()) if keep_bytes else (), kept)
        except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            raise NoAnswerError(_reason(error, seconds), maybe_sent=_may_have_left(error)) from error


async def _read_some(response: aiohttp.ClientResponse, keep_bytes: int) -> bytes:
    """Read a short answer to its end, so that the connection can be used again; break a long or slow one off.

    Returns its first `keep_bytes`.
    """
    kept = b""
    try:
        async with asyncio.timeout(_CONTENT_SECONDS):
            while response.content.total_bytes <= max(MAX_ANSWER_BYTES, keep_bytes):
                part = await response.content.readany()
                if not part:
                    return kept
                if len(kept) < keep_bytes:
                    kept = (kept + part)[:keep_bytes]
    except (aiohttp.ClientError, OSError):  # TimeoutError is an OSError
        pass
    response.close()
    return kept


def _may_have_left(error: Exception) -> bool:
    """Return whether a connection stood when it went wrong."""
    not_connected = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL, ValueError)
    return not isinstance(error, not_connected) and not isinstance(error, NotPublicError)


def _reason(error: Exception, timeout_seconds: float) -> str:
    """Return why there was no answer, without anything of our inside."""
    cause: BaseException | None = getattr(error, "os_error", error)
    if isinstance(cause, NotPublicError) or "address is not public" in str(cause):
        return "The address is not public, so nothing was sent."
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "The receiver's TLS certificate is not valid for this name."
    if isinstance(error, TimeoutError | aiohttp.ServerTimeoutError):
        return f"No answer within {timeout_seconds:g} seconds."
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "The receiver's name cannot be found."
    if isinstance(error, aiohttp.ClientConnectorError):
        return "No connection to the receiver."
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return "The address is not valid."
    return "The receiver broke the connection off."


def _seconds(value: str | None) -> float | None:
    return float(value) if value and value.isascii() and value.isdigit() and len(value) < 7 else None
