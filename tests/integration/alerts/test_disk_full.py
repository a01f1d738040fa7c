"""A full disk: without room for its log a worker goes on alerting; without room in PostgreSQL alerts come late."""

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from backend.core.redis import events_stream
from backend.core.settings import Settings
from backend.embedded.ports import free_port
from backend.worker.registry import WORKER_NAMES
from tests.integration.alerts.test_faults import (
    BLOCKS,
    Site,
    WorkerProcess,
    expected,
    finished,
    load,
    progressed,
    servers,
    site_on,
)
from tests.integration.alerts.world import World, until

NOISE = 40


class LoggingWorker(WorkerProcess):
    """The alert worker as it is started for real: with its log, and its metrics."""

    def __init__(self, settings: Settings, log: Path) -> None:
        super().__init__(settings, log)
        port = free_port()
        self.metrics = f"http://127.0.0.1:{port}/metrics"
        self.launch = replace(
            self.launch,
            argv=[sys.executable, "-m", "backend.cli.main", "worker", "alerts"],
            env={**self.launch.env, "WORKER_METRICS_PORT": str(port - WORKER_NAMES.index("alerts"))},
        )

    def room(self, size: int | None) -> None:
        """Let no file that it writes grow beyond a size; None: as large as it likes."""
        assert self.process is not None
        limit = resource.RLIM_INFINITY if size is None else size
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    async def lost(self) -> float:
        def read() -> float:
            with urllib.request.urlopen(self.metrics, timeout=5) as answer:
                lines = answer.read().decode().splitlines()
            return float(next(line for line in lines if line.startswith("premium_log_lines_lost_total ")).split()[1])

        return await asyncio.to_thread(read)


async def noise(world: World) -> None:
    """Emit entries that cannot be read: each makes a line in the worker's log."""
    for _ in range(NOISE):
        world.sequence += 1
        fields = {"e": b"not json", "at": b"1"}
        await world.redis.xadd(events_stream(world.chain_id), fields, id=f"{world.sequence}-1")  # type: ignore[arg-type]


async def test_a_log_without_room_costs_lines_and_nothing_else(monkeypatch) -> None:
    with servers() as (postgres, redis, directory):
        async with site_on(monkeypatch, postgres, redis, directory, LoggingWorker) as site:
            worker, log = site.worker, directory / "worker.log"
            assert isinstance(worker, LoggingWorker)
            wanted = await expected(site)
            emitting = asyncio.create_task(load(site.world))
            await progressed(site.world, 0.2)
            worker.room(log.stat().st_size + 100)
            await emitting
            await noise(site.world)
            await finished(site, wanted)
            lost = await worker.lost()
            assert lost >= NOISE, "and what else it had to say meanwhile"
            worker.room(None)
            await noise(site.world)
            await finished(site, wanted)
            assert await worker.lost() == lost, "not one more"
            told = [json.loads(line)["event"] for line in log.read_text().splitlines() if _is_json(line)]
    assert sum(event.startswith(f"{lost:.0f} log lines were lost since ") for event in told) == 1
    assert told.count("entry parked") == NOISE


def _is_json(line: str) -> bool:
    with suppress(json.JSONDecodeError):
        json.loads(line)
        return True
    return False


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 400 MB that PostgreSQL's user may reach, where one may mount."""
    with tempfile.TemporaryDirectory(prefix="premium-disk-") as name:
        disk = Path(name)
        disk.chmod(0o755)
        command = ["mount", "-t", "tmpfs", "-o", "size=400m,mode=755", "none", name]
        if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("one may not mount here")
        yield disk
        subprocess.run(["umount", "-l", name], check=True)


async def test_alerts_wait_for_room_in_postgresql(monkeypatch, small_disk: Path) -> None:
    with servers(small_disk) as (postgres, redis, directory):
        async with site_on(monkeypatch, postgres, redis, directory) as site:
            wanted = await expected(site)
            await load(site.world, last=BLOCKS // 5)
            await progressed(site.world, 0.2)
            ballast = small_disk / "ballast"
            _fill(ballast)
            await until(lambda: _is_full(site), 60)
            await load(site.world, first=BLOCKS // 5 + 1)
            _fill(ballast)
            assert sorted((row[0], row[1]) for row in await site.world.history()) != wanted, "hardly a full disk"
            await asyncio.sleep(2)
            ballast.unlink()
            if (
                postgres.process is None or postgres.process.poll() is not None
            ):  # without room for its write-ahead log PostgreSQL ends
                await asyncio.to_thread(postgres.start)
            await finished(site, wanted)


def _fill(ballast: Path) -> None:
    with suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))


async def _is_full(site: Site) -> bool:
    """Try to write more than there is room for."""
    try:
        async with await psycopg.AsyncConnection.connect(
            site.postgres.server.urls().admin, autocommit=True, connect_timeout=5
        ) as connection:
            await connection.execute("create table if not exists filler (t text)")
            await connection.execute("insert into filler select repeat('x', 2000) from generate_series(1, 5000)")
    except psycopg.Error:
        return True
    return False
