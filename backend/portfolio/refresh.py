"""A snapshot on demand: as often as the plan allows, counted in Redis for all processes together."""

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import Cap, CurrentUser, Feature, cap, requires
from backend.core.errors import RateLimitError, UnavailableError
from backend.core.jobs import defer

TAKE_TASK = "portfolio.take"
TAKE_NOW_TASK = "portfolio.take_now"


def seconds_between(tier: str) -> int:
    """Return how many seconds lie between two snapshots on demand of a plan."""
    return 3_600 // (cap(tier, Cap.PORTFOLIO_REFRESHES_PER_HOUR) or 3_600)


@requires(Feature.PORTFOLIO)
async def ask_refresh(session: AsyncSession, user: CurrentUser, redis: Redis) -> int:
    """Have a snapshot of the user's taken now; return after how many seconds another may be asked for.

    Raises RateLimitError (`retryAfter` in seconds) when the last one was asked for too recently, UnavailableError when
    that cannot be counted.
    """
    seconds = seconds_between(user.tier)
    key = f"portfolio:refresh:{user.id}"
    try:
        if not await redis.set(key, "1", nx=True, ex=seconds):
            left = max(1, await redis.ttl(key))
            raise RateLimitError(
                f"Your portfolio was read a moment ago; your plan allows it every {_words(seconds)}."
                f" Try again in {left} s.",
                {"retryAfter": left},
            )
    except RedisError as error:
        raise UnavailableError("Your portfolio cannot be read anew right now. Try again in a minute.") from error
    await defer(session, TAKE_NOW_TASK, queueing_lock=f"{TAKE_NOW_TASK}:{user.id}", user_id=str(user.id))
    return seconds


def _words(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 60 else "minute" if seconds == 60 else f"{seconds // 60} minutes"
