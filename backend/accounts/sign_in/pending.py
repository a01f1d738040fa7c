"""A sign-in that waits for the second factor: five minutes, in the browser that holds its handle, used up once."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

import orjson
from redis.asyncio import Redis

from backend.core.ids import new_token

PENDING_SECONDS = 300


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """Who passed the first factor, how, and where they were going."""

    user_id: UUID
    way: str
    next_path: str


async def begin_pending(redis: Redis, pending: PendingSignIn) -> str:
    """Keep a sign-in for PENDING_SECONDS and return the handle that the browser's cookie shall hold."""
    handle = new_token()
    content = {"user": str(pending.user_id), "way": pending.way, "next": pending.next_path}
    await redis.set(_key(handle), orjson.dumps(content), ex=PENDING_SECONDS)
    return handle


async def find_pending(redis: Redis, handle: str | None) -> PendingSignIn | None:
    """Return the sign-in that waits under this handle, or None when it is unknown, done or too old."""
    content = await redis.get(_key(handle)) if handle and len(handle) <= 100 else None
    if content is None:
        return None
    kept = orjson.loads(content)
    return PendingSignIn(UUID(kept["user"]), kept["way"], kept["next"])


async def end_pending(redis: Redis, handle: str) -> bool:
    """Forget a sign-in; return False when somebody did already."""
    return bool(await redis.delete(_key(handle)))


def _key(handle: str) -> str:
    return f"signin:pending:{hashlib.sha256(handle.encode('utf-8', 'surrogateescape')).hexdigest()}"
