"""How many requests a user or address may make a minute, counted in Redis for all processes together.

When Redis is away each process counts by itself in memory: the limit is then per process, but it is a limit.
"""

import asyncio
import math
from dataclasses import dataclass
from typing import Any

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from backend.accounts.service import TIERS, Cap, cap
from backend.core.clock import now_seconds
from backend.core.logging import get_logger

log = get_logger(__name__)

REQUESTS_PER_MINUTE = {tier: cap(tier, Cap.API_REQUESTS_PER_MINUTE) or 0 for tier in TIERS}
ANONYMOUS_PER_MINUTE = 100
SIGN_IN_PER_MINUTE = 30
WEBHOOK_TEST_PER_MINUTE = 10
_REDIS_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, and what the `X-RateLimit-*` headers say. `reset_seconds` is from now."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """The answer's headers; `X-RateLimit-Reset` is the Unix time at which the window is fresh."""
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(math.ceil(now_seconds()) + self.reset_seconds),
        }
        if not self.allowed:
            headers["Retry-After"] = str(max(1, self.reset_seconds))
        return headers


def impatient_redis(url: str) -> Redis:
    """Return a client that gives up after half a second: counting requests must not hold them up."""
    return Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0))


class RequestLimiter:
    """Sliding-window counters by name; a name is a user id or an address with what it does."""

    def __init__(self, redis: Redis) -> None:
        pool: Any = redis.connection_pool  # the annotation forgets pools; only the scheme of the address counts
        storage = RedisStorage("async+redis://localhost:6379", implementation="redispy", connection_pool=pool)
        self._shared = SlidingWindowCounterRateLimiter(storage)
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared_again_at = 0.0

    async def hit(self, per_minute: int, *names: str) -> Verdict:
        """Count one request under `names` and return whether it is within `per_minute`."""
        item = RateLimitItemPerMinute(per_minute)
        loop_time = asyncio.get_running_loop().time()
        if loop_time >= self._shared_again_at:
            try:
                return await self._hit(self._shared, item, names)
            except (RedisError, OSError, TimeoutError) as error:
                self._shared_again_at = loop_time + _REDIS_PAUSE_SECONDS
                log.warning("request limits fall back to memory", error=type(error).__name__)
        return await self._hit(self._local, item, names)

    @staticmethod
    async def _hit(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, names: tuple[str, ...]) -> Verdict:
        allowed = await limiter.hit(item, *names)
        stats = await limiter.get_window_stats(item, *names)
        reset = max(0, math.ceil(stats.reset_time - now_seconds()))
        return Verdict(allowed=allowed, limit=item.amount, remaining=max(0, stats.remaining), reset_seconds=reset)
