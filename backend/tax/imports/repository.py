"""The SQL of imports: files, their lines while they are looked at, and which transactions are there already."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

LINES_AT_ONCE = 2_000
_LOCK = text("select pg_advisory_xact_lock(:what, hashtext(cast(:id as text)))")
_OF_USER, _OF_IMPORT = 7026, 7027
# Everything but the file itself, which may be large.
_COLUMNS = (
    "id, user_id, source, account, timezone, file_name, octet_length(content) as size_bytes, content_sha256, state,"
    " detected, is_sure, columns, mapping, corrections, lines, fresh, known, refused, skipped, warned, added,"
    " doubled, is_left_out, revision, work, work_pct, work_began_at, problem, created_at, committed_at, undone_at"
)
_INSERT = text(f"""
insert into tax_imports (id, user_id, source, account, timezone, file_name, content, content_sha256, mapping, state,
  detected, is_sure, columns, created_at)
values (:id, :user_id, :source, :account, :timezone, :file_name, :content, :sha256, cast(:mapping as jsonb), 'preview',
  :detected, :is_sure, cast(:columns as jsonb), :at)
on conflict (user_id, content_sha256) where state = 'preview' do nothing returning {_COLUMNS}
""")  # noqa: S608 - our own words
_FIND = text(f"select {_COLUMNS} from tax_imports where id = :id and user_id = :user_id")  # noqa: S608 - our own words
_HOLD = text(f"select {_COLUMNS} from tax_imports where id = :id and user_id = :user_id for no key update")  # noqa: S608 - our own words
_LIST = text(f"select {_COLUMNS} from tax_imports where user_id = :user_id order by created_at desc, id desc")  # noqa: S608 - our own words
_SAME = text(f"""
select {_COLUMNS} from tax_imports where user_id = :user_id and content_sha256 = :sha256 and state = :state
order by committed_at desc limit 1
""")  # noqa: S608 - our own words
_CONTENT = text("select content from tax_imports where id = :id and user_id = :user_id")
_CHANGE = text("""
update tax_imports set source = :source, account = :account, timezone = :timezone, mapping = cast(:mapping as jsonb),
  corrections = cast(:corrections as jsonb), revision = revision + 1, problem = null, work = null
where id = :id and user_id = :user_id returning revision
""")
_BEGIN = text("""
update tax_imports set work = :work, work_pct = 0, work_began_at = :at, is_left_out = :is_left_out, problem = null,
  revision = revision + 1
where id = :id and user_id = :user_id returning revision
""")
_NOTE = text("update tax_imports set work_pct = :pct where id = :id and revision = :revision returning id")
_STOP = text("""
update tax_imports set work = null, revision = revision + 1
where id = :id and user_id = :user_id and work is not null returning id
""")
_FAIL = text("""
update tax_imports set work = null, problem = :problem where id = :id and revision = :revision returning id
""")
_SHOW = text("""
update tax_imports set work = null, problem = null, columns = cast(:columns as jsonb), lines = :lines, fresh = :fresh,
  known = :known, refused = :refused, skipped = :skipped, warned = :warned, added = :added,
  doubled = :doubled
where id = :id and revision = :revision and state = 'preview' returning id
""")
_COMMIT = text("""
update tax_imports set work = null, problem = null, state = 'committed', committed_at = :at, lines = :lines,
  fresh = :fresh, known = :known, refused = :refused, skipped = :skipped, warned = :warned, added = :added,
  doubled = :doubled, is_left_out = :is_left_out
where id = :id and revision = :revision and state = 'preview' returning id
""")
_UNDO = text("""
update tax_imports set state = 'undone', undone_at = :at, content = '', revision = revision + 1
where id = :id and user_id = :user_id
""")
_DELETE = text("delete from tax_imports where id = :id and user_id = :user_id returning id")
_DELETE_OLD = text("delete from tax_imports where state = 'preview' and created_at < :before returning id")
_DELETE_LINES = text("delete from tax_import_lines where import_id = :id")
_INSERT_LINES = text("""
insert into tax_import_lines (import_id, line, user_id, status, cells, says, problems, transaction_ids)
select :id, r.line, :user_id, r.status, r.cells, r.says, r.problems, r.transaction_ids
from jsonb_to_recordset(cast(:rows as jsonb))
  as r(line int, status text, cells jsonb, says text, problems jsonb, transaction_ids uuid[])
""")
_WHICH = """
import_id = :id and (cast(:status as text) is null or status = :status)
  and (not :warned or (status <> 'refused' and problems <> '[]'))
"""
_LINES = text(f"""
select line, status, cells, says, problems, transaction_ids from tax_import_lines where {_WHICH}
order by line limit :limit offset :offset
""")  # noqa: S608 - our own words
_COUNT_LINES = text(f"select count(*) from tax_import_lines where {_WHICH}")  # noqa: S608 - our own words
_KNOWN = text("select id from tax_transactions where user_id = :user_id and id = any(cast(:ids as uuid[]))")
_COUNT = text("select count(*) from tax_transactions where user_id = :user_id")
# What another committed file has too goes over to that file; of several, to the one that was imported first.
_HAND_OVER = text("""
with others as (
  select distinct on (each.id) each.id, l.import_id, l.line
  from tax_import_lines l join tax_imports i on i.id = l.import_id and i.state = 'committed'
    cross join unnest(l.transaction_ids) each(id)
  where l.user_id = :user_id and l.import_id <> :id order by each.id, i.committed_at, l.line
)
update tax_transactions t set import_id = others.import_id, line = others.line from others
where t.user_id = :user_id and t.import_id = :id and t.id = others.id returning t.import_id
""")
_TAKE_OVER = text("update tax_imports set added = added + :count where id = :id and user_id = :user_id")


async def lock_user(session: AsyncSession, user_id: UUID) -> None:
    """Until the transaction ends nobody else imports or undoes anything of this user."""
    await session.execute(_LOCK, {"what": _OF_USER, "id": str(user_id)})


async def lock_lines(session: AsyncSession, import_id: UUID) -> None:
    """Until the transaction ends nobody else writes the lines of this import. Taken before its row is held."""
    await session.execute(_LOCK, {"what": _OF_IMPORT, "id": str(import_id)})


async def insert_import(session: AsyncSession, values: dict[str, Any]) -> RowMapping | None:
    """Keep a file; None when the user looks at the very same one already."""
    mapping = None if values["mapping"] is None else _json(values["mapping"])
    values = {**values, "mapping": mapping, "columns": _json(values["columns"])}
    return (await session.execute(_INSERT, values)).mappings().one_or_none()


async def find_import(session: AsyncSession, user_id: UUID, import_id: UUID) -> RowMapping | None:
    """Return an import of the user without its file, or None."""
    return (await session.execute(_FIND, {"id": import_id, "user_id": user_id})).mappings().one_or_none()


async def hold_import(session: AsyncSession, user_id: UUID, import_id: UUID) -> RowMapping | None:
    """Return an import of the user, which nobody else changes until the transaction ends, or None."""
    return (await session.execute(_HOLD, {"id": import_id, "user_id": user_id})).mappings().one_or_none()


async def list_imports(session: AsyncSession, user_id: UUID) -> Sequence[RowMapping]:
    """Return the user's imports, the newest first."""
    return (await session.execute(_LIST, {"user_id": user_id})).mappings().all()


async def same_file(session: AsyncSession, user_id: UUID, sha256: str, state: str) -> RowMapping | None:
    """Return the newest import of the very same file that is in a state, or None."""
    values = {"user_id": user_id, "sha256": sha256, "state": state}
    return (await session.execute(_SAME, values)).mappings().one_or_none()


async def content_of(session: AsyncSession, user_id: UUID, import_id: UUID) -> bytes:
    """Return the file of an import."""
    return bytes((await session.execute(_CONTENT, {"id": import_id, "user_id": user_id})).scalar_one())


async def change_import(session: AsyncSession, user_id: UUID, import_id: UUID, values: dict[str, Any]) -> int:
    """Note how a file shall be read, and return its new revision: work on an older one is void."""
    mapping = None if values["mapping"] is None else _json(values["mapping"])
    written = {**values, "mapping": mapping, "corrections": _json(values["corrections"])}
    return (await session.execute(_CHANGE, {**written, "id": import_id, "user_id": user_id})).scalar_one()


async def begin_work(
    session: AsyncSession, user_id: UUID, import_id: UUID, work: str | None, at: datetime, *, is_left_out: bool = False
) -> int:
    """Note that an import is worked on, and return the revision that the work is of."""
    values = {"id": import_id, "user_id": user_id, "work": work, "at": at, "is_left_out": is_left_out}
    return (await session.execute(_BEGIN, values)).scalar_one()


async def note_progress(session: AsyncSession, import_id: UUID, revision: int, percent: int) -> bool:
    """Note how far the work is; return False when it is void."""
    values = {"id": import_id, "revision": revision, "pct": percent}
    return (await session.execute(_NOTE, values)).first() is not None


async def stop_work(session: AsyncSession, user_id: UUID, import_id: UUID) -> bool:
    """Make the work that is being done void; return whether there was any."""
    return (await session.execute(_STOP, {"id": import_id, "user_id": user_id})).first() is not None


async def fail_work(session: AsyncSession, import_id: UUID, revision: int, problem: str) -> None:
    """Note why the work came to nothing."""
    await session.execute(_FAIL, {"id": import_id, "revision": revision, "problem": problem[:300]})


async def show_preview(
    session: AsyncSession, import_id: UUID, revision: int, columns: Sequence[str], counts: dict[str, int]
) -> bool:
    """Note what the lines are; return False when the file is read otherwise meanwhile, or is no preview any more."""
    values = {"id": import_id, "revision": revision, "columns": _json(list(columns)), **counts}
    return (await session.execute(_SHOW, values)).first() is not None


async def finish_commit(
    session: AsyncSession, import_id: UUID, revision: int, counts: dict[str, int], *, is_left_out: bool, at: datetime
) -> bool:
    """Note that the file is imported; return False when the user stopped it, or it is no preview any more."""
    values = {"id": import_id, "revision": revision, "is_left_out": is_left_out, "at": at, **counts}
    return (await session.execute(_COMMIT, values)).first() is not None


async def mark_undone(session: AsyncSession, user_id: UUID, import_id: UUID, at: datetime) -> None:
    """Note that an import is undone; its file is given up."""
    await session.execute(_UNDO, {"id": import_id, "user_id": user_id, "at": at})


async def delete_import(session: AsyncSession, user_id: UUID, import_id: UUID) -> None:
    """Delete an import with its file and lines."""
    await session.execute(_DELETE, {"id": import_id, "user_id": user_id})


async def delete_old_previews(session: AsyncSession, before: datetime) -> int:
    """Delete the files that nobody imported; return how many (role premium_worker)."""
    return len((await session.execute(_DELETE_OLD, {"before": before})).all())


async def write_lines(session: AsyncSession, user_id: UUID, import_id: UUID, lines: Iterable[dict[str, Any]]) -> None:
    """Have an import's lines be these."""
    await session.execute(_DELETE_LINES, {"id": import_id})
    waiting = iter(lines)
    while part := list(islice(waiting, LINES_AT_ONCE)):
        values = {"id": import_id, "user_id": user_id, "rows": _json(part)}
        await session.execute(_INSERT_LINES, values)


async def lines_of(
    session: AsyncSession, import_id: UUID, status: str | None, limit: int, offset: int
) -> tuple[Sequence[RowMapping], int]:
    """Return some lines of an import, in order, and how many there are; `status` may be "warned", None is any."""
    warned = status == "warned"
    values = {"id": import_id, "status": None if warned else status, "warned": warned}
    total = (await session.execute(_COUNT_LINES, values)).scalar_one()
    rows = await session.execute(_LINES, {**values, "limit": limit, "offset": offset})
    return rows.mappings().all(), total


async def known_ids(session: AsyncSession, user_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these transactions the user has."""
    # As text in one go: the driver's way of arrays takes several times as long for each item.
    values = {"user_id": user_id, "ids": "{" + ",".join([each.hex for each in ids]) + "}"}
    return set((await session.execute(_KNOWN, values)).scalars())


async def count_transactions(session: AsyncSession, user_id: UUID) -> int:
    """Return how many transactions the user has, of all sources."""
    return (await session.execute(_COUNT, {"user_id": user_id})).scalar_one()


async def hand_over(session: AsyncSession, user_id: UUID, import_id: UUID) -> int:
    """Give an import's transactions that other imported files have too to those; return how many."""
    owners = (await session.execute(_HAND_OVER, {"id": import_id, "user_id": user_id})).scalars().all()
    for owner in set(owners):
        values = {"id": owner, "user_id": user_id, "count": owners.count(owner)}
        await session.execute(_TAKE_OVER, values)
    return len(owners)


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()
