"""Hands snapshots to the store, and gets the last ones from it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from redis.asyncio import Redis

from backend.core.clock import utc_now
from backend.portfolio.snapshots.records import Snapshot, snapshot_of
from backend.portfolio.snapshots.service import SnapshotHome, save_snapshots

LAST_WITHIN = timedelta(days=30)  # what was known longer ago is not shown any more


class StoreSink:
    """Where the aggregator's snapshots go, and the last ones come from: the store."""

    def __init__(self, home: SnapshotHome, redis: Redis) -> None:
        self._home = home
        self._redis = redis

    async def last(self, users: Sequence[UUID]) -> Mapping[UUID, Snapshot]:
        """Return the newest snapshot of each user that has one."""
        now = utc_now()
        found = {}
        async with self._home.open() as store:
            for user_id in users:
                row = await store.latest(user_id, now, now - LAST_WITHIN)
                if row is not None:
                    found[user_id] = snapshot_of(row)
        return found

    async def save(self, snapshots: Sequence[Snapshot]) -> list[UUID]:
        """Write snapshots with what follows from them (readings for alerts, news for open pages).

        Returns the users whose snapshots rest on a block that was dropped meanwhile: those were not written.
        """
        saved = await save_snapshots(self._home, self._redis, snapshots)
        return [place.user_id for place in saved.on_dropped_blocks]
