"""How many requests a user, key or address may make a minute, counted in Redis for all processes together.

One script counts and answers in one round trip. When Redis is away each process counts by itself in memory (with the
package `limits`): the limit is then per process, but it is a limit.
"""

import asyncio
import math
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from backend.accounts.service import TIERS, Cap, cap
from backend.core.clock import now_seconds
from backend.core.logging import get_logger
from backend.core.redis import redis_of

log = get_logger(__name__)

REQUESTS_PER_MINUTE = {tier: cap(tier, Cap.API_REQUESTS_PER_MINUTE) or 0 for tier in TIERS}
ANONYMOUS_PER_MINUTE = 100
WEBHOOK_TEST_PER_MINUTE = 10
_WINDOW_MILLISECONDS = 60_000
_REDIS_PAUSE_SECONDS = 5.0

# Sliding-window counters: what the window before held counts for the part of it that still lies within a minute from
# now. KEYS: a counter each; ARGV: the window in milliseconds, then each counter's limit. A request that is over any of
# the limits counts in none. Returns whether it may pass, then for each counter how many it holds with this request and
# the milliseconds until the next request fits (refused) or the window ends (passed).
_COUNT = """
local at = redis.call('TIME')
local now = at[1] * 1000 + math.floor(at[2] / 1000)
local window = tonumber(ARGV[1])
local passes, held, answer = 1, {}, {0}
for i, key in ipairs(KEYS) do
  local limit = tonumber(ARGV[1 + i])
  local stored = redis.call('HMGET', key, 's', 'c', 'p')
  local start, count, before = tonumber(stored[1]) or now, tonumber(stored[2]) or 0, tonumber(stored[3]) or 0
  local age = now - start
  if age >= 2 * window or age < 0 then
    start, count, before, age = now, 0, 0, 0
  elseif age >= window then
    start, count, before, age = start + window, 0, count, age - window
  end
  local used = math.floor(before * (window - age) / window) + count
  local reset = window - age
  if used + 1 > limit then
    passes = 0
    if count < limit then
      reset = math.floor(window * (1 - (limit - count) / before)) - age + 1
    else
      reset = reset + math.floor(window * (1 - limit / count)) + 1
    end
  end
  held[i] = {start, count + 1, before}
  answer[2 * i], answer[2 * i + 1] = used, reset
end
answer[1] = passes
if passes == 1 then
  for i, key in ipairs(KEYS) do
    redis.call('HSET', key, 's', held[i][1], 'c', held[i][2], 'p', held[i][3])
    redis.call('PEXPIRE', key, 2 * window)
    answer[2 * i] = answer[2 * i] + 1
  end
end
return answer
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, and what the `X-RateLimit-*` headers say. `reset_seconds` is from now."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """The answer's headers; `X-RateLimit-Reset` is the Unix time at which there is room again."""
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(math.ceil(now_seconds()) + self.reset_seconds),
        }
        if not self.allowed:
            headers["Retry-After"] = str(max(1, self.reset_seconds))
        return headers


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many requests a minute may come under a name (`user`, an id) of what is counted."""

    per_minute: int
    names: tuple[str, ...]

    @property
    def key(self) -> str:
        """The counter's name in Redis."""
        return "limit:" + "/".join(self.names)


def impatient_redis(url: str) -> Redis:
    """Return a client that gives up after half a second: counting requests must not hold them up."""
    return redis_of(url, socket_timeout=0.5, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0))


class RequestLimiter:
    """Sliding-window counters by name; a name is a user, a key, or an address with what it does."""

    def __init__(self, redis: Redis) -> None:
        self._script = redis.register_script(_COUNT)
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared_again_at = 0.0

    async def hit(self, per_minute: int, *names: str) -> Verdict:
        """Count one request under `names` and return whether it is within `per_minute`."""
        return await self.hit_all(Allowance(per_minute, names))

    async def hit_all(self, *allowances: Allowance) -> Verdict:
        """Count one request under every name; return the verdict of the tightest. Refused ones count under none."""
        loop_time = asyncio.get_running_loop().time()
        if loop_time >= self._shared_again_at:
            try:
                return await self._count(allowances)
            except (RedisError, OSError, TimeoutError) as error:
                self._shared_again_at = loop_time + _REDIS_PAUSE_SECONDS
                log.warning("request limits fall back to memory", error=type(error).__name__)
        verdicts = [await self._count_here(RateLimitItemPerMinute(each.per_minute), each.names) for each in allowances]
        return _tightest(verdicts)

    async def _count(self, allowances: tuple[Allowance, ...]) -> Verdict:
        answer = await self._script(
            keys=[each.key for each in allowances],
            args=[_WINDOW_MILLISECONDS, *(each.per_minute for each in allowances)],
        )
        verdicts = []
        for place, each in enumerate(allowances):
            used, reset = int(answer[1 + 2 * place]), int(answer[2 + 2 * place])
            fits = bool(answer[0]) or used < each.per_minute
            verdicts.append(Verdict(fits, each.per_minute, max(0, each.per_minute - used), math.ceil(reset / 1000)))
        return _tightest(verdicts)

    async def _count_here(self, item: RateLimitItem, names: tuple[str, ...]) -> Verdict:
        allowed = await self._local.hit(item, *names)
        stats = await self._local.get_window_stats(item, *names)
        reset = max(0, math.ceil(stats.reset_time - now_seconds()))
        return Verdict(allowed=allowed, limit=item.amount, remaining=max(0, stats.remaining), reset_seconds=reset)


def _tightest(verdicts: list[Verdict]) -> Verdict:
    return min(verdicts, key=lambda verdict: (verdict.allowed, verdict.remaining, -verdict.reset_seconds))
