"""Tax home: a year at a glance, what is not settled, and the next steps."""

from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser, Feature
from backend.accounts.service import require as require_feature
from backend.api.resources import resources
from backend.core import formats
from backend.core.errors import PremiumError
from backend.core.ids import request_id
from backend.core.logging import get_logger
from backend.tax.home.service import Home, home
from components.i18n import t
from components.layout.tax_tabs import has_tab
from state import tax_home_rows as rows
from state.background import signed_in_background
from state.guard import signed_in
from state.shell_state import ShellState
from state.tax_home_rows import MonthBar, PartBar, Step
from state.view_models import KpiTile, Option

ADDRESS = "/tax/"
log = get_logger(__name__)


class TaxHomeState(rx.State):
    """What the home of tax shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    has_history: bool = False
    year: str = ""
    label: str = ""
    years: list[Option] = []
    place: str = ""
    method: str = ""
    currency: str = ""
    as_of: str = ""
    tiles: list[KpiTile] = []
    months: list[MonthBar] = []
    summary: str = ""
    scale: str = ""
    parts: list[PartBar] = []
    steps: list[Step] = []
    steps_left: int = 0
    open_count: str = ""
    stake: str = ""
    unknown: str = ""
    nothing: str = ""
    nothing_text: str = ""
    has_amounts: bool = False
    notes: list[str] = []
    _run: int = 0

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Have the year shown that the address names. A long history takes seconds: other events do not wait for it."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = ""
        require_feature(user, Feature.TAX)
        return TaxHomeState.compute

    @signed_in_background
    async def compute(self, user: CurrentUser) -> None:
        """Compute the year; only the newest run shows what it found."""
        async with self:
            self._run += 1
            run, named = self._run, str(self.router.url.query_parameters.get("year", ""))
        failure, failed_id, found = "", request_id(), None
        try:
            async with resources().database.unit_of_work(user.id) as session:
                found = await home(session, user, int(named) if named.isdigit() and len(named) == 4 else None)
        except PremiumError as error:
            failure = error.message
        except Exception:
            log.exception("a tax year could not be computed", request_id=failed_id)
            failure = t("error.internal")
        async with self:
            if run != self._run:
                return
            self.failure, self.failure_id = failure, failed_id if failure else ""
            if found is not None:
                self._show(found)
                self.loaded = True

    @signed_in
    async def change_year(self, user: CurrentUser, year: str) -> Any:
        """Go to the address of another year."""
        return rx.redirect(f"{ADDRESS}?year={int(year)}" if str(year).isdigit() else ADDRESS, replace=True)

    def _show(self, found: Home) -> None:
        result = found.glance.result
        self.has_history = found.transactions > 0
        self.year, self.label = str(result.year), result.label
        self.years = rows.years_of(found)
        self.place, self.method, self.currency = found.place, rows.method_of(found), found.settings.currency
        self.as_of = formats.iso(found.as_of)
        self.tiles, self.months, self.parts = rows.tiles_of(found), rows.months_of(found), rows.parts_of(found)
        self.summary, self.scale = rows.summary_of(found), rows.scale_of(found)
        self.nothing, self.nothing_text = rows.nothing_of(found)
        self.has_amounts = any(each.gain or each.income for each in found.glance.months)
        self.steps = rows.steps_of(found, has_tab)
        self.steps_left = sum(not step.is_done for step in self.steps)
        self.open_count = formats.number(found.open.count) if found.open.count else ""
        self.stake = rows.stake_of(found)
        self.unknown = formats.number(result.unknown) if result.unknown else ""
        self.notes = list(result.notes)
