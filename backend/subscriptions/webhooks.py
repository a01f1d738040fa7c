"""Webhooks: proven by their signature, put into the inbox, answered at once. A job does the rest."""

import json
from collections.abc import Mapping
from typing import Any

import stripe

from backend.core.clock import from_unix
from backend.core.db import Database
from backend.core.errors import NotFoundError
from backend.core.jobs import defer
from backend.core.logging import get_logger
from backend.core.telemetry import stripe_webhooks
from backend.subscriptions import repository
from backend.subscriptions.checkout import SYNC
from backend.subscriptions.connection import PaymentsConnection
from backend.subscriptions.errors import BadSignatureError
from backend.subscriptions.gateway import EventHead
from backend.subscriptions.parsing import event_customer

log = get_logger(__name__)
TOLERANCE_SECONDS = 300
_HANDLED = ("customer.subscription.", "invoice.", "checkout.session.", "customer.deleted")
_NEVER = ("invoice.upcoming",)  # it is about an invoice that does not exist yet


def is_handled(event_type: str) -> bool:
    """Return whether something of ours may follow from an event of this type."""
    return event_type.startswith(_HANDLED) and event_type not in _NEVER


def proven_event(body: bytes, signature: str | None, secret: str) -> Mapping[str, Any]:
    """Return the event of a webhook whose signature is right and no older than five minutes.

    Raises NotFoundError when no secret is set (there is no such place then), BadSignatureError otherwise.
    """
    if not secret:
        raise NotFoundError("There is nothing at this address.")
    try:
        stripe.WebhookSignature.verify_header(body.decode("utf-8"), signature or "", secret, TOLERANCE_SECONDS)
        event = json.loads(body)
    except (stripe.SignatureVerificationError, UnicodeDecodeError, ValueError):
        stripe_webhooks.labels("bad_signature").inc()
        raise BadSignatureError("The signature of this message is not right.") from None
    if not isinstance(event, dict) or event.get("object") != "event":
        stripe_webhooks.labels("bad_signature").inc()
        raise BadSignatureError("This is not an event.")
    return event


async def receive_webhook(
    database: Database, connection: PaymentsConnection, body: bytes, signature: str | None
) -> bool:
    """Put a webhook into the inbox together with the job that handles it; return False when it had come before.

    Raises NotFoundError, BadSignatureError. An event of a kind we do nothing about is acknowledged and not kept.
    """
    event = proven_event(body, signature, connection.webhook_secret)
    try:
        head = EventHead(str(event["id"])[:255], str(event["type"])[:100], event_customer(event), int(event["created"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadSignatureError("This is not an event.") from None
    if not is_handled(head.type) or head.customer is None:
        stripe_webhooks.labels("not_ours").inc()
        return True
    is_new = await put_in(database, head)
    stripe_webhooks.labels("new" if is_new else "duplicate").inc()
    return is_new


async def put_in(database: Database, head: EventHead) -> bool:
    """Put an event into the inbox and its customer in line to be fetched; return False when it was there already."""
    assert head.customer is not None
    async with database.unit_of_work() as session:
        # One job a customer waits at a time. Held until we commit, so that a job that begins now waits for this event.
        await repository.hold_customer_shared(session, head.customer)
        if not await repository.insert_event(session, head.id, head.type, head.customer, from_unix(head.created)):
            return False
        await defer(session, SYNC, queueing_lock=f"{SYNC}:{head.customer}", customer=head.customer)
    return True
