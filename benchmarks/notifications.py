"""Webhooks through the outbox and the real dispatcher: 10,000 a minute to receivers that answer 200 in 50 ms.

Two requests in a hundred are answered 500, one in a hundred never (the dispatcher gives it up after 30 s). Four
processes share the machine: PostgreSQL (fsync), `premium worker notifications`, the receivers, and this one. The
receivers listen on 32 ports, since a host has sixteen places. Lost: never answered 200, though not given up for dead.
Doubled: answered 200 more than once. First 10,000 are put in line over a minute, then 20,000 at once.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from sqlalchemy import text

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.ids import new_id
from backend.embedded.ports import free_port
from backend.notifications.service import NewMessage, enqueue
from benchmarks.harness import report, say
from benchmarks.servers import servers

PORTS, USERS = 32, 50
A_MINUTE, AT_ONCE = 10_000, 20_000
ANSWER_SECONDS, ERRORS, SILENT = 0.05, 0.02, 0.01
MOST_SECONDS = 400.0


def main() -> None:
    """Start everything, send, count. Raises SystemExit when a message was lost."""
    with servers() as running:
        urls, directory = running.urls, running.directory
        ports = [free_port() for _ in range(PORTS)]
        log = directory / "received"
        receivers = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.notifications", "receive", str(log), *map(str, ports)]
        )
        environment = {
            **os.environ,
            "DATABASE_URL": urls.app,
            "WORKER_DATABASE_URL": urls.worker,
            "WEBHOOK_ALLOW_PRIVATE": "true",
            "ENVIRONMENT": "test",
            "LOG_LEVEL": "WARNING",
            "WORKER_METRICS_PORT": "0",
        }
        worker = subprocess.Popen(
            [sys.executable, "-m", "backend.cli.main", "worker", "notifications"], env=environment, stdout=2
        )
        try:
            asyncio.run(_measure(urls.admin, urls.worker, ports, log))
        finally:
            for process in (worker, receivers):
                process.terminate()
                process.wait(30)


async def _measure(admin_url: str, worker_url: str, ports: list[int], log: Path) -> None:
    admin, database = Database(admin_url, 2), Database(worker_url, 2)
    users = [new_id() for _ in range(USERS)]
    async with admin.unit_of_work() as session:
        for user in users:
            await session.execute(
                text("insert into premium_users (id, email) values (:id, :email)"),
                {"id": user, "email": f"{user}@example.com"},
            )
    put: dict[str, float] = {}
    begun = time.time()
    for second in range(60):
        await _put(database, users, ports, A_MINUTE // 60 + (second < A_MINUTE % 60), put)
        await asyncio.sleep(max(0.0, begun + second + 1 - time.time()))
    await _settled(admin)
    taken = _received(log)
    waited = [first - put[key] for key, first in taken.items() if key in put]
    p50, p95 = np.percentile(waited, [50, 95]) * 1000
    report("notifications.handed_p95_ms", float(p95), "ms", "required", 500.0, better="lower",
           p50_ms=round(float(p50)), put_per_min=A_MINUTE)  # fmt: skip
    burst: dict[str, float] = {}
    await _put(database, users, ports, AT_ONCE, burst)
    await _settled(admin)
    first = sorted(at for key, at in _received(log).items() if key in burst)
    most = first[: int(len(first) * 0.95)]  # the last ones wait for retries
    report("notifications.per_min", len(most) / (most[-1] - min(burst.values())) * 60, "webhooks/min", "required",
           float(A_MINUTE), put_at_once=AT_ONCE)  # fmt: skip
    async with admin.unit_of_work() as session:
        rows = (await session.execute(text("select id::text, status from notification_outbox"))).all()
    status = {row[0]: row[1] for row in rows}
    answered = _answered(log)
    everything = put.keys() | burst.keys()
    lost = [key for key in everything if not answered[key] and status.get(key) != "dead"]
    doubled = [key for key in everything if answered[key] > 1]
    notes = {"messages": len(everything), "by_status": dict(Counter(status.values()))}
    report("notifications.lost", len(lost), "messages", "allowed", 0.0, better="lower", **notes)
    report("notifications.doubled", len(doubled), "messages", "allowed", 0.0, better="lower", **notes)
    await admin.close()
    await database.close()
    if lost or doubled:
        raise SystemExit(f"notifications: {len(lost)} lost, {len(doubled)} doubled")


async def _put(database: Database, users: list, ports: list[int], count: int, put: dict[str, float]) -> None:
    """Put messages in line, a thousand in a transaction, and note when."""
    for start in range(0, count, 1000):
        messages = [
            NewMessage(
                user_id=random.choice(users),
                destination=f"http://127.0.0.1:{random.choice(ports)}/hook/{random.randrange(4)}",
                event_type="alert.triggered",
                payload={"message": "1,000 UNI moved", "at": utc_now().isoformat(), "event": {"amount": "1" * 300}},
            )
            for _ in range(min(1000, count - start))
        ]
        async with database.unit_of_work() as session:
            await enqueue(session, messages)
        now = time.time()
        put.update((str(message.id), now) for message in messages)


async def _settled(admin: Database) -> None:
    """Wait until nothing waits."""
    until = time.monotonic() + MOST_SECONDS
    while time.monotonic() < until:
        async with admin.unit_of_work() as session:
            waiting = text("select count(*) from notification_outbox where status in ('pending', 'sending')")
            if not (await session.execute(waiting)).scalar_one():
                return
        await asyncio.sleep(0.5)
    say("notifications: something still waits")


def _received(log: Path) -> dict[str, float]:
    """Return when each message came in first."""
    found: dict[str, float] = {}
    for line in log.read_text().splitlines():
        one = json.loads(line)
        found.setdefault(one["id"], one["at"])
    return found


def _answered(log: Path) -> Counter[str]:
    """Return how often each message was answered 200."""
    lines = (json.loads(line) for line in log.read_text().splitlines())
    return Counter(one["id"] for one in lines if one["status"] == 200)


async def _receive(log: Path, ports: list[int]) -> None:
    """Answer as receivers do, and write down what came."""
    fate = random.Random(7)
    with log.open("a", buffering=1) as out:

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while True:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
                    await reader.readexactly(length)
                    name, at = head.partition("x-webhook-id: ")[2].partition("\r\n")[0], time.time()
                    chance = fate.random()
                    status = 0 if chance < SILENT else 500 if chance < SILENT + ERRORS else 200
                    if status == 0:
                        out.write(json.dumps({"id": name, "at": at, "status": 0}) + "\n")
                        await asyncio.sleep(3600)
                    await asyncio.sleep(ANSWER_SECONDS)
                    out.write(json.dumps({"id": name, "at": at, "status": status}) + "\n")
                    writer.write(f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n".encode())
                    await writer.drain()
            except (asyncio.IncompleteReadError, OSError):
                writer.close()

        servers = [await asyncio.start_server(serve, "127.0.0.1", port) for port in ports]
        await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__" and sys.argv[1:2] == ["receive"]:
    asyncio.run(_receive(Path(sys.argv[2]), [int(port) for port in sys.argv[3:]]))
