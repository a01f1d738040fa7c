"""Addresses of scheduled exports that give the file to whoever has them, for a while: what a webhook is told.

A token names the user and the run, says until when it is good, and is signed; nothing in it can be changed.
"""

import base64
import binascii
import hmac
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from backend.core.clock import now_seconds
from backend.core.keys import derived_key
from backend.core.settings import Settings

PATH = "/v1/portfolio/scheduled-exports/files/"
_IDS, _TIME, _MARK = 32, 6, 16


def file_link(settings: Settings, user_id: UUID, run_id: UUID, until: datetime) -> str:
    """Return the address at which the file of a run can be had until then."""
    said = user_id.bytes + run_id.bytes + int(until.timestamp()).to_bytes(_TIME, "big")
    token = base64.urlsafe_b64encode(said + _sign(settings, said)).rstrip(b"=").decode()
    return f"{settings.app_url.rstrip('/')}{PATH}{token}"


def run_of_token(settings: Settings, token: str) -> tuple[UUID, UUID] | None:
    """Return (user, run) that a token of ours names; None when it is not ours, or good no more."""
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
    return hmac.new(derived_key(settings.secret_key, "files of scheduled exports"), said, sha256).digest()[:_MARK]
