"""The whole product as `premium run` starts it, on ports and data of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.core.settings import ROOT
from backend.embedded.ports import free_port
from backend.embedded.postgres import APP, OWNER, WORKER, DatabaseUrls

READY = "Premium is ready"
BUILD_AND_START_SECONDS = 300


@dataclass(frozen=True)
class RunningProduct:
    """Where a running product is, and the process that a test may signal."""

    url: str
    chain_url: str
    redis_url: str
    var_dir: Path
    postgres_port: int
    process: "subprocess.Popen[bytes]"
    output_file: Path

    @property
    def addresses(self) -> dict:
        """The demo market's tokens, pools and routers by name."""
        return json.loads((self.var_dir / "demo" / "addresses.json").read_text())

    @property
    def database_urls(self) -> DatabaseUrls:
        """The product's database by role."""
        passwords = json.loads((self.var_dir / "secrets" / "postgres.json").read_text())
        app, worker, owner = (
            f"postgresql://{role}:{passwords[role]}@127.0.0.1:{self.postgres_port}/premium"
            for role in (APP, WORKER, OWNER)
        )
        return DatabaseUrls(app, worker, owner)

    @property
    def output(self) -> str:
        """What the terminal shows."""
        return self.output_file.read_text(errors="replace")


def product_environment(var_dir: Path, **changes: str) -> dict[str, str]:
    """Return the environment of a product with free ports and its data in `var_dir`."""
    return {
        **os.environ,
        "VAR_DIR": str(var_dir),
        "PORT": str(free_port()),
        "EMBEDDED_POSTGRES_PORT": str(free_port()),
        "EMBEDDED_REDIS_PORT": str(free_port()),
        "DEMO_CHAIN_PORT": str(free_port()),
        "WORKER_METRICS_PORT": "0",
        **changes,
    }


@contextmanager
def running_product(var_dir: Path, **changes: str) -> Iterator[RunningProduct]:
    """Run the product for the length of a block; stopped with Ctrl-C's signal at the end, if it still runs."""
    environment = product_environment(var_dir, **changes)
    output_file = var_dir / "terminal.txt"
    var_dir.mkdir(parents=True, exist_ok=True)
    with output_file.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "backend.cli.main", "run"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    product = RunningProduct(
        url=f"http://localhost:{environment['PORT']}",
        chain_url=f"http://127.0.0.1:{environment['DEMO_CHAIN_PORT']}",
        redis_url=f"redis://127.0.0.1:{environment['EMBEDDED_REDIS_PORT']}/0",
        var_dir=var_dir,
        postgres_port=int(environment["EMBEDDED_POSTGRES_PORT"]),
        process=process,
        output_file=output_file,
    )
    try:
        _wait_ready(product)
        yield product
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(60)


def _wait_ready(product: RunningProduct) -> None:
    deadline = time.monotonic() + BUILD_AND_START_SECONDS
    while READY not in product.output:
        if product.process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"the product did not start:\n{product.output}")
        time.sleep(0.2)
