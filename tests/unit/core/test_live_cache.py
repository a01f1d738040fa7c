"""A cache may be out of date for nobody: what was dropped while it was being read is not kept."""

import asyncio

from backend.core import clock
from backend.core.live_cache import LiveCache


async def value(of):
    return of


async def test_it_keeps_for_its_time_and_only_while_somebody_listens():
    now, live = [100.0], [True]
    clock.use_clock(lambda: now[0])
    try:
        cache = LiveCache("test", 10.0, lambda: live[0])
        assert await cache.get("a", lambda: value(1)) == 1
        assert await cache.get("a", lambda: value(2)) == 1
        live[0] = False
        assert await cache.get("a", lambda: value(3)) == 3
        live[0] = True
        assert await cache.get("a", lambda: value(4)) == 1
        now[0] += 10.0
        assert await cache.get("a", lambda: value(5)) == 5
    finally:
        clock.use_clock(None)


async def test_what_is_dropped_while_it_is_read_is_not_kept():
    cache = LiveCache("test", 10.0, lambda: True)
    go_on = asyncio.Event()

    async def slow():
        await go_on.wait()
        return "old"

    reading = asyncio.create_task(cache.get("a", slow))
    await asyncio.sleep(0)
    cache.drop("a")
    go_on.set()
    assert await reading == "old"
    assert cache.peek("a") is None


async def test_nothing_is_never_kept_and_the_oldest_go_first():
    cache = LiveCache("test", 10.0, lambda: True, most=4)
    assert await cache.get("none", lambda: value(None)) is None
    for n in range(5):
        await cache.get(n, lambda n=n: value(n))
    assert [cache.peek(n) for n in range(5)] == [None, None, 2, 3, 4]
    cache.drop_where(lambda each: each == 3)
    assert [cache.peek(n) for n in range(5)] == [None, None, 2, None, 4]
    cache.clear()
    assert len(cache) == 0
