"""Workers that die, stop or lose PostgreSQL in the middle of a job."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from sqlalchemy import text

from backend.core.db import Database
from backend.core.job_runner import MOST_LOSSES
from backend.core.jobs import JobContext, Task, defer
from tests.integration.jobs.conftest import Queue, eventually, running

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import asyncio, sys
from backend.core.db import Database
from backend.core.job_runner import JobRunner
from backend.core.jobs import Task
from backend.core.redis import make_redis
from backend.core.settings import Settings
from tests.integration.jobs.conftest import QUICK

async def work(context):
    print("begun", flush=True)
    await asyncio.Event().wait()

async def main():
    settings = Settings(_env_file=None, environment="test", worker_database_url=sys.argv[1], redis_url=sys.argv[2])
    database = Database(settings.worker_database_url, pool_size=2)
    task = Task("test.work", work, 0, 60)
    await JobRunner(settings, database, make_redis(settings.redis_url), [task], times=QUICK).run()

asyncio.run(main())
"""


async def begin_in_another_process(queue: Queue) -> asyncio.subprocess.Process:
    """A worker process that has begun the waiting job."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        queue.urls.worker,
        str(queue.settings.redis_url),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        assert await process.stdout.readline() == b"begun\n"
    return process


async def put(queue: Queue) -> None:
    async with queue.app.unit_of_work() as session:
        await defer(session, "test.work")


async def test_the_job_of_a_killed_worker_is_done_by_the_next(queue: Queue) -> None:
    done: list[int] = []

    async def work(context: JobContext) -> None:
        done.append(context.attempt)

    await put(queue)
    process = await begin_in_another_process(queue)
    process.kill()
    await process.wait()
    assert [row["status"] for row in await queue.rows()] == ["doing"]
    async with running(queue.runner(Task("test.work", work, 0, 5))):
        await eventually(queue.is_empty, seconds=10)
    assert done == [2]


async def test_a_worker_that_is_told_to_stop_hands_its_job_on(queue: Queue) -> None:
    await put(queue)
    runner_done = asyncio.Event()

    async def slow(context: JobContext) -> None:
        runner_done.set()
        await asyncio.Event().wait()

    async def quick(context: JobContext) -> None:
        return

    from backend.core import job_runner

    patience, job_runner._LEAVE_SECONDS = job_runner._LEAVE_SECONDS, 0.2
    try:
        async with running(queue.runner(Task("test.work", slow, 0, 60))):
            await runner_done.wait()
    finally:
        job_runner._LEAVE_SECONDS = patience
    assert [(row["status"], row["attempts"]) for row in await queue.rows()] == [("todo", 1)]
    await queue.runner(Task("test.work", quick, 0, 60)).run_until_idle()
    assert await queue.is_empty()


async def test_a_job_that_kills_every_worker_is_dead_at_last(queue: Queue) -> None:
    await put(queue)
    runner = queue.runner(Task("test.work", lambda context: asyncio.sleep(0), 0, 60))
    for _ in range(MOST_LOSSES + 1):
        async with queue.admin.unit_of_work() as session:
            await session.execute(
                text("update procrastinate.procrastinate_jobs set status = 'doing' where status = 'todo'")
            )
        await runner.take_over_lost()
    [row] = await queue.rows()
    assert (row["status"], row["error"]) == ("failed", "Its worker died each time it was begun.")


async def test_work_goes_on_when_every_connection_was_cut(queue: Queue) -> None:
    done: list[int] = []
    begun = asyncio.Event()

    async def work(context: JobContext) -> None:
        begun.set()
        await asyncio.sleep(0.3)
        done.append(context.attempt)

    async with running(queue.runner(Task("test.work", work, 1, 5))):
        await put(queue)
        await begun.wait()
        cutter = Database(queue.urls.worker, pool_size=1)
        async with cutter.unit_of_work() as session:
            await session.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'premium_worker'"
                    " and datname = current_database() and pid <> pg_backend_pid()"
                )
            )
        await cutter.close()
        await eventually(lambda: len(done) >= 1)
        await put(queue)
        await eventually(lambda: len(done) >= 2)
        await eventually(queue.is_empty)


async def test_sigterm_right_after_the_start_is_answered(queue: Queue) -> None:
    """The jobs process itself (premium worker jobs) leaves within its eight seconds."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys; from backend.cli.main import main; main()",
        "worker",
        "jobs",
        cwd=ROOT,
        env={
            **os.environ,
            "WORKER_DATABASE_URL": queue.urls.worker,
            "DATABASE_URL": queue.urls.app,
            "REDIS_URL": str(queue.settings.redis_url),
            "WORKER_METRICS_PORT": "0",
        },
        stderr=asyncio.subprocess.PIPE,
    )

    async def is_registered() -> bool:
        async with queue.admin.unit_of_work() as session:
            found = await session.execute(text("select count(*) from procrastinate.procrastinate_workers"))
            return found.scalar_one() == 1

    await eventually(is_registered)
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(10):
        _, log = await process.communicate()
    assert process.returncode == 0, log.decode()
