"""The portfolio's pages stay current: within a second of a snapshot or of new activity they show it."""

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from backend.api.resources import resources
from state.following import Run, follows
from state.live_queue import next_messages
from state.portfolio_activity_state import PortfolioActivityState
from state.portfolio_state import PortfolioState
from state.rebalancing_state import RebalancingState

TICK_SECONDS = 5.0
# What a page does with news; another page is none of this.
_PAGES: dict[str, Any] = {
    "portfolio": PortfolioState.refresh,
    "portfolio/activity": PortfolioActivityState.refresh,
    "portfolio/rebalancing": RebalancingState.refresh,
}


class PortfolioLiveState(rx.State):
    """Hears of the user's snapshots and activity while a page that shows them is open."""

    _run: str = ""

    @follows("portfolio", *_PAGES)
    async def follow(self, run: Run) -> AsyncIterator[Any]:
        """Have the page read anew at every news; while a reading is awaited also every few seconds."""
        async with resources().portfolio_hub.subscribe(run.user.id) as queue:
            async with self:
                refresh = _PAGES.get(self.router.url.path.strip("/"))
            if refresh is None:
                return
            yield refresh  # what came between the page's own reading and now
            while True:
                messages = await next_messages(queue, TICK_SECONDS)
                if not await run.is_open():
                    return
                async with self:
                    if not await run.goes_on() or _PAGES.get(self.router.url.path.strip("/")) is not refresh:
                        return
                    is_awaited = refresh is _PAGES["portfolio"] and (await self.get_state(PortfolioState)).refreshing
                if messages or is_awaited:
                    yield refresh
