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

# One step for Redis: look at every wait, then count in every scope. KEYS: a counter each; ARGV: how long counters are
# kept, then for each scope the attempts that are free and the longest wait. Returns the seconds to wait, 0 for none.
_BEGIN = """
local wait = 0
for i, key in ipairs(KEYS) do
  wait = math.max(wait, redis.call('TTL', key .. ':wait'))
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  local over = redis.call('INCR', key) - tonumber(ARGV[2 * i])
  redis.call('EXPIRE', key, ARGV[1])
  if over >= 0 then
    local seconds = math.min(2 ^ math.min(over, 12), tonumber(ARGV[2 * i + 1]))
    redis.call('SET', key .. ':wait', '1', 'EX', string.format('%d', seconds))
  end
end
return 0
"""


class SignInThrottle:
    """Counts attempts in Redis. An attempt is counted before the password is looked at, so parallel guesses count."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def begin(self, email: str, ip: str) -> None:
        """Count an attempt. Raises RateLimitError with `retryAfter` seconds while this account or address must wait.

        Without Redis nothing is counted here: the request limit, which has a fallback in memory, still holds.
        """
        scopes = _keys(email, ip)
        keys = [key for _, key in scopes]
        limits = [number for scope, _ in scopes for number in (scope.free_attempts, scope.longest_wait_seconds)]
        try:
            command = ("EVAL", _BEGIN, len(keys), *keys, _MEMORY_SECONDS, *limits)
            wait = int(await self._redis.execute_command(*command) or 0)
        except RedisError as error:
            log.warning("sign-in back-off unavailable", error=type(error).__name__)
            return
        if wait > 0:
            raise RateLimitError("Too many attempts. Wait a moment and try again.", {"retryAfter": wait})

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


def _keys(email: str, ip: str) -> list[tuple[_Scope, str]]:
    account = hashlib.sha256(email.strip().lower().encode("utf-8", "replace")).hexdigest()[:32]
    return [
        (_PAIR, f"signin:pair:{account}:{ip}"),
        (_ACCOUNT, f"signin:account:{account}"),
        (_ADDRESS, f"signin:ip:{ip}"),
    ]
