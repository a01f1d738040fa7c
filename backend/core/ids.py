"""Ids: time-ordered ones for new rows, deterministic ones for what must never exist twice."""

import os
import secrets
from uuid import UUID, uuid5

from backend.core.clock import now_seconds

_MILLISECONDS = (1 << 48) - 1
_VERSION_7 = 0x7 << 76 | 0x2 << 62
_RANDOM_BITS = ((1 << 80) - 1) & ~(0xF << 76) & ~(0x3 << 62)
NAMESPACE = UUID("6f0a0d2c-3c52-4d0e-9b52-2b1f6d9a7a11")


def new_id() -> UUID:
    """Return a UUID version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random bits."""
    return new_ids(1)[0]


def new_ids(count: int) -> list[UUID]:
    """Return `count` new ids of this moment (in no order among each other)."""
    head = (int(now_seconds() * 1000) & _MILLISECONDS) << 80 | _VERSION_7
    random = os.urandom(10 * count)
    return [
        UUID(int=head | int.from_bytes(random[place : place + 10]) & _RANDOM_BITS) for place in range(0, 10 * count, 10)
    ]


def derived_id(*parts: object) -> UUID:
    """Return the same UUID (version 5) for the same parts, for rows that a retry must find again."""
    return uuid5(NAMESPACE, "|".join(str(part) for part in parts))


def new_token() -> str:
    """Return 256 random bits as URL-safe text, for sessions and one-time links."""
    return secrets.token_urlsafe(32)


def request_id() -> str:
    """Return an id for one request, as `req_` and 16 hex digits."""
    return f"req_{secrets.token_hex(8)}"
