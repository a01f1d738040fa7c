"""The product's back end as real processes on servers of their own, each of which may be killed at any moment."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from backend.core.settings import DEMO_CHAIN_ID, ROOT, Settings
from backend.demo.deploy import deploy_market
from backend.embedded import launch as child
from backend.embedded.ports import free_port, is_port_free, wait_until
from backend.embedded.postgres import RunningPostgres, postgres_server
from backend.embedded.redis import is_redis_ready, redis_launch
from backend.embedded.schema import upgrade_schema
from tests.doubles.webhook_receiver import WebhookReceiver, webhook_receiver
from tests.integration.chain.harness import Anvil, Market, market_of

WORKERS = ("follower", "alerts", "notifications", "jobs")
PROCESSES = (*WORKERS, "web")


@dataclass
class Part:
    """A process of the site: how it is started, and what says that it is up."""

    launch: child.Launch
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0

    def start(self) -> None:
        self.process = child.start(self.launch)

    def kill(self) -> None:
        """Kill it with SIGKILL. Fails when it ended by itself before."""
        assert self.process is not None
        assert self.process.poll() is None, (
            f"{self.launch.name} ended by itself: {child.log_tail(self.launch.log_file)}"
        )
        child.kill_group(self.process.pid)
        self.process.wait()
        self.kills += 1


@dataclass
class Site:
    """Everything that runs, and the addresses of it."""

    directory: Path
    settings: Settings
    market: Market
    postgres: RunningPostgres
    redis: Part
    receiver: WebhookReceiver
    web_url: str
    processes: dict[str, Part] = field(default_factory=dict)

    def start_redis(self) -> None:
        self.redis.start()
        port = int(self.settings.redis_url.rsplit(":", 1)[1].split("/")[0])
        assert wait_until(lambda: is_redis_ready(port), 30)

    @property
    def kills(self) -> dict[str, int]:
        """How often each part was killed."""
        return {name: part.kills for name, part in {**self.processes, "redis": self.redis}.items()}


@asynccontextmanager
async def running_site(directory: Path) -> AsyncIterator[Site]:
    """Start a chain with the demo market, PostgreSQL, Redis, a webhook receiver, all workers and the web process."""
    directory.chmod(0o755)
    (directory / "postgres").mkdir(mode=0o755)
    anvil = Anvil(directory, load_state=await _market_state(directory))
    anvil.start()
    port, web_port = free_port(), free_port()
    redis = Part(redis_launch(directory / "redis", port, directory / "redis.log", durable=True))
    with postgres_server(directory / "postgres", free_port(), throwaway=False) as postgres:
        urls = postgres.server.urls()
        upgrade_schema(urls.admin)
        async with webhook_receiver() as receiver:
            environment = {
                **urls.environment(), "REDIS_URL": f"redis://127.0.0.1:{port}/0", "ENVIRONMENT": "test",
                "VAR_DIR": str(directory), "SECRET_KEY": "soak-only-" * 5, "WEBHOOK_ALLOW_PRIVATE": "true",
                "CHAINS": orjson.dumps({str(DEMO_CHAIN_ID): [anvil.url, anvil.websocket_url]}).decode(),
                "WORKER_METRICS_PORT": "0",
            }  # fmt: skip
            site = Site(
                directory,
                _settings(environment),
                market_of(anvil, directory / "demo" / "addresses.json"),
                postgres,
                redis,
                receiver,
                f"http://127.0.0.1:{web_port}",
            )
            site.start_redis()
            for name in PROCESSES:
                command = _web(web_port) if name == "web" else ["backend.cli.main", "worker", name]
                launch = child.Launch(
                    name, [sys.executable, "-m", *command], directory / f"{name}.log", environment, cwd=ROOT
                )
                site.processes[name] = Part(launch)
                site.processes[name].start()
            try:
                yield site
            finally:
                for part in (*site.processes.values(), site.redis):
                    with suppress(AssertionError):
                        part.kill()
                anvil.stop()


def _web(port: int) -> list[str]:
    options = ["--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return ["granian", *options, "tests.soak.web:app"]


async def _market_state(directory: Path) -> Path:
    state, anvil = directory / "market-state.json", Anvil(directory, block_seconds=2)
    launch = anvil.launch()
    launch.argv.extend(["--dump-state", str(state)])
    process = child.start(launch)
    try:
        assert wait_until(lambda: not is_port_free(anvil.port), 20)
        await deploy_market(anvil.url, directory / "demo" / "addresses.json")
    finally:
        child.stop(process, launch)
    return state


def _settings(environment: dict[str, str]) -> Settings:
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        return Settings(_env_file=None)  # pyright: ignore[reportCallIssue]
    finally:
        os.environ.clear()
        os.environ.update(before)
