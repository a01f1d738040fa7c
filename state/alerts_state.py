"""The alerts page: which tab, the rules, the history with its filters."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import reflex as rx

from backend.accounts.service import Cap, CurrentUser, next_tier_with_more
from backend.alerts import service as alerts_service
from backend.alerts.schemas import AlertCounts, HistoryFilter
from backend.api.resources import resources
from backend.chain import service as chain_service
from backend.core import formats
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError
from components.i18n import t
from state.alert_rows import alert_row, rule_row
from state.guard import signed_in
from state.history_filters import Filters, chips_of, filters_of, page_number
from state.rule_form_state import RuleFormState
from state.shell_state import ShellState
from state.view_models import AlertRow, Chip, Option, Pager, RuleRow
from state.webhook_state import WebhookState

TABS = ("rules", "live", "history", "webhooks")
PAGE_SIZE = 50
RULES_PAGE_SIZE = 100
MOST_RULE_OPTIONS = 100


class AlertsState(rx.State):
    """What the alerts page shows."""

    tab: str = "rules"
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
    history: list[AlertRow] = []
    history_loaded: bool = False
    history_note: str = ""
    history_pager: Pager = Pager()
    chips: list[Chip] = []
    rule_options: list[Option] = []
    token_options: list[Option] = []
    filter_rule: str = ""
    filter_token: str = ""
    filter_from: str = ""
    filter_to: str = ""
    is_filtered: bool = False
    export_query: str = "/v1/alerts/history/export?"

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show what the address says: the tab, its filters, and the form if it is open."""
        query = dict(self.router.url.query_parameters)
        self.tab = query.get("tab", "rules") if query.get("tab") in TABS else "rules"
        shell = await ShellState._show(self, user)
        if self.tab == "live":
            shell.unseen = 0
        elif self.tab == "history":
            await self._read_history(user, filters_of(query))
        elif self.tab == "webhooks":
            webhooks = await self.get_state(WebhookState)
            await webhooks._read(user, query)
        else:
            await self._read_rules(user, query)
        self.failure = self.failure_id = self.limit_message = self.upgrade_to = ""
        form = await self.get_state(RuleFormState)
        await form._open_for(user, query)

    @signed_in
    async def set_enabled(self, user: CurrentUser, rule_id: str, enabled: bool) -> Any:
        """Pause or resume a rule."""
        self.limit_message = self.upgrade_to = ""
        async with resources().database.unit_of_work(user.id) as session:
            await alerts_service.set_enabled(session, user, _id(rule_id), bool(enabled))
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
            await alerts_service.delete_rule(session, user, _id(rule_id))
        await self._read_rules(user, dict(self.router.url.query_parameters))
        return rx.toast.success(t("rules.deleted"))

    @signed_in
    async def change_filter(self, user: CurrentUser, name: str, value: str) -> Any:
        """Go to the address with one filter of the history changed."""
        if name not in ("rule", "token", "from", "to"):
            raise InvalidInputError(t("form.invalid"))
        filters = filters_of({**dict(self.router.url.query_parameters), name: str(value), "page": "1"})
        return rx.redirect(filters.address())

    async def _read_rules(self, user: CurrentUser, query: dict[str, str]) -> None:
        number = page_number(query)
        async with resources().database.unit_of_work(user.id) as session:
            page = await alerts_service.list_rules(session, user, page=number, page_size=RULES_PAGE_SIZE)
            counts = await alerts_service.alert_counts(session, user)
        self.rules = [rule_row(rule) for rule in page.items]
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
        """Say that this hour's alerts are used up, if some were kept silent because of it."""
        self.hour_message = self.hour_upgrade_to = ""
        if counts.suppressed_hour:
            until = utc_now() + timedelta(hours=1)
            limit = formats.number(counts.alerts_hour_limit)
            self.hour_message = t("limits.alerts_full", limit=limit, until=f"{until:%H}:00")
            self.hour_upgrade_to = next_tier_with_more(user.tier, Cap.ALERTS_PER_HOUR) or ""

    async def _read_history(self, user: CurrentUser, filters: Filters) -> None:
        wanted = HistoryFilter(
            type=filters.type or None,
            rule_id=UUID(filters.rule) if filters.rule else None,
            token=filters.token or None,
            status=filters.status or None,
            since=filters.since_moment,
            until=filters.until_moment,
        )
        async with resources().database.unit_of_work(user.id) as session:
            page = await alerts_service.list_history(session, user, wanted, filters.page, PAGE_SIZE)
            rules = await alerts_service.list_rules(session, user, page=1, page_size=MOST_RULE_OPTIONS)
            counts = await alerts_service.alert_counts(session, user)
            tokens = await chain_service.known_tokens(session, list(resources().settings.chain_urls))
        self._show_hour(user, counts)
        self.history = [alert_row(alert) for alert in page.items]
        self.history_pager = pager_of(page, lambda number: replace(filters, page=number).address())
        self.history_note = t("history.note", total=formats.number(page.total))
        self.chips = chips_of(filters)
        self.rule_options = [Option(str(rule.id), rule.name) for rule in rules.items]
        self.token_options = [
            Option(token.address, formats.untrusted_text(token.symbol)) for token in tokens if token.symbol
        ]
        self.filter_rule, self.filter_token = filters.rule, filters.token
        self.filter_from, self.filter_to = filters.since, filters.until
        self.is_filtered = filters.is_any
        self.export_query = "/v1/alerts/history/export?" + urlencode(filters.query())
        self.history_loaded = True


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


def _id(text: str) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        raise InvalidInputError(t("form.invalid")) from None
