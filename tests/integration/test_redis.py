"""Our Redis client: what uses it can be stopped at any moment."""

import asyncio

from redis.asyncio import Redis

from backend.core.redis import make_redis


async def test_a_cancellation_at_any_step_of_a_command_is_not_forgotten(redis: Redis) -> None:
    """A worker that is told to stop while it sends stops, at whichever turn of the event loop it is told."""

    is_over = False

    async def write_for_ever() -> None:
        while not is_over:
            await redis.set("key", b"value")

    forgotten = []
    for turns in range(60):
        await redis.ping()
        writer = asyncio.create_task(write_for_ever())
        for _ in range(turns):
            await asyncio.sleep(0)
        writer.cancel()
        await asyncio.wait([writer], timeout=2)
        if not writer.done():
            forgotten.append(turns)
            is_over = True
            await asyncio.wait([writer], timeout=2)
            break
    assert forgotten == []
    assert await redis.get("key") == b"value", "what was cut off left no reply behind for the next command"


async def test_a_server_that_does_not_read_is_given_up(redis_url: str) -> None:
    """A send that cannot go out ends by the client's own time-out and says so."""

    async def never_reads(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(20)
        writer.close()

    server = await asyncio.start_server(never_reads, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = make_redis(f"redis://127.0.0.1:{port}/0?protocol=2", socket_timeout_seconds=0.2)
    try:
        async with asyncio.timeout(15):
            try:
                await client.set("key", b"x" * 50_000_000)
            except (TimeoutError, OSError) as error:
                failure: Exception | None = error
            except Exception as error:  # redis-py's own errors
                failure = error
            else:
                failure = None
        assert failure is not None and "Timeout" in str(failure), failure
    finally:
        await client.aclose()
        server.close()
