"""What background handlers that keep an open page current share: whose run it is, and when it is over."""

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.core.errors import PremiumError
from backend.core.ids import request_id
from backend.core.logging import get_logger
from state.guard import user_of
from state.live_queue import is_open
from state.signatures import show_without

RETRY_SECONDS = 2.0
SESSION_CHECK_SECONDS = 60.0
FOLLOW_MARK = "_follows_who_is_signed_in"

log = get_logger(__name__)


@dataclass(slots=True)
class Run:
    """One run of a follower. Another tab event of the same handler begins a newer one, which ends this one."""

    state: Any
    user: CurrentUser
    token: str
    addresses: tuple[str, ...]
    id: str = field(default_factory=request_id)
    checked_at: float = field(default_factory=time.monotonic)

    async def is_open(self) -> bool:
        """Return whether the tab is still there."""
        return await is_open(self.token)

    async def goes_on(self) -> bool:
        """Return whether no newer run began, the page was not left and the session holds. Ask inside `async with`."""
        here = self.state.router.url.path.strip("/")
        if self.state._run != self.id or (self.addresses and here not in self.addresses):
            return False
        if time.monotonic() - self.checked_at < SESSION_CHECK_SECONDS:
            return True
        self.checked_at = time.monotonic()
        return await user_of(self.state) is not None


def follows(what: str, *addresses: str) -> Callable[[Callable[[Any, Run], AsyncIterator[Any]]], Any]:
    """Make an async generator `(self, run)` a background handler that follows the news of `what` on these pages.

    The state has `_run`. The handler asks for the user itself, as every handler does, and does nothing for a stranger;
    what it yields are events. It ends when it returns or the tab is closed; a lost database or Redis makes it begin
    anew.
    """
    paths = tuple(address.strip("/") for address in addresses)

    def decorate(news: Callable[[Any, Run], AsyncIterator[Any]]) -> Any:
        @functools.wraps(news)
        async def follow(self: Any) -> AsyncIterator[Any]:
            async with self:
                user = await user_of(self)
                if user is None:
                    return
                run = Run(self, user, self.router.session.client_token, paths)
                self._run = run.id
            while await run.is_open():
                try:
                    async for event in news(self, run):
                        yield event
                    return
                except Exception as error:
                    if isinstance(error, PremiumError) and error.status_code < 500:
                        return  # what is followed is gone, or not allowed any more
                    log.warning("news interrupted", of=what, error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

        show_without("run", follow, news)
        setattr(follow, FOLLOW_MARK, True)
        return rx.event(background=True)(follow)

    return decorate
