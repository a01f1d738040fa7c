"""Addresses of pictures that show themselves to whoever has them, for a while: what a push notification loads.

A token names the user and the message, says until when it is good, and is signed; nothing in it can be changed.
"""

import base64
import binascii
import hmac
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from backend.core.clock import now_seconds
from backend.core.keys import derived_key
from backend.core.settings import Settings

GOOD_FOR = timedelta(hours=24)  # as long as a push service keeps a message
PATH = "/v1/notifications/pictures/"
_IDS, _TIME, _MARK = 32, 6, 16


def picture_path(settings: Settings, user_id: UUID, message_id: UUID) -> str:
    """Return the path at which the picture of a message may be seen from now on, for a day."""
    until = int(now_seconds() + GOOD_FOR.total_seconds())
    said = user_id.bytes + message_id.bytes + until.to_bytes(_TIME, "big")
    token = base64.urlsafe_b64encode(said + _sign(settings, said)).rstrip(b"=").decode()
    return f"{PATH}{token}.png"


def message_of_token(settings: Settings, token: str) -> tuple[UUID, UUID] | None:
    """Return (user, message) that a token of ours names; None when it is not ours, or good no more."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    said, mark = raw[:-_MARK], raw[-_MARK:]
    if len(said) != _IDS + _TIME or not hmac.compare_digest(mark, _sign(settings, said)):
        return None
    if int.from_bytes(said[_IDS:], "big") < now_seconds():
        return None
    return UUID(bytes=said[:16]), UUID(bytes=said[16:_IDS])


def _sign(settings: Settings, said: bytes) -> bytes:
    return hmac.new(derived_key(settings.secret_key, "pictures of messages"), said, sha256).digest()[:_MARK]
