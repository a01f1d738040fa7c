"""`premium worker NAME`: runs one worker until it is told to stop."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop

from backend.core.logging import configure_logging, get_logger
from backend.core.settings import Settings
from backend.worker.registry import load_worker, metrics_port

STOP_SECONDS = 8.0  # less than the supervisor's patience


def run_worker(name: str, settings: Settings) -> int:
    """Run the worker called `name` until SIGTERM or Ctrl-C; return 0, or 1 when it ended by itself."""
    configure_logging(name, settings.log_level)
    work = load_worker(name)
    _serve_metrics(settings, name)
    return uvloop.run(_until_stopped(work, settings))


async def _until_stopped(work: Callable[[Settings], Coroutine[Any, Any, None]], settings: Settings) -> int:
    log = get_logger(__name__)
    stop_wanted = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop_wanted.set)
    working = asyncio.create_task(work(settings))
    stopping = asyncio.create_task(stop_wanted.wait())
    log.info("worker started")
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        error = working.exception()
        log.error("worker ended by itself", exc_info=error)
        return 1
    working.cancel()
    await asyncio.wait({working}, timeout=STOP_SECONDS)
    if not working.done():
        log.error("worker did not stop in time", seconds=STOP_SECONDS)
        os._exit(1)  # the loop would wait for the task for ever
    log.info("worker stopped")
    return 0


def _serve_metrics(settings: Settings, name: str) -> None:
    """Answer Prometheus on this worker's port; a port in use costs the metrics, not the work."""
    from prometheus_client import start_http_server

    port = metrics_port(settings, name)
    if port == 0:
        return
    try:
        start_http_server(port, addr="127.0.0.1")
    except OSError as error:
        get_logger(__name__).warning("metrics are off: port in use", port=port, error=str(error))
