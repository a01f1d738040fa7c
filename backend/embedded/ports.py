"""TCP ports of this machine: is one free, which one is, does something answer there yet."""

import fcntl
import os
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

_HELD: list[IO[str]] = []  # locks of the ports that were given out: the system lets go of them with the process


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
    """Return a port that was free a moment ago, and that nobody else gets from here while this process lives.

    Who asks may need half a minute until a server listens there: meanwhile another trial was once given the same.
    """
    folder = Path(tempfile.gettempdir()) / f"premium-ports-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        lock = (folder / str(port)).open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        _HELD.append(lock)
        return port


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
