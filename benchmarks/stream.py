"""Alert to open page: 2,000 live connections on one web process, alerts published as the alert worker does.

One granian worker with the product's whole API, real PostgreSQL and Redis; the clients are a process of their own on
the same two cores. The time of a message is from PUBLISH to when the client has read and parsed it.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import numpy as np
import orjson

from backend.core.ids import new_id
from backend.core.redis import make_redis, user_alerts_channel
from backend.core.settings import Settings
from backend.embedded.ports import free_port, wait_until
from benchmarks.accounts import answers
from benchmarks.harness import report, resident_mb, say
from benchmarks.servers import servers, users_with_tokens, web_worker

CLIENTS, USERS = 2_000, 200
ALERTS_PER_S, SECONDS = 100.0, 30.0
CONNECTING_AT_ONCE = 50


def main() -> None:
    """Start PostgreSQL, Redis and one web worker; connect; publish; measure."""
    with servers() as running:
        settings, port = running.settings(), free_port()
        with web_worker(port) as server_pid:
            clients = asyncio.run(_prepare(settings, running.directory / "clients"))
            wait_until(lambda: answers(port), 30)
            _measure(port, running.redis_url, clients, server_pid)


async def _prepare(settings: Settings, file: Path) -> Path:
    """Make users with programs; write (user id, token) a line."""
    made = await users_with_tokens(settings, USERS)
    file.write_text("\n".join(json.dumps([str(user.id), token]) for user, token in made))
    return file


def _measure(port: int, redis_url: str, clients: Path, server_pid: int) -> None:
    command = [sys.executable, "-m", "benchmarks.stream", "clients", str(port), redis_url, str(clients)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit("stream: the clients failed")
    answer = json.loads(done.stdout)
    notes = {
        "clients": CLIENTS, "users": USERS, "alerts_per_s": ALERTS_PER_S, "messages": answer["heard"],
        "p50_ms": answer["p50"], "p99_ms": answer["p99"], "max_ms": answer["max"],
        "server_mb": round(_family_mb(server_pid)),
    }  # fmt: skip
    if answer["heard"] != answer["expected"]:
        raise SystemExit(f"stream: {answer['expected'] - answer['heard']} of {answer['expected']} messages were missed")
    report("stream.p95_ms", answer["p95"], "ms", "target", 100, better="lower", **notes)


def _family_mb(pid: int) -> float:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    pids = children.read_text().split() if children.exists() else []
    return sum(resident_mb(each) for each in [pid, *pids])


async def _clients(port: int, redis_url: str, file: Path) -> dict[str, float]:
    users = [json.loads(line) for line in file.read_text().splitlines()]
    times: list[float] = []
    gate = asyncio.Semaphore(CONNECTING_AT_ONCE)
    ready = 0

    async def client(http: aiohttp.ClientSession, token: str) -> None:
        nonlocal ready
        async with gate:
            socket = await http.ws_connect(f"http://127.0.0.1:{port}/v1/alerts/stream?token={token}", compress=0)
            await socket.receive_json()
            await socket.send_json({"type": "subscribe", "channel": "alerts"})
            await socket.receive_json()
            ready += 1
        async for message in socket:
            data = orjson.loads(message.data)
            if data["type"] == "alert":
                times.append((time.perf_counter() - data["data"]["published"]) * 1e3)

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        tasks = [asyncio.create_task(client(http, users[n % len(users)][1])) for n in range(CLIENTS)]
        started = time.perf_counter()
        while ready < CLIENTS:
            await asyncio.sleep(0.05)
            if broken := [task for task in tasks if task.done()]:
                raise SystemExit(f"stream: a client ended: {broken[0]!r}")
        say(f"{CLIENTS:,} clients connected in {time.perf_counter() - started:.1f} s")
        published = await _publish(redis_url, [user for user, _ in users])
        await asyncio.sleep(2.0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    p50, p95, p99 = (round(float(each), 2) for each in np.percentile(times, [50, 95, 99]))
    expected = published * (CLIENTS // USERS)
    return {"heard": len(times), "expected": expected, "p50": p50, "p95": p95, "p99": p99, "max": round(max(times), 1)}


async def _publish(redis_url: str, users: list[str]) -> int:
    """Publish alerts at random moments of the same mean rate; return how many."""
    redis, chance, count = make_redis(redis_url), random.Random(7), 0
    padding = {
        "message": "1,204,550 USDC ($1,204,550) moved from 0x1234…abcd to 0x5678…ef01 on Ethereum",
        "event": "x" * 600,
    }
    end = time.perf_counter() + SECONDS
    due = time.perf_counter()
    while due < end:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        data = {"alertId": str(new_id()), **padding, "published": time.perf_counter()}
        await redis.publish(user_alerts_channel(chance.choice(users)), orjson.dumps({"type": "alert", "data": data}))
        count += 1
        due += chance.expovariate(ALERTS_PER_S)
    await redis.aclose()
    return count


if __name__ == "__main__":
    if sys.argv[1:2] == ["clients"]:
        print(json.dumps(asyncio.run(_clients(int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])))))
    else:
        main()
