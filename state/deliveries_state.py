"""Settings → Channels: every message on every channel and how it fared; the filters live in the address."""

from typing import Any, get_args
from urllib.parse import urlencode
from uuid import UUID

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.alerts import service as alerts_service
from backend.api.resources import resources
from backend.core import formats
from backend.core.errors import InvalidInputError
from backend.notifications import service as notifications
from backend.notifications.channel_service import CHANNEL_NAMES
from backend.notifications.service import DeliveryStatus
from components.i18n import t
from state.delivery_rows import delivery_row
from state.guard import signed_in
from state.history_filters import page_number
from state.view_models import Chip, DeliveryRow, Pager

ADDRESS, PLACE = "/settings/channels/", "#deliveries"
PAGE_SIZE = 50
_STATUSES: tuple[DeliveryStatus, ...] = get_args(DeliveryStatus)
# Those that somebody looks for.
_OFFERED: tuple[DeliveryStatus, ...] = ("held", "dead", "maybe_sent", "sent")


class DeliveriesState(rx.State):
    """What the list of messages shows."""

    loaded: bool = False
    rows: list[DeliveryRow] = []
    chips: list[Chip] = []
    note: str = ""
    pager: Pager = Pager()

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the messages that the address asks for."""
        query = dict(self.router.url.query_parameters)
        found = {name: value for name in ("status", "channel", "rule") if (value := _known(name, query.get(name, "")))}
        number = page_number(query)
        async with resources().database.unit_of_work(user.id) as session:
            page = await notifications.list_deliveries(
                session,
                user.id,
                found.get("status"),  # type: ignore[arg-type]
                number,
                PAGE_SIZE,
                channel=found.get("channel"),
                rule_id=UUID(found["rule"]) if "rule" in found else None,
            )
        self.rows = [delivery_row(each) for each in page.items]
        self.chips = _chips(found)
        self.pager = Pager(
            text=t("pager.all", total=formats.number(page.total)),
            previous_to=_address(found, page=str(number - 1)) if number > 1 else "",
            next_to=_address(found, page=str(number + 1)) if number < page.pages else "",
        )
        self.loaded = True

    @signed_in
    async def resend(self, user: CurrentUser, message_id: str) -> Any:
        """Put a message in line again, or send one now that is held."""
        try:
            wanted = UUID(str(message_id))
        except ValueError:
            raise InvalidInputError(t("form.invalid")) from None
        async with resources().database.unit_of_work(user.id) as session:
            await alerts_service.resend_delivery(session, user, wanted)
        return [DeliveriesState.load, rx.toast.success(t("deliveries.resent"))]


def _known(name: str, value: str) -> str:
    """Return a filter of the address if it is one, else nothing."""
    if name == "rule":
        try:
            return str(UUID(value))
        except ValueError:
            return ""
    return value if value in (_STATUSES if name == "status" else CHANNEL_NAMES) else ""


def _chips(found: dict[str, str]) -> list[Chip]:
    """Return the filters that are on and those that may be; pressing one that is on takes it off."""
    chips = [
        Chip(
            t(f"deliveries.status_{status}"),
            _address({**found, "status": "" if found.get("status") == status else status}),
            found.get("status") == status,
        )
        for status in dict.fromkeys((*_OFFERED, found.get("status") or "held"))
    ]
    if channel := found.get("channel"):
        chips.append(Chip(t(f"channels.name_{channel}"), _address({**found, "channel": ""}), True))
    if "rule" in found:
        chips.append(Chip(t("deliveries.one_rule"), _address({**found, "rule": ""}), True))
    return chips


def _address(found: dict[str, str], **more: str) -> str:
    query = urlencode({name: value for name, value in {**found, **more}.items() if value})
    return f"{ADDRESS}?{query}{PLACE}" if query else f"{ADDRESS}{PLACE}"
