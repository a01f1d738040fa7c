"""Requests a minute: by plan, for all web processes together, never open when Redis is away."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.api import limits
from backend.api.limits import Allowance, RequestLimiter, impatient_redis
from backend.core.redis import make_redis
from backend.core.settings import Settings
from backend.embedded.ports import free_port
from backend.embedded.redis import redis_server
from tests.integration.api.conftest import Api, serving


@pytest.mark.parametrize(
    ("tier", "most"), [("free", 100), ("starter", 1_000), ("pro", 10_000), ("enterprise", 100_000)]
)
async def test_each_plan_says_its_limit(api: Api, tier: str, most: int) -> None:
    reply = await api.client_of(await api.new_user(tier)).get("/v1/auth/me")
    assert reply.headers["X-RateLimit-Limit"] == str(most)
    assert reply.headers["X-RateLimit-Remaining"] == str(most - 1)
    assert int(reply.headers["X-RateLimit-Reset"]) > 1_700_000_000


async def test_the_last_request_of_the_minute_and_the_first_too_many(api: Api) -> None:
    client = api.client_of(await api.new_user("free"))
    replies = await asyncio.gather(*(client.get("/v1/auth/me") for _ in range(104)))
    refused = [reply for reply in replies if reply.status == 429]
    assert sum(reply.status == 200 for reply in replies) == 100 and len(refused) == 4
    for reply in refused:
        assert reply.error["code"] == "RATE_LIMIT_EXCEEDED"
        assert 1 <= int(reply.headers["Retry-After"]) <= 60
        assert reply.error["details"]["retryAfter"] == int(reply.headers["Retry-After"])
        assert reply.headers["X-RateLimit-Remaining"] == "0"


async def test_several_web_processes_count_together(redis_url: str) -> None:
    clients = [make_redis(redis_url) for _ in range(4)]  # patient ones: a busy machine is not what is tested
    workers = [RequestLimiter(client) for client in clients]
    verdicts = await asyncio.gather(*(workers[n % 4].hit(50, "user", "shared") for n in range(80)))
    assert sum(verdict.allowed for verdict in verdicts) == 50
    assert sorted(verdict.remaining for verdict in verdicts if verdict.allowed) == list(range(50))
    for client in clients:
        await client.aclose()


async def test_a_key_and_its_account_are_counted_in_one_step(redis_url: str) -> None:
    client = make_redis(redis_url)
    limiter = RequestLimiter(client)
    both = Allowance(10, ("user", "a")), Allowance(3, ("key", "b"))
    verdicts = [await limiter.hit_all(*both) for _ in range(5)]
    assert [verdict.allowed for verdict in verdicts] == [True] * 3 + [False] * 2
    assert (await limiter.hit(10, "user", "a")).remaining == 6, "what the key was refused took nothing of the account"
    await client.aclose()


async def test_redis_that_dies_and_comes_back(work_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_REDIS_PAUSE_SECONDS", 0.2)
    port, directory = free_port(), work_dir / "redis-that-dies"
    with redis_server(directory, port) as url:
        client = impatient_redis(url)
        limiter = RequestLimiter(client)
        assert [(await limiter.hit(5, "user", "x")).allowed for _ in range(3)] == [True] * 3
    down = [await limiter.hit(5, "user", "x") for _ in range(8)]
    assert [verdict.allowed for verdict in down] == [True] * 5 + [False] * 3, "by itself, but limited"
    assert all(verdict.headers["Retry-After"] for verdict in down if not verdict.allowed)
    with redis_server(directory, port):
        await asyncio.sleep(0.3)
        assert (await limiter.hit(5, "user", "y")).remaining == 4
        assert await client.exists("limit:user/y") == 1, "counted for all again"
    await client.aclose()


async def test_a_redis_that_hangs_holds_no_request_up(make_settings: Callable[..., Settings]) -> None:
    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600)
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with serving(make_settings(redis_url=f"redis://127.0.0.1:{port}/0")) as api:
        client = api.client_of(await api.new_user("free"))
        loop = asyncio.get_running_loop()
        started = loop.time()
        assert (await client.get("/v1/auth/me")).status == 200
        assert (await client.get("/v1/auth/me")).headers["X-RateLimit-Remaining"] == "98"
        assert loop.time() - started < 5
    server.close()
