"""Takes jobs from the queue and does them: procrastinate's worker, with what the house asks for around each job."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Job
from redis.asyncio import Redis
from sqlalchemy.exc import SQLAlchemyError

from backend.core import jobs_repository
from backend.core.clock import utc_now
from backend.core.db import Database, plain_url
from backend.core.errors import error_text
from backend.core.jobs import JobContext, Task
from backend.core.logging import get_logger
from backend.core.origin import Origin, coming_from
from backend.core.settings import Settings
from backend.core.telemetry import jobs_dead, jobs_finished, jobs_oldest_waiting

log = get_logger(__name__)
LONGEST_WAIT_SECONDS = 900.0
MOST_LOSSES = 3  # a job that was begun by so many workers that died, beyond its retries, may be what kills them
MISSED_PERIODIC_SECONDS = 86_400.0
_AGAIN_SECONDS = 1.0
_LEAVE_SECONDS = 5.0
_DEAF_SECONDS = 0.5
_SIDE_TASKS = frozenset({"update_heartbeats", "deferrer", "poll_jobs_to_abort", "listener"})  # procrastinate's


@dataclass(frozen=True, slots=True)
class RunnerTimes:
    """Seconds between looks at the queue (NOTIFY wakes earlier), and until a silent worker counts as dead."""

    poll: float = 1.0
    heartbeat: float = 2.0
    dead_after: float = 12.0
    housekeeping: float = 5.0


def wait_before_retry(failures: int) -> float:
    """Return the seconds to wait after so many failures before this one: 1, 2, 4, 8, ... and up to a quarter more."""
    return min(2.0**failures, LONGEST_WAIT_SECONDS) * random.uniform(1.0, 1.25)  # noqa: S311 - spreads load


class _Backoff(procrastinate.BaseRetryStrategy):
    """Tries again `retries` times; a job that a stopping worker broke off is for the next worker, at once."""

    def __init__(self, retries: int) -> None:
        self._retries = retries

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> procrastinate.RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError):
            return procrastinate.RetryDecision(retry_at=utc_now())
        if job.attempts >= self._retries:
            return None
        return procrastinate.RetryDecision(retry_at=utc_now() + timedelta(seconds=wait_before_retry(job.attempts)))


class JobRunner:
    """Does up to `concurrency` jobs at a time until cancelled. Several runners, on several machines, share the work."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        redis: Redis,
        tasks: Sequence[Task],
        *,
        concurrency: int = 10,
        times: RunnerTimes | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._redis = redis
        self._tasks = {task.name: task for task in tasks}
        self._concurrency = concurrency
        self._times = times or RunnerTimes()
        _quiet_procrastinate()

    async def run(self) -> None:
        """Work until cancelled; begin anew whenever PostgreSQL went away. What was begun then is done again."""
        keeping_house = asyncio.create_task(self._keep_house(), name="jobs-housekeeping")
        try:
            while True:
                try:
                    await self._work_until_cancelled()
                    log.warning("the job worker stopped by itself and begins again")
                except (ProcrastinateException, psycopg.Error, OSError) as error:
                    log.warning("the job worker begins again", error=type(error).__name__)
                await asyncio.sleep(_AGAIN_SECONDS)
        finally:
            keeping_house.cancel()
            await asyncio.gather(keeping_house, return_exceptions=True)

    async def run_until_idle(self) -> None:
        """Do the jobs that are due, and return when none is left. Periodic ones are not started."""
        await self._work(wait=False)

    async def _work_until_cancelled(self) -> None:
        working = asyncio.create_task(self._work(wait=True), name="jobs-working")
        try:
            await asyncio.shield(working)
        except asyncio.CancelledError:
            working.cancel()
            while not working.done():
                await asyncio.wait({working}, timeout=_DEAF_SECONDS)
                _cancel_the_deaf()
            raise

    async def _work(self, *, wait: bool) -> None:
        app = self._app(with_periodic=wait)
        async with app.open_async():
            await app.run_worker_async(
                wait=wait,
                concurrency=self._concurrency,
                fetch_job_polling_interval=self._times.poll,
                abort_job_polling_interval=60.0,
                shutdown_graceful_timeout=_LEAVE_SECONDS,
                update_heartbeat_interval=self._times.heartbeat,
                stalled_worker_timeout=self._times.dead_after,
                delete_jobs="successful",
                install_signal_handlers=False,
            )

    def _app(self, *, with_periodic: bool) -> procrastinate.App:
        connector = procrastinate.PsycopgConnector(
            conninfo=plain_url(self._database.url),
            kwargs={
                "options": "-c search_path=procrastinate",
                "connect_timeout": 5,
                "application_name": "premium-jobs",
            },
            min_size=1,
            max_size=4,
            timeout=10.0,
        )
        app = procrastinate.App(connector=connector, periodic_defaults={"max_delay": MISSED_PERIODIC_SECONDS})
        for task in self._tasks.values():
            backoff: Any = _Backoff(task.retries)  # the library's annotation wants its own subclass
            made = app.task(name=task.name, pass_context=True, retry=backoff)(self._doing(task))
            if task.cron is not None and with_periodic:
                app.periodic(cron=task.cron)(made)
        return app

    def _doing(self, task: Task) -> Any:
        async def do(context: procrastinate.JobContext, **arguments: Any) -> None:
            job = context.job
            assert job.id is not None
            mine = JobContext(self._settings, self._database, self._redis, job.id, job.attempts + 1)
            with (
                coming_from(Origin(channel="job", request_id=f"job_{job.id}")),
                structlog.contextvars.bound_contextvars(job_id=job.id, task=task.name),
            ):
                try:
                    await _within(task, mine, arguments)
                except asyncio.CancelledError:
                    self._count(task.name, "broken_off")
                    raise
                except Exception as error:
                    is_last = job.attempts >= task.retries
                    self._count(task.name, "dead" if is_last else "retry")
                    log.log(
                        logging.ERROR if is_last else logging.WARNING,
                        "job failed",
                        attempt=mine.attempt,
                        is_last=is_last,
                        exc_info=error,
                    )
                    await self._note(job.id, error_text(error))
                    raise
                self._count(task.name, "done")

        return do

    @staticmethod
    def _count(task_name: str, outcome: str) -> None:
        jobs_finished.labels(task_name, outcome).inc()

    async def _note(self, job_id: int, error: str) -> None:
        with contextlib.suppress(SQLAlchemyError, OSError):
            async with self._database.unit_of_work() as session:
                await jobs_repository.note_error(session, job_id, error)

    async def _keep_house(self) -> None:
        """Take the jobs of workers that died, and measure what waits."""
        while True:
            try:
                await self.take_over_lost()
                async with self._database.unit_of_work() as session:
                    state = await jobs_repository.queue_state(session)
                jobs_oldest_waiting.set(state["oldest_seconds"])
                jobs_dead.set(state["dead"])
            except (SQLAlchemyError, OSError) as error:
                log.warning("the job queue cannot be reached", error=type(error).__name__)
            await asyncio.sleep(self._times.housekeeping)

    async def take_over_lost(self) -> None:
        """Put the jobs of workers that died in line again; one that took too many workers with it is dead."""
        async with self._database.unit_of_work() as session:
            await jobs_repository.forget_silent_workers(session, self._times.dead_after)
            for lost in await jobs_repository.lost_jobs(session):
                task = self._tasks.get(lost["task_name"])
                limit = (task.retries if task else 0) + MOST_LOSSES
                is_dead = lost["attempts"] >= limit
                log.warning("the worker of a job died", job_id=lost["id"], task=lost["task_name"], is_dead=is_dead)
                self._count(lost["task_name"] if task else "unknown", "lost")
                if is_dead:
                    await jobs_repository.bury(session, lost["id"])
                    await jobs_repository.note_error(session, lost["id"], "Its worker died each time it was begun.")
                else:
                    # The first time at once, then apart from the others it ran beside.
                    wait = wait_before_retry(lost["attempts"]) if lost["attempts"] else 0.0
                    await jobs_repository.put_back(session, lost["id"], wait)


async def _within(task: Task, context: JobContext, arguments: dict[str, Any]) -> None:
    """Do the task. Raises TimeoutError when it takes too long, and whatever it raises."""
    limit = asyncio.timeout(task.timeout_seconds)
    try:
        async with limit:
            await task.function(context, **arguments)
    except TimeoutError as error:
        if limit.expired():
            raise TimeoutError(f"it took longer than {task.timeout_seconds:g} s") from error
        raise


def _cancel_the_deaf() -> None:
    """Cancel again what procrastinate cancelled in vain: `asyncio.wait_for` of Python 3.11, which its connection pool
    uses, may swallow a cancellation (fixed in 3.12)."""
    for task in asyncio.all_tasks():
        if task.get_name() in _SIDE_TASKS and task.cancelling():
            task.cancel()


class _NotOurs(logging.Filter):
    """Lets through what procrastinate says of itself; what it says of jobs names their arguments."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING and not str(getattr(record, "action", "")).startswith("job_")


_NOT_OURS = _NotOurs()


def _quiet_procrastinate() -> None:
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    logging.getLogger("procrastinate.worker").addFilter(_NOT_OURS)
