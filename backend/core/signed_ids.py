"""Tokens that give one thing to whoever has them, for a while: the body of addresses that need no sign-in.

A token names the user and the thing, says until when it is good, and is signed for one purpose; nothing in it can be
changed, and one for another purpose is none.
"""

import base64
import binascii
import hmac
from hashlib import sha256
from uuid import UUID

from pydantic import SecretStr

from backend.core.clock import now_seconds
from backend.core.keys import derived_key

_IDS, _TIME, _MARK = 32, 6, 16


def signed_ids(secret: SecretStr, purpose: str, user_id: UUID, thing_id: UUID, until: int) -> str:
    """Return the token of a thing of a user, good until then (Unix seconds)."""
    said = user_id.bytes + thing_id.bytes + until.to_bytes(_TIME, "big")
    return base64.urlsafe_b64encode(said + _sign(secret, purpose, said)).rstrip(b"=").decode()


def read_signed_ids(secret: SecretStr, purpose: str, token: str) -> tuple[UUID, UUID] | None:
    """Return (user, thing) that a token of ours names; None when it is not ours, or good no more."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    said, mark = raw[:-_MARK], raw[-_MARK:]
    if len(said) != _IDS + _TIME or not hmac.compare_digest(mark, _sign(secret, purpose, said)):
        return None
    if int.from_bytes(said[_IDS:], "big") < now_seconds():
        return None
    return UUID(bytes=said[:16]), UUID(bytes=said[16:_IDS])


def _sign(secret: SecretStr, purpose: str, said: bytes) -> bytes:
    return hmac.new(derived_key(secret, purpose), said, sha256).digest()[:_MARK]
