"""Serves the API over a real socket, inside the test's event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from fastapi import FastAPI
from granian.constants import Interfaces
from granian.server.embed import Server

from backend.api.app import create_app, edge
from backend.api.resources import start_resources, stop_resources
from backend.core.settings import Settings
from backend.embedded.ports import free_port


@cache
def application() -> FastAPI:
    """The application, one for all tests of a process: it puts its routes together at the first request (0.3 s)."""
    return create_app()


@asynccontextmanager
async def api_server(settings: Settings) -> AsyncIterator[str]:
    """Yield the address of an API server that uses `settings`."""
    await start_resources(settings)
    port = free_port()
    server = Server(edge(application()), address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
    task = asyncio.create_task(server.serve())
    try:
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
        await asyncio.gather(task, return_exceptions=True)
        await stop_resources()
