"""kill -9 of the worker, of Redis, of PostgreSQL in the middle of the work: every alert is there, and once."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from backend.accounts.service import CurrentUser
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.redis import make_redis
from backend.core.settings import Settings
from backend.embedded import launch as child
from backend.embedded.ports import free_port, wait_until
from backend.embedded.postgres import RunningPostgres, postgres_server
from backend.embedded.redis import is_redis_ready, redis_launch
from backend.embedded.schema import upgrade_schema
from tests.integration.alerts.conftest import insert_user
from tests.integration.alerts.world import World, until

ROOT = Path(__file__).resolve().parents[3]
RUN = "import asyncio; from backend.core.settings import Settings; from backend.worker.alerts import run;"
RUN += "asyncio.run(run(Settings(_env_file=None)))"
BLOCKS, PER_BLOCK = 240, 6


class KillableRedis:
    """A Redis with an append-only file, on one port for good."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._launch = redis_launch(directory, self.port, directory / "redis.log", durable=True)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = child.start(self._launch)
        assert wait_until(lambda: is_redis_ready(self.port), 20)

    def kill(self) -> None:
        assert self._process is not None
        child.kill_group(self._process.pid)
        self._process.wait()


class WorkerProcess:
    """The alert worker in a process of its own."""

    def __init__(self, settings: Settings, log: Path) -> None:
        chains = "{" + ",".join(f'"{chain}": "http://127.0.0.1:9"' for chain in settings.chains) + "}"
        environment = {
            "WORKER_DATABASE_URL": settings.worker_database_url, "REDIS_URL": settings.redis_url, "CHAINS": chains,
            "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"],
        }  # fmt: skip
        self.launch = child.Launch("alerts", [sys.executable, "-c", RUN], log, environment, cwd=ROOT)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = child.start(self.launch)

    def kill(self) -> None:
        assert self.process is not None
        assert self.process.poll() is None, "the worker ended by itself"
        child.kill_group(self.process.pid)
        self.process.wait()


@dataclass
class Site:
    """Servers of their own, and a chain whose worker runs in another process."""

    world: World
    postgres: RunningPostgres
    redis: KillableRedis
    worker: WorkerProcess


@contextmanager
def servers(disk: Path | None = None) -> Iterator[tuple[RunningPostgres, KillableRedis, Path]]:
    """Run PostgreSQL (with its data on `disk`, if one is given) and Redis for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="premium-faults-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        home = (disk or directory) / "postgres"
        home.mkdir(mode=0o755)
        redis = KillableRedis(directory / "redis")
        redis.start()
        with postgres_server(home, free_port()) as postgres:
            upgrade_schema(postgres.server.urls().admin)
            try:
                yield postgres, redis, directory
            finally:
                redis.kill()


@pytest.fixture
async def site(monkeypatch) -> AsyncIterator[Site]:
    with servers() as (postgres, redis, directory):
        async with site_on(monkeypatch, postgres, redis, directory) as site:
            yield site


@asynccontextmanager
async def site_on(
    monkeypatch: pytest.MonkeyPatch,
    postgres: RunningPostgres,
    redis: KillableRedis,
    directory: Path,
    make_worker: type[WorkerProcess] = WorkerProcess,
) -> AsyncIterator[Site]:
    """Run a worker on these servers for the length of the block."""
    urls = postgres.server.urls()
    client: Redis = make_redis(redis.url)
    app, worker_db = Database(urls.app, 2), Database(urls.worker, 2)
    addresses = {"database_url": urls.app, "worker_database_url": urls.worker, "redis_url": redis.url}
    settings = Settings(_env_file=None, environment="test", **addresses)  # pyright: ignore[reportCallIssue]
    world = World(settings, client, app, worker_db)
    world.settings = settings.model_copy(update={"chains": {world.chain_id: ["http://127.0.0.1:9"]}})
    monkeypatch.setattr("backend.alerts.lookup.get_settings", lambda: world.settings)
    worker = make_worker(world.settings, directory / "worker.log")
    worker.start()
    try:
        yield Site(world, postgres, redis, worker)
    finally:
        worker.kill()
        await client.aclose()
        await app.close()
        await worker_db.close()


async def emit_surely(world: World, *events) -> None:
    """Emit with the same id until Redis has it, as the follower does."""
    sequence = world.sequence
    while True:
        world.sequence = sequence
        try:
            await world.emit(*events)
            return
        except ResponseError as error:
            if "equal or smaller" in str(error):
                return
        except (RedisError, OSError):
            pass
        await asyncio.sleep(0.05)


async def load(world: World, first: int = 1, last: int = BLOCKS) -> None:
    """Emit blocks of transfers worth $1,000, $2,000, … at some hundred events a second."""
    for number in range(first, last + 1):
        events = [world.transfer(number, n, value_usd=Decimal(1000 * (n + 1))) for n in range(PER_BLOCK)]
        await emit_surely(world, *events)
        await asyncio.sleep(0.02)


async def expected(site: Site) -> list[tuple]:
    """Make three rules and return what must be in the history at the end."""
    world = site.world
    admin = Database(site.postgres.server.urls().admin, 1)
    user = CurrentUser(id=new_id(), email="faults@example.com", tier="enterprise")
    await insert_user(admin, user)
    await admin.close()
    low = await world.rule(user, conditions={"value_usd": 2_000})
    high = await world.rule(user, conditions={"value_usd": 6_000})
    cool = await world.rule(user, conditions={"value_usd": 5_000}, cooldown_seconds=36)
    rows = []
    for number in range(1, BLOCKS + 1):
        for n in range(PER_BLOCK):
            event_id = world.transfer(number, n).id
            rows += [(rule.id, event_id) for rule, least in ((low, 2), (high, 6)) if n + 1 >= least]
            # Blocks are 12 s apart: the first event of $5,000 in every third block, counted from the first.
            if n + 1 == 5 and number % 3 == 1:
                rows.append((cool.id, event_id))
    return sorted(rows)


async def progressed(world: World, share: float) -> None:
    """Wait until the worker has stored that share of the blocks, while they are being emitted."""

    async def enough() -> bool:
        with suppress(Exception):
            rows = await world.history()
            return len({row[1].rsplit(":", 1)[0] for row in rows}) >= share * BLOCKS
        return False

    await until(enough, 60)


async def finished(site: Site, wanted: list[tuple]) -> None:
    async def settled() -> bool:
        with suppress(Exception):
            return await site.world.settled()
        return False

    await until(settled, 90)
    assert sorted((row[0], row[1]) for row in await site.world.history()) == wanted


async def test_kill_9_of_the_worker(site):
    wanted = await expected(site)
    emitting = asyncio.create_task(load(site.world))
    for share in (0.1, 0.3, 0.5):
        await progressed(site.world, share)
        site.worker.kill()
        site.worker.start()
    await emitting
    await finished(site, wanted)


async def test_kill_9_of_redis(site):
    wanted = await expected(site)
    emitting = asyncio.create_task(load(site.world))
    for share in (0.1, 0.4):
        await progressed(site.world, share)
        site.redis.kill()
        await asyncio.sleep(0.5)
        site.redis.start()
    await emitting
    await finished(site, wanted)


async def test_kill_9_of_postgresql(site):
    wanted = await expected(site)
    emitting = asyncio.create_task(load(site.world))
    for share in (0.1, 0.4):
        await progressed(site.world, share)
        site.postgres.kill()
        await asyncio.sleep(0.5)
        await asyncio.to_thread(site.postgres.start)
    await emitting
    await finished(site, wanted)
