"""What is known of a chain that another process works at: its readings, followed live; and where its work stands."""

from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from backend.alerts.firing.intake import RawEntry, read_entry
from backend.alerts.firing.rule_feed import RuleFeed
from backend.chain.events import BlockOrphaned, Event
from backend.chain.follow.emission import EventStream
from backend.core.redis import EVENTS_GROUP

_AT_ONCE = 64
_MOST_SEARCHED = 1_000
_READINGS = frozenset({"price", "reading", "orphaned"})


async def first_waiting(redis: Redis, stream: str) -> Event | None:
    """Return the first event of a stream that no alert worker has acknowledged, None when there is none.

    Entries in which nothing can be read are passed over; None too when a thousand are. Raises RedisError.
    """
    start = "-"
    try:
        pending = await redis.xpending(stream, EVENTS_GROUP)
        groups = await redis.xinfo_groups(stream)
        done = next((group["last-delivered-id"] for group in groups if group["name"] == EVENTS_GROUP.encode()), None)
        if pending.get("min"):
            start = pending["min"]
        elif done is not None:
            start = b"(" + done
    except ResponseError:
        pass  # there is no stream, or no group: everything in it waits
    for _ in range(0, _MOST_SEARCHED, _AT_ONCE):
        entries: list[RawEntry] = await redis.xrange(stream, min=start, count=_AT_ONCE)  # type: ignore[arg-type]
        for raw in entries:
            if facts := read_entry(raw).facts:
                return facts[0].event
        if len(entries) < _AT_ONCE:
            return None
        start = b"(" + entries[-1][0]
    return None


class Onlooker:
    """Follows the readings of a chain whose events another process works at, for rules that look at several chains.

    Costs nothing while there is no such rule. A look reads what came since the last.
    """

    def __init__(self, chain_id: int, redis: Redis, feed: RuleFeed) -> None:
        self._chain_id = chain_id
        self._redis = redis
        self._stream = EventStream(redis, chain_id)
        self._feed = feed
        self._seen: str | None = None

    def forget(self) -> None:
        """Begin anew with the next look."""
        self._seen = None

    async def look(self) -> None:
        """Take in what came. Raises RedisError, TimeoutError and what the database raises."""
        if self._chain_id not in self._feed.book.readings.abroad:
            self._seen = None
            return
        last = await self._stream.last_id()
        if self._seen is None or _order(last) < _order(self._seen):  # the latter: Redis lost the stream
            # What is in the stream by now was written before, so the record has it.
            await self._feed.recall(self._chain_id, None)
            self._seen = last
        while _order(self._seen) < _order(last):
            answer: Any = await self._redis.xread({self._stream.name: self._seen}, count=_AT_ONCE)
            if not answer:
                return
            entries: list[RawEntry] = answer[0][1]
            for raw in entries:
                self._take_in(raw)
            self._seen = entries[-1][0].decode()

    def _take_in(self, raw: RawEntry) -> None:
        book, waiting = self._feed.book, list[Event]()
        for fact in read_entry(raw, _READINGS).facts:
            if isinstance(fact.event, BlockOrphaned):
                book.observe(waiting)
                waiting = []
                book.forget_block(self._chain_id, fact.event.block_hash)
            else:
                waiting.append(fact.event)
        book.observe(waiting)


def _order(entry_id: str) -> tuple[int, int]:
    seq, _, part = entry_id.partition("-")
    return int(seq), int(part or 0)
