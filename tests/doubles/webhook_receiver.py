"""A webhook receiver on a real socket that behaves as each path says: /ok, /status/500, /stall, /redirect, /reset, …"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Received:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WebhookReceiver:
    """What came in, in order; `script` answers the next requests to /script with these status codes, then 200."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    script: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    # By path what its next requests are answered: (status, headers, body), or None for no answer at all.
    answers: dict[str, list[tuple[int, dict[str, str], str] | None]] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)  # when each came in, monotonic seconds

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note the request and answer as its path says."""
        body = await request.read()
        self.received.append(Received(request.path, dict(request.headers), body))
        self.times.append(asyncio.get_running_loop().time())
        self.arrived.set()
        if planned := self.answers.get(request.path):
            answer = planned.pop(0)
            if answer is None:
                await asyncio.sleep(3600)
                raise AssertionError("nobody waits so long")
            status, headers, said = answer
            return web.Response(status=status, headers=headers, body=said.encode())
        match request.path.strip("/").split("/"):
            case ["status", code]:
                return web.Response(status=int(code), headers=self.headers, text="no")
            case ["script"]:
                return web.Response(status=self.script.pop(0) if self.script else 200)
            case ["stall"]:
                await asyncio.sleep(3600)
            case ["redirect"]:
                return web.Response(status=302, headers={"Location": f"{self.url}/ok"})
            case ["reset"]:
                transport: Any = request.transport
                transport.abort()
            case ["endless"]:
                response = web.StreamResponse()
                await response.prepare(request)
                while True:
                    await response.write(b"x" * 65536)
            case ["drip"]:
                response = web.StreamResponse()
                await response.prepare(request)
                while True:
                    await response.write(b"x")
                    await asyncio.sleep(0.2)
        return web.Response(text="thanks")

    def of(self, path: str) -> list[Received]:
        """Return what came in at `path`."""
        return [one for one in self.received if one.path == path]


@asynccontextmanager
async def webhook_receiver(port: int = 0) -> AsyncIterator[WebhookReceiver]:
    """Yield a receiver that listens on 127.0.0.1."""
    receiver = WebhookReceiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield receiver
    finally:
        await runner.cleanup()
