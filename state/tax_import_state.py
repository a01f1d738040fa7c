"""Tax → Import: a file from the upload to the result, and the files that were imported before."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core import formats
from backend.core.clock import utc_now
from backend.core.errors import ConflictError, InvalidInputError
from backend.tax.imports import service
from backend.tax.imports.schemas import ImportChange, ImportRead, LineQuery
from components.i18n import t
from state.arguments import id_of, window_of
from state.field_errors import checked
from state.guard import signed_in
from state.shell_state import ShellState
from state.tax_import_rows import (
    FixRow,
    ImportItem,
    LineRow,
    MappingField,
    counted,
    fix_row,
    import_item,
    line_row,
    place_of,
)
from state.view_models import Chip, ListHead, Option

WINDOW = 100
MOST_WINDOWS = 50_000
FIX_LINES = 25
ADDRESS = "/tax/import/"
FILTERS = ("new", "known", "double", "refused", "skipped", "warned")
_HEADS = (("line", "vt-line"), ("becomes", ""), ("original", "vt-large"), ("status", "vt-result vt-wide"))
_TELLS_AFTER_SECONDS = 2.0


class TaxImportState(rx.State):
    """What the page shows: the list alone, or one file in one of its steps."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    imports: list[ImportItem] = []
    room: str = ""
    # One file. `step` is check, work or done; empty: the list.
    step: str = ""
    import_id: str = ""
    file_name: str = ""
    file_note: str = ""
    twice: str = ""
    warning: str = ""
    problem: str = ""
    source: str = ""
    account: str = ""
    account_error: str = ""
    timezone: str = "UTC"
    needs_mapping: bool = False
    date_order: str = ""
    decimal_mark: str = ""
    mapping_fields: list[MappingField] = []
    columns: list[Option] = []
    mapping_error: str = ""
    fixes: list[FixRow] = []
    fix_note: str = ""
    fix_count: int = 0
    fix_key: str = ""
    leaves_out: bool = False
    leave_out_label: str = ""
    import_label: str = ""
    nothing_new: bool = False
    chips: list[Chip] = []
    # The list of lines.
    rows: list[LineRow] = []
    window: int = 1
    total: int = 0
    list_key: str = ""
    sort: str = ""
    heads: list[ListHead] = []
    # Work with a large file.
    is_importing: bool = False
    work_text: str = ""
    work_left: str = ""
    work_percent: int = 0
    # The result.
    result: list[str] = []
    result_to: str = ""
    undoing_id: str = ""
    undoing_name: str = ""
    undoing_is_done: bool = False

    _columns: list[str] = []

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the list, or the file that the address names, with every dialog closed."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = self.undoing_id = ""
        await self._read(user)
        self.failure = self.failure_id = ""

    @signed_in
    async def opened(self, user: CurrentUser, import_id: str) -> Any:
        """Go on with a file that the browser has uploaded."""
        return rx.redirect(f"{ADDRESS}?id={id_of(import_id)}")

    @signed_in
    async def follow(self, user: CurrentUser) -> Any:
        """Show how far the work with a large file is, and everything when it is done."""
        async with resources().database.unit_of_work(user.id) as session:
            found = await service.read_import(session, user, id_of(self.import_id))
        if found.work is None:
            await self._read(user)
        else:
            self._show_work(found)

    @signed_in
    async def need(self, user: CurrentUser, window: int) -> Any:
        """Read the lines that the reader scrolls to; `window` counts from 1."""
        window = window_of(window, MOST_WINDOWS)
        query = LineQuery(status=self._shown(), page=window, page_size=WINDOW)
        async with resources().database.unit_of_work(user.id) as session:
            page = await service.preview(session, user, id_of(self.import_id), query)
        self.rows, self.window = [line_row(each) for each in page.lines.items], window

    @signed_in
    async def change_source(self, user: CurrentUser, source: str) -> Any:
        """Read the file as another source's."""
        await self._change(user, {"source": source})

    @signed_in
    async def change_account(self, user: CurrentUser, account: str) -> Any:
        """Call the account of the file something."""
        self.account_error = ""
        if account.strip() == self.account:
            return
        wanted, errors = checked(ImportChange, {"account": account})
        if wanted is None:
            self.account_error = errors.get("account", t("form.invalid"))
            return
        await self._change(user, {"account": account})

    @signed_in
    async def change_timezone(self, user: CurrentUser, timezone: str) -> Any:
        """Take times that name no zone for those of this one."""
        await self._change(user, {"timezone": timezone})

    @signed_in
    async def save_mapping(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Read the file by the columns that were chosen."""
        named = {*(field.name for field in self.mapping_fields), *service.OPTIONS}
        mapping = {name: str(column) for name, column in form_data.items() if name in named and column}
        missing = [field.label for field in self.mapping_fields if field.is_needed and field.name not in mapping]
        if missing and (self.needs_mapping or not mapping.keys() <= service.OPTIONS.keys()):
            self.mapping_error = t("tax_import.mapping_missing", names=", ".join(missing))
            return
        try:
            await self._change(user, {"mapping": mapping})
            self.mapping_error = ""
        except (InvalidInputError, ConflictError) as error:
            self.mapping_error = error.message

    @signed_in
    async def fix(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Read the file with the cells that were corrected."""
        shown = {cell.name: cell.value for row in self.fixes for cell in (*row.blamed, *row.others)}
        corrections: dict[int, dict[str, str]] = {}
        for name, value in form_data.items():
            if name in shown and str(value) != shown[name] and (found := place_of(name)):
                corrections.setdefault(found[0], {})[self._columns[found[1]]] = str(value)
        if not corrections:
            return rx.toast.info(t("tax_import.fix_nothing"))
        before = self.fix_count
        await self._change(user, {"corrections": corrections})
        fixed = before - self.fix_count
        if fixed > 0 and self.step == "check":
            return rx.toast.success(counted("tax_import.fixed", fixed))
        return rx.toast.warning(t("tax_import.fix_more")) if self.step == "check" else None

    @signed_in
    async def leave_out(self, user: CurrentUser, is_left_out: bool) -> Any:
        """Say that the refused lines stay out, or take that back."""
        self.leaves_out = is_left_out is True

    @signed_in
    async def commit(self, user: CurrentUser) -> Any:
        """Import the file."""
        self.limit_message = self.upgrade_to = ""
        async with resources().database.unit_of_work(user.id) as session:
            await service.confirm(session, user, id_of(self.import_id), self.leaves_out)
        await self._read(user)

    @signed_in
    async def stop(self, user: CurrentUser) -> Any:
        """Stop the work with a large file."""
        async with resources().database.unit_of_work(user.id) as session:
            await service.stop(session, user, id_of(self.import_id))
        await self._read(user)
        return rx.toast.info(t("tax_import.stopped"))

    @signed_in
    async def read_again(self, user: CurrentUser) -> Any:
        """Read a file again whose reading was stopped or failed."""
        await self._change(user, {})

    @signed_in
    async def take_wallets(self, user: CurrentUser) -> Any:
        """Have the history of the portfolio's wallets taken over now."""
        async with resources().database.unit_of_work(user.id) as session:
            await service.ask_wallets(session, user)
        return rx.toast.success(t("tax_import.wallets_asked"))

    @signed_in
    async def ask_undo(self, user: CurrentUser, import_id: str) -> Any:
        """Ask before an import is undone, or a file that was not imported is discarded."""
        async with resources().database.unit_of_work(user.id) as session:
            found = await service.read_import(session, user, id_of(import_id))
        self.undoing_id, self.undoing_name = import_id, found.file_name
        self.undoing_is_done = found.state == "committed"

    @signed_in
    async def undo(self, user: CurrentUser) -> Any:
        """Undo or discard the import that was asked about, and go back to the list."""
        wanted, was_done = id_of(self.undoing_id), self.undoing_is_done
        self.undoing_id = ""
        async with resources().database.unit_of_work(user.id) as session:
            await service.stop_reading(session, user, wanted)
        async with resources().database.unit_of_work(user.id) as session:
            undone = await service.undo(session, user, wanted)
        text = counted("tax_import.undone", undone.removed) if was_done else t("tax_import.discarded")
        kept = counted("tax_import.undone_kept", undone.kept) if undone.kept else None
        if self.step:
            return [rx.toast.success(text, description=kept), rx.redirect(ADDRESS)]
        await self._read(user)
        return rx.toast.success(text, description=kept)

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the dialog."""
        self.undoing_id = ""

    async def _change(self, user: CurrentUser, values: dict[str, Any]) -> None:
        wanted, errors = checked(ImportChange, values)
        if wanted is None:
            raise InvalidInputError(next(iter(errors.values())))
        async with resources().database.unit_of_work(user.id) as session:
            await service.change(session, user, id_of(self.import_id), wanted)
        await self._read(user)

    async def _read(self, user: CurrentUser) -> None:
        wanted = dict(self.router.url.query_parameters).get("id", "")
        if wanted:
            await self._read_file(user, id_of(wanted))
        else:
            self.step = self.import_id = ""
            async with resources().database.unit_of_work(user.id) as session:
                found = await service.list_imports(session, user)
            self.imports = [import_item(each) for each in found.items]
            used = formats.number(found.transactions)
            self.room = (
                t("tax_import.room", used=used, most=formats.number(found.limit))
                if found.limit is not None
                else t("tax_import.room_any", used=used)
            )
        self.loaded = True

    async def _read_file(self, user: CurrentUser, import_id: UUID) -> None:
        status = self._shown()
        async with resources().database.unit_of_work(user.id) as session:
            found = await service.preview(session, user, import_id, LineQuery(status=status, page_size=WINDOW))
            bad = await service.preview(session, user, import_id, LineQuery(status="refused", page_size=FIX_LINES))
        file = found.file
        self.import_id, self.file_name = str(file.id), file.file_name
        self.problem = file.problem or ""
        if file.work is not None:
            self.step = "work"
            self._show_work(file)
            return
        self.step = "done" if file.state == "committed" else "check"
        self._show_choices(file)
        self._show_decision(file)
        self._columns = list(file.columns)
        self.fix_count = file.refused
        self.fixes = [fix_row(each, file.columns) for each in bad.lines.items]
        more = file.refused - len(self.fixes)
        self.fix_note = counted("tax_import.fix_rest", more) if more > 0 else ""
        key = f"{file.id}-{file.revision}"
        if key != self.fix_key:  # what was decided was about other lines
            self.leaves_out = False
        self.fix_key = key
        self.list_key = f"{file.id}-{file.revision}-{status or ''}"
        self.rows, self.window, self.total = [line_row(each) for each in found.lines.items], 1, found.lines.total
        self.heads = [ListHead(key, t(f"tax_import.head_{key}"), css, "", "", "", "") for key, css in _HEADS]
        self.chips = self._chips(file, status)
        self.result = _result(file)
        self.result_to = f"/tax/transactions/?{urlencode({'import': str(file.id)})}"

    def _show_choices(self, file: ImportRead) -> None:
        self.source, self.account, self.timezone = file.source, file.account, file.timezone
        self.account_error = ""
        self.needs_mapping = file.needs_mapping
        self.columns = [Option(each, each) for each in file.columns]
        mapping = file.mapping or {}
        self.date_order, self.decimal_mark = mapping.get("date_order", ""), mapping.get("decimal_mark", "")
        self.mapping_fields = [
            MappingField(name, t(f"tax_import.meaning_{name}"), mapping.get(name, ""), name in service.NEEDED_MEANINGS)
            for name in service.MEANINGS
        ]
        looks = t("tax_import.looks_like", source=file.source_title)
        if not file.is_sure:
            looks = t("tax_import.looks_unsure") if not self.needs_mapping else t("tax_import.looks_unknown")
        elif file.detected != file.source:
            looks = t("tax_import.chosen")
        size = formats.byte_size(file.size_bytes)
        self.file_note = f"{looks} · {size} · {counted('tax_import.count_lines', file.lines)}"
        self.twice = counted("tax_import.double_note", file.doubled) if file.doubled else ""
        self.warning = ""
        if file.imported_before is not None:
            self.warning = t("tax_import.imported_before", day=f"{file.imported_before:%Y-%m-%d}")

    def _show_decision(self, file: ImportRead) -> None:
        self.nothing_new = file.added == 0
        self.import_label = counted("tax_import.import_action", file.added)
        self.leave_out_label = counted("tax_import.leave_out", file.refused)

    def _show_work(self, file: ImportRead) -> None:
        if file.work is None:
            return
        self.work_percent, self.is_importing = file.work.percent, file.work.kind == "importing"
        self.work_text = t(f"tax_import.work_{file.work.kind}")
        took = (utc_now() - file.work.began_at).total_seconds()
        self.work_left = ""
        if file.work.percent and took > _TELLS_AFTER_SECONDS:
            left = max(1, round(took * (100 - file.work.percent) / file.work.percent))
            self.work_left = t("privacy.progress_left", seconds=formats.number(left))

    def _shown(self) -> Any:
        """Return which lines the address asks for, None for all."""
        wanted = dict(self.router.url.query_parameters).get("show", "")
        return wanted if wanted in FILTERS else None

    def _chips(self, file: ImportRead, status: str | None) -> list[Chip]:
        counts = {
            "new": file.fresh,
            "known": file.known,
            "double": file.doubled,
            "refused": file.refused,
            "skipped": file.skipped,
            "warned": file.warned,
        }
        every = Chip(t("tax_import.show_all", count=formats.number(file.lines)), _address(file, ""), status is None)
        return [
            every,
            *(
                Chip(t(f"tax_import.show_{name}", count=formats.number(count)), _address(file, name), status == name)
                for name, count in counts.items()
                if count or status == name
            ),
        ]


def _result(file: ImportRead) -> list[str]:
    """Return what came of an imported file, a sentence each."""
    if file.state != "committed":
        return []
    lines = [counted("tax_import.result_added", file.added)]
    if file.known:
        lines.append(counted("tax_import.result_known", file.known))
    if file.doubled:
        lines.append(counted("tax_import.result_double", file.doubled))
    if file.refused:
        lines.append(counted("tax_import.result_left_out", file.refused))
    if file.skipped:
        lines.append(counted("tax_import.result_skipped", file.skipped))
    return lines


def _address(file: ImportRead, show: str) -> str:
    return f"{ADDRESS}?{urlencode({'id': str(file.id), **({'show': show} if show else {})})}"
