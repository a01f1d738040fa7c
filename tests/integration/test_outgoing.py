"""Requests to addresses that users name reach the public internet only, whatever a name turns out to be."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from backend.core import http
from backend.core.errors import RemoteError
from backend.core.http import OutgoingHttp


class Names(AbstractResolver):
    """Answers each look-up with the next list of addresses, the last one again and again."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_UNSPEC) -> list[ResolveResult]:
        found = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [
            ResolveResult(
                hostname=host, host=address, port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET, proto=0, flags=0,
            )
            for address in found
        ]  # fmt: skip

    async def close(self) -> None:
        """Nothing is held."""


@asynccontextmanager
async def listening(
    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server on this machine, and what reached it."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(4096))
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], heard
    server.close()


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.7", "169.254.169.254", "192.168.1.1", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
        *("::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "fd00:ec2::254", "fe80::1", "::"),
    ],
)
async def test_a_name_of_a_private_address_is_not_called(address: str) -> None:
    async with listening() as (port, heard), OutgoingHttp(timeout_seconds=2, resolver=Names([address])) as client:
        with pytest.raises(RemoteError, match="not public"):
            await client.post(f"http://rebound.example:{port}/", b"{}", {})
        assert heard == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::1]", "[::ffff:7f00:1]"]
)
async def test_an_address_in_any_spelling_is_not_called(host: str) -> None:
    async with listening() as (port, heard), OutgoingHttp(timeout_seconds=2) as client:
        with pytest.raises(RemoteError):
            await client.post(f"http://{host}:{port}/", b"{}", {})
        assert heard == []


async def test_a_name_that_changes_between_looks_is_checked_at_every_socket() -> None:
    """DNS rebinding: public when the rule was made, private when it fires, and mixed answers in between."""
    names = Names(["127.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["::ffff:127.0.0.1"])
    async with listening() as (port, heard), OutgoingHttp(timeout_seconds=2, resolver=names) as client:
        for number in range(3):
            with pytest.raises(RemoteError, match="not public"):
                await client.post(f"http://rebound{number}.example:{port}/", b"{}", {})
        assert heard == [] and names.asked == 3


async def test_the_same_server_is_reached_where_private_ones_are_allowed() -> None:
    """What the tests above would have reached."""
    async with (
        listening() as (port, heard),
        OutgoingHttp(timeout_seconds=2, resolver=Names(["127.0.0.1"]), allow_private=True) as client,
    ):
        assert (await client.post(f"http://rebound.example:{port}/", b"{}", {})).status == 200
        assert len(heard) == 1


async def test_redirects_are_not_followed() -> None:
    async with listening() as (inner, heard):
        moved = f"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:{inner}/\r\nContent-Length: 0\r\n\r\n".encode()
        async with listening(moved) as (outer, _), OutgoingHttp(timeout_seconds=2, allow_private=True) as client:
            assert (await client.post(f"http://127.0.0.1:{outer}/", b"{}", {})).status == 307
        assert heard == []


async def test_proxies_of_the_environment_do_not_connect_in_our_place(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening() as (port, heard):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        async with OutgoingHttp(timeout_seconds=2, resolver=Names(["10.0.0.1"])) as client:
            with pytest.raises(RemoteError):
                await client.post("http://somewhere.example/", b"{}", {})
        assert heard == []


async def test_an_answer_without_end_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_CONTENT_SECONDS", 0.5)
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 100_000
    async with listening(endless) as (port, _), OutgoingHttp(timeout_seconds=5, allow_private=True) as client:
        async with asyncio.timeout(3):
            assert (await client.post(f"http://127.0.0.1:{port}/", b"{}", {})).status == 200
