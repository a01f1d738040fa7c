"""A queue of its own for each test, tasks that tell what happened to them, and runners at work."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.job_runner import JobRunner, RunnerTimes
from backend.core.jobs import Task
from backend.core.settings import Settings
from backend.embedded.postgres import DatabaseUrls

QUICK = RunnerTimes(poll=0.1, heartbeat=0.2, dead_after=1.0, housekeeping=0.2)


async def eventually(check: Callable[[], Awaitable[bool]] | Callable[[], bool], seconds: float = 20) -> None:
    """Wait until `check` holds; fail after `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            held = check()
            if await held if not isinstance(held, bool) else held:
                return
            await asyncio.sleep(0.02)


class Queue:
    """The queue of a database of one test alone, seen by every role."""

    def __init__(self, urls: DatabaseUrls, settings: Settings, redis: Redis) -> None:
        self.urls = urls
        self.settings = settings
        self.redis = redis
        self.app = Database(urls.app, pool_size=2)
        self.worker = Database(urls.worker, pool_size=6)
        self.admin = Database(urls.admin, pool_size=2)

    async def rows(self) -> list[dict[str, object]]:
        async with self.admin.unit_of_work() as session:
            rows = await session.execute(
                text(
                    "select j.id, j.task_name, j.status::text, j.attempts, j.args, j.queueing_lock, e.error"
                    " from procrastinate.procrastinate_jobs j left join procrastinate.job_errors e on e.job_id = j.id"
                    " order by j.id"
                )
            )
            return [dict(row) for row in rows.mappings()]

    async def is_empty(self) -> bool:
        return not await self.rows()

    async def new_user(self) -> UUID:
        user_id = new_id()
        async with self.admin.unit_of_work() as session:
            await session.execute(
                text("insert into premium_users (id, email) values (:id, :email)"),
                {"id": user_id, "email": f"{user_id}@example.com"},
            )
        return user_id

    def runner(self, *tasks: Task, concurrency: int = 4) -> JobRunner:
        return JobRunner(self.settings, self.worker, self.redis, tasks, concurrency=concurrency, times=QUICK)

    async def close(self) -> None:
        for database in (self.app, self.worker, self.admin):
            await database.close()


@asynccontextmanager
async def running(runner: JobRunner) -> AsyncIterator[None]:
    """The runner at work."""
    task = asyncio.create_task(runner.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def queue(
    fresh_database_urls: DatabaseUrls, make_settings: Callable[..., Settings], redis: Redis
) -> AsyncIterator[Queue]:
    """An empty queue."""
    settings = make_settings(worker_database_url=fresh_database_urls.worker, database_url=fresh_database_urls.app)
    held = Queue(fresh_database_urls, settings, redis)
    yield held
    await held.close()
