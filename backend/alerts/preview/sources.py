"""Gathers what is stored of the series that a rule is about, as the events they were emitted as."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.kinds.base import Kind, ReadingOf
from backend.alerts.preview.schemas import PreviewSource
from backend.chain.events import BlockOrphaned, Event, TokenTransfer, decode_entry
from backend.chain.registry import chain_name
from backend.core import formats
from backend.core.clock import from_unix
from backend.core.redis import events_stream
from backend.market.replay import price_events, reading_events

MOST_EVENTS = 50_000
ENTRIES_AT_ONCE = 100
MOST_ENTRIES = 5_000
_SLACK = timedelta(minutes=5)


@dataclass(slots=True)
class Gathered:
    """The events, in the order of time, and where they are from."""

    events: list[Event] = field(default_factory=list)
    sources: list[PreviewSource] = field(default_factory=list)


async def gather_readings(
    session: AsyncSession, wanted: Iterable[ReadingOf], since: datetime, until: datetime
) -> Gathered:
    """Return the stored readings of these series; each series gives at most its newest 50,000."""
    gathered = Gathered()
    seen: set[tuple[str, int, str, int]] = set()
    for reading in wanted:
        key = (reading.metric, reading.chain_id, reading.subject, reading.window)
        if key in seen:
            continue
        seen.add(key)
        events = await _events(session, reading, since, until)
        gathered.events += events
        gathered.sources.append(_source(_name(reading), events, since, full=len(events) >= MOST_EVENTS))
    gathered.events.sort(key=lambda event: (event.taken_at, event.block_number))
    return gathered


async def gather_transfers(redis: Redis, chain_ids: Iterable[int], since: datetime, until: datetime) -> Gathered:
    """Return the transfers that the streams of these chains still hold: about the last hour."""
    gathered = Gathered()
    for chain_id in chain_ids:
        events, full = await _transfers(redis, chain_id, since, until)
        gathered.events += events
        source = _source(f"transfers on {chain_name(chain_id)}", events, since, full=full)
        source.note = source.note and f"{source.note} Transfers are not stored; the stream holds about an hour of them."
        gathered.sources.append(source)
    gathered.events.sort(key=lambda event: (event.taken_at, event.block_number))
    return gathered


def readings_of(kind: Kind, conditions: Any) -> list[ReadingOf]:
    """Return the series a rule looks at; none when it is about things that happen."""
    found = kind.reading_of(conditions)
    return [found] if found else []


async def _events(session: AsyncSession, reading: ReadingOf, since: datetime, until: datetime) -> list[Event]:
    if reading.metric == "price_usd":
        windows = (reading.window,) if reading.window else ()
        return [*await price_events(session, reading.chain_id, reading.subject, since, until, MOST_EVENTS, windows)]
    return [
        *await reading_events(session, reading.chain_id, reading.metric, reading.subject, since, until, MOST_EVENTS)
    ]


async def _transfers(redis: Redis, chain_id: int, since: datetime, until: datetime) -> tuple[list[TokenTransfer], bool]:
    """Return the transfers of the newest entries, oldest first, and whether there were more entries than are read."""
    found: list[TokenTransfer] = []
    orphaned: set[str] = set()
    newest: Any = "+"
    first, last = since.timestamp(), until.timestamp()
    for _ in range(0, MOST_ENTRIES, ENTRIES_AT_ONCE):
        entries: list[tuple[bytes, Mapping[bytes, bytes]]] = await redis.xrevrange(
            events_stream(chain_id), max=newest, count=ENTRIES_AT_ONCE
        )
        for _, fields in entries:
            try:
                events, _ = decode_entry(dict(fields))
            except ValueError:
                continue  # the worker puts such an entry aside, and nothing fires of it
            orphaned |= {event.block_hash for event in events if isinstance(event, BlockOrphaned)}
            found += [
                event
                for event in reversed(events)
                if isinstance(event, TokenTransfer)
                and first <= event.taken_at < last
                and event.block_hash not in orphaned
            ]
            if len(found) >= MOST_EVENTS:
                return found[:MOST_EVENTS][::-1], True
        if len(entries) < ENTRIES_AT_ONCE:
            return found[::-1], False
        newest = b"(" + entries[-1][0]
    return found[::-1], True


def _source(name: str, events: list[Any], since: datetime, *, full: bool) -> PreviewSource:
    if not events:
        return PreviewSource(name=name, events=0, first=None, last=None, note="Nothing is stored of it in this time.")
    first, last = from_unix(events[0].taken_at), from_unix(events[-1].taken_at)
    note = ""
    if full:
        note = f"Only the newest {len(events):,} were looked at."
    elif first - since > _SLACK:
        note = f"Stored only since {first:%d %b %Y %H:%M} UTC."
    return PreviewSource(name=name, events=len(events), first=first, last=last, note=note)


def _name(reading: ReadingOf) -> str:
    what = "price" if reading.metric == "price_usd" else reading.metric
    subject = formats.address(reading.subject) if reading.subject.startswith("0x") else reading.subject
    return " ".join(part for part in (what, subject, f"on {chain_name(reading.chain_id)}") if part)
