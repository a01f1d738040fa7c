"""TimescaleDB's mode: isolation without row security, and the same answers.

Where the server has the extension, the real one is used. Everywhere else all but what only TimescaleDB does (chunks,
columnstore, its own retention) is tried on a plain server that takes its functions for granted.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.cli.migrate import migrate
from backend.core.db import Database
from backend.core.jobs import JobContext
from backend.embedded.postgres import DatabaseUrls, RunningPostgres
from backend.portfolio.snapshots import service, tasks
from backend.portfolio.snapshots.records import day_of, hour_of
from backend.portfolio.snapshots.service import SnapshotHome
from backend.portfolio.snapshots.store import Place
from backend.portfolio.snapshots.timescale_repository import install_schema, schema_statements
from backend.privacy import exporting
from tests.integration.portfolio.snapshots.conftest import NOW, hours_before, worth

pytestmark = pytest.mark.usefixtures("_a_day_in_may", "empty_store")
OF_TIMESCALE = "alter table portfolio_snapshots set (timescaledb"
TAKEN_FOR_GRANTED = """
create function by_range(name, interval) returns text language sql as 'select $1::text';
create function create_hypertable(regclass, text, if_not_exists boolean) returns text language sql as 'select $2';
create procedure add_columnstore_policy(regclass, after interval, if_not_exists boolean) language sql as 'select 1';
create function add_retention_policy(regclass, drop_after interval, if_not_exists boolean) returns int
  language sql as 'select 1';
"""
SAYS_IT_IS_THERE = """
insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
select 90000, 'timescaledb', 10, 'public'::regnamespace, false, 'plain'
"""


@pytest.fixture(scope="module", params=["plain", "timescaledb"])
def timeseries(postgres: RunningPostgres, request: pytest.FixtureRequest) -> Iterator[DatabaseUrls]:
    """A database with the schema of TimescaleDB's mode."""
    name = f"timeseries_{request.param}"
    with postgres.server.superuser_connection("postgres") as connection:
        there = connection.execute("select from pg_available_extensions where name = 'timescaledb'").fetchone()
    if request.param == "timescaledb" and there is None:
        pytest.skip("this PostgreSQL has no extension timescaledb to create")
    postgres.server.ensure_roles(name)
    urls = postgres.server.urls(name)
    with postgres.server.superuser_connection(name) as connection:
        if request.param == "timescaledb":
            connection.execute("create extension timescaledb")
        else:
            connection.execute("set allow_system_table_mods = on")
            connection.execute(SAYS_IT_IS_THERE)
    statements = schema_statements()
    if request.param == "plain":
        with psycopg.connect(urls.admin, autocommit=True) as connection:
            connection.execute(TAKEN_FOR_GRANTED)
        statements = [each for each in statements if not each.startswith(OF_TIMESCALE)]
        assert len(statements) == len(schema_statements()) - 1
    for _ in range(2):  # each statement may be repeated
        install_schema(urls.admin, statements)
    yield urls
    postgres.server.drop(name)


@pytest.fixture
async def far_worker(worker_database: Database, timeseries: DatabaseUrls):
    elsewhere = Database(timeseries.worker, 2)
    async with elsewhere.unit_of_work() as session:
        for table in ("portfolio_snapshots", "portfolio_rollups"):
            await session.execute(text(f"delete from {table}"))
    with psycopg.connect(timeseries.admin, autocommit=True) as connection:
        connection.execute("delete from portfolio_marks")
    home = SnapshotHome(worker_database, elsewhere, "worker")
    yield home
    await home.close()


@pytest.fixture
async def far_web(app_database: Database, timeseries: DatabaseUrls):
    home = SnapshotHome(app_database, Database(timeseries.app, 2), "web")
    yield home
    await home.close()


async def test_it_is_found_by_the_extension_and_our_schema(far_worker, far_web, worker_database, timeseries):
    assert await far_worker.is_timescale() and await far_web.is_timescale()
    for elsewhere in (None, worker_database):
        assert not await SnapshotHome(worker_database, elsewhere, "worker").is_timescale()


async def test_saved_read_rolled_up_withdrawn_as_in_the_native_store(
    far_worker, far_web, save, mine, user, redis, worker
):
    made = [
        worth(user.id, hours_before(hour), str(Decimal(hour) / 3), is_complete=bool(hour % 5), flow="1")
        for hour in range(0, 24 * 16, 7)
    ]
    await save(*made)
    assert len((await service.save_snapshots(far_worker, redis, made)).written) == len(made)
    assert await service.roll_up(worker) == await service.roll_up(far_worker) > 10
    late = worth(user.id, hours_before(24 * 8 + 3), "77777")
    await save(late)
    await service.save_snapshots(far_worker, redis, [late])
    async with mine() as near, far_web.open(user.id) as far:
        for name in ("24h", "7d", "30d", "90d", "1y", "all"):
            assert await service.history(near, user, name) == await service.history(far, user, name)
        weeks = [await service.series(store, user, hours_before(24 * 16), NOW, "week") for store in (near, far)]
        assert weeks[0] == weeks[1] and max(point.max_usd for point in weeks[0]) == 77777
        assert await service.latest(near, user) == await service.latest(far, user)
        at = hours_before(24 * 8 + 2)
        assert await service.breakdown_at(near, user, at) == await service.breakdown_at(far, user, at)
    async with far_worker.open() as store:
        blocks = [service.Block(31337, made[0].chains[0].block_hash or "", NOW)]
        assert await store.withdraw(blocks, NOW) == [Place(user.id, hour_of(NOW))]
        assert await store.restore(await store.withdrawn_for(day_of(NOW)), day_of(NOW)) == [
            Place(user.id, hour_of(NOW))
        ]
    async with worker.database.unit_of_work() as session:
        copies = await session.execute(text("select count(*) from portfolio_snapshots"))
        assert copies.scalar_one() == len(made) + 1, "the native rows are those of the native home"


async def test_the_web_sees_its_user_through_views_and_nothing_else(
    far_worker, far_web, user, new_user, redis, timeseries
):
    other = await new_user()
    await service.save_snapshots(far_worker, redis, [worth(user.id, NOW, "1"), worth(other.id, NOW, "2")])
    await service.save_snapshots(far_worker, redis, [worth(each.id, hours_before(96), "1") for each in (user, other)])
    await service.roll_up(far_worker)
    async with far_web.open(user.id) as store:
        assert (await store.latest(user.id, NOW, hours_before(5)))["total_value_usd"] == 1
        assert await store.latest(other.id, NOW, hours_before(5)) is None
        assert await store.rollups(other.id, "day", hours_before(200), NOW) == []
        assert len(await store.rollups(user.id, "day", hours_before(200), NOW)) == 1
    async with far_web.open() as store:
        assert await store.latest(user.id, NOW, hours_before(5)) is None
    app = Database(timeseries.app, 1)
    async with app.unit_of_work() as session:
        chunks = await session.execute(
            text(
                "select c.oid::regclass::text from pg_class c where c.relkind in ('r', 'p')"
                " and c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
                " and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'user_id')"
            )
        )
        tables = list(chunks.scalars())
    assert {"portfolio_snapshots", "portfolio_rollups"} <= set(tables)
    for attempt in (
        *(f"select user_id from {table}" for table in tables),
        "delete from my_portfolio_snapshots",
        "update my_portfolio_snapshots set total_value_usd = 0",
        "insert into my_portfolio_rollups select * from my_portfolio_rollups",
        "update portfolio_marks set reached = now()",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with app.unit_of_work(user.id) as session:
                await session.execute(text(attempt))
    await app.close()


async def test_a_condition_of_the_asker_does_not_see_rows_before_the_view_chose(
    far_worker, user, new_user, redis, timeseries
):
    """What `security_barrier` is for: a cheap function in the asker's own where clause would see everybody's rows."""
    people = [user, *[await new_user() for _ in range(3)]]
    await service.save_snapshots(far_worker, redis, [worth(each.id, NOW, "1") for each in people])
    seen: list[str] = []
    with psycopg.connect(timeseries.app) as connection:
        connection.add_notice_handler(lambda notice: seen.append(notice.message_primary or ""))
        connection.execute(
            "create function pg_temp.spy(uuid) returns boolean cost 0.0000001 language plpgsql as"
            " $$ begin raise notice '%', $1; return true; end $$"
        )
        for way in ("indexscan", "indexonlyscan", "bitmapscan"):  # the asker may choose the plan, too
            connection.execute(f"set enable_{way} = off")
        connection.execute("select set_config('app.current_user_id', %s, true)", (str(user.id),))
        rows = connection.execute("select user_id from my_portfolio_snapshots where pg_temp.spy(user_id)").fetchall()
    assert rows == [(user.id,)] and seen == [str(user.id)]


async def test_exports_and_erasure_reach_it(
    far_worker, user, redis, make_settings: Callable, timeseries, worker_database
):
    await service.save_snapshots(far_worker, redis, [worth(user.id, NOW, "1"), worth(user.id, hours_before(1), "2")])
    settings = make_settings(timeseries_url=timeseries.app, worker_timeseries_url=timeseries.worker)
    assert exporting._elsewhere["portfolio_snapshots"] is tasks.open_for_export
    async with tasks.open_for_export(settings, worker_database) as session:
        assert session is not None
        found = await session.execute(
            text("select count(*) from portfolio_snapshots where user_id = :id"), {"id": user.id}
        )
        assert found.scalar_one() == 2
    async with tasks.open_for_export(make_settings(), worker_database) as session:
        assert session is None
    context = JobContext(settings=settings, database=worker_database, redis=redis, job_id=1, attempt=1)
    for _ in range(2):
        await tasks.erase(context, user.id)
    async with far_worker.open() as store:
        assert await store.tracked_since(user.id) is None


async def test_both_schemas_have_the_same_columns(admin_database: Database, timeseries: DatabaseUrls):
    columns = text(
        "select table_name, column_name, data_type, is_nullable, character_maximum_length, column_default"
        " from information_schema.columns where table_name in"
        " ('portfolio_snapshots', 'portfolio_rollups', 'portfolio_marks') order by table_name, ordinal_position"
    )
    far = Database(timeseries.admin, 1)
    async with admin_database.unit_of_work() as here, far.unit_of_work() as there:
        assert (await here.execute(columns)).all() == (await there.execute(columns)).all()
    await far.close()


def test_without_the_extension_migrate_says_so(make_settings: Callable, database_urls: DatabaseUrls, capsys):
    assert migrate(make_settings(admin_timeseries_url=database_urls.admin)) == 1
    assert "create extension timescaledb" in capsys.readouterr().err
