"""Alert analytics: counts by day, week or month, by type, chain and rule; deliveries and latency."""

from datetime import timedelta
from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.alerts.insights import service as insights
from backend.alerts.insights.schemas import Unit
from backend.api.resources import resources
from backend.core import formats
from components.i18n import t
from state.alert_figures import channel_rows, latency_rows, part_rows, period_bars, top_rule_rows
from state.guard import signed_in
from state.shell_state import ShellState
from state.view_models import Bar, ChannelRow, Chip, CountRow, LatencyRow

ADDRESS = "/alerts/analytics/"
# How far back each unit looks: 30 days, 26 weeks, a year of months.
SPANS: dict[Unit, timedelta] = {"day": timedelta(days=30), "week": timedelta(weeks=26), "month": timedelta(days=365)}


class AlertAnalyticsState(rx.State):
    """What the analytics show."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    units: list[Chip] = []
    bars: list[Bar] = []
    any_alert: bool = False
    note: str = ""
    export_query: str = ""
    top_rules: list[CountRow] = []
    kinds: list[CountRow] = []
    chains: list[CountRow] = []
    channels: list[ChannelRow] = []
    latency: list[LatencyRow] = []

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the span that the address names."""
        await ShellState._show(self, user)
        unit = unit_of(dict(self.router.url.query_parameters))
        async with resources().database.unit_of_work(user.id) as session:
            found = await insights.analytics(session, user, SPANS[unit].days, unit)
        self.units = [Chip(t(f"analytics.unit_{each}"), f"{ADDRESS}?unit={each}", each == unit) for each in SPANS]
        self.bars, self.any_alert = period_bars(found), found.total.alerts > 0
        self.export_query = f"/v1/alerts/analytics/export?days={SPANS[unit].days}&unit={unit}"
        self.note = t(
            "analytics.note",
            told=formats.number(found.total.told),
            suppressed=formats.number(found.total.suppressed),
            withdrawn=formats.number(found.total.withdrawn),
        )
        self.top_rules = top_rule_rows(found.top_rules)
        self.kinds, self.chains = part_rows(found)
        self.channels, self.latency = channel_rows(found.channels), latency_rows(found)
        self.failure = self.failure_id = ""
        self.loaded = True


def unit_of(query: dict[str, str]) -> Unit:
    """Return the unit that an address names, days when it names none."""
    wanted = query.get("unit", "")
    for unit in SPANS:
        if unit == wanted:
            return unit
    return "day"
