"""The alerts page: which tab, the rules, the history with its filters."""

from datetime import timedelta
from typing import Any

import reflex as rx

from backend.accounts.service import Cap, CurrentUser, next_tier_with_more
from backend.alerts import service as alerts_service
from backend.alerts.schemas import AlertCounts
from backend.api.resources import resources
from backend.core import formats
from backend.core.clock import utc_now
from components.i18n import t
from state.alert_figures_state import AlertFiguresState
from state.alert_rows import rule_row
from state.arguments import id_of
from state.guard import signed_in
from state.history_filters import filters_of, page_number
from state.shell_state import ShellState
from state.view_models import Pager, RuleRow

TABS = ("overview", "rules", "live")
RULES_PAGE_SIZE = 100


class AlertsState(rx.State):
    """What the alerts page shows."""

    tab: str = "overview"
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    hour_message: str = ""
    hour_upgrade_to: str = ""
    upgrade_to: str = ""
    rules: list[RuleRow] = []
    rules_loaded: bool = False
    rules_note: str = ""
    rules_pager: Pager = Pager()
    deleting_id: str = ""
    deleting_name: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show what the address says: the tab and its filters."""
        query = dict(self.router.url.query_parameters)
        if query.get("tab") == "history":  # where the history was before it had a page of its own
            return rx.redirect(filters_of(query).address())
        if query.get("tab") == "webhooks":  # where they were before they stood with the channels
            return rx.redirect("/settings/channels/#webhooks")
        self.tab = _tab_of(query)
        shell = await ShellState._show(self, user)
        if self.tab == "overview":
            shell.unseen = 0
            figures = await self.get_state(AlertFiguresState)
            await figures._read(user)
        elif self.tab == "live":
            shell.unseen = 0
        else:
            await self._read_rules(user, query)
        self.failure = self.failure_id = self.limit_message = self.upgrade_to = ""
        return AlertFiguresState.read_advice if self.tab == "overview" else None

    @signed_in
    async def set_enabled(self, user: CurrentUser, rule_id: str, enabled: bool) -> Any:
        """Pause or resume a rule."""
        self.limit_message = self.upgrade_to = ""
        async with resources().database.unit_of_work(user.id) as session:
            await alerts_service.set_enabled(session, user, id_of(rule_id), bool(enabled))
        await self._read_rules(user, dict(self.router.url.query_parameters))
        return rx.toast.success(t("rules.resumed") if enabled else t("rules.paused_toast"))

    @signed_in
    async def ask_delete(self, user: CurrentUser, rule_id: str, name: str) -> Any:
        """Ask before deleting."""
        row = next((row for row in self.rules if row.id == rule_id), None)
        if row is not None:
            self.deleting_id, self.deleting_name = row.id, row.name or row.sentence

    @signed_in
    async def cancel_delete(self, user: CurrentUser) -> Any:
        """Leave the rule as it is."""
        self.deleting_id = ""

    @signed_in
    async def delete_rule(self, user: CurrentUser) -> Any:
        """Delete the rule that was asked about; its history stays."""
        rule_id, self.deleting_id = self.deleting_id, ""
        async with resources().database.unit_of_work(user.id) as session:
            await alerts_service.delete_rule(session, user, id_of(rule_id))
        await self._read_rules(user, dict(self.router.url.query_parameters))
        return rx.toast.success(t("rules.deleted"))

    async def _read_rules(self, user: CurrentUser, query: dict[str, str]) -> None:
        number = page_number(query)
        async with resources().database.unit_of_work(user.id) as session:
            page = await alerts_service.list_rules(session, user, page=number, page_size=RULES_PAGE_SIZE)
            counts = await alerts_service.alert_counts(session, user)
        here = f"/alerts/?tab=rules&page={number}" if number > 1 else "/alerts/?tab=rules"
        self.rules = [rule_row(rule, here) for rule in page.items]
        self.rules_pager = pager_of(page, lambda number: f"/alerts/?tab=rules&page={number}")
        self._show_hour(user, counts)
        limited = {"limit": formats.number(counts.rules_limit)} if counts.rules_limit is not None else {}
        self.rules_note = t(
            "limits.rules_note" if limited else "rules.note",
            active=formats.number(counts.rules_active),
            total=formats.number(counts.rules_total),
            **limited,
        )
        self.rules_loaded = True

    def _show_hour(self, user: CurrentUser, counts: AlertCounts) -> None:
        """Say that this day's or this hour's alerts are used up, if some were kept silent because of it."""
        self.hour_message = self.hour_upgrade_to = ""
        if not counts.suppressed_day:
            return
        if counts.alerts_day_limit is not None and counts.alerts_day >= counts.alerts_day_limit:
            limit = formats.number(counts.alerts_day_limit)
            self.hour_message = t("limits.alerts_full_day", limit=limit)
            self.hour_upgrade_to = next_tier_with_more(user.tier, Cap.ALERTS_PER_DAY) or ""
        elif counts.suppressed_hour:
            until = utc_now() + timedelta(hours=1)
            limit = formats.number(counts.alerts_hour_limit)
            self.hour_message = t("limits.alerts_full", limit=limit, until=f"{until:%H}:00")
            self.hour_upgrade_to = next_tier_with_more(user.tier, Cap.ALERTS_PER_HOUR) or ""


def _tab_of(query: dict[str, str]) -> str:
    """Return the tab that an address names."""
    return query["tab"] if query.get("tab") in TABS else "overview"


def pager_of(page: Any, address_of: Any) -> Pager:
    """Return the pager of a `Page`; `address_of(number)` gives the address of another page."""
    first = (page.page - 1) * page.page_size + 1
    last = min(page.page * page.page_size, page.total)
    if page.total <= page.page_size and page.page == 1:
        return Pager(text=t("pager.all", total=formats.number(page.total)))
    return Pager(
        text=t("pager.text", first=formats.number(first), last=formats.number(last), total=formats.number(page.total)),
        previous_to=address_of(page.page - 1) if page.page > 1 else "",
        next_to=address_of(page.page + 1) if page.page < page.pages else "",
    )
