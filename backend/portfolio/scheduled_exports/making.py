"""What the clock does: exports that are due are made and handed over, each once.

A run is a row with an id that its schedule and time determine: however many workers look, and however often a job is
done, there is one. Its file, its mail or message and the mark that it was handed over are written in one transaction.
What was missed while nothing ran is made once, not once for each time: the next time counts from now.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from backend.accounts.service import Cap, CurrentUser, cap, find_user, unconfirmed_email
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.formats import byte_size, iso
from backend.core.ids import derived_id
from backend.core.jobs import JobContext, defer
from backend.core.logging import get_logger
from backend.core.retention import kept
from backend.notifications.service import Attachment, NewMessage, enqueue, send_mail
from backend.portfolio.exporting.service import MEDIA_TYPES, Asked, as_chunks, content_of, file_name
from backend.portfolio.scheduled_exports import repository
from backend.portfolio.scheduled_exports.links import file_link
from backend.portfolio.scheduled_exports.service import MAKE_TASK, next_after
from backend.portfolio.snapshots.home import SnapshotHome

SCHEDULES_AT_ONCE = 200
MOST_ATTACHED_BYTES = 5_000_000
MOST_BYTES = 50_000_000
EVENT_TYPE = "portfolio.export"
TOO_LARGE = "The file is larger than 50 MB. Choose a shorter range."
NO_ADDRESS = "Your account has no confirmed e-mail address, so nothing was sent. Confirm one under Settings."
GAVE_UP = "The file could not be made. It is tried again at the next time; what went wrong is being looked at."
OVER_PLAN = "Your plan allows fewer scheduled exports, so this one rests."
log = get_logger(__name__)


async def begin_due(database: Database) -> int:
    """Put the making of every export that is due in line, and note its next time; return how many there were."""
    count = 0
    while True:
        now = utc_now()
        async with database.unit_of_work() as session:
            rows = await repository.lock_due(session, now, SCHEDULES_AT_ONCE)
            for row in rows:
                run_id = derived_id("scheduled export", row.id, iso(row.next_due_at))
                values = {"id": run_id, "schedule_id": row.id, "user_id": row.user_id, "due_at": row.next_due_at}
                is_new = await repository.begin_run(session, {**values, "is_test": False})
                most = cap(row.tier, Cap.SCHEDULED_EXPORTS)
                if most is not None and row.place >= most:
                    await repository.fail_run(session, run_id, OVER_PLAN, now)
                elif is_new:
                    await defer(session, MAKE_TASK, run_id=str(run_id))
                await repository.set_next_due(session, row.id, next_after(row, now))
        count += len(rows)
        if len(rows) < SCHEDULES_AT_ONCE:
            return count


async def make(context: JobContext, home: SnapshotHome, run_id: UUID) -> None:
    """Make the file of a run and hand it over; one that was handed over, failed or is gone stays as it is."""
    database = context.database
    async with database.unit_of_work() as session:
        run = await repository.run_of(session, run_id)
    if run is None or run.status != "waiting":
        return
    user = await find_user(database, run.user_id)
    if user is None:
        return
    problem = await _hand_over(context, home, user, run)
    if problem is not None:
        async with database.unit_of_work() as session:
            await repository.fail_run(session, run_id, problem, utc_now())


async def give_up(database: Database, run_id: UUID) -> None:
    """Say that a file could not be made, after the last try."""
    async with database.unit_of_work() as session:
        await repository.fail_run(session, run_id, GAVE_UP, utc_now())


async def _hand_over(context: JobContext, home: SnapshotHome, user: CurrentUser, run: Any) -> str | None:
    """Make and hand over; return what is wrong with it for the user, None when it was handed over."""
    database = context.database
    asked = Asked(run.what, run.format, run.span)
    async with database.unit_of_work() as session:
        if run.channel == "email" and (not user.email or await unconfirmed_email(session, user)):
            return NO_ADDRESS
        async with home.open(user.id) as store:
            content = await content_of(store, session, user, asked)
        parts: list[bytes] = []
        async for part in await as_chunks(session, user, asked, content):
            parts.append(part)
            if sum(map(len, parts)) > MOST_BYTES:
                return TOO_LARGE
    data, name = b"".join(parts), file_name(asked, content)
    async with database.unit_of_work() as session:
        if await repository.hold_run(session, run.id) != "waiting":
            return None
        now = utc_now()
        kept_values = {"id": run.id, "file_name": name, "media_type": MEDIA_TYPES[asked.form], "at": now}
        await repository.keep_file(session, {**kept_values, "size": len(data), "content": data})
        until = now + kept("export_runs")
        link = file_link(context.settings, user.id, run.id, until)
        facts = {"name": run.name, "file": name, "size": byte_size(len(data)), "until": f"{until:%Y-%m-%d}"}
        if run.channel == "email":
            fits = len(data) <= MOST_ATTACHED_BYTES
            media = MEDIA_TYPES[asked.form].partition(";")[0]
            await send_mail(
                session,
                user_id=user.id,
                to=user.email,
                template="portfolio_export",
                values={**facts, "link": link},
                attachments=[Attachment(name, media, data)] if fits else [],
            )
        else:
            said = f"{run.name}: {name} ({facts['size']})"
            payload = {
                **{
                    "message": said,
                    "fileUrl": link,
                    "fileName": name,
                    "sizeBytes": len(data),
                    "validUntil": iso(until),
                },
                **{"export": run.what, "format": run.format, "range": run.span, "isDemo": content.is_demo},
                **{"madeAt": iso(content.made_at), "dueAt": iso(run.due_at), "isTest": run.is_test},
            }
            message = NewMessage(
                id=run.id, user_id=user.id, destination=run.destination, event_type=EVENT_TYPE, payload=payload
            )
            await enqueue(session, [message])
    log.info("a scheduled export was handed over", run_id=str(run.id), channel=run.channel, bytes=len(data))
    return None


async def delete_old(database: Database) -> None:
    """Delete the files whose time is over."""
    async with database.unit_of_work() as session:
        await repository.delete_old_runs(session, utc_now() - kept("export_runs") - timedelta(hours=1))
