"""`/_health` for whoever restarts and routes, `/metrics` for Prometheus."""

import asyncio
import hmac
import os
from collections.abc import Awaitable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from backend.api.auth import bearer_token, public
from backend.api.resources import Resources, resources
from backend.chain.service import chain_freshness
from backend.core.errors import ForbiddenError
from backend.core.logging import get_logger
from backend.core.settings import Settings

router = APIRouter(tags=["Operations"])
log = get_logger(__name__)
CHECK_SECONDS = 3.0
_LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "via")


async def _ask_redis(held: Resources) -> None:
    await held.redis.execute_command("PING")


async def _checked(name: str, check: Awaitable[Any]) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check
    except Exception as error:
        log.warning("health check failed", part=name, error=type(error).__name__)
        return "down"
    return "ok"


@router.get("/_health", include_in_schema=False)
@public("says up or down, for whoever restarts and routes")
async def health(strict: bool = False) -> JSONResponse:
    """Answer 200 while this process can serve requests, 503 when the database or Redis does not answer.

    A chain that is behind makes the status `degraded`: that is for people to look at, not for a balancer to take every
    web process away. With `?strict=true` it is 503 too.
    """
    held = resources()
    database, redis = await asyncio.gather(
        _checked("database", held.database.ping()), _checked("redis", _ask_redis(held))
    )
    chains = await _chains(held) if database == "ok" else None
    fresh = bool(chains) and not any(chain["behind"] for chain in chains)
    serving = database == redis == "ok"
    status = "down" if not serving else "ok" if fresh else "degraded"
    content = {"status": status, "database": database, "redis": redis, "chains": chains}
    return JSONResponse(content, status_code=503 if not serving or (strict and not fresh) else 200)


async def _chains(held: Resources) -> list[dict[str, Any]] | None:
    """Return each followed chain's newest block and its age, None when that cannot be read."""
    try:
        async with asyncio.timeout(CHECK_SECONDS), held.database.unit_of_work() as session:
            known = await chain_freshness(session)
    except Exception as error:
        log.warning("health check failed", part="chains", error=type(error).__name__)
        return None
    return [
        {
            "chainId": chain.chain_id,
            "block": chain.block_number,
            "lagSeconds": round(chain.lag_seconds, 1),
            "behind": chain.is_behind,
        }
        for chain in known
    ]


def may_read_metrics(request: Request, settings: Settings) -> bool:
    """Return whether the request has the metrics token, or comes straight from this machine (not through a proxy)."""
    token = settings.metrics_token.get_secret_value()
    sent = bearer_token(request) or ""
    if token and hmac.compare_digest(sent.encode("utf-8", "replace"), token.encode()):
        return True
    direct = not any(name in request.headers for name in _FORWARDED)
    return direct and request.client is not None and request.client.host in _LOOPBACK


@router.get("/metrics", include_in_schema=False)
@public("for this machine, or with the metrics token")
async def metrics(request: Request) -> Response:
    """Answer what `read_metrics` returns."""
    if not may_read_metrics(request, resources().settings):
        raise ForbiddenError("Metrics are for this machine, or with the metrics token.")
    return Response(await asyncio.to_thread(read_metrics), media_type=CONTENT_TYPE_LATEST)


def read_metrics() -> bytes:
    """Return the metrics of this process or, with PROMETHEUS_MULTIPROC_DIR (the client library's switch), of all."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry)
