"""The product's API for `benchmarks.accounts`, with two routes more: one does nothing, one asks who it is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from backend.api.app import create_app, edge
from backend.api.auth import SignedIn
from backend.api.resources import resources_lifespan
from backend.core.logging import configure_logging


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    configure_logging("bench", "WARNING")
    async with resources_lifespan():
        yield


async def _empty() -> dict[str, bool]:
    return {"ok": True}


async def _signed_in(user: SignedIn) -> dict[str, bool]:
    return {"ok": bool(user)}


_api = create_app()
_api.router.lifespan_context = _lifespan
_api.add_api_route("/bench/empty", _empty)
_api.add_api_route("/bench/signed-in", _signed_in)
app = edge(_api)
