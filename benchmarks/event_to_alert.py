"""Event emitted → alert committed, with 1.25 million rules: real Redis (AOF), real PostgreSQL (fsync), the real worker.

Four processes share the machine: PostgreSQL, Redis, the worker as `premium worker alerts` runs it, and the producer.
The latency of an alert is the moment after its transaction's commit returned, less the moment its event was emitted.
Events that fire nothing leave no row and are not counted.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from backend.core.redis import EVENTS_GROUP, events_stream, make_redis
from benchmarks import busy_chain
from benchmarks.harness import report, resident_mb, say, stopwatch
from benchmarks.market_model import CHAIN_ID
from benchmarks.servers import servers

RATE = 100_000 / 60
SECONDS, WARM_SECONDS = 30.0, 5.0
KNEE_RATES = (3_000, 5_000, 7_000, 9_000, 12_000, 15_000, 20_000, 25_000, 30_000)
KNEE_SECONDS = 12.0


def main() -> None:
    """Fill, start the worker, measure at 100,000 events a minute, then look for the knee."""
    with servers() as running:
        urls, log = running.urls, running.directory / "latencies"
        with stopwatch() as filled:
            busy_chain.fill(urls.admin)
        say(f"{busy_chain.RULES:,} rules copied into PostgreSQL in {filled[0]:.0f} s")
        with _worker(urls.worker, running.redis_url, log) as worker:
            asyncio.run(_measure(urls.admin, running.redis_url, log, worker))


async def _measure(admin_url: str, redis_url: str, log: Path, worker: "_worker") -> None:
    with stopwatch() as loaded:
        while not log.exists():
            worker.check()
            await asyncio.sleep(0.1)
    say(f"worker ready after {loaded[0]:.1f} s")
    report("event_to_alert.rules_load_s", loaded[0], "s", rules=busy_chain.RULES, worker_mb=round(worker.resident_mb()))
    await _run(redis_url, log, RATE, WARM_SECONDS, seed=1)
    p50, p95, p99, notes = await _run(redis_url, log, RATE, SECONDS, seed=2)
    report("event_to_alert.p50_ms", p50, "ms", **notes)
    report("event_to_alert.p95_ms", p95, "ms", "target", 50, better="lower", **notes)
    report("event_to_alert.p99_ms", p99, "ms", "target", 150, better="lower", **notes)
    knee = 0.0
    knee_notes: dict[str, Any] = {}
    for seed, rate in enumerate(KNEE_RATES, start=3):
        p50, p95, p99, notes = await _run(redis_url, log, rate, KNEE_SECONDS, seed)
        say(f"{rate:,}/s: p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms, {notes}")
        if p95 >= 1000:
            break
        knee, knee_notes = float(rate), notes | {"p95_ms": round(p95)}
    report("event_to_alert.knee_per_s", knee, "events/s", "required", RATE, **knee_notes)
    _check(admin_url)


async def _run(redis_url: str, log: Path, rate: float, seconds: float, seed: int) -> tuple[float, float, float, dict]:
    """Emit for some seconds, wait until all is processed; return p50, p95, p99 in ms and what belongs beside them."""
    start = log.stat().st_size
    producer = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.event_to_alert", "produce", redis_url, str(rate), str(seconds), str(seed),
        stdout=subprocess.PIPE,
    )  # fmt: skip
    out, _ = await producer.communicate()
    count, lag_ms = out.decode().split()
    await _drained(redis_url)
    with log.open("rb") as file:
        file.seek(start)
        measured = np.frombuffer(file.read(), np.float64)
    notes = {
        "events_per_s": round(rate), "events": int(count), "alerts": len(measured),
        "alerts_per_event": round(len(measured) / int(count), 2), "producer_lag_ms": float(lag_ms),
    }  # fmt: skip
    p50, p95, p99 = np.percentile(measured, [50, 95, 99]) if len(measured) else (0.0, 0.0, 0.0)
    return float(p50), float(p95), float(p99), notes


async def _drained(redis_url: str) -> None:
    redis = make_redis(redis_url)
    stream = events_stream(CHAIN_ID)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        last = (await redis.xrevrange(stream, count=1))[0][0]
        groups = [group for group in await redis.xinfo_groups(stream) if group["name"] == EVENTS_GROUP.encode()]
        if groups and groups[0]["last-delivered-id"] == last and groups[0]["pending"] == 0:
            break
        await asyncio.sleep(0.05)
    await redis.aclose()


def _check(admin_url: str) -> None:
    with psycopg.connect(admin_url.replace("postgresql+psycopg://", "postgresql://")) as connection:
        total, distinct = connection.execute(
            "select count(*), count(distinct (alert_rule_id, event_id)) from alert_history"
        ).fetchone() or (0, 0)
    if total != distinct:
        raise SystemExit(f"event_to_alert: {total - distinct} alerts were stored twice")
    say(f"{total:,} alerts in history, none twice")


class _worker:
    """The worker in a process of its own."""

    def __init__(self, database_url: str, redis_url: str, log: Path) -> None:
        environment = {**os.environ, "WORKER_DATABASE_URL": database_url, "REDIS_URL": redis_url}
        environment["CHAINS"] = f'{{"{CHAIN_ID}": "http://127.0.0.1:9"}}'
        self._arguments = [sys.executable, "-m", "benchmarks.event_to_alert", "work", str(log)]
        self._environment = environment

    def __enter__(self) -> "_worker":
        self._process = subprocess.Popen(self._arguments, env=self._environment)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)

    def check(self) -> None:
        if self._process.poll() is not None:
            raise SystemExit("event_to_alert: the worker ended")

    def resident_mb(self) -> float:
        return resident_mb(self._process.pid)


async def work(log: Path, ready: Path) -> None:
    """Run the real worker; after each commit, note how old each new alert's event is; make `ready` once it loaded."""
    from backend.alerts.firing import processor
    from backend.alerts.firing.rule_feed import RuleFeed
    from backend.core.settings import Settings
    from backend.worker import alerts

    store, load = processor.Processor._store_part, RuleFeed._load

    async def noted_store(self: processor.Processor, facts: list, part: list) -> None:
        before = len(self._untold)
        await store(self, facts, part)
        now = time.time_ns()
        ages = [(now - int(told.data["blockHash"], 16)) / 1e6 for told in self._untold[before:]]
        if ages:
            with log.open("ab") as file:
                file.write(np.array(ages).tobytes())

    async def noted_load(self: RuleFeed) -> None:
        await load(self)
        ready.touch()

    processor.Processor._store_part, RuleFeed._load = noted_store, noted_load
    task = asyncio.ensure_future(alerts.run(Settings(_env_file=None)))  # pyright: ignore[reportCallIssue]
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await asyncio.gather(task, return_exceptions=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["work"]:
        asyncio.run(work(Path(sys.argv[2]), Path(sys.argv[2])))
    elif sys.argv[1:2] == ["produce"]:
        emitted, lag = asyncio.run(
            busy_chain.emit(sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
        )
        print(emitted, round(lag * 1e3, 1))
    else:
        main()
