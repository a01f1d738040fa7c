"""One tax report: figures, what they rest on, files, every disposal with its lots and computation, what changed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core import formats
from backend.core.errors import NotFoundError
from backend.tax.reports import service
from backend.tax.reports.schemas import ReportDetail
from backend.tax.reports.service import Which
from components.i18n import t
from state import tax_report_rows as rows
from state.arguments import id_of, window_of
from state.following import Run, follows
from state.guard import signed_in
from state.shell_state import ShellState
from state.tax_report_rows import (
    ChangeRow,
    DisposalRow,
    FigureRow,
    FileRow,
    IncomeRow,
    ReportRow,
    RestRow,
)
from state.view_models import KpiTile, ListHead, Option

ADDRESS = "/tax/report/"
LOOK_SECONDS = 1.0
WINDOW, MOST_WINDOWS = 100, 10_000
_HEADS = (
    ("date", "dl-date vt-wide"),
    ("what", "vt-kind vt-wide"),
    ("sold", ""),
    ("proceeds", "vt-worth vt-wide vt-end"),
    ("cost", "vt-worth vt-wide vt-end"),
    ("gain", "dl-worth vt-end"),
    ("term", "vt-share vt-large"),
    ("wallet", "vt-wallet vt-large"),
)


class TaxReportState(rx.State):
    """What the page of one report shows."""

    loaded: bool = False
    missing: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    report_id: str = ""
    name: str = ""
    report: ReportRow = ReportRow("", "", "", "", "", "", "neutral", False, 0, "", "", "", "", False, "", "", "")
    is_done: bool = False
    engine: str = ""
    input_hash: str = ""
    input_short: str = ""
    tiles: list[KpiTile] = []
    warnings: list[str] = []
    notes: list[str] = []
    rests: list[RestRow] = []
    unknown: str = ""
    figures: list[FigureRow] = []
    figures_note: str = ""
    incomes: list[IncomeRow] = []
    files: list[FileRow] = []
    shown_file: str = ""
    shown_title: str = ""
    shown_href: str = ""
    has_changes: bool = False
    changes_title: str = ""
    changes_counts: str = ""
    changes_first: str = ""
    changes_why: list[str] = []
    changes_figures: list[FigureRow] = []
    changes: list[ChangeRow] = []
    audit_href: str = ""
    rows: list[DisposalRow] = []
    total: int = 0
    all_disposals: int = 0
    window: int = 0
    list_key: str = ""
    sort: str = "number"
    heads: list[ListHead] = []
    disposals_note: str = ""
    asset_options: list[Option] = []
    filter_asset: str = ""
    filter_open: bool = False
    open_to: str = ""
    is_filtered: bool = False
    is_deleting: bool = False
    _currency: str = ""
    _run: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the report that the address names."""
        await ShellState._show(self, user)
        self.failure = self.failure_id = self.limit_message = self.upgrade_to = ""
        self.is_deleting = False
        named = self._named()
        try:
            if named is None:
                raise NotFoundError("")
            await self._read(user, named)
            self.missing = False
        except NotFoundError:
            self.missing = True
        self.loaded = True
        return TaxReportState.follow if self.report.is_under_way and not self.missing else None

    @signed_in
    async def need(self, user: CurrentUser, window: int) -> Any:
        """Read the disposals that the reader scrolls to; `window` counts from 1."""
        window = window_of(window, MOST_WINDOWS)
        named = self._named()
        if named is not None:
            await self._read_window(user, named, window)

    @signed_in
    async def change_asset(self, user: CurrentUser, asset: str) -> Any:
        """Go to the address with the disposals of one asset."""
        return rx.redirect(rows.page_of(self.report_id, str(asset)[:64], self._which().open_only))

    @signed_in
    async def show_file(self, user: CurrentUser, name: str) -> Any:
        """Show a PDF in the page."""
        self._show_file(str(name))

    @signed_in
    async def cancel(self, user: CurrentUser) -> Any:
        """Stop the making of the report."""
        async with resources().database.unit_of_work(user.id) as session:
            await service.cancel_report(session, user, id_of(self.report_id))
        await self._read(user, id_of(self.report_id))

    @signed_in
    async def make_again(self, user: CurrentUser) -> Any:
        """Have it made again, and go to the new version."""
        async with resources().database.unit_of_work(user.id) as session:
            report = await service.make_again(session, user, id_of(self.report_id))
        return rx.redirect(rows.page_of(str(report.id)))

    @signed_in
    async def ask_delete(self, user: CurrentUser) -> Any:
        """Ask before it is deleted."""
        self.is_deleting = True

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the question."""
        self.is_deleting = False

    @signed_in
    async def delete(self, user: CurrentUser) -> Any:
        """Delete the report and go to the list."""
        self.is_deleting = False
        async with resources().database.unit_of_work(user.id) as session:
            await service.delete_report(session, user, id_of(self.report_id))
        return [rx.toast.success(t("tax_reports.deleted")), rx.redirect("/tax/reports/")]

    @follows("tax report", ADDRESS)
    async def follow(self, run: Run) -> AsyncIterator[Any]:
        """Show how far the report is, until it is made."""
        async with self:
            named = self._named()
        while named is not None and await run.is_open():
            await asyncio.sleep(LOOK_SECONDS)
            async with resources().database.unit_of_work(run.user.id) as session:
                report = rows.report_row(await service.report_of(session, run.user, named))
            async with self:
                if not await run.goes_on() or self._named() != named:
                    return
                if report.is_under_way:
                    self.report = report
            if not report.is_under_way:
                yield TaxReportState.load
                return

    def _named(self) -> UUID | None:
        try:
            return UUID(dict(self.router.url.query_parameters).get("id", ""))
        except ValueError:
            return None

    def _which(self) -> Which:
        query = dict(self.router.url.query_parameters)
        return Which(query.get("asset", "")[:64] or None, query.get("open") == "1")

    async def _read(self, user: CurrentUser, named: UUID) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            detail = await service.detail_of(session, user, named, most=1)
            symbols = await service.symbols_of(session, user, named)
        self.report_id, self._currency = str(named), detail.currency
        self.report, self.name = rows.report_row(detail), rows.name_of(detail)
        self.is_done = detail.state == "done"
        self.engine, self.input_hash = detail.engine_version or "", detail.input_hash or ""
        self.input_short = formats.address(self.input_hash)
        self._show_figures(detail)
        self._show_changes(detail)
        self.files = rows.file_rows(named, detail.files)
        first = next((each.name for each in self.files if each.is_pdf), "")
        self._show_file(first)
        self.audit_href = f"/v1/tax/audit-trail?report={named}"
        self.all_disposals = detail.disposals.total
        self.asset_options = [Option(each, formats.untrusted_text(each)) for each in symbols]
        await self._read_window(user, named, 1)

    async def _read_window(self, user: CurrentUser, named: UUID, window: int) -> None:
        which = self._which()
        async with resources().database.unit_of_work(user.id) as session:
            found, total = await service.disposals_window(session, user, named, which, (window - 1) * WINDOW, WINDOW)
        self.rows = [rows.disposal_row(disposal, steps, self._currency) for disposal, steps in found]
        self.window, self.total = window, total
        self.list_key = f"{rows.page_of(str(named), which.symbol or '', which.open_only)}#{self.report.state}"
        self.heads = [ListHead(key, t(f"tax_report.{key}"), css, "", "", "", "") for key, css in _HEADS]
        self.filter_asset, self.filter_open = which.symbol or "", which.open_only
        self.open_to = rows.page_of(str(named), which.symbol or "", not which.open_only)
        self.is_filtered = which != Which()
        one = "_one" if total == 1 else ""
        self.disposals_note = t(f"tax_report.disposals_note{one}", total=formats.number(total))

    def _show_figures(self, detail: ReportDetail) -> None:
        figures, currency = detail.figures, detail.currency
        self.warnings, self.notes, self.rests, self.figures, self.incomes = [], [], [], [], []
        self.tiles = []
        self.unknown = self.figures_note = ""
        if figures is None:
            return
        source = t("tax_report.figures")
        self.tiles = [
            KpiTile(name, title, text, source=source, as_of=figures.label)
            for name, title, text in rows.tile_texts(figures, currency)
        ]
        self.warnings, self.notes = figures.warnings, figures.notes
        self.rests, self.unknown = rows.rest_rows(figures, currency), rows.unknown_text(figures, currency)
        self.figures, self.incomes = rows.figure_rows(figures, currency), rows.income_rows(figures, currency)
        self.figures_note = t(
            "tax_report.figures_note",
            place=detail.jurisdiction_name,
            label=figures.label,
            first=figures.first_day.isoformat(),
            last=figures.last_day.isoformat(),
            zone=figures.timezone,
        )

    def _show_changes(self, detail: ReportDetail) -> None:
        changes = detail.changes
        self.has_changes = changes is not None
        self.changes, self.changes_figures, self.changes_why, self.changes_first = [], [], [], ""
        if changes is None or detail.figures is None:
            return
        self.changes_title = t("tax_report.changes", number=changes.number)
        self.changes_why = changes.why
        self.changes_figures = rows.changed_figure_rows(changes, detail.figures, detail.currency)
        self.changes = rows.change_rows(changes, detail.currency)
        counts = {"added": changes.added, "removed": changes.removed, "changed": changes.changed}
        said = {name: formats.number(count) for name, count in counts.items()}
        self.changes_counts = t("tax_report.changes_counts", **said)
        if sum(counts.values()) > len(self.changes):
            self.changes_first = t("tax_report.changes_first", count=formats.number(len(self.changes)))

    def _show_file(self, name: str) -> None:
        file = next((each for each in self.files if each.name == name and each.is_pdf), None)
        self.shown_file = file.name if file else ""
        self.shown_title = t("tax_report.preview", title=file.title) if file else ""
        self.shown_href = f"{file.href}?inline=1" if file else ""
