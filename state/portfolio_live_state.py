"""The portfolio's pages stay current: within a second of a snapshot or of new activity they show it."""

import time
from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core.ids import request_id
from state.guard import user_of
from state.live_queue import is_open, next_messages, until_closed
from state.portfolio_activity_state import PortfolioActivityState
from state.portfolio_state import PortfolioState
from state.rebalancing_state import RebalancingState

TICK_SECONDS = 5.0
SESSION_CHECK_SECONDS = 60.0
# What a page does with news; another page is none of this.
_PAGES: dict[str, Any] = {
    "portfolio": PortfolioState.refresh,
    "portfolio/activity": PortfolioActivityState.refresh,
    "portfolio/rebalancing": RebalancingState.refresh,
}


class PortfolioLiveState(rx.State):
    """Hears of the user's snapshots and activity while a page that shows them is open."""

    _run: str = ""

    @rx.event(background=True)
    async def follow(self) -> AsyncIterator[Any]:
        """Follow the user's news until the page is left, the session ends or a newer run takes over."""
        run = request_id()
        async with self:
            user = await user_of(self)
            if user is None:
                return
            self._run = run
            token = self.router.session.client_token
        async for event in until_closed(token, lambda: self._follow_once(user, run, token), "portfolio"):
            yield event

    async def _follow_once(self, user: CurrentUser, run: str, token: str) -> AsyncIterator[Any]:
        """Have the page read anew at every news; while a reading is awaited also every few seconds."""
        async with resources().portfolio_hub.subscribe(user.id) as queue:
            async with self:
                refresh = _PAGES.get(self.router.url.path.strip("/"))
            if refresh is None:
                return
            yield refresh  # what came between the page's own reading and now
            checked_at = time.monotonic()
            while True:
                messages = await next_messages(queue, TICK_SECONDS)
                if not await is_open(token):
                    return
                async with self:
                    if self._run != run or _PAGES.get(self.router.url.path.strip("/")) is not refresh:
                        return
                    if time.monotonic() - checked_at >= SESSION_CHECK_SECONDS:
                        checked_at = time.monotonic()
                        if await user_of(self) is None:
                            return
                    is_awaited = refresh is _PAGES["portfolio"] and (await self.get_state(PortfolioState)).refreshing
                if messages or is_awaited:
                    yield refresh
