"""The portfolio's page stays current: within a second of a snapshot it shows it."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core.ids import request_id
from backend.core.logging import get_logger
from state.guard import user_of
from state.live_queue import is_open, next_messages
from state.portfolio_state import PortfolioState

log = get_logger(__name__)

TICK_SECONDS = 5.0
SESSION_CHECK_SECONDS = 60.0
RETRY_SECONDS = 2.0


class PortfolioLiveState(rx.State):
    """Hears of the user's snapshots while the portfolio is open."""

    _run: str = ""

    @rx.event(background=True)
    async def follow(self) -> AsyncIterator[Any]:
        """Follow the user's snapshots until the page is left, the session ends or a newer run takes over."""
        run = request_id()
        async with self:
            user = await user_of(self)
            if user is None:
                return
            self._run = run
            token = self.router.session.client_token
        while await is_open(token):
            try:
                async for event in self._follow_once(user, run, token):
                    yield event
                return
            except Exception as error:
                # A lost database or Redis must not end it: say so in the log and begin anew.
                log.warning("news of the portfolio interrupted", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    async def _follow_once(self, user: CurrentUser, run: str, token: str) -> AsyncIterator[Any]:
        """Have the page read anew at every news; while a reading is awaited also every few seconds."""
        async with resources().portfolio_hub.subscribe(user.id) as queue:
            yield PortfolioState.refresh  # what came between the page's own reading and now
            checked_at = time.monotonic()
            while True:
                messages = await next_messages(queue, TICK_SECONDS)
                if not await is_open(token):
                    return
                async with self:
                    if self._run != run or self.router.url.path.strip("/") != "portfolio":
                        return
                    if time.monotonic() - checked_at >= SESSION_CHECK_SECONDS:
                        checked_at = time.monotonic()
                        if await user_of(self) is None:
                            return
                    is_awaited = (await self.get_state(PortfolioState)).refreshing
                if messages or is_awaited:
                    yield PortfolioState.refresh
