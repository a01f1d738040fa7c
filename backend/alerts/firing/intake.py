"""Entries of the stream made into facts, and what cannot be read put aside."""

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

import orjson
from redis.asyncio import Redis

from backend.alerts.firing.facts import Fact
from backend.chain.events import from_json_fields
from backend.core.clock import now_seconds
from backend.core.logging import get_logger
from backend.core.telemetry import alert_entries_parked

DEAD_STREAM = "alerts:dead"
DEAD_LENGTH = 10_000
_READ_KINDS = frozenset({"transfer", "price", "reading", "occurrence", "orphaned"})
log = get_logger(__name__)

RawEntry = tuple[bytes, dict[bytes, bytes]]


@dataclass(slots=True)
class Entry:
    """An entry's events that rules may be about; `fault` says what of it could not be read, if anything."""

    raw: RawEntry
    emitted_at: float
    facts: list[Fact] = field(default_factory=list)
    event_count: int = 0
    fault: str = ""

    def split(self) -> list["Entry"]:
        """Return one entry for each fact, to find the one that cannot be stored."""
        return [Entry(self.raw, self.emitted_at, [fact]) for fact in self.facts]


def read_entry(raw: RawEntry, kinds: Container[str] = _READ_KINDS) -> Entry:
    """Return what an entry says, as far as it can be read. Kinds that no rule is about are skipped unread."""
    try:
        events: list[dict[str, Any]] = orjson.loads(raw[1][b"e"])
        entry = Entry(raw, float(raw[1][b"at"]), event_count=len(events))
    except (KeyError, TypeError, ValueError) as error:
        return Entry(raw, now_seconds(), fault=f"malformed entry: {error!r}"[:300])
    for fields in events:
        try:
            if fields["kind"] in kinds:
                entry.facts.append(Fact(from_json_fields(fields), fields))
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            entry.fault = f"malformed event: {error!r}"[:300]
    return entry


async def park(redis: Redis, stream: str, raw: RawEntry, reason: str) -> None:
    """Put an entry that cannot be processed aside, where it can be looked at, and say so."""
    log.error("entry parked", stream=stream, entry=raw[0].decode(), reason=reason[:300])
    values: dict[Any, Any] = {**raw[1], "stream": stream, "id": raw[0], "reason": reason[:500], "parked": now_seconds()}
    await redis.xadd(DEAD_STREAM, values, maxlen=DEAD_LENGTH, approximate=True)
    alert_entries_parked.inc()
