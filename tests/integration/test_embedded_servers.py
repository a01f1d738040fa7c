"""The servers that every other test stands on."""

import psycopg
import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from backend.core.db import Database
from backend.embedded.postgres import DatabaseUrls, RunningPostgres


async def test_roles_are_bound_by_row_security(app_database: Database, worker_database: Database):
    for database in (app_database, worker_database):
        async with database.unit_of_work() as session:
            row = (
                await session.execute(
                    text("select rolsuper, rolbypassrls, rolcreatedb from pg_roles where rolname = current_user")
                )
            ).one()
            assert tuple(row) == (False, False, False)


def test_superuser_cannot_log_in_over_tcp(postgres: RunningPostgres):
    with pytest.raises(psycopg.OperationalError, match="rejects connection"):
        psycopg.connect(host="127.0.0.1", port=postgres.server.port, user="postgres", dbname="postgres")


def test_wrong_password_is_refused(database_urls: DatabaseUrls):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(database_urls.app.replace(":throwaway@", ":wrong@"))


def test_fresh_database_is_migrated_and_empty(fresh_database_urls: DatabaseUrls):
    with psycopg.connect(fresh_database_urls.admin) as connection:
        assert connection.execute("select version_num from alembic_version").fetchone() is not None
        assert connection.execute("select count(*) from premium_users").fetchone() == (0,)


async def test_redis_notifies_and_never_evicts(redis: Redis):
    policy = await redis.config_get("maxmemory-policy")
    events = await redis.config_get("notify-keyspace-events")
    assert policy["maxmemory-policy"] == "noeviction"
    assert set("K$sgxe") <= set(events["notify-keyspace-events"])
