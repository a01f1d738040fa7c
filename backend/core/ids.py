"""Ids: time-ordered ones for new rows, deterministic ones for what must never exist twice."""

import os
import secrets
from uuid import UUID, uuid5

from backend.core.clock import now_seconds

NAMESPACE = UUID("6f0a0d2c-3c52-4d0e-9b52-2b1f6d9a7a11")


def new_id() -> UUID:
    """Return a UUID version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random bits."""
    milliseconds = int(now_seconds() * 1000)
    random_bits = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & ((1 << 48) - 1)) << 80 | random_bits
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return UUID(int=value)


def derived_id(*parts: object) -> UUID:
    """Return the same UUID (version 5) for the same parts, for rows that a retry must find again."""
    return uuid5(NAMESPACE, "|".join(str(part) for part in parts))


def new_token() -> str:
    """Return 256 random bits as URL-safe text, for sessions and one-time links."""
    return secrets.token_urlsafe(32)


def request_id() -> str:
    """Return an id for one request, as `req_` and 16 hex digits."""
    return f"req_{secrets.token_hex(8)}"
