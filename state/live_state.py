"""The live feed: alerts appear without a reload, and the page's numbers stay fresh while the tab is open."""

import time
from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.alerts import service as alerts_service
from backend.alerts.schemas import AlertRead, HistoryFilter
from backend.api.resources import resources
from backend.core import formats
from backend.core.ids import request_id
from backend.core.telemetry import live_clients
from components.i18n import t
from state.alert_figures_state import AlertFiguresState
from state.alert_rows import alert_row
from state.guard import user_of
from state.live_queue import is_open, next_messages, until_closed
from state.overview_state import OverviewState
from state.shell_state import ShellState
from state.view_models import AlertRow

FEED_LENGTH = 50
FEED_TABS = ("overview", "live")
TICK_SECONDS = 4.0
FIGURES_SECONDS = 12.0
SESSION_CHECK_SECONDS = 60.0


class LiveState(rx.State):
    """The newest alerts of the signed-in user, pushed as they are stored."""

    feed: list[AlertRow] = []
    held: list[AlertRow] = []
    paused: bool = False
    loaded: bool = False
    _run: str = ""

    @rx.var
    def held_text(self) -> str:
        """How many alerts wait while the feed is paused."""
        return str(len(self.held))

    @rx.event
    async def pause(self) -> None:
        """Hold new alerts back, because the reader is on a row."""
        self.paused = True

    @rx.event
    async def resume(self) -> None:
        """Show what was held back."""
        self.paused = False
        self.feed, self.held = _newest_first(self.held + self.feed), []

    @rx.event(background=True)
    async def follow(self) -> AsyncIterator[Any]:
        """Follow the user's alerts until the tab closes, the session ends or a newer run takes over."""
        run = request_id()
        async with self:
            user = await user_of(self)
            if user is None:
                return
            self._run = run
            token = self.router.session.client_token
        live_clients.labels("page").inc()
        try:
            async for event in until_closed(token, lambda: self._follow_once(user, run, token), "alerts"):
                yield event
        finally:
            live_clients.labels("page").dec()

    async def _follow_once(self, user: CurrentUser, run: str, token: str) -> AsyncIterator[Any]:
        """Subscribe, read what is stored, then apply messages until this run is over."""
        async with resources().hub.subscribe(user.id) as queue:
            await self._reload(user, run)
            ticked_at = checked_at = figured_at = time.monotonic()
            while True:
                messages = await next_messages(queue, ticked_at + TICK_SECONDS - time.monotonic())
                if not await is_open(token):
                    return
                if any(message["type"] == "reload" for message in messages):
                    await self._reload(user, run)
                    messages = []
                now = time.monotonic()
                is_tick = now - ticked_at >= TICK_SECONDS
                for message in messages:
                    if message["type"] == "limit_reached":
                        yield limit_toast(message["data"])
                async with self:
                    if self._run != run:
                        return
                    if now - checked_at >= SESSION_CHECK_SECONDS:
                        checked_at = now
                        if await user_of(self) is None:
                            return
                    await self._apply(messages, is_tick)
                    on_overview = self.router.url.path == "/"
                    on_alerts = self.router.url.path.strip("/") == "alerts"
                if is_tick:
                    ticked_at = now
                    if on_overview:
                        yield OverviewState.refresh
                    elif on_alerts and now - figured_at >= FIGURES_SECONDS:
                        figured_at = now
                        yield AlertFiguresState.refresh

    async def _reload(self, user: CurrentUser, run: str) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            page = await alerts_service.list_history(session, user, HistoryFilter(), 1, FEED_LENGTH)
        rows = [alert_row(alert) for alert in page.items]
        async with self:
            if self._run == run:
                self.feed, self.held, self.loaded = rows, [], True

    async def _apply(self, messages: list[dict[str, Any]], is_tick: bool) -> None:
        """Put new alerts on top (or hold them while paused) and mark withdrawn ones; refresh the frame on a tick."""
        shell = await self.get_state(ShellState)
        if is_tick:
            await shell._read_freshness()
        alerts = [message["data"] for message in messages if message["type"] in ("alert", "withdrawn")]
        rows = [alert_row(AlertRead.model_validate(data)) for data in alerts]
        if not rows:
            return
        known = {row.id for row in self.feed + self.held}
        changed = {row.id: row for row in rows if row.id in known}
        fresh = [row for row in rows if row.id not in known]
        if changed:
            self.feed = [changed.get(row.id, row) for row in self.feed]
            self.held = [changed.get(row.id, row) for row in self.held]
        if self.paused:
            self.held = _newest_first(fresh + self.held)
        else:
            self.feed = _newest_first(fresh + self.feed)
        url = self.router.url
        watching = url.path.strip("/") == "alerts" and url.query_parameters.get("tab", "overview") in FEED_TABS
        shell.unseen = 0 if watching else shell.unseen + len(fresh)


def limit_toast(data: dict[str, Any]) -> Any:
    """Return the event that says that further alerts of this hour or day are kept silent."""
    return rx.toast.warning(
        t(
            "limits.alerts_toast_day" if data["per"] == "day" else "limits.alerts_toast",
            limit=formats.number(data["limit"]),
        ),
        description=t("limits.alerts_toast_more", until=data["until"][11:16]),
    )


def _newest_first(rows: list[AlertRow]) -> list[AlertRow]:
    return sorted(rows, key=lambda row: (row.at, row.id), reverse=True)[:FEED_LENGTH]
