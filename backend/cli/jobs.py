"""`premium jobs`: what waits, what died and why; `--revive NUMBER` puts a dead job in line again."""

import asyncio
import sys

from sqlalchemy import RowMapping
from sqlalchemy.exc import SQLAlchemyError

from backend.core import jobs_repository
from backend.core.db import Database
from backend.core.settings import Settings

MOST_SHOWN = 50


def show_jobs(settings: Settings, revive: int | None) -> int:
    """Print the state of the queue (never the arguments of jobs); return 1 when it cannot be read."""
    if not settings.worker_database_url:
        print("WORKER_DATABASE_URL is not set: it names the database that the jobs are in.", file=sys.stderr)
        return 1
    try:
        return asyncio.run(_show(settings, revive))
    except (SQLAlchemyError, OSError) as error:
        print(f"The database cannot be read: {type(error).__name__}", file=sys.stderr)
        return 1


async def _show(settings: Settings, revive: int | None) -> int:
    database = Database(settings.worker_database_url, pool_size=1)
    try:
        async with database.unit_of_work() as session:
            revived = revive is None or await jobs_repository.revive(session, revive)
        async with database.unit_of_work() as session:
            state = await jobs_repository.queue_state(session)
            dead = await jobs_repository.dead_jobs(session, MOST_SHOWN)
    finally:
        await database.close()
    if not revived:
        print(f"There is no dead job {revive}.", file=sys.stderr)
        return 1
    print(
        f"waiting {state['waiting']} (the longest for {state['oldest_seconds']:.0f} s), for later {state['later']},"
        f" running {state['running']}, dead {state['dead']}"
    )
    for job in dead:
        print(_line(job))
    return 0


def _line(job: RowMapping) -> str:
    when = f"{job['failed_at']:%Y-%m-%d %H:%M}" if job["failed_at"] else "-"
    why = job["error"] or "This version of the program has no such task."
    return f"{job['id']:>8}  {job['task_name']:<36} {when}  after {job['attempts']} tries: {why}"
