"""The web process of the soak: the API on granian, without the pages (they need a front end that is built)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from backend.api.app import create_app, edge
from backend.api.resources import resources_lifespan
from backend.core.logging import configure_logging


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    configure_logging("web")
    async with resources_lifespan():
        yield


_api = create_app()
_api.router.lifespan_context = _lifespan
app = edge(_api)
