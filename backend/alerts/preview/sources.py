"""Gathers what is stored of the series that a rule is about, as the events they were emitted as."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.engine.conditions import PRICE_METRIC, Conditions, OccurrenceConditions, WhaleConditions
from backend.alerts.engine.histories import SeriesKey
from backend.alerts.engine.watching import series_of
from backend.alerts.kinds.base import reading_of
from backend.alerts.platform import PLATFORM_CHAIN_ID
from backend.alerts.preview.schemas import PreviewSource
from backend.chain.events import BlockOrphaned, Event, PriceUpdate, Reading, TokenTransfer, decode_entry
from backend.chain.registry import chain_name
from backend.core import formats
from backend.core.clock import from_unix
from backend.core.redis import events_stream
from backend.core.settings import get_settings
from backend.market.replay import occurrence_events, price_events, reading_events

MOST_EVENTS = 50_000
ENTRIES_AT_ONCE = 100
MOST_ENTRIES = 5_000
_SLACK = timedelta(minutes=5)
_FLEETING = "Transfers are not stored; the stream holds about an hour of them."


@dataclass(slots=True)
class Gathered:
    """The events, in the order of time, and where they are from."""

    events: list[Event] = field(default_factory=list)
    sources: list[PreviewSource] = field(default_factory=list)

    def add(self, name: str, events: Sequence[Event], since: datetime, why: str = "") -> None:
        """Take in a series; `why` says why it may be short."""
        self.events += events
        self.sources.append(_source(name, events, since, why))


async def gather(
    session: AsyncSession, redis: Redis | None, asked: Iterable[Conditions], since: datetime, until: datetime
) -> Gathered:
    """Return what is stored of everything that conditions ask for; each series gives at most its newest 50,000."""
    series: dict[SeriesKey, set[int]] = {}
    occurrences: dict[tuple[int, str, str], None] = {}
    chains: dict[int, None] = {}
    followed = list(get_settings().chain_urls)
    gathered = Gathered()
    for conditions in asked:
        if isinstance(conditions, WhaleConditions):
            chains |= dict.fromkeys(sorted(conditions.chains) or followed)
        elif isinstance(conditions, OccurrenceConditions):
            places = product(
                sorted(conditions.chains) or followed, sorted(conditions.topics), sorted(conditions.subjects) or [""]
            )
            occurrences |= dict.fromkeys(place for place in places if place[0] != PLATFORM_CHAIN_ID)
        elif (reading := reading_of(conditions)) is not None:
            series.setdefault(series_of(conditions), set()).add(reading.window)  # type: ignore[arg-type]
    for key, windows in series.items():
        gathered.add(_name(key), await _readings(session, key, windows, since, until), since)
    for chain_id, topic, subject in occurrences:
        events = await occurrence_events(session, chain_id, topic, subject, since, until, MOST_EVENTS)
        gathered.add(_name((topic, chain_id, subject)), events, since)
    for chain_id in chains:
        if redis is None:
            break
        events = await _transfers(redis, chain_id, since, until)
        gathered.add(f"transfers on {chain_name(chain_id)}", events, since, _FLEETING)
    gathered.events.sort(key=_order)
    return gathered


async def _readings(
    session: AsyncSession, key: SeriesKey, windows: set[int], since: datetime, until: datetime
) -> Sequence[Event]:
    metric, chain_id, subject = key
    if metric == PRICE_METRIC:
        wanted = sorted(windows - {0})
        return await price_events(session, chain_id, subject, since, until, MOST_EVENTS, wanted)
    return await reading_events(session, chain_id, metric, subject, since, until, MOST_EVENTS)


async def _transfers(redis: Redis, chain_id: int, since: datetime, until: datetime) -> list[TokenTransfer]:
    """Return the transfers of the newest entries, oldest first; at most 50,000, of at most 5,000 entries."""
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
                return found[:MOST_EVENTS][::-1]
        if len(entries) < ENTRIES_AT_ONCE:
            break
        newest = b"(" + entries[-1][0]
    return found[::-1]


def _order(event: Event) -> tuple[int, int, int]:
    """Return where an event stands in the stream: in a block what happens, then prices, then metrics."""
    rank = 1 if isinstance(event, PriceUpdate) else 2 if isinstance(event, Reading) else 0
    return event.taken_at, event.block_number, rank


def _source(name: str, events: Sequence[Event], since: datetime, why: str) -> PreviewSource:
    if not events:
        note = f"Nothing is stored of it in this time. {why}".strip()
        return PreviewSource(name=name, events=0, first=None, last=None, note=note)
    first, last = from_unix(events[0].taken_at), from_unix(events[-1].taken_at)
    note = ""
    if len(events) >= MOST_EVENTS:
        note = f"Only the newest {len(events):,} were looked at."
    elif why:
        note = f"Kept only since {first:%d %b %Y %H:%M} UTC. {why}"
    elif first - since > _SLACK:
        note = f"Stored only since {first:%d %b %Y %H:%M} UTC."
    return PreviewSource(name=name, events=len(events), first=first, last=last, note=note)


def _name(key: SeriesKey) -> str:
    metric, chain_id, subject = key
    what = "price" if metric == PRICE_METRIC else metric
    about = formats.address(subject) if subject.startswith("0x") else formats.untrusted_text(subject)
    return " ".join(part for part in (what, about, f"on {chain_name(chain_id)}" if chain_id else "") if part)
