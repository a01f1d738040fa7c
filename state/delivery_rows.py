"""Messages on their way to a user's channels, as rows of strings."""

from backend.core import formats
from backend.notifications.schemas import DeliveryRead
from components.i18n import catalogue, t
from state.alert_rows import without_hash
from state.view_models import DeliveryRow

_TONES = {
    **dict.fromkeys(("pending", "sending", "held", "bundled", "dropped"), "neutral"),
    "sent": "gain",
    "dead": "loss",
    "maybe_sent": "warn",
}


def delivery_row(delivery: DeliveryRead) -> DeliveryRow:
    """Return the row of a message; `problem` is empty while there is none."""
    code = f"HTTP {delivery.last_status_code}" if delivery.last_status_code else ""
    problem = (
        " · ".join(part for part in (code, delivery.last_error or "") if part) if delivery.status != "sent" else ""
    )
    said = catalogue().get(f"deliveries.event.{delivery.event_type}", t("deliveries.event.alert.triggered"))
    return DeliveryRow(
        id=str(delivery.id),
        at=formats.iso(delivery.created_at),
        what=without_hash(delivery.message or said),
        channel=catalogue().get(f"channels.name_{delivery.channel}", delivery.channel),
        destination=delivery.destination,
        status=t(f"deliveries.status_{delivery.status}"),
        status_tone=_TONES[delivery.status],
        attempts=formats.number(delivery.attempts),
        problem=problem,
        held_until=formats.iso(delivery.held_until),
        can_resend=delivery.status in ("dead", "maybe_sent"),
        can_send_now=delivery.status == "held",
    )
