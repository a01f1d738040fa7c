"""The live hub on a real Redis: right user, reload after a gap, reload for slow readers."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest
from redis.asyncio import Redis

from backend.core.ids import new_id
from backend.core.redis import make_redis, user_alerts_channel
from backend.notifications.live import QUEUE_SIZE, RELOAD, LiveHub


@pytest.fixture
async def hub(redis_url: str) -> AsyncIterator[LiveHub]:
    client = make_redis(redis_url)
    running = LiveHub(client)
    yield running
    await running.close()
    await client.aclose()


async def publish(redis: Redis, user_id: object, message: object) -> None:
    await redis.publish(user_alerts_channel(user_id), orjson.dumps(message))


async def test_each_user_gets_their_own_messages_on_every_page(hub: LiveHub, redis: Redis) -> None:
    ann, bob = new_id(), new_id()
    async with hub.subscribe(ann) as first, hub.subscribe(ann) as second, hub.subscribe(bob) as other:
        await publish(redis, ann, {"type": "alert", "data": 1})
        await publish(redis, bob, {"type": "alert", "data": 2})
        async with asyncio.timeout(10):
            assert await first.get() == await second.get() == {"type": "alert", "data": 1}
            assert await other.get() == {"type": "alert", "data": 2}
        assert first.empty() and second.empty() and other.empty()
        assert hub.subscribers == 3
    assert hub.subscribers == 0


async def test_garbage_is_skipped(hub: LiveHub, redis: Redis) -> None:
    user = new_id()
    async with hub.subscribe(user) as queue:
        await redis.publish(user_alerts_channel(user), b"\xff{")
        await publish(redis, user, [1])
        await publish(redis, user, {"type": "alert"})
        async with asyncio.timeout(10):
            assert await queue.get() == {"type": "alert"}


async def test_a_broken_subscription_comes_back_and_says_reload(hub: LiveHub, redis: Redis) -> None:
    user = new_id()
    async with hub.subscribe(user) as queue:
        for _ in range(2):
            await redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            async with asyncio.timeout(20):
                assert await queue.get() == RELOAD
            await publish(redis, user, {"type": "alert"})
            async with asyncio.timeout(10):
                assert await queue.get() == {"type": "alert"}


async def test_a_slow_reader_finds_a_reload_instead_of_old_news(hub: LiveHub, redis: Redis) -> None:
    user = new_id()
    async with hub.subscribe(user) as queue, hub.subscribe(user) as quick:
        for number in range(QUEUE_SIZE + 10):
            await publish(redis, user, {"type": "alert", "data": number})
            async with asyncio.timeout(10):
                assert (await quick.get())["data"] == number
        kept = [queue.get_nowait() for _ in range(queue.qsize())]
    assert kept[0] == RELOAD
    assert kept[-1]["data"] == QUEUE_SIZE + 9
    assert len(kept) < QUEUE_SIZE
