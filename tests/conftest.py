"""What every test may ask for: real PostgreSQL, Redis and chain, one set for each xdist worker."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from redis.asyncio import Redis

from backend.core.db import Database
from backend.core.redis import make_redis
from backend.core.settings import Settings, get_settings
from backend.embedded.ports import free_port
from backend.embedded.postgres import DatabaseUrls, RunningPostgres, postgres_server
from backend.embedded.redis import redis_server
from backend.embedded.schema import upgrade_schema

TEMPLATE = "premium_template"


@pytest.fixture(scope="session")
def work_dir() -> Iterator[Path]:
    """A directory that PostgreSQL's system user can reach (pytest's own are closed to others)."""
    directory = Path(tempfile.mkdtemp(prefix="premium-test-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(work_dir: Path) -> Iterator[RunningPostgres]:
    """A PostgreSQL 18 server of this worker, with a migrated template database."""
    directory = work_dir / "postgres"
    directory.mkdir(mode=0o755)
    with postgres_server(directory, free_port()) as running:
        running.server.ensure_roles(TEMPLATE)
        upgrade_schema(running.server.urls(TEMPLATE).admin)
        yield running


@pytest.fixture(scope="session")
def make_database(postgres: RunningPostgres) -> Callable[[], DatabaseUrls]:
    """A function that returns another fresh migrated database (50 ms)."""
    numbers = count(1)

    def make() -> DatabaseUrls:
        name = f"premium_{next(numbers)}"
        postgres.server.clone(TEMPLATE, name)
        return postgres.server.urls(name)

    return make


@pytest.fixture(scope="module")
def database_urls(make_database: Callable[[], DatabaseUrls], postgres: RunningPostgres) -> Iterator[DatabaseUrls]:
    """A migrated database that the tests of one file share: use ids of your own, expect rows of the others."""
    urls = make_database()
    yield urls
    if postgres.process is not None:
        postgres.server.drop(urls.app.rsplit("/", 1)[1])


@pytest.fixture
def fresh_database_urls(make_database: Callable[[], DatabaseUrls]) -> DatabaseUrls:
    """A migrated database for one test alone."""
    return make_database()


@pytest.fixture
async def app_database(database_urls: DatabaseUrls) -> AsyncIterator[Database]:
    """The shared database as the web sees it: role premium_app, bound by row-level security."""
    database = Database(database_urls.app, pool_size=2)
    yield database
    await database.close()


@pytest.fixture
async def worker_database(database_urls: DatabaseUrls) -> AsyncIterator[Database]:
    """The shared database as the workers see it: role premium_worker."""
    database = Database(database_urls.worker, pool_size=2)
    yield database
    await database.close()


@pytest.fixture
async def admin_database(database_urls: DatabaseUrls) -> AsyncIterator[Database]:
    """The shared database as the owner of the schema sees it."""
    database = Database(database_urls.admin, pool_size=2)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def redis_server_url(work_dir: Path) -> Iterator[str]:
    """A Redis server of this worker; its content is shared by the worker's tests."""
    with redis_server(work_dir / "redis", free_port()) as url:
        yield url


@pytest.fixture
async def redis_url(redis_server_url: str) -> str:
    """The worker's Redis, emptied for this test."""
    client = make_redis(redis_server_url)
    await client.flushall()
    await client.aclose()
    return redis_server_url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client of this test's Redis."""
    client = make_redis(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def make_settings(database_urls: DatabaseUrls, redis_url: str, tmp_path: Path) -> Callable[..., Settings]:
    """A function that returns settings for this test's servers, any field replaced by keyword."""

    def make(**changes: object) -> Settings:
        values: dict[str, object] = {
            "environment": "test",
            "var_dir": tmp_path / "var",
            "database_url": database_urls.app,
            "worker_database_url": database_urls.worker,
            "admin_database_url": database_urls.admin,
            "redis_url": redis_url,
            **changes,
        }
        return Settings(_env_file=None, **values)  # pyright: ignore

    return make


@pytest.fixture(autouse=True, scope="session")
def _only_test_settings() -> Iterator[None]:
    """Keep a developer's `.env` and environment out of the tests."""
    names = {name.upper() for name in Settings.model_fields} & os.environ.keys()
    taken = {name: os.environ.pop(name) for name in names}
    get_settings.cache_clear()
    yield
    os.environ.update(taken)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
