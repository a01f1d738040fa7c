"""Webhooks: a test message, and how each message fared. The secret never comes here: the browser fetches it."""

from typing import Any
from uuid import UUID

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.alerts import service as alerts_service
from backend.api.resources import resources
from backend.core import formats
from backend.core.errors import InvalidInputError
from backend.notifications import service as notifications_service
from backend.notifications.schemas import DeliveryRead
from components.i18n import t
from state.guard import signed_in
from state.history_filters import page_number
from state.view_models import DeliveryRow, Pager

PAGE_SIZE = 50
_TONES = {
    **dict.fromkeys(("pending", "sending", "held", "bundled", "dropped"), "neutral"),
    "sent": "gain",
    "dead": "loss",
    "maybe_sent": "warn",
}


class WebhookState(rx.State):
    """What the tab of webhooks shows."""

    loaded: bool = False
    test_error: str = ""
    deliveries: list[DeliveryRow] = []
    pager: Pager = Pager()

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
        await self._read(user, {})
        return rx.toast.success(t("webhooks.test_sent"))

    @signed_in
    async def resend(self, user: CurrentUser, message_id: str) -> Any:
        """Put a dead message in line again."""
        try:
            wanted = UUID(str(message_id))
        except ValueError:
            raise InvalidInputError(t("form.invalid")) from None
        async with resources().database.unit_of_work(user.id) as session:
            await alerts_service.resend_delivery(session, user, wanted)
        await self._read(user, dict(self.router.url.query_parameters))
        return rx.toast.success(t("deliveries.resent"))

    async def _read(self, user: CurrentUser, query: dict[str, str]) -> None:
        number = page_number(query)
        async with resources().database.unit_of_work(user.id) as session:
            page = await notifications_service.list_deliveries(session, user.id, None, number, PAGE_SIZE)
        self.deliveries = [_row(delivery) for delivery in page.items]
        self.pager = Pager(
            text=t("pager.all", total=formats.number(page.total)),
            previous_to=f"/alerts/?tab=webhooks&page={number - 1}" if number > 1 else "",
            next_to=f"/alerts/?tab=webhooks&page={number + 1}" if number < page.pages else "",
        )
        self.loaded = True


def _row(delivery: DeliveryRead) -> DeliveryRow:
    code = f"HTTP {delivery.last_status_code}" if delivery.last_status_code else ""
    problem = (
        " · ".join(part for part in (code, delivery.last_error or "") if part) if delivery.status != "sent" else ""
    )
    return DeliveryRow(
        id=str(delivery.id),
        at=formats.iso(delivery.created_at),
        what=delivery.message or t(f"deliveries.event.{delivery.event_type}"),
        destination=delivery.destination,
        status=t(f"deliveries.status_{delivery.status}"),
        status_tone=_TONES[delivery.status],
        attempts=formats.number(delivery.attempts),
        problem=problem,
        can_resend=delivery.status in ("dead", "maybe_sent"),
    )
