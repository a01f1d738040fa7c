"""Event emitted → alert stored → handed to its channel, with 1.25 million rules on two chains, for five minutes.

Real Redis (AOF), real PostgreSQL (fsync), the real alert and notification workers, a receiver of webhooks; all of them
and the producers share the machine. Stored: after the storing transaction's commit returned. Handed: when the receiver
has read the webhook's request. Both count from the moment the event was due to be emitted.

Two samples: the source document's, one alert for ten events (100,000 events and 10,000 notifications a minute), and one
that is five times as dense. Then two alert workers, a chain each: what is gained, and that the alerts are the same.
"""

import asyncio
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import psycopg

from backend.core.redis import EVENTS_GROUP, events_stream, make_redis
from backend.embedded.ports import free_port
from backend.embedded.postgres import DatabaseUrls
from benchmarks import busy_chain
from benchmarks.harness import report, say, stopwatch
from benchmarks.servers import servers

CHAINS = (1, 8453)
RATE = 10_000.0
SECONDS = float(os.environ.get("BENCH_SECONDS", "300"))
WARM_SECONDS, SHORT_SECONDS = 10.0, 30.0
KNEE_RATES = (12_000, 15_000, 20_000, 25_000, 30_000, 40_000)
SAMPLES = {"document": busy_chain.DOCUMENT, "dense": busy_chain.DENSE}
_DRAIN_SECONDS = 180.0


class Machine:
    """The servers of a run, and where the processes write what they measured."""

    def __init__(self, directory: Path, urls: DatabaseUrls, redis_url: str) -> None:
        self.directory = directory
        self.urls = urls
        self.redis_url = redis_url
        self.environment = {
            **os.environ, "WORKER_DATABASE_URL": urls.worker, "REDIS_URL": redis_url, "VAR_DIR": str(directory),
            "WEBHOOK_ALLOW_PRIVATE": "true", "SECRET_KEY": "benchmarks-only-" * 3, "ENVIRONMENT": "test",
            "METRICS_PORT": "0",
        }  # fmt: skip

    def stored(self, worker: int) -> Path:
        """Return where a worker notes the ages of what it stored."""
        return self.directory / f"stored-{worker}"

    @property
    def handed(self) -> Path:
        """Return where the receiver notes the ages of what it got."""
        return self.directory / "handed"


def main() -> None:
    """Fill, run the five minutes, look for the knee, then compare one worker with two."""
    with servers() as running:
        machine, port = Machine(running.directory, running.urls, running.redis_url), free_port()
        with stopwatch() as filled:
            busy_chain.fill(running.urls.admin, CHAINS, f"http://127.0.0.1:{port}/hook")
        say(f"{busy_chain.RULES:,} rules copied into PostgreSQL in {filled[0]:.0f} s")
        with _process(machine, "receive", str(port), str(machine.handed)):
            asyncio.run(_measure(machine))


async def _measure(machine: Machine) -> None:
    with _workers(machine, 1), _process(machine, "notify"):
        await _loaded(machine, 1)
        await _run(machine, RATE, WARM_SECONDS, seed=1, sample="document")
        stored, handed, notes = await _run(machine, RATE, SECONDS, seed=2, sample="document")
        report("alerts_e2e.stored_p99_ms", stored[2], "ms", "target", 100, better="lower", **notes)
        report("alerts_e2e.handed_p99_ms", handed[2], "ms", "target", 500, better="lower", **notes)
        stored, handed, notes = await _run(machine, RATE, SHORT_SECONDS, seed=3, sample="dense")
        report("alerts_e2e.dense_stored_p99_ms", stored[2], "ms", **notes)
        await _find_knee(machine)
    _check(machine)
    await _compare(machine)


async def _find_knee(machine: Machine) -> None:
    knee, knee_notes = RATE, {}
    for seed, rate in enumerate(KNEE_RATES, start=4):
        stored, _, notes = await _run(machine, rate, SHORT_SECONDS, seed, "document")
        if stored[1] >= 1000 or notes["producer_lag_ms"] > 1000:
            break
        knee, knee_notes = float(rate), notes
    report("alerts_e2e.knee_per_s", knee, "events/s", "required", RATE, **knee_notes)


async def _compare(machine: Machine) -> None:
    """Run the same events with one worker and with two, flat out, and compare what was stored."""
    digests, rates = [], []
    for count in (1, 2):
        _reset(machine)
        await _put_in_line(machine)
        with _workers(machine, count):
            await _loaded(machine, count)
            with stopwatch() as took:
                await _drained(machine)
        digests.append(_digest(machine))
        rates.append(LINED_UP / took[0])
    if digests[0] != digests[1]:
        raise SystemExit("alerts_e2e: two workers stored other alerts than one")
    report("alerts_e2e.two_workers_per_s", rates[1], "events/s", "one worker", rates[0], alerts=digests[0][0])


LINED_UP = 300_000


async def _put_in_line(machine: Machine) -> None:
    """Put events into both streams before any worker is there."""
    redis = make_redis(machine.redis_url)
    await redis.flushall()
    for chain_id in CHAINS:
        source = busy_chain.EventSource(9, chain_id, busy_chain.DOCUMENT)
        for n in range(LINED_UP // len(CHAINS) // 100):
            packed = source.entry(100).replace(b"f" * 64, b"%064x" % n)
            entry = {"e": packed, "at": repr(time.time()).encode()}
            await redis.xadd(events_stream(chain_id), entry)  # type: ignore[arg-type]
    await redis.aclose()


async def _run(machine: Machine, rate: float, seconds: float, seed: int, sample: str) -> tuple[Any, Any, dict]:
    """Emit for some seconds, wait until all is told; return percentiles (50, 95, 99) in ms of stored and handed."""
    files = [machine.stored(0), machine.handed]
    starts = [file.stat().st_size if file.exists() else 0 for file in files]
    producers = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.alerts_e2e", "produce", machine.redis_url),
            *(str(rate / len(CHAINS)), str(seconds), str(seed + 100 * n), str(chain_id), sample),
            stdout=subprocess.PIPE,
        )
        for n, chain_id in enumerate(CHAINS)
    ]
    outs = [(await producer.communicate())[0].decode().split() for producer in producers]
    await _drained(machine)
    _wait_for_outbox(machine)
    stored, handed = (_percentiles(file, start) for file, start in zip(files, starts, strict=True))
    count = sum(int(out[0]) for out in outs)
    notes = {
        "sample": sample, "events_per_s": round(rate), "seconds": seconds, "events": count, "alerts": stored[3],
        "webhooks": handed[3], "stored_p50_p95_p99": stored[:3], "handed_p50_p95_p99": handed[:3],
        "producer_lag_ms": max(float(out[1]) for out in outs),
    }  # fmt: skip
    say(f"{rate:,.0f}/s {sample}: stored {stored[:3]}, handed {handed[:3]}, {stored[3]:,} alerts")
    return stored, handed, notes


def _percentiles(file: Path, start: int) -> tuple[float, float, float, int]:
    if not file.exists():
        return 0.0, 0.0, 0.0, 0
    with file.open("rb") as opened:
        opened.seek(start)
        ages = np.frombuffer(opened.read(), np.float64)
    if not len(ages):
        return 0.0, 0.0, 0.0, 0
    p50, p95, p99 = (round(float(each), 1) for each in np.percentile(ages, [50, 95, 99]))
    return p50, p95, p99, len(ages)


async def _drained(machine: Machine) -> None:
    redis = make_redis(machine.redis_url)
    deadline = time.monotonic() + _DRAIN_SECONDS
    for chain_id in CHAINS:
        stream = events_stream(chain_id)
        while time.monotonic() < deadline:
            last = (await redis.xrevrange(stream, count=1))[0][0]
            groups = [group for group in await redis.xinfo_groups(stream) if group["name"] == EVENTS_GROUP.encode()]
            if groups and groups[0]["last-delivered-id"] == last and groups[0]["pending"] == 0:
                break
            await asyncio.sleep(0.05)
        else:
            raise SystemExit("alerts_e2e: the worker does not keep up")
    await redis.aclose()


@contextmanager
def _workers(machine: Machine, count: int) -> Iterator[None]:
    with ExitStack() as stack:
        for place in range(count):
            mine = CHAINS if count == 1 else CHAINS[place : place + 1]
            chains = orjson.dumps({str(chain_id): ["http://127.0.0.1:9"] for chain_id in mine}).decode()
            stack.enter_context(_process(machine, "work", str(machine.stored(place)), CHAINS=chains))
        yield


async def _loaded(machine: Machine, count: int) -> None:
    for place in range(count):
        while not machine.stored(place).with_suffix(".ready").exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.1)


@contextmanager
def _process(machine: Machine, *arguments: str, **environment: str) -> Iterator[None]:
    for file in machine.directory.glob("*.ready") if arguments[0] == "work" else ():
        file.unlink()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.alerts_e2e", *arguments], env={**machine.environment, **environment}
    )
    try:
        yield
        if process.poll() is not None:
            raise SystemExit(f"alerts_e2e: {arguments[0]} ended")
    finally:
        process.terminate()
        process.wait(60)


def _connect(machine: Machine) -> psycopg.Connection:
    return psycopg.connect(machine.urls.admin.replace("postgresql+psycopg://", "postgresql://"), autocommit=True)


def _wait_for_outbox(machine: Machine) -> None:
    deadline = time.monotonic() + _DRAIN_SECONDS
    with _connect(machine) as connection:
        while time.monotonic() < deadline:
            query = "select count(*) from notification_outbox where status in ('pending', 'sending')"
            if (connection.execute(query).fetchone() or (0,))[0] == 0:
                return
            time.sleep(0.2)
    raise SystemExit("alerts_e2e: webhooks are still waiting")


def _check(machine: Machine) -> None:
    with _connect(machine) as connection:
        total, distinct = connection.execute(
            "select count(*), count(distinct (alert_rule_id, event_id)) from alert_history"
        ).fetchone() or (0, 0)
    if total != distinct:
        raise SystemExit(f"alerts_e2e: {total - distinct} alerts were stored twice")
    say(f"{total:,} alerts in history, none twice")


def _reset(machine: Machine) -> None:
    with _connect(machine) as connection:
        connection.execute("truncate alert_history, notification_outbox")
        connection.execute("update alert_rules set enabled = true where not enabled")


# A rule of every chain that rests after an alert: which of two chains' events comes first is up to the chains.
_OF_ANY_ORDER = "not r.conditions::text like '%chain%' and (r.frequency = 'once' or r.cooldown_seconds > 0)"


def _digest(machine: Machine) -> tuple[int, str]:
    """Return how many alerts there are, and a hash of each (rule, event), of the rule alone where the order decides."""
    digest, count = hashlib.sha256(), 0
    query = f"""select distinct h.alert_rule_id, case when not ({_OF_ANY_ORDER}) then h.event_id end
        from alert_history h join alert_rules r on r.id = h.alert_rule_id order by 1, 2"""
    with _connect(machine) as connection:
        for rule, event in connection.execute(query):
            digest.update(f"{rule} {event}\n".encode())
            count += 1
    return count, digest.hexdigest()


async def _receive(port: int, log: Path) -> None:
    """Answer 200 to every webhook and note how old its event is; raw sockets, to cost little beside the rest."""
    file = log.open("ab", buffering=0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                at = head.index(b"content-length:") + 15
                body = await reader.readexactly(int(head[at : head.index(b"\r\n", at)]))
                now = time.time_ns()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                emitted = int(orjson.loads(body)["data"]["event"]["block_hash"], 16)
                file.write(np.float64((now - emitted) / 1e6).tobytes())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    what = sys.argv[1:2]
    if what == ["work"]:
        from benchmarks.event_to_alert import work

        asyncio.run(work(Path(sys.argv[2]), Path(sys.argv[2]).with_suffix(".ready")))
    elif what == ["notify"]:
        from backend.core.logging import configure_logging
        from backend.core.settings import Settings
        from backend.worker import notifications

        configure_logging("bench", "WARNING")
        asyncio.run(notifications.run(Settings(_env_file=None)))  # pyright: ignore[reportCallIssue]
    elif what == ["receive"]:
        asyncio.run(_receive(int(sys.argv[2]), Path(sys.argv[3])))
    elif what == ["produce"]:
        _, _, url, per_second, for_seconds, of_seed, of_chain, of_sample = sys.argv
        emitted, lag = asyncio.run(
            busy_chain.emit(url, float(per_second), float(for_seconds), int(of_seed), int(of_chain), SAMPLES[of_sample])
        )
        print(emitted, round(lag * 1e3, 1))
    else:
        main()
