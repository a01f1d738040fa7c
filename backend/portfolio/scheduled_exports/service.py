"""Scheduled exports: made, changed, paused, tried out. What is due is made by jobs (making.py)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import Cap, CurrentUser, Feature, cap, require_room, require_verified, requires
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError, NotFoundError, RateLimitError
from backend.core.ids import new_id
from backend.core.jobs import defer
from backend.notifications.service import check_destination
from backend.portfolio.scheduled_exports import repository
from backend.portfolio.scheduled_exports.schemas import RunRead, SchedulePatch, ScheduleRead, ScheduleWrite

MAKE_TASK = "portfolio.make_scheduled_export"
TESTS_AN_HOUR = 5
NO_SCHEDULE = "There is no such scheduled export."


@requires(Feature.PORTFOLIO)
async def list_schedules(session: AsyncSession, user: CurrentUser) -> list[ScheduleRead]:
    """Return the user's scheduled exports, the oldest first, with how each went last."""
    runs, most = await repository.last_runs(session), most_schedules(user)
    rows = await repository.list_schedules(session)
    return [_read(row, runs.get(row.id), most is not None and place >= most) for place, row in enumerate(rows)]


def most_schedules(user: CurrentUser) -> int | None:
    """Return how many scheduled exports the user's plan allows, None without a limit."""
    return cap(user.tier, Cap.SCHEDULED_EXPORTS)


@requires(Feature.PORTFOLIO)
async def create_schedule(session: AsyncSession, user: CurrentUser, wanted: ScheduleWrite) -> ScheduleRead:
    """Save a scheduled export and return it.

    Raises TierLimitError, InvalidInputError for a bad address, EmailNotVerifiedError while the account's is not
    confirmed.
    """
    await repository.lock_schedules(session, user.id)
    require_room(user, Cap.SCHEDULED_EXPORTS, len(await repository.list_schedules(session)))
    values = await _values(session, user, new_id(), wanted)
    row = await repository.insert_schedule(session, {**values, "user_id": user.id})
    await audit(session, user.id, "scheduled_export.created", str(row.id), {"name": wanted.name})
    return _read(row, None, False)


@requires(Feature.PORTFOLIO)
async def change_schedule(
    session: AsyncSession, user: CurrentUser, schedule_id: UUID, change: SchedulePatch
) -> ScheduleRead:
    """Change what is named of a scheduled export and return it. Raises NotFoundError, InvalidInputError."""
    before = await repository.find_schedule(session, schedule_id)
    if before is None:
        raise NotFoundError(NO_SCHEDULE)
    merged = _write_of(before).model_dump() | change.model_dump(exclude_unset=True)
    try:
        wanted = ScheduleWrite.model_validate(merged)
    except ValidationError as error:
        first = error.errors()[0]
        said = str(first["msg"]).removeprefix("Value error, ")
        field = str(first["loc"][0]) if first["loc"] else "schedule"
        raise InvalidInputError("The schedule cannot be changed like this.", {field: said}) from None
    row = await repository.update_schedule(session, await _values(session, user, schedule_id, wanted))
    await audit(session, user.id, "scheduled_export.changed", str(schedule_id), {"name": wanted.name})
    runs = await repository.last_runs(session)
    return _read(row, runs.get(schedule_id), False)


@requires(Feature.PORTFOLIO)
async def delete_schedule(session: AsyncSession, user: CurrentUser, schedule_id: UUID) -> None:
    """Delete a scheduled export with what is kept of its runs. Raises NotFoundError."""
    name = await repository.delete_schedule(session, schedule_id)
    if name is None:
        raise NotFoundError(NO_SCHEDULE)
    await audit(session, user.id, "scheduled_export.deleted", str(schedule_id), {"name": name})


@requires(Feature.PORTFOLIO)
async def try_now(session: AsyncSession, user: CurrentUser, schedule_id: UUID) -> RunRead:
    """Have an export made and sent now, beside its schedule.

    Raises NotFoundError, RateLimitError after TESTS_AN_HOUR.
    """
    await repository.lock_schedules(session, user.id)
    row = await repository.find_schedule(session, schedule_id)
    if row is None:
        raise NotFoundError(NO_SCHEDULE)
    now = utc_now()
    if await repository.count_tests(session, user.id, now - timedelta(hours=1)) >= TESTS_AN_HOUR:
        raise RateLimitError(f"You can try {TESTS_AN_HOUR} times an hour. Try again later.", {"retryAfter": 3_600})
    if row.channel == "email":
        await _check_mail(session, user)
    run_id = new_id()
    values = {"id": run_id, "schedule_id": schedule_id, "user_id": user.id, "due_at": now, "is_test": True}
    await repository.begin_run(session, values)
    await defer(session, MAKE_TASK, run_id=str(run_id))
    return RunRead(
        id=run_id,
        due_at=now,
        is_test=True,
        status="waiting",
        problem=None,
        file_name=None,
        size_bytes=None,
        finished_at=None,
    )


async def _values(session: AsyncSession, user: CurrentUser, schedule_id: UUID, wanted: ScheduleWrite) -> dict[str, Any]:
    destination = ""
    if wanted.channel == "webhook":
        destination = check_destination(wanted.destination.strip())
        await require_verified(session, user)
    else:
        await _check_mail(session, user)
    return {
        **wanted.model_dump(exclude={"range", "destination"}),
        "id": schedule_id,
        "span": wanted.range,
        "destination": destination,
        "next_due_at": None if wanted.is_paused else wanted.next_after(utc_now()),
    }


async def _check_mail(session: AsyncSession, user: CurrentUser) -> None:
    if not user.email:
        words = "Your account has no e-mail address. Add one under Settings, or choose a webhook."
        raise InvalidInputError(words, {"channel": words})
    await require_verified(session, user)


def _write_of(row: Any) -> ScheduleWrite:
    fields = {name: getattr(row, name) for name in ScheduleWrite.model_fields if name != "range"}
    return ScheduleWrite.model_validate({**fields, "range": row.span})


def next_after(row: Any, after: datetime) -> datetime:
    """Return when the schedule of a row is due next."""
    return _write_of(row).next_after(after)


def _read(row: Any, run: Any, is_over_plan: bool) -> ScheduleRead:
    return ScheduleRead(
        **_write_of(row).model_dump(),
        id=row.id,
        next_due_at=row.next_due_at,
        last_run=None if run is None else RunRead.model_validate(run),
        is_over_plan=is_over_plan,
        created_at=row.created_at,
    )
