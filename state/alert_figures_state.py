"""The alerts overview: numbers, rules by type, and what was held back."""

from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.alerts.insights import service as insights
from backend.api.resources import resources
from backend.core import formats
from components.i18n import t
from state.alert_figures import dashboard_tiles, kind_rows
from state.guard import signed_in
from state.view_models import CountRow, KpiTile


class AlertFiguresState(rx.State):
    """What the overview of alerts shows beside the live feed, which has a state of its own."""

    loaded: bool = False
    tiles: list[KpiTile] = []
    kinds: list[CountRow] = []
    paused_by_plan: str = ""
    as_of: str = ""

    @signed_in
    async def refresh(self, user: CurrentUser) -> Any:
        """Take the newest numbers in place, if the overview is open."""
        if self.loaded and self.router.url.query_parameters.get("tab", "overview") == "overview":
            await self._read(user)

    async def _read(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            found = await insights.dashboard(session, user)
        self.tiles, self.kinds = dashboard_tiles(found), kind_rows(found)
        paused = found.rules_paused_by_plan
        self.paused_by_plan = t("dashboard.paused_by_plan", count=formats.number(paused)) if paused else ""
        self.as_of = formats.iso(found.as_of)
        self.loaded = True
