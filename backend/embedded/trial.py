"""A whole product on ports of its own with data of its own: for browser tests and benchmarks."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.core.settings import ROOT
from backend.embedded.errors import StartError
from backend.embedded.ports import free_port

READY_SECONDS = 420
STOP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Trial:
    """A running product: where its pages, its chain and its data are."""

    url: str
    rpc_url: str
    var_dir: Path
    environment: dict[str, str]
    pid: int


@contextmanager
def trial_run(var_dir: Path, **environment: str) -> Iterator[Trial]:
    """Run `premium run` on free ports with its data in `var_dir`, and stop all of it afterwards.

    `environment` overrides settings by their names. Raises StartError with the run's last lines when it does not start.
    """
    ports = {
        name: str(free_port())
        for name in ("PORT", "DEMO_CHAIN_PORT", "EMBEDDED_POSTGRES_PORT", "EMBEDDED_REDIS_PORT", "TEST_PAYMENTS_PORT")
    }
    own = {**ports, "VAR_DIR": str(var_dir), "WORKER_METRICS_PORT": "0", **environment}
    var_dir.mkdir(parents=True, exist_ok=True)
    output = var_dir / "run.out"
    with output.open("w") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "backend.cli.main", "run"],
            cwd=ROOT,
            env={**os.environ, **own, "PYTHONUNBUFFERED": "1"},
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://localhost:{own['PORT']}"
    try:
        _wait_for_line(process, output)
        yield Trial(url, f"http://127.0.0.1:{own['DEMO_CHAIN_PORT']}", var_dir, own, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_for_line(process: subprocess.Popen[bytes], output: Path) -> None:
    """Wait until the run says that it is ready."""
    for _ in range(READY_SECONDS * 5):
        text = output.read_text()
        if "is ready: " in text:
            return
        try:
            process.wait(0.2)
        except subprocess.TimeoutExpired:
            continue
        break
    tail = "\n".join(output.read_text().splitlines()[-25:])
    raise StartError("the product did not start:\n" + tail, f"read {output} and the logs beside it")
