"""Imports of files: what is uploaded is looked at before it is imported, and what was imported can be undone.

Every function works in the caller's session and commits nothing.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import Cap, CurrentUser, Feature, cap, requires
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.errors import ConflictError, InvalidInputError, NotFoundError
from backend.core.ids import new_id
from backend.core.jobs import defer
from backend.core.schemas import Page
from backend.tax import store
from backend.tax.files.generic import MEANINGS
from backend.tax.files.mapped import OPTIONS
from backend.tax.files.reading import SOURCES, detect
from backend.tax.imports import repository
from backend.tax.imports.files import checked_file, file_name_of, refused_file, why_no_table
from backend.tax.imports.schemas import (
    MAX_ACCOUNT,
    MAX_CORRECTED_LINES,
    ImportAsked,
    ImportChange,
    ImportLine,
    ImportList,
    ImportPreview,
    ImportRead,
    ImportUndone,
    ImportUploaded,
    LineQuery,
    UploadChoices,
    Work,
)
from backend.tax.imports.working import import_file, prepare, require_decision
from backend.tax.sync.service import SYNC

__all__ = [
    "MEANINGS",
    "NEEDED_MEANINGS",
    "OPTIONS",
    "SOURCES",
    "ask_wallets",
    "change",
    "confirm",
    "list_imports",
    "preview",
    "read_import",
    "require_tax",
    "stop",
    "stop_reading",
    "undo",
    "upload",
]

# Without these nothing can be made of a line.
NEEDED_MEANINGS = ("timestamp",)
READ_TASK = "tax.read_import"
IMPORT_TASK = "tax.import_file"
# What is read while its user waits; larger files are a job's.
SMALL_BYTES = 150_000
MOST_PREVIEWS = 20
# A long history of wallets: 100,000 transactions.
WALLETS_SECONDS = 10
_READ_BYTES_A_SECOND, _IMPORT_BYTES_A_SECOND = 3_000_000, 1_500_000


@requires(Feature.TAX)
async def require_tax(user: CurrentUser) -> None:
    """Raise TierLimitError unless the user's plan has tax: before a large file is taken in, say."""


@requires(Feature.TAX)
async def upload(
    session: AsyncSession, user: CurrentUser, content: bytes, file_name: str, choices: UploadChoices
) -> ImportUploaded:
    """Keep a file and have it read. The very same one that is looked at already is not kept twice.

    Raises InvalidInputError when it is no text file with columns, ConflictError when too many wait to be imported.
    """
    name = file_name_of(file_name)
    checked_file(content)
    sha256 = hashlib.sha256(content).hexdigest()
    there = await repository.same_file(session, user.id, sha256, "preview")
    if there is not None:
        return await _reread(session, user, there, choices)
    waiting = [row for row in await repository.list_imports(session, user.id) if row["state"] == "preview"]
    if len(waiting) >= MOST_PREVIEWS:
        raise ConflictError(f"{MOST_PREVIEWS} files wait to be imported. Import or discard some of them first.")
    before = await repository.same_file(session, user.id, sha256, "committed")
    found = await asyncio.to_thread(detect, content, name)
    if not found.columns:
        raise refused_file(why_no_table(content, user.id))
    _check_columns(choices, found.columns)
    row = await repository.insert_import(
        session,
        {
            "id": new_id(),
            "user_id": user.id,
            "source": choices.source or (before["source"] if before else found.source),
            "account": choices.account or (before["account"] if before else _account_of(found.source, name)),
            "timezone": choices.timezone or (before["timezone"] if before else "UTC"),
            "file_name": name,
            "content": content,
            "sha256": sha256,
            "mapping": choices.mapping or (before["mapping"] if before else None),
            "detected": found.source if found.is_sure else "",
            "is_sure": found.is_sure,
            "columns": list(found.columns),
            "at": utc_now(),
        },
    )
    if row is None:
        raise ConflictError("This file is being uploaded in another tab at this moment. It is in the list there.")
    return await _read_anew(session, user, row, row["revision"])


@requires(Feature.TAX)
async def ask_wallets(session: AsyncSession, user: CurrentUser) -> ImportAsked:
    """Put the taking over of the user's wallets in line, once however often it is asked for meanwhile."""
    job_id = await defer(session, SYNC, queueing_lock=f"{SYNC}:{user.id}", user_id=str(user.id))
    return ImportAsked(job_id=job_id, estimated_seconds=WALLETS_SECONDS)


@requires(Feature.TAX)
async def list_imports(session: AsyncSession, user: CurrentUser) -> ImportList:
    """Return the user's imports, the newest first, and how many transactions the plan has room for."""
    rows = await repository.list_imports(session, user.id)
    total = await repository.count_transactions(session, user.id)
    items = [_shown(row) for row in rows]
    return ImportList(items=items, total=len(items), transactions=total, limit=cap(user.tier, Cap.TAX_TRANSACTIONS))


@requires(Feature.TAX)
async def read_import(session: AsyncSession, user: CurrentUser, import_id: UUID) -> ImportRead:
    """Return an import. Raises NotFoundError."""
    row = await repository.find_import(session, user.id, import_id)
    if row is None:
        raise NotFoundError("There is no such import.")
    same = await repository.same_file(session, user.id, row["content_sha256"], "committed")
    is_other = same is not None and same["id"] != row["id"] and row["state"] == "preview"
    return _shown(row, same["committed_at"] if same is not None and is_other else None)


@requires(Feature.TAX)
async def preview(session: AsyncSession, user: CurrentUser, import_id: UUID, query: LineQuery) -> ImportPreview:
    """Return an import and one page of its lines; of an imported file only the lines that need a word are kept.

    Raises NotFoundError.
    """
    file = await read_import(session, user, import_id)
    offset = (query.page - 1) * query.page_size
    rows, total = await repository.lines_of(session, import_id, query.status, query.page_size, offset)
    items = [ImportLine.model_validate({**row, "cells": _in_order(row["cells"], file.columns)}) for row in rows]
    return ImportPreview(file=file, lines=Page(items=items, total=total, page=query.page, page_size=query.page_size))


@requires(Feature.TAX)
async def change(session: AsyncSession, user: CurrentUser, import_id: UUID, wanted: ImportChange) -> ImportUploaded:
    """Have a file read otherwise: as another source's, with other columns, or with cells corrected.

    Raises NotFoundError, ConflictError for what is imported or is being imported.
    """
    row = await _held(session, user, import_id)
    _require_preview(row)
    if row["work"] == "importing":
        raise ConflictError("The file is being imported. Stop that first, or wait until it is done.")
    return await _reread(session, user, row, wanted)


@requires(Feature.TAX)
async def confirm(session: AsyncSession, user: CurrentUser, import_id: UUID, leave_out: bool) -> ImportUploaded:
    """Import a file: at once if it is small, else by a job. What is imported already stays as it is.

    Raises NotFoundError, ConflictError when it is not read yet, when lines are refused and `leave_out` is False, or
    when the very same file is imported under another account; TierLimitError when the plan allows fewer transactions.
    """
    others = await repository.list_imports(session, user.id)
    if any(each["work"] == "importing" and each["id"] != import_id for each in others):
        raise ConflictError("Another file is being imported. Import this one when that is done.")
    if any(each["id"] == import_id and _is_small(each) for each in others):
        await repository.lock_user(session, user.id)
    row = await _held(session, user, import_id)
    if row["state"] == "committed" or row["work"] == "importing":
        return ImportUploaded(file=await read_import(session, user, import_id), estimated_seconds=_seconds(row))
    _require_preview(row)
    if row["work"] == "reading":
        raise ConflictError("The file is still being read. Import it when you have seen what becomes of it.")
    same = await repository.same_file(session, user.id, row["content_sha256"], "committed")
    if same is not None and same["account"] != row["account"]:
        raise ConflictError(
            f"This very file is imported already, as of the account {same['account']!r}. Undo that import first if it"
            " shall be of another."
        )
    require_decision(row["refused"], leave_out)
    revision = await repository.begin_work(
        session, user.id, import_id, None if _is_small(row) else "importing", utc_now(), is_left_out=leave_out
    )
    row = await _held(session, user, import_id)
    if _is_small(row):
        await import_file(session, user, row, revision)
    else:
        arguments = {"user_id": str(user.id), "import_id": str(import_id), "revision": revision}
        await defer(session, IMPORT_TASK, **arguments)
    return ImportUploaded(file=await read_import(session, user, import_id), estimated_seconds=_seconds(row))


@requires(Feature.TAX)
async def stop(session: AsyncSession, user: CurrentUser, import_id: UUID) -> ImportRead:
    """Stop what is being done with a large file; nothing of it is imported then. Raises NotFoundError."""
    await repository.stop_work(session, user.id, import_id)
    return await read_import(session, user, import_id)


@requires(Feature.TAX)
async def stop_reading(session: AsyncSession, user: CurrentUser, import_id: UUID) -> None:
    """Stop the reading of a large file that is about to be discarded, so that nobody waits for its end."""
    row = await _held(session, user, import_id)
    if row["work"] == "reading":
        await repository.stop_work(session, user.id, import_id)


@requires(Feature.TAX)
async def undo(session: AsyncSession, user: CurrentUser, import_id: UUID) -> ImportUndone:
    """Take an import back; a file that was not imported, or is undone already, is taken off the list.

    Transactions that another imported file has too stay, as that file's. Reading is to be stopped before
    (`stop_reading`), in a transaction of its own. Raises NotFoundError, ConflictError while a file is being imported.
    """
    # Whoever works with a large file notes its progress in its row: nobody may hold that and wait for the work's end.
    if any(each["work"] == "importing" for each in await repository.list_imports(session, user.id)):
        raise ConflictError("A file is being imported. Undo this one when that is done.")
    await repository.lock_user(session, user.id)
    await repository.lock_lines(session, import_id)
    row = await _held(session, user, import_id)
    if row["state"] != "committed":
        await repository.delete_import(session, user.id, import_id)
        return ImportUndone(id=import_id, removed=0, kept=0)
    kept = await repository.hand_over(session, user.id, import_id)
    removed = await store.remove_import(session, user.id, import_id)
    await repository.write_lines(session, user.id, import_id, [])
    await repository.mark_undone(session, user.id, import_id, utc_now())
    said = {"name": row["file_name"], "removed": removed, "kept": kept}
    await audit(session, user.id, "tax_import.undone", str(import_id), said)
    return ImportUndone(id=import_id, removed=removed, kept=kept)


async def _reread(session: AsyncSession, user: CurrentUser, row: RowMapping, wanted: UploadChoices) -> ImportUploaded:
    """Note how a file shall be read, and have it read so."""
    _check_columns(wanted, row["columns"])
    corrections = dict(row["corrections"])
    if isinstance(wanted, ImportChange) and wanted.corrections is not None:
        corrections |= {
            str(line): {**corrections.get(str(line), {}), **cells} if cells else {}
            for line, cells in wanted.corrections.items()
        }
    corrections = {line: cells for line, cells in corrections.items() if cells}
    if len(corrections) > MAX_CORRECTED_LINES:
        words = f"At most {MAX_CORRECTED_LINES:,} lines can be corrected here. Correct the file itself, and upload it."
        raise InvalidInputError(words, {"corrections": words})
    is_other = wanted.source is not None and wanted.source != row["source"]
    account = row["account"]
    if is_other and account == _account_of(row["source"], row["file_name"]):
        account = _account_of(wanted.source or "", row["file_name"])
    values = {
        "source": wanted.source or row["source"],
        "account": wanted.account or account,
        "timezone": wanted.timezone or row["timezone"],
        "mapping": wanted.mapping if wanted.mapping is not None else (None if is_other else row["mapping"]),
        "corrections": corrections,
    }
    revision = await repository.change_import(session, user.id, row["id"], values)
    return await _read_anew(session, user, await _held(session, user, row["id"]), revision)


async def _read_anew(session: AsyncSession, user: CurrentUser, row: RowMapping, revision: int) -> ImportUploaded:
    if _is_small(row):
        await prepare(session, row, revision)
        return ImportUploaded(file=await read_import(session, user, row["id"]), estimated_seconds=0)
    revision = await repository.begin_work(session, user.id, row["id"], "reading", utc_now())
    await defer(session, READ_TASK, user_id=str(user.id), import_id=str(row["id"]), revision=revision)
    row = await _held(session, user, row["id"])
    return ImportUploaded(file=_shown(row), estimated_seconds=_seconds(row))


async def _held(session: AsyncSession, user: CurrentUser, import_id: UUID) -> RowMapping:
    row = await repository.hold_import(session, user.id, import_id)
    if row is None:
        raise NotFoundError("There is no such import.")
    return row


def _check_columns(wanted: UploadChoices, columns: Sequence[str]) -> None:
    """Raise InvalidInputError when a column is named that the file does not have."""
    for meaning, column in (wanted.mapping or {}).items():
        if meaning in MEANINGS and column and column not in columns:
            words = f"There is no column {column!r} in this file."
            raise InvalidInputError(words, {f"mapping.{meaning}": words})


def _require_preview(row: RowMapping) -> None:
    if row["state"] == "committed":
        raise ConflictError("This file is imported. Undo the import to import it anew.")
    if row["state"] == "undone":
        raise ConflictError("This import was undone. Upload the file again to import it.")


def _is_small(row: RowMapping) -> bool:
    return row["size_bytes"] <= SMALL_BYTES


def _seconds(row: RowMapping) -> int:
    """Return about how long the work with a file takes, 0 when none is being done."""
    if row["work"] is None:
        return 0
    pace = _READ_BYTES_A_SECOND if row["work"] == "reading" else _IMPORT_BYTES_A_SECOND
    return 1 + row["size_bytes"] // pace


def _in_order(cells: dict[str, str], columns: Sequence[str]) -> dict[str, str]:
    """Return the cells of a line in the order of the file (jsonb keeps one of its own)."""
    return {name: cells[name] for name in columns if name in cells}


def _account_of(source: str, file_name: str) -> str:
    """Return what an account is called until its user says so: as its exchange, else as the file."""
    about = SOURCES.get(source)
    title = about.title if about is not None and source != "generic" else file_name.rsplit(".", 1)[0]
    return title[:MAX_ACCOUNT].strip() or "File"


def _shown(row: RowMapping, imported_before: datetime | None = None) -> ImportRead:
    about: Any = SOURCES.get(row["source"])
    values = dict(row)
    work = values.pop("work")
    return ImportRead.model_validate(
        {
            **values,
            "source_title": about.title if about is not None else row["source"],
            "corrected_lines": len(row["corrections"]),
            "needs_mapping": row["source"] == "generic"
            and row["detected"] != "generic"
            and not any(name in MEANINGS for name in row["mapping"] or ()),
            "work": Work(kind=work, percent=row["work_pct"], began_at=row["work_began_at"]) if work else None,
            "imported_before": imported_before,
        }
    )
