"""What can be known to be wrong before anything is started; each problem says what to do about it."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from backend.core.settings import Settings
from backend.embedded.errors import StartError
from backend.embedded.ports import is_port_free
from backend.embedded.test_payments import wants_test_payments

NEEDED_FREE_BYTES = 500 * 1024**2


def check_before_start(settings: Settings, *, worker_ports: list[int]) -> None:
    """Check disk, ports and settings that contradict each other. Raises StartError for the first problem."""
    _check_disk(settings.var_dir)
    _check_database_settings(settings)
    for port, what, variable in _wanted_ports(settings, worker_ports):
        host = settings.host if variable == "PORT" else "127.0.0.1"
        if not is_port_free(port, host):
            raise StartError(
                f"port {port} ({what}) is in use by another program",
                f"stop that program, or choose another port: {variable}={port + 100} make run",
            )


def _wanted_ports(settings: Settings, worker_ports: list[int]) -> list[tuple[int, str, str]]:
    wanted = [(settings.port, "the web server", "PORT")]
    if not settings.database_url:
        wanted.append((settings.embedded_postgres_port, "embedded PostgreSQL", "EMBEDDED_POSTGRES_PORT"))
    if not settings.redis_url:
        wanted.append((settings.embedded_redis_port, "embedded Redis", "EMBEDDED_REDIS_PORT"))
    if settings.is_demo_chain:
        wanted.append((settings.demo_chain_port, "the local chain", "DEMO_CHAIN_PORT"))
    if wants_test_payments(settings):
        wanted.append((settings.test_payments_port, "the test payments", "TEST_PAYMENTS_PORT"))
    wanted += [(port, "metrics of a worker", "WORKER_METRICS_PORT") for port in worker_ports]
    return wanted


def _check_disk(var_dir: Path) -> None:
    probe = var_dir / "run" / f"write-test.{os.getpid()}"
    try:
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"x" * 4096)
    except OSError as error:
        raise StartError(
            f"{var_dir} cannot be written: {error.strerror}",
            "fix its permissions or free disk space, or put the data elsewhere: VAR_DIR=/path make run",
        ) from None
    finally:
        with suppress(OSError):
            probe.unlink()
    free = shutil.disk_usage(var_dir).free
    if free < NEEDED_FREE_BYTES:
        raise StartError(
            f"only {free // 1024**2} MB of disk space are free in {var_dir}; 500 MB are needed",
            "free disk space, or put the data elsewhere: VAR_DIR=/path make run",
        )


def _check_database_settings(settings: Settings) -> None:
    if settings.database_url and not settings.worker_database_url:
        raise StartError(
            "DATABASE_URL is set but WORKER_DATABASE_URL is not",
            "the workers log in with a role of their own, premium_worker; see docs/runbooks/database.md",
        )
    if not settings.database_url and (settings.worker_database_url or settings.admin_database_url):
        raise StartError(
            "WORKER_DATABASE_URL or ADMIN_DATABASE_URL is set but DATABASE_URL is not",
            "set all three to use your own PostgreSQL, or none to use the embedded one",
        )
