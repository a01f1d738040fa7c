"""The alerts overview: numbers, rules by type, and what was held back."""

from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.alerts.insights import service as insights
from backend.alerts.recommendations import service as recommendations
from backend.api.resources import resources
from backend.core import formats
from components.i18n import t
from state.alert_figures import dashboard_tiles, kind_rows
from state.arguments import id_of
from state.guard import signed_in
from state.held_rows import HeldRow, held_rows
from state.view_models import AdviceRow, CountRow, KpiTile


class AlertFiguresState(rx.State):
    """What the overview of alerts shows beside the live feed, which has a state of its own."""

    loaded: bool = False
    tiles: list[KpiTile] = []
    kinds: list[CountRow] = []
    held: list[HeldRow] = []
    paused_by_plan: str = ""
    as_of: str = ""
    advice: list[AdviceRow] = []
    advice_loaded: bool = False

    @signed_in
    async def refresh(self, user: CurrentUser) -> Any:
        """Take the newest numbers in place, if the overview is open."""
        if self.loaded and self.router.url.query_parameters.get("tab", "overview") == "overview":
            await self._read(user)

    @signed_in
    async def accept(self, user: CurrentUser, advice_id: str) -> Any:
        """Do what is recommended, and show the rule."""
        async with resources().database.unit_of_work(user.id) as session:
            rule = await recommendations.accept(session, user, id_of(advice_id))
        return [rx.redirect(f"/alerts/rules/{rule.id}/"), rx.toast.success(t("advice.accepted"))]

    @signed_in
    async def dismiss(self, user: CurrentUser, advice_id: str) -> Any:
        """Show a recommendation no more."""
        async with resources().database.unit_of_work(user.id) as session:
            await recommendations.dismiss(session, user, id_of(advice_id))
        self.advice = [row for row in self.advice if row.id != str(advice_id)]

    @signed_in
    async def read_advice(self, user: CurrentUser) -> Any:
        """Find out what is worth doing; the rest of the page does not wait for it."""
        async with resources().database.unit_of_work(user.id) as session:
            found = await recommendations.list_recommendations(session, user)
        self.advice = [AdviceRow(str(each.id), each.title, each.reason) for each in found.items]
        self.advice_loaded = True

    async def _read(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            found = await insights.dashboard(session, user)
        self.tiles, self.kinds, self.held = dashboard_tiles(found), kind_rows(found), held_rows(found.held)
        paused = found.rules_paused_by_plan
        self.paused_by_plan = t("dashboard.paused_by_plan", count=formats.number(paused)) if paused else ""
        self.as_of = formats.iso(found.as_of)
        self.loaded = True
