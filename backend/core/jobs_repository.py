"""The SQL of the job queue, beside procrastinate's own. Everything but `insert_job` is for the role premium_worker."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession


async def insert_job(
    session: AsyncSession, task_name: str, arguments: str, run_at: datetime | None, queueing_lock: str | None
) -> int | None:
    """Write a job; return its number, None when one with the same queueing lock waits. `arguments`: a JSON object."""
    statement = text("select defer_job(:task_name, cast(:arguments as jsonb), :run_at, :queueing_lock)")
    values = {"task_name": task_name, "arguments": arguments, "run_at": run_at, "queueing_lock": queueing_lock}
    return (await session.execute(statement, values)).scalar_one()


async def locks_in_line(session: AsyncSession, queueing_locks: Sequence[str]) -> set[str]:
    """Return those of the locks under which a job is waiting."""
    statement = text(
        "select queueing_lock from procrastinate.procrastinate_jobs"
        " where status = 'todo' and queueing_lock = any(cast(:locks as text[]))"
    )
    return set((await session.execute(statement, {"locks": list(queueing_locks)})).scalars())


async def forget_silent_workers(session: AsyncSession, silent_seconds: float) -> None:
    """Forget the workers that have not been heard of for so long; their jobs are nobody's from then on."""
    await session.execute(
        text(
            "delete from procrastinate.procrastinate_workers"
            " where last_heartbeat < now() - make_interval(secs => :secs)"
        ),
        {"secs": silent_seconds},
    )


async def lost_jobs(session: AsyncSession) -> list[RowMapping]:
    """Return, locked, the jobs that were begun by a worker that is gone: id, task_name, attempts."""
    statement = text(
        "select id, task_name, attempts from procrastinate.procrastinate_jobs"
        " where status = 'doing' and worker_id is null order by id for update skip locked"
    )
    return list((await session.execute(statement)).mappings())


async def put_back(session: AsyncSession, job_id: int, wait_seconds: float) -> None:
    """Put a job that was begun in line again, to be taken no sooner than in `wait_seconds`."""
    await session.execute(
        text(
            "update procrastinate.procrastinate_jobs set status = 'todo', attempts = attempts + 1,"
            " scheduled_at = now() + make_interval(secs => :secs) where id = :id and status = 'doing'"
        ),
        {"id": job_id, "secs": wait_seconds},
    )


async def bury(session: AsyncSession, job_id: int) -> None:
    """Have a job that was begun be dead."""
    await session.execute(
        text(
            "update procrastinate.procrastinate_jobs set status = 'failed', attempts = attempts + 1"
            " where id = :id and status = 'doing'"
        ),
        {"id": job_id},
    )


async def note_error(session: AsyncSession, job_id: int, error: str) -> None:
    """Keep the newest error of a job beside it."""
    await session.execute(
        text(
            "insert into procrastinate.job_errors (job_id, error) select id, :error from"
            " procrastinate.procrastinate_jobs where id = :id"
            " on conflict (job_id) do update set error = excluded.error, failed_at = now()"
        ),
        {"id": job_id, "error": error[:500]},
    )


async def queue_state(session: AsyncSession) -> RowMapping:
    """Return `oldest_seconds` (since the longest-waiting job could have begun, 0 when none waits) and how many are
    `waiting` (due), `later`, `running` and `dead`."""
    statement = text("""
    with seen as (
      select j.status, j.id, coalesce(j.scheduled_at, (select min(e.at) from procrastinate.procrastinate_events e
        where e.job_id = j.id and e.type = 'deferred')) as due_at from procrastinate.procrastinate_jobs j
    )
    select coalesce(greatest(extract(epoch from now() - min(due_at) filter (where status = 'todo')), 0), 0)::float
        as oldest_seconds,
      count(*) filter (where status = 'todo' and due_at <= now()) as waiting,
      count(*) filter (where status = 'todo' and due_at > now()) as later,
      count(*) filter (where status = 'doing') as running,
      count(*) filter (where status in ('failed', 'aborted')) as dead
    from seen
    """)
    return (await session.execute(statement)).mappings().one()


async def dead_jobs(session: AsyncSession, limit: int) -> list[RowMapping]:
    """Return the newest dead jobs: id, task_name, attempts, failed_at, error (None: no such task). No arguments."""
    statement = text("""
    select j.id, j.task_name, j.attempts, e.error, e.failed_at
    from procrastinate.procrastinate_jobs j left join procrastinate.job_errors e on e.job_id = j.id
    where j.status in ('failed', 'aborted') order by j.id desc limit :limit
    """)
    return list((await session.execute(statement, {"limit": limit})).mappings())


async def revive(session: AsyncSession, job_id: int) -> bool:
    """Put a dead job in line again, with all its tries; return whether there was one."""
    result = await session.execute(
        text(
            "update procrastinate.procrastinate_jobs set status = 'todo', attempts = 0, scheduled_at = now()"
            " where id = :id and status in ('failed', 'aborted') returning id"
        ),
        {"id": job_id},
    )
    return result.first() is not None


async def delete_old_dead(session: AsyncSession, days: int) -> int:
    """Delete the jobs that have been dead for so long; return how many."""
    result = await session.execute(
        text("""
        delete from procrastinate.procrastinate_jobs j where status in ('failed', 'aborted', 'cancelled')
          and not exists (select from procrastinate.procrastinate_events e where e.job_id = j.id
            and e.at > now() - make_interval(days => :days)) returning id
        """),
        {"days": days},
    )
    return len(result.all())
