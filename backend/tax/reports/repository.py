"""The SQL of tax reports, their files and disposals."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.tax.reports.lines import Line

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(cast(:user_id as text), 7046))")
_COLUMNS = """
id, user_id, year, jurisdiction, currency, method, settings, state, progress_pct, step, number, supersedes,
engine_version, input_hash, book_version, figures, changes, transactions, open_issues, total_gain, message,
requested_at, started_at, finished_at
"""
_LIST_COLUMNS = _COLUMNS.replace("figures, changes, ", "")
_INSERT = text(f"""
insert into tax_reports (id, user_id, year, jurisdiction, currency, method, settings, state, step, number, requested_at)
values (:id, :user_id, :year, :jurisdiction, :currency, :method, cast(:settings as jsonb), 'queued', 'queued',
  1 + coalesce((select max(number) from tax_reports where user_id = :user_id and year = :year
    and jurisdiction = cast(:jurisdiction as varchar)), 0), :now)
returning {_COLUMNS}
""")  # noqa: S608 - constant text
_LIST = text(f"""
select {_LIST_COLUMNS} from tax_reports where user_id = :user_id
order by year desc, jurisdiction, number desc limit :most
""")  # noqa: S608 - constant text
_FIND = text(f"select {_COLUMNS} from tax_reports where user_id = :user_id and id = :id")  # noqa: S608
_FIND_ANY = text(f"select {_COLUMNS} from tax_reports where id = :id")  # noqa: S608
_UNDER_WAY = text("select count(*) from tax_reports where user_id = :user_id and state in ('queued', 'running')")
_BEGIN = text("""
update tax_reports set state = 'running', started_at = :now, progress_pct = 0, message = null
where id = :id and state in ('queued', 'running') returning id
""")
_PROGRESS = text("""
update tax_reports set progress_pct = :pct, step = :step where id = :id and state = 'running' returning id
""")
_STATE = text("select state from tax_reports where id = :id")
_STOP = text("""
update tax_reports set state = 'cancelled', cancel_requested_at = :now, finished_at = :now
where user_id = :user_id and id = :id and state in ('queued', 'running') returning id
""")
_FAIL = text("""
update tax_reports set state = 'failed', message = :message, finished_at = :now
where id = :id and state in ('queued', 'running') returning id
""")
_FAIL_LOST = text("""
update tax_reports set state = 'failed', message = :message, finished_at = :now
where state in ('queued', 'running') and coalesce(started_at, requested_at) < :before returning id
""")
_DELETE = text("""
delete from tax_reports where user_id = :user_id and id = :id returning year, jurisdiction, number, state
""")
_HOLD = text("select state from tax_reports where id = :id for update")
_BEFORE = text(f"""
select {_COLUMNS} from tax_reports where user_id = :user_id and year = :year and jurisdiction = :jurisdiction
  and number < :number and state = 'done' order by number desc limit 1
""")  # noqa: S608 - constant text
_DONE = text("""
update tax_reports set state = 'done', progress_pct = 100, step = 'done', supersedes = :supersedes,
  engine_version = :engine_version, input_hash = :input_hash, book_version = :book_version,
  figures = cast(:figures as jsonb), changes = cast(:changes as jsonb), transactions = :transactions,
  open_issues = :open_issues, total_gain = :total_gain, message = null, finished_at = :now
where id = :id
""")
_CLEAR = (
    text("delete from tax_report_disposals where report_id = :id"),
    text("delete from tax_report_files where report_id = :id"),
)
_ADD_LINES = text("""
insert into tax_report_disposals (report_id, number, user_id, transaction_id, asset, symbol, wallet, disposed_at,
  disposed_on, kind, amount, proceeds, cost, gain, disallowed, is_taxable, parts)
select :report_id, number, :user_id, transaction_id, asset, symbol, wallet, disposed_at, disposed_on, kind, amount,
  proceeds, cost, gain, disallowed, is_taxable, parts
from jsonb_to_recordset(cast(:lines as jsonb)) as line(number int, transaction_id uuid, asset text, symbol text,
  wallet text, disposed_at timestamptz, disposed_on date, kind text, amount numeric, proceeds numeric, cost numeric,
  gain numeric, disallowed numeric, is_taxable boolean, parts jsonb)
""")
_LINES_AT_ONCE = 2_000
_LINE_FIELDS = (
    *("number", "transaction_id", "asset", "symbol", "wallet", "disposed_at", "disposed_on", "kind", "amount"),
    *("proceeds", "cost", "gain", "disallowed", "is_taxable", "parts"),
)
_ADD_FILE = text("""
insert into tax_report_files (report_id, user_id, name, title, media_type, content, size_bytes, sha256)
values (:report_id, :user_id, :name, :title, :media_type, :content, :size_bytes, :sha256)
""")
# Names that begin with an underscore are not for download.
_FILES = text(r"""
select name, title, media_type, size_bytes, sha256 from tax_report_files
where user_id = :user_id and report_id = :id and name not like '\_%' order by name
""")
_FILE = text("""
select name, title, media_type, content, size_bytes from tax_report_files
where user_id = :user_id and report_id = :id and name = :name
""")
_LINE = """
number, transaction_id, asset, symbol, wallet, disposed_at, disposed_on, kind, amount, proceeds, cost, gain, disallowed,
is_taxable, parts
"""
_WHERE = """
user_id = :user_id and report_id = :id and (cast(:symbol as text) is null or symbol = :symbol)
  and (not :open_only or gain is null)
"""
_LINES_AFTER = text(f"""
select {_LINE} from tax_report_disposals where {_WHERE} and number > :after order by number limit :most
""")  # noqa: S608 - constant text
_LINES_WINDOW = text(f"""
select {_LINE} from tax_report_disposals where {_WHERE} order by number offset :offset limit :most
""")  # noqa: S608 - constant text
_ONE_LINE = text(f"""
select {_LINE} from tax_report_disposals where user_id = :user_id and report_id = :id and number = :number
""")  # noqa: S608 - constant text
_COUNT = text(f"select count(*) from tax_report_disposals where {_WHERE}")  # noqa: S608
_SYMBOLS = text("""
select symbol from tax_report_disposals where user_id = :user_id and report_id = :id
group by symbol order by count(*) desc, symbol limit :most
""")
_KEYED = """
select *, row_number() over (partition by transaction_id, asset, wallet order by number) as place
from tax_report_disposals where user_id = :user_id and report_id =
"""
_DIFFERENT = text(f"""
with old as ({_KEYED} :before), new as ({_KEYED} :id), different as (
  select case when old.number is null then 'added' when new.number is null then 'removed' else 'changed' end as what,
    new.number, coalesce(new.number, old.number) as place,
    coalesce(new.transaction_id, old.transaction_id) as transaction_id,
    coalesce(new.symbol, old.symbol) as symbol, coalesce(new.disposed_on, old.disposed_on) as disposed_on,
    old.gain + old.disallowed as gain_before, new.gain + new.disallowed as gain_after,
    old.parts as parts_before, new.parts as parts_after
  from old full join new on old.transaction_id = new.transaction_id and old.asset = new.asset
    and old.wallet = new.wallet and old.place = new.place
  where old.number is null or new.number is null
    or (old.proceeds, old.cost, old.disallowed, old.is_taxable, old.amount)
      is distinct from (new.proceeds, new.cost, new.disallowed, new.is_taxable, new.amount))
select *, count(*) filter (where what = 'added') over () as added,
  count(*) filter (where what = 'removed') over () as removed,
  count(*) filter (where what = 'changed') over () as changed
from different order by place, what limit :most
""")  # noqa: S608 - constant text
_EDITED = text("""
select id from tax_transactions where user_id = :user_id and id = any(:ids) and edited_at > :since
""")
_OTHER_METHODS = text("""
select distinct on (year) year, method from tax_reports
where user_id = :user_id and jurisdiction = :jurisdiction and year < :year and state = 'done'
order by year desc, number desc
""")
_BOOK_VERSION = text("select version from tax_books where user_id = :user_id")
_TRANSACTIONS = text("select count(*) from tax_transactions where user_id = :user_id")


async def lock_reports(session: AsyncSession, user_id: UUID) -> None:
    """Until the transaction ends nobody else numbers reports of this user."""
    await session.execute(_LOCK, {"user_id": str(user_id)})


async def insert_report(session: AsyncSession, values: Mapping[str, Any]) -> Any:
    """Add a report that waits, under the next number of its year and place; return it."""
    settings = orjson.dumps(values["settings"]).decode()
    return (await session.execute(_INSERT, {**values, "settings": settings})).one()


async def list_reports(session: AsyncSession, user_id: UUID, most: int) -> Sequence[Any]:
    """Return the newest reports, without figures and changes."""
    return (await session.execute(_LIST, {"user_id": user_id, "most": most})).all()


async def find_report(session: AsyncSession, user_id: UUID, report_id: UUID) -> Any | None:
    """Return a user's report, None when there is none."""
    return (await session.execute(_FIND, {"user_id": user_id, "id": report_id})).one_or_none()


async def report_of_job(session: AsyncSession, report_id: UUID) -> Any | None:
    """Return a report whoever's it is (role premium_worker)."""
    return (await session.execute(_FIND_ANY, {"id": report_id})).one_or_none()


async def count_under_way(session: AsyncSession, user_id: UUID) -> int:
    """Return how many reports wait or are being made."""
    return (await session.execute(_UNDER_WAY, {"user_id": user_id})).scalar_one()


async def begin(session: AsyncSession, report_id: UUID, now: datetime) -> bool:
    """Note that a report is being made; False when it is done, failed, cancelled or gone."""
    return (await session.execute(_BEGIN, {"id": report_id, "now": now})).one_or_none() is not None


async def set_progress(session: AsyncSession, report_id: UUID, step: str, pct: int) -> bool:
    """Note how far a report is; False when nobody wants it any more."""
    return (await session.execute(_PROGRESS, {"id": report_id, "step": step, "pct": pct})).one_or_none() is not None


async def state_of(session: AsyncSession, report_id: UUID) -> str | None:
    """Return a report's state, None when it is gone."""
    return (await session.execute(_STATE, {"id": report_id})).scalar_one_or_none()


async def stop(session: AsyncSession, user_id: UUID, report_id: UUID, now: datetime) -> bool:
    """Cancel a report that waits or is being made; return whether it was one."""
    values = {"user_id": user_id, "id": report_id, "now": now}
    return (await session.execute(_STOP, values)).one_or_none() is not None


async def fail(session: AsyncSession, report_id: UUID, message: str, now: datetime) -> bool:
    """Note why a report could not be made; return whether it was still wanted."""
    values = {"id": report_id, "message": message[:500], "now": now}
    return (await session.execute(_FAIL, values)).one_or_none() is not None


async def fail_begun_before(session: AsyncSession, before: datetime, message: str, now: datetime) -> int:
    """Note that reports failed which were begun (or asked for) before a time and are not done; return how many."""
    values = {"before": before, "message": message, "now": now}
    return len((await session.execute(_FAIL_LOST, values)).all())


async def delete_report(session: AsyncSession, user_id: UUID, report_id: UUID) -> Any | None:
    """Delete a report with all of it; return what it was, None when there was none."""
    return (await session.execute(_DELETE, {"user_id": user_id, "id": report_id})).one_or_none()


async def hold(session: AsyncSession, report_id: UUID) -> str | None:
    """Return a report's state, and keep everybody else from changing it until the transaction ends."""
    return (await session.execute(_HOLD, {"id": report_id})).scalar_one_or_none()


async def version_before(session: AsyncSession, report: Any) -> Any | None:
    """Return the newest finished report of the same year and place with a smaller number."""
    values = {name: getattr(report, name) for name in ("user_id", "year", "jurisdiction", "number")}
    return (await session.execute(_BEFORE, values)).one_or_none()


async def finish(session: AsyncSession, report_id: UUID, values: Mapping[str, Any]) -> None:
    """Note that a report is done, and what it says."""
    texts = {
        name: None if values[name] is None else orjson.dumps(values[name]).decode() for name in ("figures", "changes")
    }
    await session.execute(_DONE, {**values, **texts, "id": report_id})


async def replace_lines(session: AsyncSession, report_id: UUID, user_id: UUID, lines: Sequence[Line]) -> None:
    """Put a report's disposals in the place of whatever an earlier try left, all of them at once."""
    for statement in _CLEAR:
        await session.execute(statement, {"id": report_id})
    for start in range(0, len(lines), _LINES_AT_ONCE):
        part = lines[start : start + _LINES_AT_ONCE]
        rows = orjson.dumps([{name: getattr(line, name) for name in _LINE_FIELDS} for line in part]).decode()
        await session.execute(_ADD_LINES, {"report_id": report_id, "user_id": user_id, "lines": rows})


async def add_file(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Keep a file of a report."""
    await session.execute(_ADD_FILE, dict(values))


async def list_files(session: AsyncSession, user_id: UUID, report_id: UUID) -> Sequence[Any]:
    """Return the files of a report that are for its user, by name, without their content."""
    return (await session.execute(_FILES, {"user_id": user_id, "id": report_id})).all()


async def find_file(session: AsyncSession, user_id: UUID, report_id: UUID, name: str) -> Any | None:
    """Return a file of a report with its content as it is kept."""
    return (await session.execute(_FILE, {"user_id": user_id, "id": report_id, "name": name})).one_or_none()


def _which(user_id: UUID, report_id: UUID, symbol: str | None, open_only: bool) -> dict[str, Any]:
    return {"user_id": user_id, "id": report_id, "symbol": symbol, "open_only": open_only}


async def lines_after(
    session: AsyncSession, user_id: UUID, report_id: UUID, after: int, most: int,
    *, symbol: str | None = None, open_only: bool = False,
) -> Sequence[Any]:  # fmt: skip
    """Return disposals by number, those after one. `open_only`: whose gain nobody knows."""
    which = _which(user_id, report_id, symbol, open_only)
    return (await session.execute(_LINES_AFTER, {**which, "after": after, "most": most})).all()


async def lines_window(
    session: AsyncSession, user_id: UUID, report_id: UUID, offset: int, most: int,
    *, symbol: str | None = None, open_only: bool = False,
) -> Sequence[Any]:  # fmt: skip
    """Return disposals by number, from a place in the list."""
    which = _which(user_id, report_id, symbol, open_only)
    return (await session.execute(_LINES_WINDOW, {**which, "offset": offset, "most": most})).all()


async def find_line(session: AsyncSession, user_id: UUID, report_id: UUID, number: int) -> Any | None:
    """Return one disposal of a report."""
    return (
        await session.execute(_ONE_LINE, {"user_id": user_id, "id": report_id, "number": number})
    ).one_or_none()  # fmt: skip


async def count_lines(
    session: AsyncSession, user_id: UUID, report_id: UUID, *, symbol: str | None = None, open_only: bool = False
) -> int:
    """Return how many disposals a report has."""
    return (await session.execute(_COUNT, _which(user_id, report_id, symbol, open_only))).scalar_one()


async def symbols_of(session: AsyncSession, user_id: UUID, report_id: UUID, most: int) -> list[str]:
    """Return the assets that a report has disposals of, the most frequent first."""
    return list((await session.execute(_SYMBOLS, {"user_id": user_id, "id": report_id, "most": most})).scalars())


async def different_lines(
    session: AsyncSession, user_id: UUID, report_id: UUID, before: UUID, most: int
) -> Sequence[Any]:
    """Return the first disposals that two reports do not have alike, each with how many there are of each sort."""
    values = {"user_id": user_id, "id": report_id, "before": before, "most": most}
    return (await session.execute(_DIFFERENT, values)).all()


async def edited_since(session: AsyncSession, user_id: UUID, ids: Sequence[UUID], since: datetime) -> set[UUID]:
    """Return which of these transactions their user edited after a time."""
    values = {"user_id": user_id, "ids": list(ids), "since": since}
    return set((await session.execute(_EDITED, values)).scalars())


async def methods_before(session: AsyncSession, user_id: UUID, jurisdiction: str, year: int) -> dict[int, str]:
    """Return with which method earlier years were last reported to a place, by year."""
    values = {"user_id": user_id, "jurisdiction": jurisdiction, "year": year}
    return {row.year: row.method for row in (await session.execute(_OTHER_METHODS, values)).all()}


async def book_version(session: AsyncSession, user_id: UUID) -> int:
    """Return how often the user's book changed."""
    return (await session.execute(_BOOK_VERSION, {"user_id": user_id})).scalar_one_or_none() or 0


async def count_transactions(session: AsyncSession, user_id: UUID) -> int:
    """Return how many transactions the user's book has."""
    return (await session.execute(_TRANSACTIONS, {"user_id": user_id})).scalar_one()
