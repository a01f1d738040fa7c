"""The live feed: alerts appear without a reload, and the page's numbers stay fresh while the tab is open."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from backend.alerts import service as alerts_service
from backend.alerts.schemas import AlertRead, HistoryFilter
from backend.api.resources import resources
from backend.core import formats
from backend.core.telemetry import live_clients
from components.i18n import t
from state.alert_figures_state import AlertFiguresState
from state.alert_rows import alert_row
from state.following import Run, follows
from state.live_queue import next_messages
from state.overview_state import OverviewState
from state.shell_state import ShellState
from state.view_models import AlertRow

FEED_LENGTH = 50
FEED_TABS = ("overview", "live")
TICK_SECONDS = 4.0
FIGURES_SECONDS = 12.0


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

    @follows("alerts")
    async def follow(self, run: Run) -> AsyncIterator[Any]:
        """Subscribe, read what is stored, then apply messages until this run is over."""
        live_clients.labels("page").inc()
        try:
            async with resources().hub.subscribe(run.user.id) as queue:
                await self._reload(run)
                async for event in self._news(run, queue):
                    yield event
        finally:
            live_clients.labels("page").dec()

    async def _news(self, run: Run, queue: asyncio.Queue[dict[str, Any]]) -> AsyncIterator[Any]:
        ticked_at = figured_at = time.monotonic()
        while True:
            messages = await next_messages(queue, ticked_at + TICK_SECONDS - time.monotonic())
            if not await run.is_open():
                return
            if any(message["type"] == "reload" for message in messages):
                await self._reload(run)
                messages = []
            now = time.monotonic()
            is_tick = now - ticked_at >= TICK_SECONDS
            for message in messages:
                if message["type"] == "limit_reached":
                    yield limit_toast(message["data"])
            async with self:
                if not await run.goes_on():
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

    async def _reload(self, run: Run) -> None:
        async with resources().database.unit_of_work(run.user.id) as session:
            page = await alerts_service.list_history(session, run.user, HistoryFilter(), 1, FEED_LENGTH)
        rows = [alert_row(alert) for alert in page.items]
        async with self:
            if self._run == run.id:
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
