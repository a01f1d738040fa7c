"""Back-off of sign-in: who keeps guessing waits longer and longer, per account and address, account, and address.

The pair counts first, so a stranger who guesses at somebody's account slows himself down long before the owner.
"""

import hashlib
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.core.errors import RateLimitError
from backend.core.logging import get_logger

log = get_logger(__name__)
_MEMORY_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class _Scope:
    name: str
    free_attempts: int
    longest_wait_seconds: int


_PAIR = _Scope("pair", 5, 900)
_ACCOUNT = _Scope("account", 50, 60)
_ADDRESS = _Scope("ip", 50, 900)


class SignInThrottle:
    """Counts attempts in Redis. An attempt is counted before the password is looked at, so parallel guesses count."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def begin(self, email: str, ip: str) -> None:
        """Count an attempt. Raises RateLimitError with `retryAfter` seconds while this account or address must wait.

        Without Redis nothing is counted here: the request limit, which has a fallback in memory, still holds.
        """
        keys = _keys(email, ip)
        try:
            waits = [await self._redis.ttl(f"{key}:wait") for _, key in keys]
            if (wait := max(waits)) > 0:
                raise RateLimitError("Too many attempts. Wait a moment and try again.", {"retryAfter": wait})
            for scope, key in keys:
                await self._count(scope, key)
        except RedisError as error:
            log.warning("sign-in back-off unavailable", error=type(error).__name__)

    async def succeeded(self, email: str, ip: str) -> None:
        """Forget the attempts of this account from this address, and give the others theirs back."""
        pair, account, address = (key for _, key in _keys(email, ip))
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.delete(pair, f"{pair}:wait")
                pipe.decr(account)
                pipe.decr(address)
                await pipe.execute()
        except RedisError as error:
            log.warning("sign-in back-off unavailable", error=type(error).__name__)

    async def _count(self, scope: _Scope, key: str) -> None:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.incr(key)
            pipe.expire(key, _MEMORY_SECONDS)
            attempts = int((await pipe.execute())[0])
        over = attempts - scope.free_attempts
        if over >= 0:
            wait = min(2 ** min(over, 12), scope.longest_wait_seconds)
            await self._redis.set(f"{key}:wait", b"1", ex=wait)


def _keys(email: str, ip: str) -> list[tuple[_Scope, str]]:
    account = hashlib.sha256(email.strip().lower().encode("utf-8", "replace")).hexdigest()[:32]
    return [
        (_PAIR, f"signin:pair:{account}:{ip}"),
        (_ACCOUNT, f"signin:account:{account}"),
        (_ADDRESS, f"signin:ip:{ip}"),
    ]
