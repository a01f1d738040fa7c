"""Jobs: work that is put in line together with what asked for it, and done by the process `jobs`.

A job is a row, written in the transaction of whoever asks: rolled back, it never was. It is done at least once (a
worker may die after the work and before it could say so), so every task is written to be done twice without harm.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from backend.core import jobs_repository
from backend.core.db import Database
from backend.core.settings import Settings

DEFAULT_RETRIES = 5
DEFAULT_TIMEOUT_SECONDS = 600.0
Function = TypeVar("Function", bound=Callable[..., Awaitable[None]])


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a task works with. `database` has the role premium_worker; `attempt` is 1 at the first try."""

    settings: Settings
    database: Database
    redis: Redis
    job_id: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Task:
    """A function by the name that jobs call it with. `retries`: tries after the first one. `cron`: when, in UTC."""

    name: str
    function: Callable[..., Awaitable[None]]
    retries: int
    timeout_seconds: float
    cron: str | None = None


_tasks: dict[str, Task] = {}


def task(
    *, name: str, retry: int = DEFAULT_RETRIES, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
) -> Callable[[Function], Function]:
    """Make an `async def f(context: JobContext, ...)` a task called `area.name`.

    A try that raises, or takes longer than `timeout_seconds`, is followed by up to `retry` others after 1, 2, 4, 8, ...
    seconds (at most 15 minutes) and some jitter; then the job is dead, and stays to be seen with its error. What blocks
    (long computing, compression) belongs in a thread: it would hold up every other job.
    """

    def register(function: Function) -> Function:
        if name in _tasks and _tasks[name].function is not function:
            raise ValueError(f"there is already a task called {name}")
        _tasks[name] = Task(name, function, retry, timeout_seconds)
        return function

    return register


def periodic(cron: str) -> Callable[[Function], Function]:
    """Have the task below done at each time of `cron` (UTC), once however many workers there are.

    It is called with `timestamp`, the time it was due at. One that was missed while no worker ran is made up for, if it
    was due within the last day.
    """

    def register(function: Function) -> Function:
        found = next((known for known in _tasks.values() if known.function is function), None)
        if found is None:
            raise ValueError("@periodic stands above @task")
        _tasks[found.name] = replace(found, cron=cron)
        return function

    return register


def registered_tasks() -> tuple[Task, ...]:
    """Return the tasks of the modules that were imported."""
    return tuple(_tasks.values())


async def defer(
    session: AsyncSession,
    task_name: str,
    /,
    *,
    run_at: datetime | None = None,
    queueing_lock: str | None = None,
    **arguments: Any,
) -> int | None:
    """Put a job in line in the session's transaction: it exists when that commits, and begins at once or at `run_at`.

    Returns its number, or None when a job with the same `queueing_lock` is waiting already. Raises TypeError when an
    argument cannot be written as JSON. Arguments stand in the database as they are: pass ids, never secrets.
    """
    return await jobs_repository.insert_job(session, task_name, json.dumps(arguments), run_at, queueing_lock)


async def locks_in_line(session: AsyncSession, queueing_locks: Sequence[str]) -> set[str]:
    """Return those of the locks under which a job is waiting (role premium_worker)."""
    return await jobs_repository.locks_in_line(session, queueing_locks)
