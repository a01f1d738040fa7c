"""The work with a file: reading it for its preview, and importing it, as a whole or not at all.

Small files are worked on while their user waits, large ones by a job that notes how far it is. Everything is written in
one transaction, at whose end the import's revision is compared: a job that was overtaken by a change or stopped, or
that is done twice, writes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import Cap, CurrentUser, require_room
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.errors import ConflictError
from backend.tax import store
from backend.tax.imports import repository
from backend.tax.imports.lines import counts_of, lines_of, lines_to_keep, read_import, transaction_ids
from backend.tax.told_twice import told_twice

# A job notes its progress in transactions of its own; whoever waits for a small file sees none.
Note = Callable[[int], Awaitable[None]]
_ADDED_AT_ONCE = 5_000
_READ_PCT, _COMPARED_PCT, _WRITTEN_PCT = 40, 50, 95


class OvertakenError(ConflictError):
    """The file is to be read otherwise meanwhile, was stopped, or is imported already: the work is void."""


async def no_note(percent: int) -> None:
    """Note nothing."""


async def prepare(session: AsyncSession, row: RowMapping, revision: int, note: Note = no_note) -> None:
    """Read a file and keep what its lines become. Raises OvertakenError, InvalidInputError for what is no such file."""
    read = await _read(session, row)
    await note(_READ_PCT)
    ids = transaction_ids(read)
    known = await repository.known_ids(session, row["user_id"], ids)
    doubles = (await told_twice(session, row["user_id"], read.transactions)).keys()
    lines = await asyncio.to_thread(lines_of, read, known, doubles)
    await note(_COMPARED_PCT)
    await repository.write_lines(session, row["user_id"], row["id"], (line.row() for line in lines))
    await note(_WRITTEN_PCT)
    counts = counts_of(lines, ids, known)
    if not await repository.show_preview(session, row["id"], revision, read.columns, counts):
        raise OvertakenError("The file was changed meanwhile.")


async def import_file(
    session: AsyncSession, user: CurrentUser, row: RowMapping, revision: int, note: Note = no_note
) -> None:
    """Import a file's transactions, all or none; call it under the user's lock.

    Raises OvertakenError, TierLimitError when the plan allows fewer, ConflictError when lines are refused that nobody
    said to leave out.
    """
    read = await _read(session, row)
    await note(_READ_PCT)
    ids = transaction_ids(read)
    known = await repository.known_ids(session, user.id, ids)
    doubles = (await told_twice(session, user.id, read.transactions)).keys()
    lines = await asyncio.to_thread(lines_of, read, known, doubles)
    counts = counts_of(lines, ids, known)
    require_decision(counts["refused"], row["is_left_out"])
    await note(_COMPARED_PCT)
    added, whole = 0, len(read.transactions)
    for start in range(0, whole, _ADDED_AT_ONCE):
        part = read.transactions[start : start + _ADDED_AT_ONCE]
        added += (await store.add_transactions(session, user.id, part)).added
        await note(_COMPARED_PCT + (_WRITTEN_PCT - _COMPARED_PCT) * (start + len(part)) // whole)
    # The store lets one writer at a time into a book, so nobody else adds to what is counted here.
    total = await repository.count_transactions(session, user.id)
    if added:
        require_room(user, Cap.TAX_TRANSACTIONS, total - added, added)
    await repository.write_lines(session, user.id, row["id"], (each.row() for each in lines_to_keep(lines, known)))
    counts["added"] = added
    done_at = utc_now()
    is_left_out = counts["refused"] > 0
    if not await repository.finish_commit(session, row["id"], revision, counts, is_left_out=is_left_out, at=done_at):
        raise OvertakenError("The import was stopped, or is done already.")
    said = {"name": row["file_name"], "added": added, "known": counts["known"], "refused": counts["refused"]}
    await audit(session, user.id, "tax_import.imported", str(row["id"]), said)


def require_decision(refused: int, is_left_out: bool) -> None:
    """Raise ConflictError when lines cannot be read and nobody said to import the file without them."""
    if refused and not is_left_out:
        lines = "1 line cannot be read" if refused == 1 else f"{refused:,} lines cannot be read"
        raise ConflictError(
            f"{lines}. Correct them, or say that they shall be left out.", {"refused": refused, "leaveOut": False}
        )


async def _read(session: AsyncSession, row: RowMapping) -> Any:
    content = await repository.content_of(session, row["user_id"], row["id"])
    return await asyncio.to_thread(read_import, content, row)
