"""The stream of a chain's events: explicit ids, each block at most once, nothing lost when Redis forgets.

An entry is only appended when the stream's last id is the one we expect (one Lua script, atomic). If it is another,
Redis lost or already has entries: the caller repairs from the database, then goes on.
"""

from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from backend.chain.events import EVENTS_PER_ENTRY, Event, decode_entry, encode_entry
from backend.core.clock import now_seconds
from backend.core.redis import EVENTS_GROUP, events_stream

# KEYS[1] stream; ARGV[1] expected last id, then triples of id, events, time. Answers the last id before the script.
_APPEND = """
local last = '0-0'
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do if info[i] == 'last-generated-id' then last = info[i + 1] end end
end
if last ~= ARGV[1] then return last end
for i = 2, #ARGV, 3 do redis.call('XADD', KEYS[1], ARGV[i], 'e', ARGV[i + 1], 'at', ARGV[i + 2]) end
return last
"""
NOTHING = "0-0"


class StreamMovedError(Exception):
    """The stream's last id is not the expected one; `last_id` is what it is."""

    def __init__(self, last_id: str) -> None:
        super().__init__(f"the stream is at {last_id}")
        self.last_id = last_id


class EventStream:
    """One chain's stream."""

    def __init__(self, redis: Redis, chain_id: int) -> None:
        self._redis = redis
        self.name = events_stream(chain_id)
        self._script = redis.register_script(_APPEND)

    async def last_id(self) -> str:
        """Return the last id the stream ever gave, `0-0` for a stream that does not exist."""
        try:
            info = await self._redis.xinfo_stream(self.name)
        except ResponseError:
            return NOTHING
        return _text(info["last-generated-id"])

    async def append(self, expected_last_id: str, blocks: list[tuple[int, list[Event]]]) -> str:
        """Append blocks (place in the stream, events) in order and return the new last id.

        Raises StreamMovedError when the stream is elsewhere, or redis.exceptions.RedisError; either way calling
        again is safe.
        """
        arguments: list[Any] = []
        last = expected_last_id
        for seq, events in blocks:
            for part, start in enumerate(range(0, len(events), EVENTS_PER_ENTRY), start=1):
                last = f"{seq}-{part}"
                fields = encode_entry(events[start : start + EVENTS_PER_ENTRY], now_seconds())
                arguments += [last, fields["e"], fields["at"]]
        if not arguments:
            return expected_last_id
        before = _text(await self._script(keys=[self.name], args=[expected_last_id, *arguments]))
        # A retried script finds its own first run's entries: that is success.
        if before not in (expected_last_id, last):
            raise StreamMovedError(before)
        return last

    async def has(self, seq: int, event_id: str) -> bool:
        """Return whether the first entry at a place begins with this event."""
        entries = await self._redis.xrange(self.name, f"{seq}-1", f"{seq}-1")
        try:
            return bool(entries) and decode_entry(entries[0][1])[0][0].id == event_id
        except (ValueError, IndexError):
            return False

    async def oldest_needed_seq(self) -> int | None:
        """Return the lowest place that the group of alert workers has not acknowledged, None when it has no group."""
        try:
            groups = await self._redis.xinfo_groups(self.name)
        except ResponseError:
            return None
        for group in groups:
            if _text(group["name"]) == EVENTS_GROUP:
                pending = await self._redis.xpending(self.name, EVENTS_GROUP)
                oldest = pending.get("min") if isinstance(pending, dict) else None
                return seq_of(_text(oldest or group["last-delivered-id"]))
        return None

    async def trim_before(self, seq: int) -> int:
        """Drop entries below a place; return how many."""
        return await self._redis.xtrim(self.name, minid=f"{seq}-0", approximate=True)


def seq_of(entry_id: str) -> int:
    """Return the place in the stream that an entry's id stands for."""
    return int(entry_id.partition("-")[0])


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
