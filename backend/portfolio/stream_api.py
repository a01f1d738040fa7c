"""`WS /v1/portfolio/stream` (and `/ws`): the news of a user's portfolio, within a second of a snapshot.

After `subscribe` (channel `portfolio`) comes the newest snapshot there is, with `"replayed": true`, then `snapshot`,
`withdrawn` (the hour's snapshot counts no more: its block was dropped), `restored`, `activity` (read
`/v1/portfolio/activity`), and `counted` (read `/v1/portfolio/pnl`). On `reload` read `/v1/portfolio`.
"""

from typing import Any

from fastapi import APIRouter
from starlette.websockets import WebSocket

from backend.accounts.service import Feature, require
from backend.api.auth import public
from backend.api.failures import STORE_ERRORS
from backend.api.live_stream import LiveStream, serve_stream
from backend.notifications.service import LiveHub
from backend.portfolio.snapshots import live
from backend.portfolio.snapshots.service import latest

router = APIRouter(prefix="/v1/portfolio", tags=["Portfolio"])


class PortfolioStream(LiveStream):
    """One connection to the news of a user's portfolio."""

    channel = "portfolio"

    def hub(self) -> LiveHub:
        """Return the hub of portfolios."""
        return self._held.portfolio_hub

    async def check_allowed(self) -> None:
        """Raise TierLimitError when the plan has no portfolio."""
        require(self._user, Feature.PORTFOLIO)

    async def catch_up(self, command: dict[str, Any]) -> None:
        """Send the newest snapshot, or `reload` while the store is away."""
        try:
            async with self._held.snapshots.open(self._user.id) as store:
                newest = await latest(store, self._user)
        except STORE_ERRORS:
            await self.send({"type": "reload"})
            return
        if newest is not None:
            await self.send({**live.taken(newest)[1], "replayed": True})


@router.websocket("/ws")
@router.websocket("/stream")
@public("it asks for a token or a session itself, before it sends anything")
async def stream(socket: WebSocket) -> None:
    """Serve the news of a user's portfolio."""
    await serve_stream(socket, PortfolioStream)
