"""Reads Stripe's objects into ours at the door. Raises ParseError when one is not what the API describes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from backend.core.clock import from_unix
from backend.core.logging import get_logger
from backend.core.settings import Settings
from backend.subscriptions.catalogue import tier_of_price
from backend.subscriptions.engine.records import Interval, InvoiceRecord, SubscriptionRecord
from backend.subscriptions.errors import PaymentsUnavailableError

log = get_logger(__name__)
Json = Mapping[str, Any]


class ParseError(PaymentsUnavailableError):
    """An object of Stripe's lacks what we need."""

    def __init__(self, what: str, lacks: Exception) -> None:
        super().__init__()
        log.error("an object of Stripe's cannot be read", what=what, lacks=f"{type(lacks).__name__}: {lacks}"[:200])


def subscription_record(settings: Settings, data: Json) -> SubscriptionRecord | None:
    """Return a subscription, or None when its price is not one of our plans."""
    try:
        item = data["items"]["data"][0]
        price = item["price"]
        tier = tier_of_price(settings, price)
        interval = price["recurring"]["interval"]
        if tier is None or interval not in ("month", "year"):
            return None
        return SubscriptionRecord(
            id=str(data["id"]),
            customer=_id(data["customer"]) or "",
            tier=tier,
            status=str(data["status"]),
            interval=cast(Interval, interval),
            price_id=str(price["id"]),
            item_id=str(item["id"]),
            amount_cents=int(price.get("unit_amount") or 0) * int(item.get("quantity") or 1),
            currency=str(price.get("currency") or data.get("currency") or "usd"),
            period_start=_moment(item["current_period_start"]),
            period_end=_moment(item["current_period_end"]),
            started_at=_moment(data["created"]),
            trial_start=_optional(data.get("trial_start")),
            trial_end=_optional(data.get("trial_end")),
            cancel_at_period_end=bool(data.get("cancel_at_period_end")),
            cancel_at=_optional(data.get("cancel_at")),
            ended_at=_optional(data.get("ended_at")),
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ParseError("subscription", error) from None


def invoice_record(data: Json) -> InvoiceRecord:
    """Return an invoice."""
    try:
        transitions = data.get("status_transitions") or {}
        return InvoiceRecord(
            id=str(data["id"]),
            subscription=invoice_subscription(data),
            number=data.get("number"),
            status=str(data.get("status") or "draft"),
            amount_due_cents=int(data["amount_due"]),
            amount_paid_cents=int(data["amount_paid"]),
            total_cents=int(data["total"]),
            currency=str(data["currency"]),
            description=_first_line(data),
            attempt_count=int(data.get("attempt_count") or 0),
            next_attempt_at=_optional(data.get("next_payment_attempt")),
            hosted_url=_https(data.get("hosted_invoice_url")),
            pdf_url=_https(data.get("invoice_pdf")),
            issued_at=_moment(transitions.get("finalized_at") or data["created"]),
            paid_at=_optional(transitions.get("paid_at")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ParseError("invoice", error) from None


def invoice_subscription(data: Json) -> str | None:
    """Return the id of the subscription an invoice is for, None when it is for something else."""
    details = (data.get("parent") or {}).get("subscription_details") or {}
    return _id(details.get("subscription"))


def event_customer(data: Json) -> str | None:
    """Return the id of the customer that an event is about, None when it is about nobody."""
    about = data.get("data", {}).get("object", {})
    if about.get("object") == "customer":
        return _id(about.get("id"))
    return _id(about.get("customer"))


def _first_line(data: Json) -> str:
    lines = (data.get("lines") or {}).get("data") or []
    texts = [str(line.get("description") or "") for line in lines]
    # The last line is the plan that goes on; what comes before is credit for the one that ended.
    return (texts[-1] if texts else str(data.get("description") or ""))[:300]


def _id(value: Any) -> str | None:
    """Return the id of something that is either an id or the expanded object."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return str(value)[:255] if value else None


def _moment(seconds: Any) -> datetime:
    return from_unix(int(seconds))


def _optional(seconds: Any) -> datetime | None:
    return from_unix(int(seconds)) if seconds else None


def _https(url: Any) -> str | None:
    """Return a link that may be shown, None for anything a browser would do something else with."""
    text = str(url or "")
    return text[:2000] if text.startswith(("https://", "http://")) else None
