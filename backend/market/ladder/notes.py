"""What each source did last, kept in Redis for `premium doctor`: every process that asks writes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.core.clock import from_unix, now_seconds
from backend.market.ladder.cache import Asked

KEPT_SECONDS = 7 * 86_400
EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class LastNote:
    """When a source answered last and how many assets it knew then; when it failed last, and with what."""

    answered_at: datetime | None
    assets: int
    failed_at: datetime | None
    problem: str | None


class Notes:
    """Writes at most every few seconds a source."""

    def __init__(self, redis: Redis | None) -> None:
        self._redis = redis
        self._written: dict[tuple[str, bool], float] = {}

    async def write(self, name: str, asked: Asked) -> None:
        """Note what came of asking a source."""
        now = now_seconds()
        key = (name, asked.problem is None)
        if self._redis is None or now - self._written.get(key, 0.0) < EVERY_SECONDS:
            return
        self._written[key] = now
        field = "failed" if asked.problem else "answered"
        what: Any = asked.problem.message[:160] if asked.problem else len(asked.answers)
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.hset(_name(name), field, orjson.dumps([now, what]).decode())
                pipe.expire(_name(name), KEPT_SECONDS)
                await pipe.execute()
        except RedisError:
            return


async def read_note(redis: Redis, name: str) -> LastNote:
    """Return what a source did last. Raises RedisError."""
    fields: dict[bytes, bytes] = await redis.hgetall(_name(name))  # pyright: ignore[reportGeneralTypeIssues]
    answered, failed = (orjson.loads(fields[each]) if each in fields else None for each in (b"answered", b"failed"))
    return LastNote(
        answered_at=from_unix(answered[0]) if answered else None,
        assets=int(answered[1]) if answered else 0,
        failed_at=from_unix(failed[0]) if failed else None,
        problem=str(failed[1]) if failed else None,
    )


def _name(source: str) -> str:
    return f"price:v1:note:{source}"
