"""TCP ports of this machine: is one free, which one is, does something answer there yet."""

import socket
import time
from collections.abc import Callable


def is_port_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return True when a server could listen on `host:port` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return not _answers(port, "127.0.0.1" if host in ("0.0.0.0", "::") else host)  # noqa: S104 - compared, not bound


def _answers(port: int, host: str) -> bool:
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return True
    except OSError:
        return False


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(ready: Callable[[], bool], seconds: float, still_alive: Callable[[], bool] | None = None) -> bool:
    """Poll `ready` until it is True (return True), time is up, or `still_alive` says False (return False)."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return True
        if still_alive is not None and not still_alive():
            return False
        time.sleep(0.05)
    return False
