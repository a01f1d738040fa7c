"""Back-off: who keeps guessing waits longer and longer, per account and address, per account, and per address.

The pair counts first, so a stranger who guesses at somebody's account slows himself down long before the owner.
Counted in Redis for all processes together; while Redis is away, by each process in memory.
"""

import hashlib
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.core.clock import now_seconds
from backend.core.errors import RateLimitError
from backend.core.logging import get_logger

log = get_logger(__name__)
_MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Scope:
    """How many attempts are free, and how the wait grows after them: doubling from the first to the longest."""

    name: str
    free_attempts: int
    longest_wait_seconds: int
    first_wait_seconds: int = 1


@dataclass(frozen=True, slots=True)
class Action:
    """What is tried, and what it is counted by: `pair` (account and address), `account`, `ip`."""

    name: str
    scopes: tuple[Scope, ...]
    memory_seconds: int = 3600


SIGN_IN = Action("signin", (Scope("pair", 5, 900), Scope("account", 50, 60), Scope("ip", 50, 900)))
# Whoever gets here knows the password already, so the account may wait longer: ten guesses an hour of a million codes.
SECOND_FACTOR = Action(
    "second-factor", (Scope("pair", 5, 900), Scope("account", 10, 3600), Scope("ip", 50, 900)), memory_seconds=86_400
)
SIGN_UP = Action("sign-up", (Scope("account", 3, 3600, 30), Scope("ip", 30, 3600, 10)))
RESET = Action("reset", (Scope("account", 3, 3600, 30), Scope("ip", 20, 3600, 10)))
VERIFICATION = Action("verification", (Scope("account", 1, 3600, 60), Scope("ip", 20, 3600, 10)))
LINK = Action("link", (Scope("ip", 20, 900),))
REFRESH = Action("refresh", (Scope("ip", 20, 900),))

# One step for Redis: look at every wait, then count in every scope. KEYS: a counter each; ARGV: how long counters are
# kept, then for each scope the free attempts, the first and the longest wait. Returns the seconds to wait, 0 for none.
_BEGIN = """
local wait = 0
for i, key in ipairs(KEYS) do
  wait = math.max(wait, redis.call('TTL', key .. ':wait'))
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  local over = redis.call('INCR', key) - tonumber(ARGV[3 * i - 1])
  redis.call('EXPIRE', key, ARGV[1])
  if over >= 0 then
    local seconds = math.min(tonumber(ARGV[3 * i]) * 2 ^ math.min(over, 12), tonumber(ARGV[3 * i + 1]))
    redis.call('SET', key .. ':wait', '1', 'EX', string.format('%d', seconds))
  end
end
return 0
"""


class Throttle:
    """Counts attempts. An attempt is counted before the secret is looked at, so parallel guesses count."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._local = _LocalCounts()

    async def begin(self, subject: str, ip: str, action: Action = SIGN_IN) -> None:
        """Count an attempt at `subject` (an e-mail address or an id, known or not) from an address.

        Raises RateLimitError with `retryAfter` seconds while this account or address must wait.
        """
        scopes = _keys(action, subject, ip)
        keys = [key for _, key in scopes]
        limits = [
            number
            for scope, _ in scopes
            for number in (scope.free_attempts, scope.first_wait_seconds, scope.longest_wait_seconds)
        ]
        try:
            command = ("EVAL", _BEGIN, len(keys), *keys, action.memory_seconds, *limits)
            wait = int(await self._redis.execute_command(*command) or 0)
        except (RedisError, OSError) as error:
            log.warning("back-off falls back to memory", error=type(error).__name__)
            wait = self._local.begin(scopes, action.memory_seconds)
        if wait > 0:
            raise RateLimitError("Too many attempts. Wait a moment and try again.", {"retryAfter": wait})

    async def succeeded(self, subject: str, ip: str, action: Action = SIGN_IN) -> None:
        """Forget the attempts of this account from this address, and give the others theirs back."""
        scopes = _keys(action, subject, ip)
        self._local.succeeded(scopes)
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                for scope, key in scopes:
                    if scope.name == "pair":
                        pipe.delete(key, f"{key}:wait")
                    else:
                        pipe.decr(key)
                await pipe.execute()
        except (RedisError, OSError) as error:
            log.warning("back-off falls back to memory", error=type(error).__name__)


class _LocalCounts:
    """The same counting within this process."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, float, float]] = {}

    def begin(self, scopes: list[tuple[Scope, str]], memory_seconds: int) -> int:
        """Count, or return the seconds to wait."""
        now = now_seconds()
        wait = max(self._get(key, now)[1] - now for _, key in scopes)
        if wait > 0:
            return max(1, int(wait))
        for scope, key in scopes:
            count = self._get(key, now)[0] + 1
            over = count - scope.free_attempts
            seconds = min(scope.first_wait_seconds * 2 ** min(over, 12), scope.longest_wait_seconds) if over >= 0 else 0
            self._counts.pop(key, None)
            self._counts[key] = (count, now + seconds, now + memory_seconds)
        for old in list(self._counts)[: max(0, len(self._counts) - _MOST_KEPT)]:
            del self._counts[old]
        return 0

    def succeeded(self, scopes: list[tuple[Scope, str]]) -> None:
        """Forget the pair, give the others one back."""
        for scope, key in scopes:
            if scope.name == "pair":
                self._counts.pop(key, None)
            elif key in self._counts:
                count, wait_until, until = self._counts[key]
                self._counts[key] = (max(0, count - 1), wait_until, until)

    def _get(self, key: str, now: float) -> tuple[int, float, float]:
        kept = self._counts.get(key)
        return kept if kept is not None and kept[2] > now else (0, 0.0, 0.0)


def _keys(action: Action, subject: str, ip: str) -> list[tuple[Scope, str]]:
    account = hashlib.sha256(subject.strip().lower().encode("utf-8", "replace")).hexdigest()[:32]
    names = {"pair": f"{account}:{ip}", "account": account, "ip": ip}
    return [(scope, f"{action.name}:{scope.name}:{names[scope.name]}") for scope in action.scopes]
