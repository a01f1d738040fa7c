"""What signing in costs: the session check of a request, authorised requests a second, a storm of payment webhooks.

One web worker with real PostgreSQL and Redis, the load generator in a process of its own on the same two cores.
"""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from backend.accounts.service import open_session
from backend.core.db import Database
from backend.core.settings import Settings
from backend.embedded.ports import free_port, wait_until
from benchmarks import webhooks
from benchmarks.harness import report
from benchmarks.http_load import ask, closed_loop, get
from benchmarks.servers import servers, users_with_tokens, web_worker

USERS = 200
PAIRS = 3_000
CONNECTIONS = 16
SECONDS = 10.0
ROUTE = os.environ.get("BENCH_ROUTE", "/v1/subscriptions")


def main() -> None:
    """Start PostgreSQL, Redis and one web worker; measure."""
    with servers() as running:
        settings, port = running.settings(**webhooks.payments_environment(running.directory)), free_port()
        with web_worker(port, "--no-ws"):
            requests = asyncio.run(_prepare(settings, running.directory / "requests"))
            wait_until(lambda: answers(port), 30)
            _measure(port, requests)
            webhooks.measure(settings, running.directory, port)


async def _prepare(settings: Settings, file: Path) -> Path:
    """Make users with sessions and tokens; write the headers that prove them, a line each."""
    web, lines = Database(settings.database_url, 2), []
    for user, token in await users_with_tokens(settings, USERS):
        async with web.unit_of_work(user.id) as session:
            lines.append({"Cookie": f"premium_session={await open_session(session, user)}"})
        lines.append({"Authorization": f"Bearer {token}"})
    await web.close()
    file.write_text("\n".join(json.dumps(line) for line in lines))
    return file


def answers(port: int) -> bool:
    async def asked() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await ask(reader, writer, get("/bench/empty"))
        writer.close()

    try:
        asyncio.run(asked())
    except OSError:
        return False
    return True


def _measure(port: int, file: Path) -> None:
    empty, checked = _load("pairs", port, file)
    p95_empty, p95 = np.percentile(empty, 95), np.percentile(checked, 95)
    report(
        "accounts.session_check_p95_ms", float(p95 - p95_empty), "ms", "limit", 2.0, better="lower",
        empty_p95_ms=round(float(p95_empty), 2), checked_p95_ms=round(float(p95), 2), pairs=PAIRS,
    )  # fmt: skip
    (idle,) = _load("empty", port, file)
    (times,) = _load("route", port, file)
    rate, idle_rate = len(times) / SECONDS, len(idle) / SECONDS
    notes = {
        "connections": CONNECTIONS,
        "users": USERS,
        "route": ROUTE,
        "p99_ms": round(float(np.percentile(times, 99)), 1),
    }
    report("accounts.requests_per_s", rate, "requests/s", "empty route", idle_rate, **notes)
    report("accounts.api_p95_ms", float(np.percentile(times, 95)), "ms", "limit", 50, better="lower", **notes)


def _load(what: str, port: int, file: Path) -> list[list[float]]:
    """Generate load in a process of its own; return the times in ms of each kind of request."""
    command = [sys.executable, "-m", "benchmarks.accounts", "load", what, str(port), str(file)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"accounts: the load failed: {done.stderr.decode()[-500:]}")
    return json.loads(done.stdout)


async def _generate(what: str, port: int, file: Path) -> list[list[float]]:
    proofs = [json.loads(line) for line in file.read_text().splitlines()]
    if what == "pairs":
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        pairs = []
        for n in range(PAIRS + 500):
            proof = proofs[n % len(proofs)]
            pairs.append(
                (
                    await ask(reader, writer, get("/bench/empty")),
                    await ask(reader, writer, get("/bench/signed-in", **proof)),
                )
            )
            await asyncio.sleep(0.001)
        return [list(times) for times in zip(*pairs[500:], strict=True)]
    if what == "empty":
        return [await closed_loop(port, [get("/bench/empty")], CONNECTIONS, SECONDS)]
    requests = [get(ROUTE, **proof) for proof in proofs]
    await closed_loop(port, requests, CONNECTIONS, 2.0)
    return [await closed_loop(port, requests, CONNECTIONS, SECONDS)]


if __name__ == "__main__":
    if sys.argv[1:2] == ["load"]:
        print(json.dumps(asyncio.run(_generate(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])))))
    else:
        main()
