"""What a rule would have fired in the last seven days, by the engine and the gates that fire it live."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser
from backend.alerts import repository
from backend.alerts.engine.book import RuleBook
from backend.alerts.engine.conditions import Conditions
from backend.alerts.engine.gates import Candidate, Gate, decide, rearm_level
from backend.alerts.engine.hours import hours_of
from backend.alerts.firing.facts import Fact
from backend.alerts.firing.processor import Processor
from backend.alerts.firing.quota_book import QuotaBook
from backend.alerts.kinds.base import Kind, ParseContext
from backend.alerts.kinds.multi.trees import Group, Leaf, leaves_of
from backend.alerts.kinds.registry import kind_named
from backend.alerts.options import OPTIONS, checked_options
from backend.alerts.preview.schemas import PreviewHit, RulePreview
from backend.alerts.preview.sources import Gathered, gather
from backend.alerts.schemas import RuleCreate
from backend.alerts.sentences import symbols_of
from backend.chain.events import Event, PriceUpdate, Reading, TokenTransfer
from backend.core.clock import from_unix, utc_now
from backend.core.ids import new_id
from backend.core.money import plain
from backend.core.settings import get_settings

__all__ = ["DAYS", "MOST_HITS", "preview_rule"]

DAYS = 7
MOST_HITS = 50
_BATCH = 1_000
_NOBODY = UUID(int=0)
# Trees ask whether something was true before: what is a little older says so.
_WARM_UP = timedelta(minutes=10)
# Looking back is computing: so many at once in a process, the others wait.
_AT_ONCE = asyncio.Semaphore(2)
_NOTHING_KEPT = "Nothing is kept that this kind of rule could be tried on."


@dataclass(frozen=True, slots=True)
class Outcome:
    """Which events fire, in the order of time, and how many more matched and were held back."""

    fired: list[Event]
    held_back: int


async def preview_rule(
    session: AsyncSession, user: CurrentUser, data: RuleCreate, redis: Redis | None = None
) -> RulePreview:
    """Return what the rule would have fired in the last seven days, on what is stored; nothing is written.

    `redis` has the transfers of the last hour. Raises InvalidInputError, as making the rule would.
    """
    kind = kind_named(data.type)
    conditions = await kind.parse(data.conditions, ParseContext(session, get_settings(), user.id))
    options = checked_options(kind, conditions, {name: getattr(data, name) for name in OPTIONS}, set(OPTIONS))
    until = utc_now()
    since = until - timedelta(days=DAYS)
    async with _AT_ONCE:
        gathered = await gather(session, redis, asked_of(kind, conditions, user.id), since - _WARM_UP, until)
        outcome = await asyncio.to_thread(
            evaluate, kind, conditions, options, user.id, gathered.events, since.timestamp()
        )
    symbols = symbols_of(await repository.tokens_by_address(session, sorted(kind.tokens(conditions))))
    can_preview = any(source.events for source in gathered.sources)
    return RulePreview(
        type=data.type,
        description=kind.sentence(conditions, symbols),
        since=since,
        until=until,
        count=len(outcome.fired),
        held_back=outcome.held_back,
        per_day=_per_day(len(outcome.fired), gathered),
        hits=[_hit(kind, conditions, event) for event in outcome.fired[: -MOST_HITS - 1 : -1]],
        sources=gathered.sources,
        can_preview=can_preview,
        is_complete=can_preview and not any(source.note for source in gathered.sources),
        notes=_notes(data, gathered, can_preview),
    )


def asked_of(kind: Kind, conditions: Any, owner: UUID) -> list[Conditions]:
    """Return everything that a rule asks the engine for: one thing, or the leaves of a tree."""
    if isinstance(conditions, Leaf | Group):
        return [kind_named(leaf.kind).asked(leaf.conditions, _NOBODY, owner) for leaf in leaves_of(conditions)]
    return [kind.asked(conditions, _NOBODY, owner)]


def evaluate(
    kind: Kind,
    conditions: Any,
    options: dict[str, Any],
    owner: UUID,
    events: Sequence[Event],
    since: float = 0.0,
) -> Outcome:
    """Return which events fire the rule: matched by the worker's engine, then through its gates. Computes only.

    `events` are in the order of the stream; those before `since` (Unix time) only say how things stood. A rule of level
    is not put to rest as it is live, so that every true reading counts as held back.
    """
    rule_id, book = new_id(), RuleBook()
    level = options["trigger"] == "level"
    book.put(rule_id.bytes, 1, kind.placements(conditions, rule_id, owner, level=level))
    processor = Processor(0, lambda: book, QuotaBook(), _no_unit_of_work, [], _tell_nobody)
    matched: list[Event] = []
    # What is of other chains is seen as it was before this batch: a batch is of one chain, as it is live.
    for _, group in groupby(events, key=lambda event: event.chain_id):
        mine = list(group)
        for start in range(0, len(mine), _BATCH):
            facts = [Fact(event, {}) for event in mine[start : start + _BATCH]]
            places = dict.fromkeys(match.place for match in processor.matches(facts))
            matched += [facts[place].event for place in places]
    hours = hours_of(options["active_hours"]) if options["active_hours"] else None
    matched = [event for event in matched if event.taken_at >= since]
    awake = [event for event in matched if hours is None or hours.covers(event.taken_at)]
    percent = options["hysteresis_pct"]
    back = _went_back(kind, conditions, percent, events, awake) if percent is not None else {}
    gate = Gate(options["frequency"] == "once", options["cooldown_seconds"], True, None, percent is not None)
    candidates = [Candidate(event.id, event.taken_at, went_back_at=back.get(event.id)) for event in awake]
    fired, _ = decide(gate, candidates, set())
    return Outcome([awake[place] for place in fired], len(matched) - len(fired))


def _went_back(
    kind: Kind, conditions: Any, percent: Decimal, events: Sequence[Event], awake: Sequence[Event]
) -> dict[str, float]:
    """Return, by event, the time of the newest reading before it that had gone back far enough from the threshold."""
    reading = kind.reading_of(conditions)
    if reading is None:
        return {}
    down, limit = rearm_level(reading.test, reading.threshold, percent)
    wanted = {event.id for event in awake}
    found: dict[str, float] = {}
    newest: float | None = None
    for event in events:
        if event.id in wanted and newest is not None:
            found[event.id] = newest
        value = event.price_usd if isinstance(event, PriceUpdate) else getattr(event, "value", None)
        if value is not None and (value <= limit if down else value >= limit):
            newest = event.taken_at
    return found


def _no_unit_of_work() -> Any:
    raise AssertionError("a preview stores nothing")


async def _tell_nobody() -> None:
    raise AssertionError("a preview tells nobody")


def _hit(kind: Kind, conditions: Any, event: Event) -> PreviewHit:
    value = None
    if isinstance(event, PriceUpdate):
        value = event.price_usd
    elif isinstance(event, Reading):
        value = event.value
    elif isinstance(event, TokenTransfer):
        value = event.value_usd
    return PreviewHit(
        at=from_unix(event.taken_at),
        message=kind.message(None if kind.event_speaks else conditions, event),
        value=None if value is None else plain(value),
        block_number=event.block_number,
        chain_id=event.chain_id,
        tx_hash=getattr(event, "tx_hash", None),
    )


def covered_days(gathered: Gathered) -> float:
    """Return how many days the longest of the sources covers."""
    spans = [source.last - source.first for source in gathered.sources if source.first and source.last]
    return max((span.total_seconds() / 86_400 for span in spans), default=0.0)


def _per_day(count: int, gathered: Gathered) -> float | None:
    days = covered_days(gathered)
    return round(count / days, 2) if days >= 1 / 24 else None


def _notes(data: RuleCreate, gathered: Gathered, can_preview: bool) -> list[str]:
    notes = [] if gathered.sources else [_NOTHING_KEPT]
    if gathered.sources and not can_preview:
        notes.append("Nothing is stored of what this rule looks at, so nobody can say what it would have told.")
    if data.guard:
        notes.append("The check is judged when the rule fires; it is not looked at here.")
    return notes
