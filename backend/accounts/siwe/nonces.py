"""Nonces of sign-in messages: each works once, for five minutes, in the browser it was given to."""

import secrets
from dataclasses import dataclass
from uuid import UUID

import orjson
from redis.asyncio import Redis

from backend.core.browser import browser_mark

LIFETIME_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Nonce:
    """What a nonce was given for: to which browser, and (to add a wallet) to which signed-in user."""

    browser: str
    user_id: UUID | None


async def give_nonce(redis: Redis, browser: str, user_id: UUID | None) -> str:
    """Return a new nonce for the browser that holds this handle. `user_id`: who wants to add a wallet, None to sign in.

    Raises redis.exceptions.RedisError when it cannot be kept.
    """
    nonce = secrets.token_hex(16)
    content = {"browser": browser_mark(browser), "user": str(user_id) if user_id else ""}
    await redis.set(_key(nonce), orjson.dumps(content), ex=LIFETIME_SECONDS, nx=True)
    return nonce


async def take_nonce(redis: Redis, nonce: str) -> Nonce | None:
    """Return what the nonce was given for and forget it in the same step, or None when it is unknown, old or used."""
    content = await redis.getdel(_key(nonce))
    if content is None:
        return None
    kept = orjson.loads(content)
    return Nonce(kept["browser"], UUID(kept["user"]) if kept["user"] else None)


def _key(nonce: str) -> str:
    return f"siwe:nonce:{nonce}"
