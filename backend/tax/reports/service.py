"""Tax reports: asked for, watched, read, explained, cancelled and deleted. They are made by the job (`making`)."""

import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import Cap, CurrentUser, Feature, require_room, requires
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.errors import ConflictError, InvalidInputError, NotFoundError, RateLimitError
from backend.core.ids import new_id
from backend.core.jobs import defer
from backend.tax.book_service import settings_of
from backend.tax.engine.methods import Method
from backend.tax.engine.registry import all_jurisdictions
from backend.tax.reports import repository
from backend.tax.reports.schemas import (
    AuditStep,
    AuditTrail,
    ChangesRead,
    DisposalPage,
    DisposalRead,
    FiguresRead,
    FileRead,
    LotRead,
    ReportAsk,
    ReportDetail,
    ReportRead,
)
from backend.tax.reports.wanted import method_in, settings_json, wanted_of, years_of
from backend.tax.reports.words import explained

__all__ = [
    "AuditStep",
    "DisposalRead",
    "FiguresRead",
    "FileRead",
    "ReportAsk",
    "ReportDetail",
    "ReportRead",
    "years_of",
]
REPORT_TASK = "tax.report"
MOST_REPORTS = 500
MOST_UNDER_WAY = 5
PAGE, MOST_ON_PAGE = 100, 1_000
MOST_SYMBOLS = 100
NO_REPORT = "There is no such report."
NOT_OVER = "The tax year {label} was not over when this was made: it is what the year came to so far."
EARLIER_METHOD = (
    "Your report of {year} was made with {before}, and this one counts {year} with {now}. Say under tax settings from"
    " which year on each method holds."
)


@dataclass(frozen=True, slots=True)
class Which:
    """Which disposals of a report: of one asset (as it is shown), or only those whose gain nobody knows."""

    symbol: str | None = None
    open_only: bool = False


@requires(Feature.TAX)
async def ask_for_report(session: AsyncSession, user: CurrentUser, ask: ReportAsk) -> ReportRead:
    """Put the making of a report in line, and return it.

    Raises InvalidInputError (details say by field what a place's law refuses, and why), TierLimitError,
    RateLimitError while MOST_UNDER_WAY are being made.
    """
    settings = await settings_of(session, user.id)
    wanted = wanted_of(ask, settings, utc_now())
    require_room(user, Cap.TAX_TRANSACTIONS, await repository.count_transactions(session, user.id), 0)
    await repository.lock_reports(session, user.id)
    if await repository.count_under_way(session, user.id) >= MOST_UNDER_WAY:
        words = f"{MOST_UNDER_WAY} reports are being made already. Wait until one is done, or cancel one."
        raise RateLimitError(words, {"retryAfter": 10})
    values = {
        "id": new_id(),
        "user_id": user.id,
        "year": wanted.year,
        "jurisdiction": wanted.settings.jurisdiction,
        "currency": wanted.settings.currency,
        "method": wanted.method.value,
        "settings": settings_json(wanted, ask.format),
        "now": utc_now(),
    }
    row = await repository.insert_report(session, values)
    await defer(session, REPORT_TASK, report_id=str(row.id))
    about = {"year": row.year, "jurisdiction": row.jurisdiction, "method": row.method, "version": row.number}
    await audit(session, user.id, "tax_report.requested", str(row.id), about)
    return _read(row, await repository.book_version(session, user.id))


@requires(Feature.TAX)
async def usual_ask(session: AsyncSession, user: CurrentUser) -> ReportAsk:
    """Return what a form for a new report begins with: the user's settings, and the last tax year that is over."""
    settings = await settings_of(session, user.id)
    rules = all_jurisdictions()[settings.jurisdiction]
    year = rules.year_of(utc_now().astimezone(ZoneInfo(settings.timezone or rules.timezone)).date()) - 1
    return ReportAsk(
        year=year,
        jurisdiction=rules.code,
        method=method_in(settings.methods, rules, year).value,
        currency=settings.currency,
        wash_sale=settings.wash_sales,
        per_wallet=settings.per_wallet,
    )


@requires(Feature.TAX)
async def make_again(session: AsyncSession, user: CurrentUser, report_id: UUID) -> ReportRead:
    """Have a report made again as a new version, of what the book is now. Raises NotFoundError, RateLimitError."""
    row = await _found(session, user, report_id)
    kept = row.settings
    ask = ReportAsk(
        year=row.year,
        jurisdiction=row.jurisdiction,
        method=row.method,
        currency=row.currency,
        wash_sale=kept["washSale"],
        per_wallet=kept["perWallet"],
        format=kept["format"],
    )
    return await ask_for_report(session, user, ask)


@requires(Feature.TAX)
async def list_reports(session: AsyncSession, user: CurrentUser) -> list[ReportRead]:
    """Return the user's reports, the newest year first, of a year the newest version first."""
    version = await repository.book_version(session, user.id)
    return [_read(row, version) for row in await repository.list_reports(session, user.id, MOST_REPORTS)]


@requires(Feature.TAX)
async def report_of(session: AsyncSession, user: CurrentUser, report_id: UUID) -> ReportRead:
    """Return how far a report is. Raises NotFoundError."""
    return _read(await _found(session, user, report_id), await repository.book_version(session, user.id))


@requires(Feature.TAX)
async def detail_of(
    session: AsyncSession, user: CurrentUser, report_id: UUID, cursor: str | None = None, most: int = PAGE
) -> ReportDetail:
    """Return a report with figures, changes, files and some of its disposals. Raises NotFoundError."""
    row = await _found(session, user, report_id)
    read = _read(row, await repository.book_version(session, user.id))
    files = await repository.list_files(session, user.id, report_id)
    figures = await _figures(session, user, row)
    return ReportDetail(
        **read.model_dump(),
        figures=figures,
        changes=None if row.changes is None else ChangesRead.model_validate(row.changes),
        files=[FileRead.model_validate(each) for each in files],
        disposals=await disposals_of(session, user, report_id, cursor, most),
    )


async def _figures(session: AsyncSession, user: CurrentUser, row: Any) -> FiguresRead | None:
    """Return what a report comes to, with what is to be said about it beside what it was computed of."""
    if row.figures is None:
        return None
    figures = FiguresRead.model_validate(row.figures)
    if row.started_at.date() <= figures.last_day:
        figures.warnings.append(NOT_OVER.format(label=figures.label))
    rules = all_jurisdictions()[row.jurisdiction]
    methods = {int(since): Method(method) for since, method in row.settings["methods"].items()}
    for year, before in (await repository.methods_before(session, user.id, row.jurisdiction, row.year)).items():
        now = method_in(methods, rules, year).value
        if before != now:
            figures.warnings.append(EARLIER_METHOD.format(year=rules.label(year), before=before, now=now))
    return figures


@requires(Feature.TAX)
async def disposals_of(
    session: AsyncSession, user: CurrentUser, report_id: UUID, cursor: str | None = None, most: int = PAGE
) -> DisposalPage:
    """Return disposals by number, those after a cursor. Raises InvalidInputError for a cursor that is none of ours."""
    after = _after(cursor)
    rows = await repository.lines_after(session, user.id, report_id, after, most + 1)
    items = [_disposal(row) for row in rows[:most]]
    total = await repository.count_lines(session, user.id, report_id)
    return DisposalPage(items=items, total=total, next_cursor=str(items[-1].number) if len(rows) > most else None)


@requires(Feature.TAX)
async def disposals_window(
    session: AsyncSession, user: CurrentUser, report_id: UUID, which: Which, offset: int, most: int
) -> tuple[list[tuple[DisposalRead, list[str]]], int]:
    """Return disposals by their place in the list, each with how it was computed in words, and how many there are.

    Raises NotFoundError.
    """
    report = await _found(session, user, report_id)
    symbol, open_only = which.symbol, which.open_only
    rows = await repository.lines_window(session, user.id, report_id, offset, most, symbol=symbol, open_only=open_only)
    total = await repository.count_lines(session, user.id, report_id, symbol=symbol, open_only=open_only)
    told = [_disposal(row) for row in rows]
    return list(zip(told, [step.lines for step in steps_of(report, rows)], strict=True)), total


@requires(Feature.TAX)
async def symbols_of(session: AsyncSession, user: CurrentUser, report_id: UUID) -> list[str]:
    """Return the assets that a report has disposals of, the most frequent first."""
    return await repository.symbols_of(session, user.id, report_id, MOST_SYMBOLS)


async def every_disposal(
    session: AsyncSession, user: CurrentUser, report_id: UUID
) -> AsyncIterator[list[DisposalRead]]:
    """Yield all disposals of a report that was found to be the user's, some hundred at a time."""
    after = 0
    while rows := await repository.lines_after(session, user.id, report_id, after, MOST_ON_PAGE):
        yield [_disposal(row) for row in rows]
        after = rows[-1].number


@requires(Feature.TAX)
async def file_of(session: AsyncSession, user: CurrentUser, report_id: UUID, name: str) -> tuple[FileRead, bytes]:
    """Return a file of a report and its content. Raises NotFoundError."""
    files = await repository.list_files(session, user.id, report_id)
    about = next((each for each in files if each.name == name), None)
    row = await repository.find_file(session, user.id, report_id, name) if about is not None else None
    if about is None or row is None:
        raise NotFoundError("There is no such file.")
    return FileRead.model_validate(about), zlib.decompress(row.content)


@requires(Feature.TAX)
async def cancel_report(session: AsyncSession, user: CurrentUser, report_id: UUID) -> ReportRead:
    """Stop the making of a report at once. Raises NotFoundError, ConflictError when it is over."""
    row = await _found(session, user, report_id)
    if not await repository.stop(session, user.id, report_id, utc_now()):
        raise ConflictError(f"The report is not being made any more: it is {row.state}.")
    await audit(session, user.id, "tax_report.cancelled", str(report_id), {"year": row.year})
    return await report_of(session, user, report_id)


@requires(Feature.TAX)
async def delete_report(session: AsyncSession, user: CurrentUser, report_id: UUID) -> None:
    """Delete a report with its files; one that is being made is stopped. Raises NotFoundError."""
    gone = await repository.delete_report(session, user.id, report_id)
    if gone is None:
        raise NotFoundError(NO_REPORT)
    about = {"year": gone.year, "jurisdiction": gone.jurisdiction, "version": gone.number}
    await audit(session, user.id, "tax_report.deleted", str(report_id), about)


@requires(Feature.TAX)
async def audit_trail(
    session: AsyncSession,
    user: CurrentUser,
    report_id: UUID,
    number: int | None = None,
    cursor: str | None = None,
    most: int = PAGE,
) -> AuditTrail:
    """Return how disposals were computed, in words: one of them, or those after a cursor. Raises NotFoundError."""
    report = await _found(session, user, report_id)
    next_cursor = None
    if number is None:
        rows = await repository.lines_after(session, user.id, report_id, _after(cursor), most + 1)
        next_cursor = str(rows[most - 1].number) if len(rows) > most else None
        rows = rows[:most]
    else:
        row = await repository.find_line(session, user.id, report_id, number)
        if row is None:
            raise NotFoundError("The report has no such disposal.")
        rows = [row]
    return AuditTrail(
        report_id=report.id,
        year=report.year,
        jurisdiction=report.jurisdiction,
        method=report.method,
        engine_version=report.engine_version,
        input_hash=report.input_hash,
        items=steps_of(report, rows),
        next_cursor=next_cursor,
    )


async def every_step(session: AsyncSession, user: CurrentUser, report_id: UUID) -> AsyncIterator[list[AuditStep]]:
    """Yield how each disposal of a report was computed, some hundred at a time. Raises NotFoundError."""
    report = await _found(session, user, report_id)
    after = 0
    while rows := await repository.lines_after(session, user.id, report_id, after, MOST_ON_PAGE):
        yield steps_of(report, rows)
        after = rows[-1].number


def steps_of(report: Any, rows: Sequence[Any]) -> list[AuditStep]:
    """Return how stored disposals of a report were computed, in words."""
    return [
        AuditStep(
            number=row.number,
            transaction_id=row.transaction_id,
            symbol=row.symbol,
            disposed_on=row.disposed_on,
            gain=row.gain,
            lines=explained(report.settings, report.jurisdiction, report.currency, row),
        )
        for row in rows
    ]


async def _found(session: AsyncSession, user: CurrentUser, report_id: UUID) -> Any:
    row = await repository.find_report(session, user.id, report_id)
    if row is None:
        raise NotFoundError(NO_REPORT)
    return row


def _after(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise InvalidInputError("This cursor is none of ours.", {"cursor": "Send the nextCursor of the page before."})
    return int(cursor)


def _read(row: Any, version: int) -> ReportRead:
    # A report outlives the rules it was made by: years on, its place may be another one.
    rules, kept = all_jurisdictions().get(row.jurisdiction), row.settings
    return ReportRead(
        id=row.id,
        year=row.year,
        label=str(row.year) if rules is None else rules.label(row.year),
        jurisdiction=row.jurisdiction,
        jurisdiction_name=row.jurisdiction if rules is None else rules.name,
        currency=row.currency,
        method=row.method,
        wash_sale=kept.get("washSale", False),
        per_wallet=kept.get("perWallet"),
        format=kept.get("format", "all"),
        state=row.state,
        progress_pct=row.progress_pct,
        step=row.step,
        number=row.number,
        supersedes=row.supersedes,
        engine_version=row.engine_version,
        input_hash=row.input_hash,
        is_outdated=row.state == "done" and row.book_version != version,
        transactions=row.transactions,
        open_issues=row.open_issues,
        total_gain=row.total_gain,
        message=row.message,
        requested_at=row.requested_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _disposal(row: Any) -> DisposalRead:
    kept = row.parts
    return DisposalRead(
        number=row.number,
        transaction_id=row.transaction_id,
        transactions=kept["events"],
        asset=row.asset,
        symbol=row.symbol,
        wallet=row.wallet,
        disposed_at=row.disposed_at,
        disposed_on=row.disposed_on,
        kind=row.kind,
        amount=row.amount,
        proceeds=row.proceeds,
        cost_basis=row.cost,
        gain=row.gain,
        disallowed=row.disallowed,
        term=kept["term"],
        is_taxable=row.is_taxable,
        lots=[LotRead.model_validate(lot) for lot in kept["lots"]],
    )
