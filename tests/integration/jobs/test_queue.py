"""The job queue on a real PostgreSQL: with the transaction or not at all, at least once, and never blocked by one."""

import asyncio
import inspect
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from backend.cli.jobs import show_jobs
from backend.core.clock import utc_now
from backend.core.jobs import JobContext, Task, defer
from backend.core.origin import current_origin
from backend.core.settings import ROOT
from backend.worker.jobs import all_tasks, delete_old_dead
from tests.integration.jobs.conftest import Queue, eventually, running


def noting(done: list[Any]) -> Task:
    """A task that notes its argument."""

    async def note(context: JobContext, what: object) -> None:
        done.append(what)

    return Task("test.note", note, retries=0, timeout_seconds=5)


async def put(queue: Queue, name: str, **arguments: Any) -> int | None:
    async with queue.app.unit_of_work() as session:
        return await defer(session, name, **arguments)


async def test_a_job_is_done_well_under_a_second_after_its_transaction_and_leaves_no_row(queue: Queue) -> None:
    done: list[float] = []

    async def stamp(context: JobContext) -> None:
        done.append(time.monotonic())

    runner = queue.runner(Task("test.stamp", stamp, 0, 5))
    async with running(runner):
        await put(queue, "test.stamp")
        await eventually(lambda: len(done) == 1)
        waits = []
        for _ in range(5):
            await asyncio.sleep(0.13)
            done.clear()
            async with queue.app.unit_of_work() as session:
                await defer(session, "test.stamp")
                await asyncio.sleep(0.05)
                assert done == [], "it began before the transaction was over"
            committed = time.monotonic()
            await eventually(lambda: len(done) == 1)
            waits.append(done[0] - committed)
        await eventually(queue.is_empty)
    assert sorted(waits)[2] < 0.09, f"woken by NOTIFY, not by the look every 0.1 s: {waits}"


async def test_what_is_rolled_back_leaves_no_job(queue: Queue) -> None:
    with pytest.raises(RuntimeError, match="no"):
        async with queue.app.unit_of_work() as session:
            await defer(session, "test.note", what=1)
            raise RuntimeError("no")
    assert await queue.is_empty()


async def test_a_failing_job_is_tried_again_and_then_dead_with_its_error(queue: Queue) -> None:
    seen: list[int] = []

    async def fail(context: JobContext, secret: str) -> None:
        seen.append(context.attempt)
        raise ValueError("postgresql://me:hunter2@host/ is away\nparameters: secret")

    await put(queue, "test.fail", secret="s3cret")
    async with running(queue.runner(Task("test.fail", fail, retries=1, timeout_seconds=5))):

        async def is_dead() -> bool:
            return [row["status"] for row in await queue.rows()] == ["failed"]

        await eventually(is_dead)
    [row] = await queue.rows()
    assert seen == [1, 2]
    assert row["error"] == "ValueError: postgresql://me:***@host/ is away"


async def test_a_job_that_hangs_or_breaks_does_not_hold_up_the_others(queue: Queue) -> None:
    done: list[Any] = []

    async def hang(context: JobContext) -> None:
        await asyncio.Event().wait()

    async def unknown_argument(context: JobContext) -> None:
        done.append("never")

    hanging, wrong = Task("test.hang", hang, 0, 0.5), Task("test.wrong", unknown_argument, 0, 5)
    for _ in range(2):
        await put(queue, "test.hang")
    await put(queue, "test.wrong", nothing_like_this=1)
    await put(queue, "test.of_another_version")
    await put(queue, "test.note", what="through")
    async with running(queue.runner(hanging, wrong, noting(done), concurrency=2)):
        await eventually(lambda: done == ["through"])

        async def four_dead() -> bool:
            return [row["status"] for row in await queue.rows()] == ["failed"] * 4

        await eventually(four_dead)
    errors = [str(row["error"]) for row in await queue.rows()]
    assert errors[0] == errors[1] == "TimeoutError: it took longer than 0.5 s"
    assert errors[2].startswith("TypeError: ")


async def test_a_waiting_job_with_the_same_queueing_lock_is_enough(queue: Queue) -> None:
    begun = asyncio.Event()
    done: list[int] = []

    async def fail_once(context: JobContext) -> None:
        begun.set()
        await asyncio.sleep(0.3)
        if context.attempt == 1 and not done:
            done.append(0)
            raise ValueError("once")
        done.append(context.attempt)

    assert await put(queue, "test.slow", queueing_lock="one") is not None
    assert await put(queue, "test.slow", queueing_lock="one") is None
    # One at a time, so that the second still waits when the first is put back.
    async with running(queue.runner(Task("test.slow", fail_once, retries=1, timeout_seconds=5), concurrency=1)):
        await begun.wait()
        assert await put(queue, "test.slow", queueing_lock="one") is not None, "the first is begun, not waiting"
        await eventually(queue.is_empty)
    assert sorted(done) == [0, 1, 2], "the retry and the second job both came through"


async def test_a_job_for_later_waits(queue: Queue) -> None:
    done: list[Any] = []
    async with queue.app.unit_of_work() as session:
        await defer(session, "test.note", run_at=utc_now() + timedelta(seconds=0.6), what="later")
    started = time.monotonic()
    async with running(queue.runner(noting(done))):
        await eventually(lambda: done == ["later"])
    assert time.monotonic() - started > 0.4


async def test_a_job_knows_its_database_and_that_it_is_a_job(queue: Queue) -> None:
    seen: list[Any] = []

    async def look(context: JobContext) -> None:
        async with context.database.unit_of_work() as session:
            seen.append((await session.execute(text("select current_user"))).scalar_one())
        seen.append(current_origin().channel)
        seen.append(await context.redis.ping())

    await put(queue, "test.look")
    await queue.runner(Task("test.look", look, 0, 5)).run_until_idle()
    assert seen == ["premium_worker", "job", True]


async def test_periodic_work_is_done_once_by_two_workers(queue: Queue) -> None:
    seen: list[int] = []

    async def tick(context: JobContext, timestamp: int) -> None:
        seen.append(timestamp)

    task = Task("test.tick", tick, 0, 5, cron="* * * * * */2")
    async with running(queue.runner(task)), running(queue.runner(task)):
        await eventually(lambda: len(seen) >= 3)
    assert len(seen) == len(set(seen)), seen


async def test_the_web_role_defers_and_reads_nothing(queue: Queue) -> None:
    await put(queue, "test.note", what="of somebody")
    for statement in (
        "select args from procrastinate.procrastinate_jobs",
        "select * from procrastinate.procrastinate_fetch_job_v2(null, 1)",
        "delete from procrastinate.procrastinate_events",
    ):
        with pytest.raises(ProgrammingError, match="permission denied for schema procrastinate"):
            async with queue.app.unit_of_work() as session:
                await session.execute(text(statement))


async def test_the_command_line_shows_dead_jobs_without_arguments_and_revives_them(
    queue: Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(context: JobContext, what: str) -> None:
        raise ValueError("not today")

    number = await put(queue, "test.fail", what="s3cret")
    await put(queue, "test.of_another_version")
    await queue.runner(Task("test.fail", fail, 0, 5)).run_until_idle()
    capsys.readouterr()
    assert await asyncio.to_thread(show_jobs, queue.settings, None) == 0
    shown = capsys.readouterr().out
    assert "waiting 0 " in shown
    assert "dead 2" in shown
    assert "after 1 tries: ValueError: not today" in shown
    assert "no such task" in shown
    assert "s3cret" not in shown
    assert await asyncio.to_thread(show_jobs, queue.settings, number) == 0
    assert await asyncio.to_thread(show_jobs, queue.settings, number) == 1
    done: list[Any] = []
    await queue.runner(Task("test.fail", noting(done).function, 0, 5)).run_until_idle()
    assert done == ["s3cret"]


async def test_dead_jobs_are_kept_for_thirty_days(queue: Queue) -> None:
    await put(queue, "test.of_another_version")
    await put(queue, "test.of_another_version")
    await queue.runner().run_until_idle()
    async with queue.admin.unit_of_work() as session:
        await session.execute(
            text(
                "update procrastinate.procrastinate_events set at = now() - interval '31 days' where job_id ="
                " (select min(id) from procrastinate.procrastinate_jobs)"
            )
        )
    await delete_old_dead(JobContext(queue.settings, queue.worker, queue.redis, 0, 1), timestamp=0)
    assert len(await queue.rows()) == 1


def test_every_domain_with_tasks_takes_part() -> None:
    folders = {path.parent.name for path in (ROOT / "backend").glob("*/tasks.py")}
    assert folders <= {task.name.partition(".")[0] for task in all_tasks()}
    for known in all_tasks():
        parameters = list(inspect.signature(known.function).parameters)
        assert parameters[0] == "context", known.name
        assert (parameters == ["context", "timestamp"]) == (known.cron is not None), known.name


async def test_arguments_must_be_json(queue: Queue) -> None:
    with pytest.raises(TypeError):
        await put(queue, "test.note", what=object())
