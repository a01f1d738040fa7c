"""What the API answers of sessions."""

from typing import Literal
from uuid import UUID

from backend.core.schemas import ApiModel, Instant


class SessionRead(ApiModel):
    """One place where somebody is signed in. `current`: the one that asked."""

    id: UUID
    kind: Literal["browser", "program"]
    way: str
    device: str
    ip_address: str
    created_at: Instant
    last_seen_at: Instant
    current: bool


class SessionList(ApiModel):
    """Where the user is signed in, the last seen first."""

    items: list[SessionRead]
    total: int


class SessionsEnded(ApiModel):
    """How many sessions were ended."""

    ended: int
