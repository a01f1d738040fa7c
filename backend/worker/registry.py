"""The worker processes by name. Each module is imported only in the process that runs it."""

from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any

from backend.core.settings import Settings

# name: (module, coroutine function, for the demo market only)
_WORKERS: dict[str, tuple[str, str, bool]] = {
    "follower": ("backend.worker.follower", "run", False),
    "alerts": ("backend.worker.alerts", "run", False),
    "notifications": ("backend.worker.notifications", "run", False),
    "jobs": ("backend.worker.jobs", "run", False),
    "traders": ("backend.demo.traders", "run_traders", True),
}
WORKER_NAMES = tuple(_WORKERS)


def wanted_workers(settings: Settings) -> list[str]:
    """Return the workers that belong to these settings: traders only on the demo chain, and only if wanted."""
    with_traders = settings.is_demo_chain and settings.demo_traders
    return [name for name, (_, _, demo_only) in _WORKERS.items() if with_traders or not demo_only]


def metrics_port(settings: Settings, name: str) -> int:
    """Return the Prometheus port of a worker (127.0.0.1), or 0 when metrics are off."""
    if settings.worker_metrics_port == 0:
        return 0
    return settings.worker_metrics_port + WORKER_NAMES.index(name)


def load_worker(name: str) -> Callable[[Settings], Coroutine[Any, Any, None]]:
    """Return the endless coroutine function of a worker. Raises KeyError for a name that is not in WORKER_NAMES."""
    module, function, _ = _WORKERS[name]
    return getattr(import_module(module), function)
