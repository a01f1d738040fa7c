"""What a webhook says and how it proves that it is ours."""

import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

import orjson

from backend.core.formats import iso
from backend.notifications.channels.port import OutgoingMessage

USER_AGENT = "Premium-Webhook/1"


def webhook_body(message: OutgoingMessage) -> bytes:
    """Return the JSON body; the same for every attempt of a message."""
    return orjson.dumps(
        {
            "id": str(message.id),
            "type": message.event_type,
            "timestamp": iso(message.created_at),
            "data": message.payload,
        }
    )


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Return `sha256=` and the hexadecimal HMAC-SHA256 of `timestamp.body` under the secret's text."""
    signed = str(timestamp).encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def webhook_headers(message_id: UUID, secrets: Sequence[str], timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of one attempt: the id stays, time and signatures are of this attempt.

    One signature for each secret, the newest's first, with commas between.
    """
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-Webhook-ID": str(message_id),
        "X-Webhook-Timestamp": str(timestamp),
        "X-Webhook-Signature": ",".join(signature(secret, timestamp, body) for secret in secrets),
    }
