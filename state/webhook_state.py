"""Webhooks: a test message and the key that signs. The key itself never comes here: the browser fetches it."""

from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.alerts import service as alerts_service
from backend.api.resources import resources
from backend.core.errors import InvalidInputError
from backend.notifications import service as notifications
from components.i18n import t
from state.deliveries_state import DeliveriesState
from state.guard import signed_in


class WebhookState(rx.State):
    """What the part about webhooks shows."""

    test_error: str = ""
    old_secret_until: str = ""
    times_closed: int = 0
    is_rotating: bool = False

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show until when the key of before is valid, with the dialog closed."""
        self.is_rotating, self.test_error = False, ""
        await self._read(user)

    @signed_in
    async def send_test(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Put a test message in line."""
        self.test_error = ""
        try:
            async with resources().database.unit_of_work(user.id) as session:
                await alerts_service.send_test_webhook(
                    session, user, str(form_data.get("test_destination") or "").strip()[:2000]
                )
        except InvalidInputError as error:
            self.test_error = str(error.details.get("destination", error.message))
            return None
        return [DeliveriesState.load, rx.toast.success(t("webhooks.test_sent"))]

    @signed_in
    async def open_rotate(self, user: CurrentUser) -> Any:
        """Ask how long the present key shall stay valid."""
        self.is_rotating = True

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the dialog; the key may be another now."""
        self.is_rotating = False
        self.times_closed += 1
        await self._read(user)

    async def _read(self, user: CurrentUser) -> None:
        held = resources()
        async with held.database.unit_of_work(user.id) as session:
            secret = await notifications.read_secret(session, user.id, held.settings)
        until = secret.old_valid_until
        self.old_secret_until = f"{until:%Y-%m-%d %H:%M} UTC" if until else ""
