"""Which matches become alerts: active hours, expiry, snooze, once, cool-down, hysteresis."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.engine.gates import Candidate, Gate, decide, rearm_level
from backend.alerts.engine.hours import hours_of
from backend.alerts.firing import repository
from backend.alerts.firing.facts import Fact, Match
from backend.alerts.firing.readings_repository import WentBack, went_back
from backend.alerts.firing.repository import FiringRule
from backend.alerts.kinds.registry import kind_named
from backend.chain.events import Event
from backend.core.clock import from_unix

# How long a rule that repeats, and is kept still by its hours, is not looked at.
_HOURS_REST_SECONDS = 60


@dataclass(slots=True)
class Passed:
    """The matches that become alerts (in stream order by rule), the gates after them, and who may rest until when.

    `known` are rules some of whose matches were alerts before.
    """

    matches: list[Match] = field(default_factory=list)
    gates: dict[UUID, Gate] = field(default_factory=dict)
    rests: dict[UUID, float] = field(default_factory=dict)
    known: set[UUID] = field(default_factory=set)


async def through_gates(
    session: AsyncSession,
    facts: Sequence[Fact],
    matches: Sequence[Match],
    rules: dict[UUID, FiringRule],
    orphaned: set[str],
) -> Passed:
    """Decide which matches become alerts; gated rules are held until the end of the transaction."""
    by_rule: dict[UUID, list[Match]] = defaultdict(list)
    passed = Passed()
    for match in matches:
        rule = rules.get(match.rule_id)
        if rule is None:
            continue
        kept_still = until_when(rule, facts[match.place].event)
        if kept_still is not None:
            if rule.trigger == "level":
                passed.rests[rule.id] = kept_still
        elif rule.is_gated:
            by_rule[match.rule_id].append(match)
        elif rule.enabled:
            passed.matches.append(match)
    if by_rule:
        await _through_locked(session, facts, by_rule, rules, orphaned, passed)
    return passed


def until_when(rule: FiringRule, event: Event) -> float | None:
    """Return until which block time the rule is kept still at this event; None when it may fire."""
    taken_at = event.taken_at
    if rule.expires_at is not None and taken_at >= rule.expires_at.timestamp():
        return inf
    if rule.snoozed_until is not None and taken_at < rule.snoozed_until.timestamp():
        return rule.snoozed_until.timestamp()
    if rule.active_hours is not None and not hours_of(rule.active_hours).covers(taken_at):
        return taken_at + _HOURS_REST_SECONDS
    return None


async def _through_locked(
    session: AsyncSession,
    facts: Sequence[Fact],
    by_rule: Mapping[UUID, list[Match]],
    rules: dict[UUID, FiringRule],
    orphaned: set[str],
    passed: Passed,
) -> None:
    gated_ids = sorted(by_rule)
    for mine in by_rule.values():
        mine.sort(key=lambda match: match.place)
    events = [(rule_id, facts[match.place].event) for rule_id in gated_ids for match in by_rule[rule_id]]
    pairs = (
        [rule_id for rule_id, _ in events],
        [event.id for _, event in events],
        [from_unix(event.taken_at) for _, event in events],
    )
    locked = await repository.lock_gates(session, gated_ids, pairs)
    rules |= locked.rules
    passed.known = {rule_id for rule_id, _ in locked.known}
    back = await _went_back(session, events, rules, locked.last_triggered_at)
    for rule_id in gated_ids:
        mine, rule = by_rule[rule_id], rules[rule_id]
        candidates = [_candidate(facts[match.place].event, orphaned, rule_id, back) for match in mine]
        known_here = {event_id for known_rule, event_id in locked.known if known_rule == rule_id}
        fired, gate = decide(_gate(rule, locked.last_triggered_at[rule_id]), candidates, known_here)
        passed.gates[rule_id] = gate
        passed.matches += [mine[place] for place in fired]
        if rule.trigger == "level":
            last = gate.last_triggered_at
            passed.rests[rule_id] = inf if not gate.enabled else -inf if last is None else last + gate.cooldown_seconds


async def _went_back(
    session: AsyncSession,
    events: Sequence[tuple[UUID, Event]],
    rules: Mapping[UUID, FiringRule],
    last_triggered_at: Mapping[UUID, float | None],
) -> dict[tuple[UUID, str], float | None]:
    """Return, for events of rules with hysteresis, when a reading before had gone back far enough since they fired.

    Of a rule that never fired, since the first of these events: it fires with that, and may with a later one again.
    """
    asked: list[WentBack] = []
    keys: list[tuple[UUID, str]] = []
    first: dict[UUID, float] = {}
    for rule_id, event in events:
        rule, last = rules[rule_id], last_triggered_at[rule_id]
        if rule.hysteresis_pct is None or rule.conditions is None:
            continue
        if last is None:
            last = first.setdefault(rule_id, event.taken_at)
        kind = kind_named(rule.type)
        reading = kind.reading_of(kind.of_stored(rule.conditions))
        if reading is None:
            continue
        down, value = rearm_level(reading.test, reading.threshold, rule.hysteresis_pct)
        asked.append(
            WentBack(
                reading.metric,
                reading.chain_id,
                reading.subject,
                down,
                value,
                from_unix(last),
                from_unix(event.taken_at),
            )
        )
        keys.append((rule_id, event.id))
    return dict(zip(keys, await went_back(session, asked), strict=True)) if asked else {}


def _gate(rule: FiringRule, last_triggered_at: float | None) -> Gate:
    return Gate(
        rule.frequency == "once",
        rule.cooldown_seconds,
        rule.enabled,
        last_triggered_at,
        rule.hysteresis_pct is not None,
    )


def _candidate(
    event: Event, orphaned: set[str], rule_id: UUID, back: Mapping[tuple[UUID, str], float | None]
) -> Candidate:
    return Candidate(event.id, event.taken_at, event.block_hash in orphaned, back.get((rule_id, event.id)))
