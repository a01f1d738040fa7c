"""The SQL of scheduled exports and their runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_COLUMNS = "name, what, format, span, every, weekday, month_day, at, time_zone, channel, destination, is_paused"
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(cast(:user_id as text), 7045))")
_LIST = text("select * from scheduled_exports order by created_at, id")
_FIND = text("select * from scheduled_exports where id = :id")
_INSERT = text(f"""
insert into scheduled_exports (id, user_id, {_COLUMNS}, next_due_at)
values (:id, :user_id, :name, :what, :format, :span, :every, :weekday, :month_day, :at, :time_zone, :channel,
  :destination, :is_paused, :next_due_at) returning *
""")  # noqa: S608 - constant text
_UPDATE = text("""
update scheduled_exports set name = :name, what = :what, format = :format, span = :span, every = :every,
  weekday = :weekday, month_day = :month_day, at = :at, time_zone = :time_zone, channel = :channel,
  destination = :destination, is_paused = :is_paused, next_due_at = :next_due_at
where id = :id returning *
""")
_DELETE = text("delete from scheduled_exports where id = :id returning name")
_RUN = "id, schedule_id, due_at, is_test, status, problem, file_name, size_bytes, finished_at"
_LAST_RUNS = text(f"select distinct on (schedule_id) {_RUN} from export_runs order by schedule_id, due_at desc")  # noqa: S608
_DUE = text("""
select s.*, u.tier, (select count(*) from scheduled_exports o
  where o.user_id = s.user_id and (o.created_at, o.id) < (s.created_at, s.id)) as place
from scheduled_exports s join premium_users u on u.id = s.user_id
where s.next_due_at <= :now order by s.next_due_at limit :most for no key update of s skip locked
""")
_SET_NEXT = text("update scheduled_exports set next_due_at = :at where id = :id")
_BEGIN = text("""
insert into export_runs (id, schedule_id, user_id, due_at, is_test)
values (:id, :schedule_id, :user_id, :due_at, :is_test)
on conflict do nothing returning id
""")
_TESTS = text("select count(*) from export_runs where user_id = :user_id and is_test and due_at > :since")
_RUN_OF = text("""
select r.id, r.status, r.due_at, r.is_test, s.id as schedule_id, s.user_id, s.name, s.what, s.format, s.span, s.channel,
  s.destination
from export_runs r join scheduled_exports s on s.id = r.schedule_id where r.id = :id
""")
_HOLD = text("select status from export_runs where id = :id for update")
_KEEP = text("""
update export_runs set file_name = :file_name, media_type = :media_type, size_bytes = :size, content = :content,
  status = 'sent', problem = null, finished_at = :at where id = :id
""")
_FAIL = text("""
update export_runs set status = 'failed', problem = :problem, finished_at = :at where id = :id and status = 'waiting'
""")
_FILE = text("select file_name, media_type, content from export_runs where id = :id and content is not null")
_OLD = text("delete from export_runs where due_at < :before")


async def lock_schedules(session: AsyncSession, user_id: UUID) -> None:
    """Until the transaction ends nobody else counts or adds schedules of this user."""
    await session.execute(_LOCK, {"user_id": str(user_id)})


async def list_schedules(session: AsyncSession) -> Sequence[Any]:
    """Return the schedules of the unit of work's user, the oldest first."""
    return (await session.execute(_LIST)).all()


async def find_schedule(session: AsyncSession, schedule_id: UUID) -> Any:
    """Return a schedule of the unit of work's user, None when there is none."""
    return (await session.execute(_FIND, {"id": schedule_id})).one_or_none()


async def insert_schedule(session: AsyncSession, values: dict[str, Any]) -> Any:
    """Add a schedule and return its row."""
    return (await session.execute(_INSERT, values)).one()


async def update_schedule(session: AsyncSession, values: dict[str, Any]) -> Any:
    """Change a schedule and return its row."""
    return (await session.execute(_UPDATE, values)).one()


async def delete_schedule(session: AsyncSession, schedule_id: UUID) -> str | None:
    """Delete a schedule with its runs; return its name, None when there is none."""
    return (await session.execute(_DELETE, {"id": schedule_id})).scalar_one_or_none()


async def last_runs(session: AsyncSession) -> dict[UUID, Any]:
    """Return the newest run of each schedule of the unit of work's user."""
    return {row.schedule_id: row for row in await session.execute(_LAST_RUNS)}


async def lock_due(session: AsyncSession, now: datetime, most: int) -> Sequence[Any]:
    """Return schedules that are due, held until the transaction ends, with tier and place among the user's own."""
    return (await session.execute(_DUE, {"now": now, "most": most})).all()


async def set_next_due(session: AsyncSession, schedule_id: UUID, at: datetime | None) -> None:
    """Note when a schedule is due next."""
    await session.execute(_SET_NEXT, {"id": schedule_id, "at": at})


async def begin_run(session: AsyncSession, values: dict[str, Any]) -> bool:
    """Note a run; return False when it is there already."""
    return (await session.execute(_BEGIN, values)).first() is not None


async def count_tests(session: AsyncSession, user_id: UUID, since: datetime) -> int:
    """Return how many tests the user asked for since then."""
    return (await session.execute(_TESTS, {"user_id": user_id, "since": since})).scalar_one()


async def run_of(session: AsyncSession, run_id: UUID) -> Any:
    """Return a run with its schedule, None when it is gone."""
    return (await session.execute(_RUN_OF, {"id": run_id})).one_or_none()


async def hold_run(session: AsyncSession, run_id: UUID) -> str | None:
    """Return a run's status, held until the transaction ends: nobody else hands it over meanwhile."""
    return (await session.execute(_HOLD, {"id": run_id})).scalar_one_or_none()


async def keep_file(session: AsyncSession, values: dict[str, Any]) -> None:
    """Keep a run's file and note that it was handed over."""
    await session.execute(_KEEP, values)


async def fail_run(session: AsyncSession, run_id: UUID, problem: str, at: datetime) -> None:
    """Note that a run failed, and why."""
    await session.execute(_FAIL, {"id": run_id, "problem": problem[:300], "at": at})


async def file_of(session: AsyncSession, run_id: UUID) -> Any:
    """Return name, type and content of the file of a run, None when there is none (any more)."""
    return (await session.execute(_FILE, {"id": run_id})).one_or_none()


async def delete_old_runs(session: AsyncSession, before: datetime) -> None:
    """Delete runs with their files that were due before a time."""
    await session.execute(_OLD, {"before": before})
