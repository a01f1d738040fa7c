"""The history of alerts: its filters live in the address, its rows come as the reader scrolls to them."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.alerts import service as alerts_service
from backend.alerts.schemas import HistoryFilter
from backend.api.resources import resources
from backend.chain import service as chain_service
from backend.core import formats
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError
from components.i18n import t
from state.alert_rows import alert_row
from state.arguments import window_of
from state.guard import signed_in
from state.history_filters import Filters, chips_of, filters_of, heads_of, iso
from state.shell_state import ShellState
from state.view_models import AlertRow, Chip, ListHead, Option

WINDOW = 100
MOST_RULE_OPTIONS = 100
MOST_WINDOWS = 10_000
FILTERS = ("type", "rule", "token", "from", "to")


class AlertHistoryState(rx.State):
    """What the history shows: one window of rows at a time, which the list in the browser keeps."""

    failure: str = ""
    failure_id: str = ""
    loaded: bool = False
    total: int = 0
    note: str = ""
    rows: list[AlertRow] = []
    window: int = 0
    # Which list the window belongs to: another filter, another order or a reload begins a new one.
    list_key: str = ""
    sort: str = "-time"
    heads: list[ListHead] = []
    chips: list[Chip] = []
    rule_options: list[Option] = []
    token_options: list[Option] = []
    filter_type: str = ""
    filter_rule: str = ""
    filter_token: str = ""
    filter_from: str = ""
    filter_to: str = ""
    is_filtered: bool = False
    export_query: str = "/v1/alerts/history/export?"
    _as_of: datetime | None = None

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show what the address says, from the top."""
        await ShellState._show(self, user)
        filters = filters_of(dict(self.router.url.query_parameters))
        as_of = utc_now()
        async with resources().database.unit_of_work(user.id) as session:
            page = await alerts_service.list_history(session, user, self._wanted(filters, as_of), 1, WINDOW)
            rules = await alerts_service.list_rules(session, user, page=1, page_size=MOST_RULE_OPTIONS)
            tokens = await chain_service.known_tokens(session, list(resources().settings.chain_urls))
        self._as_of = as_of
        self.rows, self.window = [alert_row(alert) for alert in page.items], 1
        self.total, self.list_key = page.total, f"{filters.address()}#{iso(as_of)}"
        self.note = t("history.note_one" if page.total == 1 else "history.note", total=formats.number(page.total))
        self.rule_options = [Option(str(rule.id), rule.name) for rule in rules.items]
        self.token_options = [
            Option(token.address, formats.untrusted_text(token.symbol)) for token in tokens if token.symbol
        ]
        self._show_filters(filters)
        self.failure = self.failure_id = ""
        self.loaded = True

    @signed_in
    async def need(self, user: CurrentUser, window: int) -> Any:
        """Read the rows that the reader scrolls to; `window` counts from 1."""
        window = window_of(window, MOST_WINDOWS)
        filters = filters_of(dict(self.router.url.query_parameters))
        wanted = self._wanted(filters, self._as_of or utc_now())
        async with resources().database.unit_of_work(user.id) as session:
            page = await alerts_service.list_history(session, user, wanted, window, WINDOW)
        self.rows, self.window = [alert_row(alert) for alert in page.items], window

    @signed_in
    async def change_filter(self, user: CurrentUser, name: str, value: str) -> Any:
        """Go to the address with one filter changed."""
        if name not in FILTERS:
            raise InvalidInputError(t("form.invalid"))
        filters = filters_of({**dict(self.router.url.query_parameters), name: str(value)})
        return rx.redirect(filters.address())

    def _show_filters(self, filters: Filters) -> None:
        self.sort, self.heads, self.chips = filters.sort, heads_of(filters), chips_of(filters)
        self.filter_type = filters.type
        self.filter_rule, self.filter_token = filters.rule, filters.token
        self.filter_from, self.filter_to = filters.since, filters.until
        self.is_filtered = filters.is_any
        self.export_query = "/v1/alerts/history/export?" + urlencode(filters.query())

    def _wanted(self, filters: Filters, as_of: datetime) -> HistoryFilter:
        """Return the filter, ending where this list began: rows that come later must not move those being read."""
        wanted = filters.chosen()
        until = min(wanted.until, as_of) if wanted.until else as_of
        return wanted.model_copy(update={"until": until})
