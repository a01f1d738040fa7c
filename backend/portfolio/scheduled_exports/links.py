"""Addresses of scheduled exports that give the file to whoever has them, for a while: what a webhook is told."""

from datetime import datetime
from uuid import UUID

from backend.core.settings import Settings
from backend.core.signed_ids import read_signed_ids, signed_ids

PATH = "/v1/portfolio/scheduled-exports/files/"
_PURPOSE = "files of scheduled exports"


def file_link(settings: Settings, user_id: UUID, run_id: UUID, until: datetime) -> str:
    """Return the address at which the file of a run can be had until then."""
    token = signed_ids(settings.secret_key, _PURPOSE, user_id, run_id, int(until.timestamp()))
    return f"{settings.app_url.rstrip('/')}{PATH}{token}"


def run_of_token(settings: Settings, token: str) -> tuple[UUID, UUID] | None:
    """Return (user, run) that a token of ours names; None when it is not ours, or good no more."""
    return read_signed_ids(settings.secret_key, _PURPOSE, token)
