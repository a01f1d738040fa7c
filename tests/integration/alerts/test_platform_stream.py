"""Events that belong to no chain reach the stream: in order, each once, whatever is killed."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from decimal import Decimal
from itertools import chain
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.accounts.service import CurrentUser
from backend.alerts.firing import relay
from backend.alerts.firing.relay import PlatformRelay
from backend.alerts.service import publish_events
from backend.chain.events import Occurrence, Reading, decode_entry
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.redis import make_redis
from backend.core.settings import Settings
from backend.embedded import launch as child
from backend.embedded.postgres import DatabaseUrls
from backend.worker import alerts as worker
from tests.integration.alerts.conftest import insert_user
from tests.integration.alerts.test_faults import ROOT, KillableRedis
from tests.integration.alerts.world import until

STREAM = "chain:0:events"
RUN = "import asyncio; from backend.core.settings import Settings; from backend.worker.alerts import run;"
RUN += "asyncio.run(run(Settings(_env_file=None)))"
NOWHERE = {"chain_id": 0, "block_number": 0, "block_hash": "", "taken_at": 1_714_600_000}


def due(name: str) -> Occurrence:
    return Occurrence(
        id=f"schedule:{name}", **NOWHERE, topic="schedule.due", subject=name, source="clock", details={"a": "b\0c"}
    )


def worth(name: str, value: str) -> Reading:
    return Reading(
        id=f"portfolio:{name}", **NOWHERE, metric="portfolio.value_usd", subject=name, value=Decimal(value),
        previous_value=None, previous_taken_at=None, source="snapshot",
    )  # fmt: skip


@pytest.fixture
async def database(fresh_database_urls: DatabaseUrls) -> AsyncIterator[Database]:
    database = Database(fresh_database_urls.worker, pool_size=3)
    yield database
    await database.close()


@pytest.fixture
async def own_redis(tmp_path: Path) -> AsyncIterator[KillableRedis]:
    redis = KillableRedis(tmp_path / "redis")
    redis.start()
    yield redis
    redis.kill()


@pytest.fixture
async def client(own_redis: KillableRedis) -> AsyncIterator[Redis]:
    client = make_redis(own_redis.url)
    yield client
    await client.aclose()


async def publish(database: Database, *events, user_id=None) -> None:
    async with database.unit_of_work() as session:
        await publish_events(session, events, user_id)


async def streamed(client: Redis) -> list[str]:
    return [event.id for _, entry in await client.xrange(STREAM) for event in decode_entry(entry)[0]]


async def waiting(database: Database) -> int:
    async with database.unit_of_work() as session:
        return (
            await session.execute(text("select count(*) from platform_events where emitted_at is null"))
        ).scalar_one()


async def all_emitted(database: Database) -> bool:
    return await waiting(database) == 0


class Relaying:
    """The relay in this process, for the length of a block."""

    def __init__(self, database: Database, client: Redis) -> None:
        self._relay = PlatformRelay(database, client)

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._relay.run())

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


async def test_what_is_published_is_streamed_in_order_and_once(
    database: Database, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LOOK_SECONDS", 600.0)  # it is told of a publication, and does not look for it
    async with Relaying(database, client):
        await publish(database, due("one"), worth("two", "12.50"))
        await publish(database, due("one"), due("three"))
        await until(lambda: all_emitted(database))
        await publish(database, due("four"))
        await until(lambda: all_emitted(database))
    assert await streamed(client) == ["schedule:one", "portfolio:two", "schedule:three", "schedule:four"]
    # How many publications one entry holds depends on when the relay looks.
    decoded = [decode_entry(entry)[0] for _, entry in await client.xrange(STREAM)]
    first, reading = list(chain.from_iterable(decoded))[:2]
    assert isinstance(first, Occurrence) and first.details == {"a": "bc"} and reading == worth("two", "12.50")


async def test_what_is_rolled_back_is_not_streamed(database: Database, client: Redis) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.unit_of_work() as session:
            await publish_events(session, [due("never")])
            raise ZeroDivisionError
    async with Relaying(database, client):
        await publish(database, due("later"))
        await until(lambda: all_emitted(database))
    assert await streamed(client) == ["schedule:later"]
    with pytest.raises(ValueError, match="belongs to a chain"):
        await publish(database, Occurrence(id="x", **{**NOWHERE, "chain_id": 1}, topic="t", subject="", source=""))


async def test_a_user_may_publish_for_nobody_else(
    fresh_database_urls: DatabaseUrls, make_account, database: Database
) -> None:
    admin, app = Database(fresh_database_urls.admin, 1), Database(fresh_database_urls.app, 1)
    me, other = new_id(), new_id()
    for user_id in (me, other):
        await make_account(admin, user_id)
    async with app.unit_of_work(me) as session:
        await publish_events(session, [due("mine")], me)
    for user_id in (other, None):
        with pytest.raises(DBAPIError, match="row-level security"):
            async with app.unit_of_work(me) as session:
                await publish_events(session, [due("theirs")], user_id)
    assert await waiting(database) == 1
    await admin.close()
    await app.close()


@pytest.fixture
def make_account():
    async def make(admin: Database, user_id) -> None:
        await insert_user(admin, CurrentUser(id=user_id, email=f"{user_id}@example.com", tier="free"))

    return make


class WorkerProcess:
    """The alerts process, to be killed."""

    def __init__(self, settings: Settings, log: Path) -> None:
        environment = {
            "WORKER_DATABASE_URL": settings.worker_database_url, "REDIS_URL": settings.redis_url,
            "CHAINS": '{"500000": "http://127.0.0.1:9"}', "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"],
        }  # fmt: skip
        self._launch = child.Launch("alerts", [sys.executable, "-c", RUN], log, environment, cwd=ROOT)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = child.start(self._launch)

    def kill(self) -> None:
        assert self._process is not None
        child.kill_group(self._process.pid)
        self._process.wait()


@pytest.fixture
def settings(make_settings, fresh_database_urls: DatabaseUrls, own_redis: KillableRedis) -> Settings:
    return make_settings(worker_database_url=fresh_database_urls.worker, redis_url=own_redis.url)


async def end_its_connections(database: Database) -> None:
    """What the killed process had not committed is undone, as when its machine goes."""
    async with database.unit_of_work() as session:
        await session.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and application_name = 'premium-platform-relay'"
            )
        )


# Each makes the relay's own statement wait where the process is then killed.
_PAUSE = """
create function pause() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return new; end $$;
create trigger pause before update of {column} on platform_events for each row when ({when}) execute function pause();
"""
_BEFORE_MARK = ("emitted_at", "new.emitted_at is not null")
_BEFORE_PLACE = ("emit_seq", "new.emit_seq is not null and new.emitted_at is null")


@pytest.mark.parametrize(("column", "when"), [_BEFORE_MARK, _BEFORE_PLACE])
async def test_killed_between_appending_and_marking_nothing_is_doubled(
    settings: Settings,
    fresh_database_urls: DatabaseUrls,
    database: Database,
    client: Redis,
    tmp_path: Path,
    column: str,
    when: str,
) -> None:
    admin, process = Database(fresh_database_urls.admin, 1), WorkerProcess(settings, tmp_path / "worker.log")
    await publish(database, due("before"))
    process.start()
    await until(lambda: all_emitted(database), 30)
    async with admin.unit_of_work() as session:
        for statement in _PAUSE.format(column=column, when=when).strip().split(";\ncreate trigger"):
            await session.execute(text(statement if statement.startswith("create") else "create trigger" + statement))
    await publish(database, due("one"), due("two"))
    if column == "emitted_at":

        async def appended() -> bool:
            return "schedule:two" in await streamed(client)

        await until(appended)
    else:
        await asyncio.sleep(1.5)
    process.kill()
    await end_its_connections(database)
    assert await waiting(database) == 2, "not marked"
    async with admin.unit_of_work() as session:
        await session.execute(text("drop trigger pause on platform_events"))
    await publish(database, due("three"))
    process.start()
    try:
        await until(lambda: all_emitted(database), 30)
    finally:
        process.kill()
        await admin.close()
    assert await streamed(client) == [f"schedule:{name}" for name in ("before", "one", "two", "three")]


async def test_killed_again_and_again_under_load(
    settings: Settings, fresh_database_urls: DatabaseUrls, database: Database, client: Redis, tmp_path: Path
) -> None:
    process = WorkerProcess(settings, tmp_path / "worker.log")

    async def load() -> None:
        for number in range(300):
            await publish(database, due(str(2 * number)), due(str(2 * number + 1)))
            await asyncio.sleep(0.02)

    loading = asyncio.create_task(load())
    for pause in (2.3, 2.0, 2.6):
        process.start()
        await asyncio.sleep(pause)
        process.kill()
    await loading
    process.start()
    try:
        await until(lambda: all_emitted(database), 40)
    finally:
        process.kill()
    assert await streamed(client) == [f"schedule:{number}" for number in range(600)]


async def test_a_stream_that_redis_lost_is_filled_again(database: Database, client: Redis) -> None:
    async with Relaying(database, client):
        await publish(database, due("old"), due("young"))
        await until(lambda: all_emitted(database))
    await client.delete(STREAM)
    async with database.unit_of_work() as session:
        await session.execute(
            text("update platform_events set created_at = now() - interval '11 minutes' where id = 'schedule:old'")
        )
    async with Relaying(database, client):
        await publish(database, due("new"))
        await until(lambda: all_emitted(database))
    assert await streamed(client) == ["schedule:young", "schedule:new"]


async def test_only_one_relays(database: Database, client: Redis) -> None:
    async with Relaying(database, client), Relaying(database, client):
        for number in range(20):
            await publish(database, due(str(number)))
        await until(lambda: all_emitted(database))
        await asyncio.sleep(0.3)
    assert await streamed(client) == [f"schedule:{number}" for number in range(20)]


async def test_the_alert_worker_takes_the_stream_in(settings: Settings, database: Database, client: Redis) -> None:
    task = asyncio.create_task(worker.run(settings.model_copy(update={"chains": {500_000: ["http://127.0.0.1:9"]}})))
    await publish(database, due("one"), worth("two", "1"))

    async def acknowledged() -> bool:
        if not await client.exists(STREAM):
            return False
        groups = await client.xinfo_groups(STREAM)
        return bool(groups) and groups[0]["pending"] == 0 and groups[0]["last-delivered-id"] == b"1-1"

    try:
        await until(acknowledged)
        assert await client.xlen("alerts:dead") == 0
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
