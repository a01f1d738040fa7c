"""News of a user's portfolio to open pages: a copy of what is stored already, so nothing is lost with it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.core.formats import iso
from backend.core.logging import get_logger
from backend.core.money import plain
from backend.core.redis import user_portfolio_channel
from backend.portfolio.snapshots.records import Snapshot
from backend.portfolio.snapshots.store import Place

log = get_logger(__name__)
News = tuple[UUID, dict[str, Any]]


def taken(snapshot: Snapshot) -> News:
    """Return the news that a snapshot was written."""
    data = {
        "hour": iso(snapshot.hour),
        "takenAt": iso(snapshot.taken_at),
        "totalValueUsd": plain(snapshot.total_value_usd),
        "isComplete": snapshot.is_complete,
    }
    return snapshot.user_id, {"type": "snapshot", "data": data}


def withdrawn(place: Place) -> News:
    """Return the news that the snapshot of an hour counts no more."""
    return place.user_id, {"type": "withdrawn", "data": {"hour": iso(place.at)}}


def restored(place: Place) -> News:
    """Return the news that the snapshot of an hour counts again."""
    return place.user_id, {"type": "restored", "data": {"hour": iso(place.at)}}


def moved(user_id: UUID) -> News:
    """Return the news that what happened to a user's wallets was read on, or withdrawn."""
    return user_id, {"type": "activity", "data": {}}


def counted(user_id: UUID) -> News:
    """Return the news that profit and loss, and flows, were counted anew."""
    return user_id, {"type": "counted", "data": {}}


async def tell(redis: Redis, news: Sequence[News]) -> None:
    """Publish news. While Redis is away nobody hears of it: pages read the state anew once it is back."""
    if not news:
        return
    try:
        async with redis.pipeline(transaction=False) as pipeline:
            for user_id, message in news:
                pipeline.publish(user_portfolio_channel(user_id), orjson.dumps(message))
            await pipeline.execute()
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("news of portfolios were not told", count=len(news), error=type(error).__name__)
