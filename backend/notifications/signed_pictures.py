"""Addresses of pictures that show themselves to whoever has them, for a while: what a push notification loads."""

from datetime import timedelta
from uuid import UUID

from backend.core.clock import now_seconds
from backend.core.settings import Settings
from backend.core.signed_ids import read_signed_ids, signed_ids

GOOD_FOR = timedelta(hours=24)  # as long as a push service keeps a message
PATH = "/v1/notifications/pictures/"
_PURPOSE = "pictures of messages"


def picture_path(settings: Settings, user_id: UUID, message_id: UUID) -> str:
    """Return the path at which the picture of a message may be seen from now on, for a day."""
    until = int(now_seconds() + GOOD_FOR.total_seconds())
    return f"{PATH}{signed_ids(settings.secret_key, _PURPOSE, user_id, message_id, until)}.png"


def message_of_token(settings: Settings, token: str) -> tuple[UUID, UUID] | None:
    """Return (user, message) that a token of ours names; None when it is not ours, or good no more."""
    return read_signed_ids(settings.secret_key, _PURPOSE, token)
