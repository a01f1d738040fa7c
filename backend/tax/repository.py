"""The SQL of tax transactions: rows of them, what users say about them, and the book's version."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, cast
from uuid import UUID

import orjson
import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.tax.records import COLUMNS, WRITTEN, Row, copied

_COPIED_AT_ONCE = 2_000
_MOST_CHANGED = 20  # transactions of a change that is noted by itself
_MOST_CHANGES = 20  # changes in a row
_JSON = ("legs", "fees", "details")
SELECTED = ", ".join(f"t.{name}::text" if name in _JSON else f"t.{name}" for name in COLUMNS)
_KEPT = ("id", "import_id", "line")  # of what is there already: the import that brought it first is its own
_LOCK = text("select pg_advisory_xact_lock(hashtextextended('tax book ' || cast(:user_id as text), 0))")
# Row security refuses COPY into the table itself.
_INCOMING = text(f"""
create temporary table tax_incoming on commit drop as select {", ".join(WRITTEN)} from tax_transactions where false
""")  # noqa: S608 - names from above
_COPY = f"copy tax_incoming ({', '.join(WRITTEN)}) from stdin".encode()
_WRITE = text(f"""
with written as (
  insert into tax_transactions as e (user_id, shown_kind, {", ".join(WRITTEN)})
  select :user_id, r.kind, {", ".join(f"r.{name}" for name in WRITTEN)} from tax_incoming r
  on conflict (user_id, id) do update set
    {", ".join(f"{name} = excluded.{name}" for name in WRITTEN if name not in _KEPT)},
    shown_kind = coalesce(e.edit ->> 'kind',
      (select u.sets ->> 'kind' from tax_rules u where u.id = e.rule_id and u.user_id = e.user_id), excluded.kind)
  where e.digest <> excluded.digest
  returning (xmax = 0) as is_new
)
select count(*) filter (where is_new) as added, count(*) filter (where not is_new) as changed from written
""")  # noqa: S608 - names from above
_DROP_INCOMING = text("drop table tax_incoming")
_REMOVE_IMPORT = text("delete from tax_transactions where user_id = :user_id and import_id = :import_id returning id")
_REMOVE = text("""
delete from tax_transactions where user_id = :user_id and id = any(cast(:ids as uuid[])) returning id
""")
_PAGE = text(f"""
select {SELECTED}, t.edit::text, t.rule_id from tax_transactions t
where t.user_id = :user_id and (t.happened_at, t.id) > (:after_at, cast(:after_id as uuid))
order by t.happened_at, t.id limit :limit
""")  # noqa: S608 - names from above
# As a file may have written it; what wallets tell is always lower case with 0x in front.
_OF_HASHES = text(f"""
select {SELECTED}, t.edit::text, t.rule_id from tax_transactions t
where t.user_id = :user_id and t.tx_hash = any(cast(:hashes as text[]))
""")  # noqa: S608 - names from above
_RULES = text("select id, sets::text from tax_rules where user_id = :user_id")
_EDIT = text("""
update tax_transactions t set edit = r.edit, edited_at = case when r.edit is null then null else :now end,
  shown_kind = coalesce(r.edit ->> 'kind',
    (select u.sets ->> 'kind' from tax_rules u where u.id = t.rule_id and u.user_id = t.user_id), t.kind)
from jsonb_to_recordset(cast(:rows as jsonb)) as r(id uuid, edit jsonb)
where t.user_id = :user_id and t.id = r.id and t.edit is distinct from r.edit
returning t.id
""")
_VERSION = text("select version from tax_books where user_id = :user_id")
_BUMP = text("""
insert into tax_books as b (user_id, version) values (:user_id, 1)
on conflict (user_id) do update set version = b.version + 1, changes = case
  when cast(:ids as text[]) is null then '[]'
  else (case when jsonb_array_length(b.changes) < :most then b.changes else '[]' end)
    || jsonb_build_array(jsonb_build_object('version', b.version + 1, 'ids', to_jsonb(cast(:ids as text[])))) end
returning version
""")
_CHANGES = text("select version, changes from tax_books where user_id = :user_id")
_SOME = text(f"""
select {SELECTED}, t.edit::text, t.rule_id from tax_transactions t
where t.user_id = :user_id and t.id = any(cast(:ids as uuid[]))
""")  # noqa: S608 - names from above
_COUNT = text("select count(*) from tax_transactions where user_id = :user_id")
_LOCK_SYNC = text("select pg_advisory_xact_lock(hashtextextended('tax sync ' || cast(:user_id as text), 0))")
_DIGESTS = text("select id, digest from tax_transactions where user_id = :user_id and source = 'wallet'")
_REMOVE_GONE = text("""
delete from tax_transactions where user_id = :user_id and id = any(cast(:ids as uuid[]))
  and (edit is null or happened_at < :edited_before) returning id
""")
_COUNT_OTHERS = text("select count(*) from tax_transactions where user_id = :user_id and source <> 'wallet'")
_SYNCED = text("select synced_at, synced_of, left_out from tax_books where user_id = :user_id")
_NOTE_SYNCED = text("""
insert into tax_books (user_id, synced_of, synced_at, left_out) values (:user_id, :mark, :now, :left_out)
on conflict (user_id) do update set synced_of = excluded.synced_of, synced_at = excluded.synced_at,
  left_out = excluded.left_out
""")
_NOTE_LOOKED = text("update tax_books set synced_at = :now where user_id = :user_id")
_LOCK_SUMMARY = text("select pg_advisory_xact_lock(hashtextextended('tax summary ' || cast(:user_id as text), 0))")
_DISMISSED = text("select id from tax_issues where user_id = :user_id and dismissed_at is not null")
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_NO_ID = UUID(int=0)


async def lock(session: AsyncSession, user_id: UUID) -> None:
    """Until the transaction ends nobody else writes this user's book."""
    await session.execute(_LOCK, {"user_id": str(user_id)})


async def write(session: AsyncSession, user_id: UUID, rows: Iterable[Row]) -> tuple[int, int]:
    """Write rows (`records.row_of`), no id twice; return how many are new, and how many say something else than before.

    What is the same already stays as it is, and so do edits.
    """
    await session.execute(_INCOMING)
    raw = await (await session.connection()).get_raw_connection()
    driver = cast("psycopg.AsyncConnection[Any]", raw.driver_connection)
    async with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        waiting = iter(rows)
        while part := copied(islice(waiting, _COPIED_AT_ONCE)):
            await copy.write(part)
    done = (await session.execute(_WRITE, {"user_id": user_id})).one()
    await session.execute(_DROP_INCOMING)
    return done.added, done.changed


async def remove_import(session: AsyncSession, user_id: UUID, import_id: UUID) -> int:
    """Delete the transactions that an import brought; return how many."""
    return len((await session.execute(_REMOVE_IMPORT, {"user_id": user_id, "import_id": import_id})).all())


async def remove(session: AsyncSession, user_id: UUID, ids: Sequence[UUID]) -> int:
    """Delete transactions; return how many were there."""
    return len((await session.execute(_REMOVE, {"user_id": user_id, "ids": list(ids)})).all())


async def page(
    session: AsyncSession, user_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Sequence[Any]]:
    """Return rows of COLUMNS, the edit as JSON text and the rule's id, in time, from behind (time, id) on."""
    after_at, after_id = after or (_EARLIEST, _NO_ID)
    values = {"user_id": user_id, "after_at": after_at, "after_id": after_id, "limit": limit}
    return (await session.execute(_PAGE, values)).all()


async def of_hashes(session: AsyncSession, user_id: UUID, hashes: Sequence[str]) -> Sequence[Any]:
    """Return rows (COLUMNS, then edit and rule_id) with one of these hashes (lower case, without 0x)."""
    written = [form for each in hashes for form in (each, f"0x{each}", each.upper())]
    return (await session.execute(_OF_HASHES, {"user_id": user_id, "hashes": written})).all()


async def rules(session: AsyncSession, user_id: UUID) -> dict[UUID, str]:
    """Return what each bulk rule sets, as JSON text, by its id."""
    return {row.id: row.sets for row in await session.execute(_RULES, {"user_id": user_id})}


async def set_edits(
    session: AsyncSession, user_id: UUID, edits: Mapping[UUID, Mapping[str, Any] | None], now: datetime
) -> int:
    """Write edits as JSON (None: it is taken back); return of how many transactions something changed."""
    rows = [{"id": str(id_), "edit": edit} for id_, edit in edits.items()]
    values = {"user_id": user_id, "rows": orjson.dumps(rows).decode(), "now": now}
    return len((await session.execute(_EDIT, values)).all())


async def version(session: AsyncSession, user_id: UUID) -> int:
    """Return how often the book changed, 0 before the first time."""
    return (await session.execute(_VERSION, {"user_id": user_id})).scalar_one_or_none() or 0


async def bump(session: AsyncSession, user_id: UUID, changed: Sequence[UUID] | None = None) -> int:
    """Note that the book changed, and which edits of transactions are all that did; return its new version."""
    few = changed is not None and len(changed) <= _MOST_CHANGED
    ids = [str(each) for each in changed or ()] if few else None
    values = {"user_id": user_id, "ids": ids, "most": _MOST_CHANGES}
    return (await session.execute(_BUMP, values)).scalar_one()


async def changed_since(session: AsyncSession, user_id: UUID, version: int) -> tuple[int, set[UUID] | None]:
    """Return the book's version, and the transactions whose edits are all that changed since another one.

    None: more than a few edits changed, or something else did.
    """
    row = (await session.execute(_CHANGES, {"user_id": user_id})).one()
    later = {each["version"]: each["ids"] for each in row.changes if each["version"] > version}
    if later.keys() != set(range(version + 1, row.version + 1)):
        return row.version, None
    return row.version, {UUID(each) for ids in later.values() for each in ids}


async def some(session: AsyncSession, user_id: UUID, ids: Sequence[UUID]) -> Sequence[Sequence[Any]]:
    """Return rows as `page` has them, of transactions by id."""
    return (await session.execute(_SOME, {"user_id": user_id, "ids": list(ids)})).all()


async def count(session: AsyncSession, user_id: UUID) -> int:
    """Return how many transactions a user has."""
    return (await session.execute(_COUNT, {"user_id": user_id})).scalar_one()


async def lock_sync(session: AsyncSession, user_id: UUID) -> None:
    """Until the transaction ends nobody else takes this user's wallets over."""
    await session.execute(_LOCK_SYNC, {"user_id": str(user_id)})


async def wallet_digests(session: AsyncSession, user_id: UUID) -> dict[UUID, str]:
    """Return what the transactions of a user's wallets say, as digests by id."""
    return {row.id: row.digest for row in await session.execute(_DIGESTS, {"user_id": user_id})}


async def count_others(session: AsyncSession, user_id: UUID) -> int:
    """Return how many transactions of a user are not from wallets."""
    return (await session.execute(_COUNT_OTHERS, {"user_id": user_id})).scalar_one()


async def synced_of(session: AsyncSession, user_id: UUID) -> str | None:
    """Return what of the ledger was taken over last, None before the first time."""
    row = (await session.execute(_SYNCED, {"user_id": user_id})).one_or_none()
    return None if row is None else row.synced_of


async def synced_at(session: AsyncSession, user_id: UUID) -> datetime | None:
    """Return when the ledger was last taken over, None before the first time."""
    row = (await session.execute(_SYNCED, {"user_id": user_id})).one_or_none()
    return None if row is None else row.synced_at


async def remove_gone(session: AsyncSession, user_id: UUID, ids: Sequence[UUID], edited_before: datetime) -> int:
    """Delete transactions, of those with an edit only what happened before a time; return how many were deleted."""
    values = {"user_id": user_id, "ids": list(ids), "edited_before": edited_before}
    return len((await session.execute(_REMOVE_GONE, values)).all())


async def left_out(session: AsyncSession, user_id: UUID) -> int:
    """Return how many transactions of a user's wallets are not in the book, because the plan allows no more."""
    row = (await session.execute(_SYNCED, {"user_id": user_id})).one_or_none()
    return 0 if row is None else row.left_out


async def note_synced(session: AsyncSession, user_id: UUID, mark: str | None, now: datetime, left_out: int) -> None:
    """Note what of the ledger was taken over (None: not all of it yet), when, and how many the plan left out."""
    values = {"user_id": user_id, "mark": mark, "now": now, "left_out": left_out}
    await session.execute(_NOTE_SYNCED, values)


async def note_looked(session: AsyncSession, user_id: UUID, now: datetime) -> None:
    """Note that there was nothing to take over."""
    await session.execute(_NOTE_LOOKED, {"user_id": user_id, "now": now})


async def lock_summary(session: AsyncSession, user_id: UUID) -> None:
    """Until the transaction ends nobody else computes this user's years."""
    await session.execute(_LOCK_SUMMARY, {"user_id": str(user_id)})


async def dismissed_issues(session: AsyncSession, user_id: UUID) -> set[UUID]:
    """Return the issues that a user put aside."""
    return set((await session.execute(_DISMISSED, {"user_id": user_id})).scalars())
