"""The work of an export, as role premium_worker: every row of the register that is the user's, into one ZIP.

Memory stays bounded whatever there is: rows come from a cursor, the ZIP grows in a temporary file, and is stored in
parts. Doing it again after a worker died starts over.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import ConflictError
from backend.core.settings import Settings
from backend.notifications.service import send_mail
from backend.privacy import holdings_repository as holdings
from backend.privacy import repository
from backend.privacy.archive import Archive
from backend.privacy.register import Holding, exported_tables
from backend.privacy.schemas import EXPORT_DAYS

PART_BYTES = 1024 * 1024
_NOTE_EVERY_SECONDS = 1.0
Elsewhere = Callable[[Settings, Database], AbstractAsyncContextManager[AsyncSession | None]]
_elsewhere: dict[str, Elsewhere] = {}
FAILED = "The file could not be made. Ask for a new one."


def held_elsewhere(*tables: str) -> Callable[[Elsewhere], Elsewhere]:
    """Have exports read tables where `open_it(settings, database)` says: a session as the worker, None for here."""

    def register(open_it: Elsewhere) -> Elsewhere:
        _elsewhere.update(dict.fromkeys(tables, open_it))
        return open_it

    return register


async def make_export(database: Database, settings: Settings, export_id: UUID) -> None:
    """Make the file of an export and tell its owner. A finished one, or one whose user is gone, stays as it is.

    Raises ConflictError while another worker makes it.
    """
    async with database.unit_of_work() as session:
        export = await repository.find_export(session, export_id)
    if export is None or export["status"] == "ready":
        return
    async with database.unit_of_work() as reading, Archive() as archive, AsyncExitStack() as stack:
        await holdings.read_at_one_moment(reading)
        if not await repository.lock_export(reading, export_id):
            raise ConflictError("Another worker makes this file.")
        places = await _places(stack, settings, database, reading)
        email = await _collect(database, reading, places, export, archive)
        await _store(database, settings, export, archive, email)


async def give_up(database: Database, export_id: UUID) -> None:
    """Tell the user that the file could not be made."""
    async with database.unit_of_work() as session:
        await repository.fail_export(session, export_id, FAILED)


async def _places(
    stack: AsyncExitStack, settings: Settings, database: Database, reading: AsyncSession
) -> dict[str, AsyncSession]:
    """Return the session to read each table with: `reading`, but for what is held elsewhere."""
    opened: dict[Elsewhere, AsyncSession] = {}
    for open_it in dict.fromkeys(_elsewhere.values()):
        session = await stack.enter_async_context(open_it(settings, database))
        if session is not None:
            await holdings.read_at_one_moment(session)
        opened[open_it] = session or reading
    return {name: opened[_elsewhere[name]] if name in _elsewhere else reading for name in exported_tables()}


async def _collect(
    database: Database, reading: AsyncSession, places: dict[str, AsyncSession], export: RowMapping, archive: Archive
) -> str:
    """Put every table into the archive, each store as of one moment; return the user's e-mail, "" without one."""
    user_id, tables = export["user_id"], exported_tables()
    account = await repository.find_account(reading, user_id)
    total = sum([await holdings.count_rows(places[name], name, holding, user_id) for name, holding in tables.items()])
    async with database.unit_of_work() as session:
        await repository.begin_export(session, export["id"], len(tables), total, utc_now())
    progress = _Progress(database, export["id"])
    for done, (name, holding) in enumerate(tables.items(), start=1):
        await archive.add_table(name, holding.exported, progress.counting(places[name], name, holding, user_id))
        await progress.note(name, done)
    return (account or {}).get("email") or ""


class _Progress:
    """Counts what was read and notes it now and then, in transactions of its own, for the page to show."""

    def __init__(self, database: Database, export_id: UUID) -> None:
        self._database, self._export_id = database, export_id
        self._rows, self._tables, self._noted_at = 0, 0, 0.0

    async def counting(
        self, reading: AsyncSession, name: str, holding: Holding, user_id: UUID
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Yield a table's rows in batches, noting how far it is once a second."""
        async for rows in holdings.rows_of(reading, name, holding, user_id):
            yield rows
            self._rows += len(rows)
            if time.monotonic() - self._noted_at > _NOTE_EVERY_SECONDS:
                await self.note(name, self._tables)

    async def note(self, step: str, tables_done: int) -> None:
        """Note it now."""
        self._tables, self._noted_at = tables_done, time.monotonic()
        async with self._database.unit_of_work() as session:
            await repository.note_progress(session, self._export_id, step, tables_done, self._rows)


async def _store(database: Database, settings: Settings, export: RowMapping, archive: Archive, email: str) -> None:
    now = utc_now()
    expires_at = now + timedelta(days=EXPORT_DAYS)
    content = archive.finish(email or str(export["user_id"]), f"{expires_at:%Y-%m-%d}")
    size, number = 0, 0
    async with database.unit_of_work() as session:
        await repository.delete_parts(session, export["id"])
        while part := content.read(PART_BYTES):
            await repository.store_part(session, export, number, part)
            size, number = size + len(part), number + 1
        await repository.finish_export(session, export["id"], size, now, expires_at)
        if email:
            values = {"link": f"{settings.app_url}/settings/privacy/", "until": f"{expires_at:%Y-%m-%d}"}
            await send_mail(session, user_id=export["user_id"], to=email, template="export_ready", values=values)
