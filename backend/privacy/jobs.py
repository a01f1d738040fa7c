"""The work of exports and erasure, as role premium_worker, in transactions of its own."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import RowMapping

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.logging import get_logger
from backend.core.settings import Settings
from backend.notifications.service import send_mail
from backend.privacy import catalogue_repository as catalogue
from backend.privacy import repository
from backend.privacy.archive import Archive
from backend.privacy.schemas import EXPORT_DAYS

log = get_logger(__name__)
PART_BYTES = 1024 * 1024
ERASURES_AT_ONCE = 50
_FORGET_FAILED_AFTER = timedelta(days=EXPORT_DAYS)


async def make_export(database: Database, settings: Settings, export_id: UUID) -> None:
    """Make the file of an export and tell its owner. Doing it again starts over; a finished one stays as it is."""
    async with database.unit_of_work() as session:
        export = await repository.find_export(session, export_id)
        if export is None or export["status"] == "ready":
            return
        tables = await catalogue.owned_tables(session)
        await repository.begin_export(session, export_id, len(tables))
    try:
        await _make(database, settings, export, tables)
    except Exception as error:
        async with database.unit_of_work() as session:
            await repository.fail_export(session, export_id, "The file could not be made. Ask for a new one.")
        log.error("an export failed", export_id=str(export_id), error=type(error).__name__)
        raise


async def _make(database: Database, settings: Settings, export: RowMapping, tables: list[catalogue.OwnedTable]) -> None:
    user_id, export_id = export["user_id"], export["id"]
    expires_at = utc_now() + timedelta(days=EXPORT_DAYS)
    async with Archive() as archive:
        rows_written = 0
        async with database.unit_of_work() as reading:
            await catalogue.read_at_one_moment(reading)
            account = await repository.find_account(reading, user_id)
            for done, owned in enumerate(tables, start=1):
                batches = catalogue.rows_of(reading, owned, user_id)
                rows_written += await archive.add_table(owned.name, owned.columns, batches)
                async with database.unit_of_work() as session:
                    await repository.note_progress(session, export_id, done, rows_written)
        email = (account or {}).get("email") or ""
        content = archive.finish(email or str(user_id), f"{expires_at:%Y-%m-%d}")
        size, number = 0, 0
        async with database.unit_of_work() as session:
            while part := content.read(PART_BYTES):
                await repository.store_part(session, export, number, part)
                size, number = size + len(part), number + 1
            await repository.finish_export(session, export_id, size, utc_now(), expires_at)
            if email:
                values = {"link": f"{settings.app_url}/settings/privacy/", "until": f"{expires_at:%Y-%m-%d}"}
                await send_mail(session, user_id=user_id, to=email, template="export_ready", values=values)


async def delete_old_exports(database: Database) -> int:
    """Delete the files whose seven days are over; return how many."""
    now = utc_now()
    async with database.unit_of_work() as session:
        return await repository.delete_old_exports(session, now, now - _FORGET_FAILED_AFTER)


async def erase_due(database: Database) -> int:
    """Erase the accounts whose days of grace are over, each in a transaction of its own; return how many went."""
    async with database.unit_of_work() as session:
        due = await repository.due_erasures(session, utc_now(), ERASURES_AT_ONCE)
    erased = 0
    for user_id in due:
        try:
            async with database.unit_of_work() as session:
                await repository.erase_user(session, user_id)
            erased += 1
        except Exception as error:
            # One account that cannot be erased must not keep the others; it is tried again at the next run.
            log.error("an account could not be erased", user_id=str(user_id), error=type(error).__name__)
    return erased
