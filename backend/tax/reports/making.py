"""Makes reports: the ledger is read, the book calculated, what came of it is written in one transaction, or nothing is.

A try that dies leaves nothing but its progress, and the next one begins anew. Two tries at once both compute, and the
first to finish writes. Who cancels is obeyed at once: the report is cancelled in the database, and whoever makes it
looks several times a second whether it is still wanted.
"""

import asyncio
import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import Cap, CurrentUser, Feature, cap, find_user, require
from backend.core.clock import utc_now
from backend.core.errors import ConflictError, PremiumError
from backend.core.garbage import no_search_for_cycles
from backend.core.jobs import JobContext
from backend.core.logging import get_logger
from backend.tax.book_service import book_of
from backend.tax.books import Book
from backend.tax.engine.calculate import ENGINE_VERSION
from backend.tax.form_templates.service import templates_of
from backend.tax.forms.artefacts import TotalsDifferError, artefacts
from backend.tax.forms.records import CSV, PDF, ZIP, TemplateError
from backend.tax.ledger_sync import sync
from backend.tax.reports import repository
from backend.tax.reports.changes import (
    MOST_SHOWN,
    changed_figures,
    changed_settings,
    changes_of,
    reasons,
    why_different,
)
from backend.tax.reports.computing import JSON_NAME, Computed, TotalsError, compute, report_json
from backend.tax.reports.inputs import differences
from backend.tax.reports.schemas import ChangesRead, DisposalChange, FiguresRead
from backend.tax.reports.wanted import tax_settings_of
from backend.tax.settings.filers import holder_of

DIGESTS_NAME = "_inputs"
# Which files a report's format has beside its JSON.
MEDIA_TYPES = {"all": {PDF, CSV, ZIP}, "pdf": {PDF}, "csv": {CSV}, "json": set[str]()}
LOOK_SECONDS = 0.25
LOST_AFTER = timedelta(hours=3)  # longer than all tries together
EMPTY = "There are no transactions yet. Add a wallet under Portfolio, or import a file, and make the report again."
OVER_CAP = "Your plan allows {most:,} transactions for tax, and there are {count:,}. A larger plan makes this report."
TOTALS = "The totals of the report do not agree with each other, so it was not given out. We are looking at it."
OTHER_FORM = "Put the form of this tax year, as the tax office gives it out, in its place under Tax, Settings."
GAVE_UP = "The report could not be made. What went wrong is being looked at; try again later."
Result = TypeVar("Result")
log = get_logger(__name__)


class StoppedError(Exception):
    """Nobody wants the report any more: it was cancelled or deleted, or somebody else finished it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it is stored: its content is compressed."""

    name: str
    title: str
    media_type: str
    content: bytes
    size_bytes: int
    sha256: str


async def make(context: JobContext, report_id: UUID) -> None:
    """Make a report; one that is finished, cancelled or gone stays as it is. What the user can mend is said in it."""
    async with context.database.unit_of_work() as session:
        if not await repository.begin(session, report_id, utc_now()):
            return
    stop = threading.Event()
    working = asyncio.create_task(_Making(context, report_id, stop).run())
    watching = asyncio.create_task(_until_unwanted(context, report_id))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            watching.result()  # who cannot look does not know: that is a failure, and tried again
            log.info("a tax report was cancelled", report_id=str(report_id))
            return
        await working
    except StoppedError:
        log.info("a tax report is not wanted any more", report_id=str(report_id))
    finally:
        stop.set()
        for each in (working, watching):
            each.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


async def _until_unwanted(context: JobContext, report_id: UUID) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        async with context.database.unit_of_work() as session:
            if await repository.state_of(session, report_id) != "running":
                return


async def give_up(context: JobContext, report_id: UUID) -> None:
    """Say that a report could not be made, after the last try."""
    async with context.database.unit_of_work() as session:
        await repository.fail(session, report_id, GAVE_UP, utc_now())


async def give_up_lost(context: JobContext) -> int:
    """Say that reports failed which nobody makes any more (their job took too long, or too many workers with it)."""
    async with context.database.unit_of_work() as session:
        return await repository.fail_begun_before(session, utc_now() - LOST_AFTER, GAVE_UP, utc_now())


class _Making:
    """One try to make a report."""

    def __init__(self, context: JobContext, report_id: UUID, stop: threading.Event) -> None:
        self._database, self._settings, self._id, self._stop = context.database, context.settings, report_id, stop

    async def run(self) -> None:
        try:
            with no_search_for_cycles():
                await self._run()
        except PremiumError as error:
            if error.status_code >= 500:
                raise  # what is away now may be back at the next try
            await self._fail(error.message)
        except (TotalsError, TotalsDifferError) as error:
            log.error("totals of a tax report differ", report_id=str(self._id), problem=str(error))
            await self._fail(TOTALS)
        except TemplateError as error:
            await self._fail(f"An official form could not be filled in: {error} {OTHER_FORM}")

    async def _run(self) -> None:
        async with self._database.unit_of_work() as session:
            report = await repository.report_of_job(session, self._id)
        if report is None:
            raise StoppedError
        user = await find_user(self._database, report.user_id)
        if user is None:
            raise StoppedError
        require(user, Feature.TAX)
        await self._step("syncing", 2)
        async with self._database.unit_of_work(user.id) as session:
            await sync(session, self._settings, user.id, user.tier)
        await self._step("reading", 10)
        async with self._database.unit_of_work(user.id) as session:
            book = await book_of(session, user.id, tax_settings_of(report.jurisdiction, report.settings))
        check_book(user, book)
        await self._step("calculating", 40)
        computed = await self._in_thread(lambda: compute(book, report.year, self._check))
        await self._step("drawing", 60)
        content = await self._in_thread(lambda: report_json(computed, book, report.year, report.method))
        files = [await self._in_thread(lambda: kept(JSON_NAME, "The report as JSON", "application/json", content))]
        files += await self._artefacts(report, book, computed)
        files.append(kept(DIGESTS_NAME, "Digests", "application/octet-stream", computed.inputs.digests))
        await self._step("writing", 85)
        await self._write(report, book, computed, files)

    async def _artefacts(self, report: Any, book: Book, computed: Computed) -> list[Kept]:
        """Return the forms and files of the year that were asked for, their totals checked against each other."""
        wanted = MEDIA_TYPES[report.settings["format"]]
        if not wanted:
            return []
        templates: dict[tuple[str, int], bytes] = {}
        if not computed.figures.is_for_information:  # official forms are in the currency of their law
            async with self._database.unit_of_work(report.user_id) as session:
                templates = await templates_of(session, report.user_id, report.year)
        async with self._database.unit_of_work(report.user_id) as session:
            holder = await holder_of(session, report.user_id, report.jurisdiction)

        def draw() -> list[Kept]:
            said = computed.inputs.fingerprint
            made = artefacts(book, computed.done, report.year, holder, templates, wanted=wanted, said=said)
            return [kept(each.name, each.title, each.media_type, each.content) for each in made]

        return await self._in_thread(draw)

    async def _write(self, report: Any, book: Book, computed: Computed, files: Sequence[Kept]) -> None:
        async with self._database.unit_of_work(report.user_id) as session:
            if await repository.hold(session, self._id) != "running":
                raise StoppedError
            await repository.replace_lines(session, self._id, report.user_id, computed.lines)
            for each in files:
                await repository.add_file(session, {"report_id": self._id, "user_id": report.user_id, **_row(each)})
            before = await repository.version_before(session, report)
            changes = None if before is None else await _changes(session, report, before, computed)
            values = {
                "supersedes": None if before is None else before.id,
                "engine_version": ENGINE_VERSION,
                "input_hash": computed.inputs.hash,
                "book_version": book.version,
                "figures": computed.figures.model_dump(mode="json", by_alias=True),
                "changes": None if changes is None else changes.model_dump(mode="json", by_alias=True),
                "transactions": book.transactions,
                "open_issues": computed.open_issues,
                "total_gain": computed.total_gain,
                "now": utc_now(),
            }
            await repository.finish(session, self._id, values)
        log.info("a tax report is done", report_id=str(self._id), disposals=len(computed.lines))

    async def _step(self, step: str, pct: int) -> None:
        async with self._database.unit_of_work() as session:
            if not await repository.set_progress(session, self._id, step, pct):
                raise StoppedError

    async def _fail(self, message: str) -> None:
        async with self._database.unit_of_work() as session:
            await repository.fail(session, self._id, message, utc_now())

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.to_thread(work)

    def _check(self) -> None:
        if self._stop.is_set():
            raise StoppedError


def check_book(user: CurrentUser, book: Book) -> None:
    """Raise ConflictError when there is nothing to report, or more than the plan allows."""
    if not book.transactions:
        raise ConflictError(EMPTY)
    most = cap(user.tier, Cap.TAX_TRANSACTIONS)
    if most is not None and book.transactions > most:
        raise ConflictError(OVER_CAP.format(most=most, count=book.transactions))


def kept(name: str, title: str, media_type: str, content: bytes) -> Kept:
    """Return a file as it is stored."""
    return Kept(name, title, media_type, zlib.compress(content, 1), len(content), sha256(content).hexdigest())


def _row(file: Kept) -> dict[str, Any]:
    return {name: getattr(file, name) for name in Kept.__dataclass_fields__}


async def _changes(session: AsyncSession, report: Any, before: Any, computed: Computed) -> ChangesRead:
    digests = await repository.find_file(session, report.user_id, before.id, DIGESTS_NAME)
    old = zlib.decompress(digests.content) if digests is not None else b""
    found = await asyncio.to_thread(differences, old, computed.inputs.digests)
    changed = sorted(found.changed)
    edited = await repository.edited_since(session, report.user_id, changed, before.started_at) if changed else set()
    settings = changed_settings(before.settings, report.settings)
    rows = await repository.different_lines(session, report.user_id, report.id, before.id, MOST_SHOWN)
    disposals = [
        DisposalChange(
            what=row.what,
            number=row.number,
            transaction_id=row.transaction_id,
            symbol=row.symbol,
            disposed_on=row.disposed_on,
            gain_before=row.gain_before,
            gain_after=row.gain_after,
            why=why_different(row, found, edited, settings),
        )
        for row in rows
    ]
    figures = changed_figures(FiguresRead.model_validate(before.figures), computed.figures)
    why = reasons(found, edited, settings, (before.engine_version, ENGINE_VERSION))
    return changes_of(before, figures, why, rows, disposals)
