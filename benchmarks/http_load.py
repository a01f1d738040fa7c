"""A load generator that costs little beside what it measures: raw sockets, requests made beforehand, kept alive."""

import asyncio
import time
from collections.abc import Sequence


class LoadError(Exception):
    """The server answered something else than 200."""


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> float:
    """Send one request, read its whole answer, and return how long that took in ms. Raises LoadError."""
    started = time.perf_counter()
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    at = lower.index(b"content-length:") + 15
    body = await reader.readexactly(int(lower[at : lower.index(b"\r\n", at)]))
    if not head.startswith(b"HTTP/1.1 200"):
        raise LoadError(f"{head.splitlines()[0].decode()} {body[:300].decode(errors='replace')}")
    return (time.perf_counter() - started) * 1e3


async def closed_loop(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> list[float]:
    """Ask on so many connections, each with its next request as soon as it has its answer; return every time in ms."""
    times: list[float] = []
    deadline = time.perf_counter() + seconds

    async def one(start: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        n = start
        while time.perf_counter() < deadline:
            times.append(await ask(reader, writer, requests[n % len(requests)]))
            n += connections
        writer.close()

    await asyncio.gather(*(one(n) for n in range(connections)))
    return times


def get(path: str, **headers: str) -> bytes:
    """Return a GET request."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
