"""`WS /v1/alerts/stream`: a user's alerts as they are stored (section 6.4 of the source document).

After `subscribe` come `alert` and `withdrawn` messages; on `reload` read `/v1/alerts/history`. Who was connected before
adds `"lastSeenId"`, the id of the last alert it knows, and gets what it missed first.
"""

from typing import Any
from uuid import UUID

from backend.alerts.service import alerts_after
from backend.api.failures import STORE_ERRORS
from backend.api.live_stream import LiveStream
from backend.notifications.service import LiveHub


class AlertStream(LiveStream):
    """One connection to a user's alerts."""

    channel = "alerts"

    def hub(self) -> LiveHub:
        """Return the hub of alerts."""
        return self._held.hub

    async def check_allowed(self) -> None:
        """Let everybody listen: every plan has alerts."""

    async def catch_up(self, command: dict[str, Any]) -> None:
        """Send what was told since an alert, or `reload` where that cannot be said.

        What is published meanwhile waits and follows; the same news may come twice.
        """
        if "lastSeenId" not in command:
            return
        try:
            seen = UUID(str(command["lastSeenId"]))
        except ValueError:
            await self.refuse("INVALID_INPUT", "lastSeenId is the id of an alert.")
            return
        try:
            async with self._held.database.unit_of_work(self._user.id) as session:
                missed = await alerts_after(session, self._user, seen)
        except STORE_ERRORS:
            missed = None
        for alert in missed or ():
            kind = "alert" if alert.withdrawn_at is None else "withdrawn"
            data = alert.model_dump(mode="json", by_alias=True)
            await self.send({"type": kind, "data": data, "replayed": True})
        await self.send({"type": "reload"} if missed is None else {"type": "resumed", "replayed": len(missed)})
