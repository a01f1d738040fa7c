"""The signature of a webhook: `Stripe-Signature: t=…,v1=…`, HMAC-SHA256 over `t.body`."""

import hashlib
import hmac


def signature_header(body: bytes, secret: str, timestamp: int) -> str:
    """Return the header for a body that is sent at `timestamp` (real time: receivers refuse what is old)."""
    signed = f"{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"
