"""Redis, PostgreSQL and the chain killed under the follower: at the end nothing is lost and nothing is there twice."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from backend.chain.events import BlockOrphaned
from backend.core.db import Database
from backend.core.redis import events_stream, make_redis
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.demo.transactions import Transaction
from backend.embedded import launch as child
from backend.embedded.ports import free_port, wait_until
from backend.embedded.postgres import RunningPostgres, postgres_server
from backend.embedded.redis import is_redis_ready, redis_launch
from backend.embedded.schema import upgrade_schema
from tests.integration.chain.harness import Market, assert_complete, following, stream_events, wait_for_head
from tests.integration.chain.test_follow import first_block, trades


class OwnRedis:
    """A Redis of this test's own that can be killed; its append-only file is synced once a second."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.launch = redis_launch(directory / "redis", self.port, directory / "redis.log")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.process = child.start(self.launch)
        assert wait_until(lambda: is_redis_ready(self.port), 20)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path)
    server.start()
    yield server
    server.kill()


async def _keep_trading(market: Market, stop: asyncio.Event) -> None:
    usd = 10_000
    while not stop.is_set():
        await market.anvil.mine(trades(market, usd))
        usd += 1
        await asyncio.sleep(0.02)


async def test_redis_killed_in_the_middle_loses_nothing(
    market: Market, chain_settings: Settings, chain_database: Database, own_redis: OwnRedis
) -> None:
    settings = chain_settings.model_copy(update={"redis_url": own_redis.url})
    stop = asyncio.Event()
    async with following(settings):
        trading = asyncio.create_task(_keep_trading(market, stop))
        for _ in range(4):
            await asyncio.sleep(0.7)
            own_redis.kill()
            await asyncio.sleep(0.3)
            own_redis.start()
        stop.set()
        await trading
        redis = make_redis(own_redis.url)
        await wait_for_head(market, chain_database, redis, seconds=60)
        own_redis.kill()
        await market.anvil.mine(trades(market, 90_000))  # and then nothing: no next block brings it back
        await asyncio.sleep(1.0)
        own_redis.start()
        last = await wait_for_head(market, chain_database, redis, seconds=60)
    await assert_complete(market, chain_database, redis, first_block(market), last)
    await redis.aclose()


@pytest.mark.parametrize("lost", ["the last entries", "everything"])
async def test_a_stream_that_went_back_in_time_is_filled_again(
    lost: str, market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    """Redis came back with an older state, while nobody was connected or between two blocks."""
    stream = events_stream(DEMO_CHAIN_ID)
    async with following(chain_settings):
        for usd in range(6):
            await market.anvil.mine(trades(market, 20_000 + usd))
        await wait_for_head(market, chain_database, redis)
        before = [event.id for event in await stream_events(redis)]
        entries = await redis.xrange(stream)
        # What a restart from an older file does: the stream as it was after three entries.
        await redis.delete(stream)
        for key, fields in entries[: 3 if lost == "the last entries" else 0]:
            await redis.xadd(stream, fields, id=key)
        await market.anvil.mine(trades(market, 40_000))
        last = await wait_for_head(market, chain_database, redis)
    events = await assert_complete(market, chain_database, redis, first_block(market), last)
    assert [event.id for event in events][: len(before)] == before


async def test_emitting_again_gives_the_same_events(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    """Values, prices, previous prices and sources too: they come from the stored readings."""
    async with following(chain_settings):
        for usd in range(6):
            await market.anvil.mine(trades(market, 20_000 + usd))
        await wait_for_head(market, chain_database, redis)
    first = await stream_events(redis)
    await redis.delete(events_stream(DEMO_CHAIN_ID))
    async with following(chain_settings):
        await wait_for_head(market, chain_database, redis)
    assert await stream_events(redis) == first
    assert len(first) > 60


async def test_a_database_older_than_the_stream_goes_on_above_it(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    await redis.xadd(events_stream(DEMO_CHAIN_ID), {"e": b"[]", "at": b"0.0"}, id="5000-1")
    async with following(chain_settings):
        await market.anvil.mine(trades(market))
        last = await wait_for_head(market, chain_database, redis)
    await assert_complete(market, chain_database, redis, first_block(market), last)


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory, work_dir: Path) -> Iterator[RunningPostgres]:
    directory = work_dir / "postgres-to-kill"
    directory.mkdir(mode=0o755)
    with postgres_server(directory, free_port()) as running:
        running.server.ensure_roles("premium")
        upgrade_schema(running.server.urls("premium").admin)
        yield running


async def test_postgres_restarted_in_the_middle_loses_nothing(
    market: Market, chain_settings: Settings, own_postgres: RunningPostgres, redis: Redis
) -> None:
    urls = own_postgres.server.urls("premium")
    settings = chain_settings.model_copy(update={"worker_database_url": urls.worker, "database_url": urls.app})
    database = Database(urls.worker, pool_size=2)
    stop = asyncio.Event()
    async with following(settings):
        trading = asyncio.create_task(_keep_trading(market, stop))
        for _ in range(2):
            await asyncio.sleep(0.8)
            own_postgres.kill()
            await asyncio.sleep(0.2)
            own_postgres.start()
        stop.set()
        await trading
        last = await wait_for_head(market, database, redis, seconds=60)
    await assert_complete(market, database, redis, first_block(market), last)
    await database.close()


async def test_a_chain_that_goes_away_and_comes_back(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    async with following(chain_settings):
        await market.anvil.mine(trades(market))
        await wait_for_head(market, chain_database, redis)
        market.anvil.stop()
        await asyncio.sleep(1.5)
        market.anvil.start()
        for usd in range(4):
            await market.anvil.mine(trades(market, 70_000 + usd))
        last = await wait_for_head(market, chain_database, redis, seconds=60)
    events = await assert_complete(market, chain_database, redis, first_block(market), last)
    assert not any(isinstance(event, BlockOrphaned) for event in events)


SYNC = "1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"
# Called without data it logs a Sync as a pool would; asked anything, it runs until the gas is gone.
HOSTILE_POOL = f"0x3615600957 5b600556 5b 7f{SYNC} 6040 6000 a1 00".replace(" ", "")


async def test_a_hostile_pool_cannot_stop_the_follower(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    hostile = "0x" + "78" * 20
    await market.anvil.call("anvil_setCode", hostile, HOSTILE_POOL)
    touch = Transaction(market.addresses.accounts["guest"], hostile, "0x", 100_000)
    async with following(chain_settings):
        await wait_for_head(market, chain_database, redis)
        for usd in range(3):
            await market.anvil.mine([touch, *trades(market, 20_000 + usd)])
        last = await wait_for_head(market, chain_database, redis)
    logs = await market.anvil.logs(last, last)
    assert any(log["address"] == hostile and log["topics"] == ["0x" + SYNC] for log in logs)
    await assert_complete(market, chain_database, redis, first_block(market), last)
