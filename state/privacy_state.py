"""Settings → Privacy: the exports and how far they are, what was done in the account, consent, erasure."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core import formats
from backend.core.clock import utc_now
from backend.privacy import service as privacy
from backend.privacy.schemas import ExportRead
from components.i18n import t
from state.activity_rows import ActivityRow, activity_row
from state.guard import signed_in
from state.history_filters import page_number
from state.shell_state import ShellState
from state.view_models import Pager

ACTIVITY_PAGE_SIZE = 20
_TONES = {"waiting": "neutral", "running": "accent", "ready": "gain", "failed": "loss"}


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One export as the list shows it; moments are ISO 8601 or empty, `download_to` is empty when there is no file."""

    id: str
    status: str
    tone: str
    asked_at: str
    size: str
    until: str
    problem: str
    download_to: str


class PrivacyState(rx.State):
    """What the page shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    exports: list[ExportRow] = []
    making: bool = False
    progress_text: str = ""
    progress_left: str = ""
    progress_percent: int = 0
    activity: list[ActivityRow] = []
    activity_pager: Pager = Pager()
    allows_analytics: bool = False
    erasure_on: str = ""
    has_password: bool = True
    is_asking_erasure: bool = False

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show everything, with the dialog closed."""
        await ShellState._show(self, user)
        self.is_asking_erasure = False
        await self._read(user)
        self.failure = self.failure_id = ""

    @signed_in
    async def request_export(self, user: CurrentUser) -> Any:
        """Have a file made."""
        async with resources().database.unit_of_work(user.id) as session:
            await privacy.request_export(session, user)
        await self._read(user)

    @signed_in
    async def follow_export(self, user: CurrentUser) -> Any:
        """Show how far the file is; the rest of the page when it is done."""
        async with resources().database.unit_of_work(user.id) as session:
            exports = await privacy.list_exports(session, user)
        self._show_exports(exports)
        if not self.making:
            await self._read(user)
            if exports and exports[0].status == "ready":
                return rx.toast.success(t("privacy.export_done"))
        return None

    @signed_in
    async def ask_erasure(self, user: CurrentUser) -> Any:
        """Open the form that erases the account."""
        self.is_asking_erasure = True

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the form and show what there is now: the erasure may have been asked for, or consent changed."""
        self.is_asking_erasure = False
        await self._read(user)
        shell = await self.get_state(ShellState)
        await shell._read_erasure(user)

    @signed_in
    async def cancel_erasure(self, user: CurrentUser) -> Any:
        """Keep the account."""
        shell = await self.get_state(ShellState)
        await shell._cancel_erasure(user)
        await self._read(user)
        return rx.toast.success(t("privacy.kept"))

    async def _read(self, user: CurrentUser) -> None:
        number = page_number(dict(self.router.url.query_parameters))
        async with resources().database.unit_of_work(user.id) as session:
            exports = await privacy.list_exports(session, user)
            page = await privacy.list_audit(session, user, number, ACTIVITY_PAGE_SIZE)
            consent = await privacy.consent_of(session, user)
            erasure = await privacy.erasure_of(session, user)
            self.has_password = await privacy.has_password(session, user)
        self._show_exports(exports)
        self.activity = [activity_row(entry) for entry in page.items]
        self.activity_pager = Pager(
            text=t("pager.all", total=formats.number(page.total)),
            previous_to=f"/settings/privacy/?page={number - 1}" if number > 1 else "",
            next_to=f"/settings/privacy/?page={number + 1}" if number < page.pages else "",
        )
        self.allows_analytics = consent is True
        self.erasure_on = f"{erasure.due_at:%Y-%m-%d}" if erasure.due_at else ""
        self.loaded = True

    def _show_exports(self, exports: list[ExportRead]) -> None:
        now = utc_now()
        self.exports = [_row(export) for export in exports if export.expires_at is None or export.expires_at > now]
        current = next((export for export in exports if privacy.is_being_made(export, now)), None)
        self.making = current is not None
        if current is None:
            return
        share = current.rows_written / current.rows_total if current.rows_total else 0.0
        self.progress_percent = round(100 * share)
        self.progress_text = (
            t(
                "privacy.progress",
                table=current.step.replace("_", " ") or "…",
                done=current.tables_done,
                tables=current.tables_total,
                rows=formats.number(current.rows_written),
                total=formats.number(current.rows_total),
            )
            if current.status == "running"
            else t("privacy.progress_waiting")
        )
        left = privacy.seconds_left(current, now)
        self.progress_left = t("privacy.progress_left", seconds=formats.number(left)) if left is not None else ""


def _row(export: ExportRead) -> ExportRow:
    is_ready = export.status == "ready"
    return ExportRow(
        id=str(export.id),
        status=t(f"privacy.status_{export.status}"),
        tone=_TONES[export.status],
        asked_at=formats.iso(export.requested_at),
        size=formats.byte_size(export.size_bytes) if export.size_bytes is not None else "",
        until=f"{export.expires_at:%Y-%m-%d}" if export.expires_at else "",
        problem=export.problem or "",
        download_to=f"/v1/account/exports/{export.id}/download" if is_ready else "",
    )
