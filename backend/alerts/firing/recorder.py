"""Stores what matched: history, outbox and gates in one transaction, each (rule, event) once whatever is repeated."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.automation.planning import TRIGGERED_BY_RULE, Fired, plan_runs, triggered_message
from backend.alerts.engine.quota import held_by, periods_of
from backend.alerts.firing import repository
from backend.alerts.firing.chaining import publish_fired
from backend.alerts.firing.facts import Fact, Match
from backend.alerts.firing.gating import through_gates
from backend.alerts.firing.held_back import tell_of_full_periods
from backend.alerts.firing.quota_book import Key, Turn
from backend.alerts.firing.quotas import FullPeriod, settle
from backend.alerts.firing.quotas import messages as limit_messages
from backend.alerts.firing.repository import AlertColumns, EventColumns, FiringRule
from backend.alerts.kinds.base import Kind
from backend.alerts.kinds.registry import kind_named
from backend.alerts.schemas import AlertRead
from backend.chain.events import Event, Occurrence
from backend.core.clock import from_unix, utc_now
from backend.core.formats import iso
from backend.notifications.service import AlertNews, enqueue, enqueue_alerts, enqueue_withdrawals

TRIGGERED, WITHDRAWN = "alert.triggered", "alert.withdrawn"
ORPHANED_REASON = "A chain reorganisation dropped the block of this event."


@dataclass(slots=True)
class Aside:
    """What storing asks of the rule book, and has to say to it: which rules others wait for; who rests until when.

    `known` are the users some of whose alerts were stored before: whoever stored them may not have lived to tell.
    """

    is_awaited: Callable[[UUID], bool]
    rests: dict[UUID, float] = field(default_factory=dict)
    known: set[UUID] = field(default_factory=set)


class Told(NamedTuple):
    """News for a user: `kind` is alert or withdrawn, `data` then an AlertRead as JSON has it; limit_reached; reload.

    `news_at` is when it was recorded, or withdrawn; `triggered_at` the time of its block.
    """

    kind: str
    user_id: UUID
    rule_id: UUID
    alert_id: UUID
    triggered_at: datetime
    news_at: datetime
    data: dict[str, Any]


async def record(
    session: AsyncSession,
    chain_id: int,
    facts: Sequence[Fact],
    matches: Sequence[Match],
    turn: Turn,
    aside: Aside,
) -> list[Told]:
    """Store the alerts that matches make and return what is new. `facts` are distinct events in stream order.

    What is above the plan's alerts an hour or a day is stored like any other and moves the gates; nobody is told.
    """
    rule_ids = list({match.rule_id for match in matches})
    firing = [facts[place].event for place in {match.place for match in matches}]
    hashes = {event.block_hash for event in firing}
    periods = {period for event in firing for period in periods_of(event.taken_at)}
    rules, orphaned = await repository.begin_storing(session, chain_id, rule_ids, list(hashes))
    wanted = Counter(rules[match.rule_id].user_id for match in matches if match.rule_id in rules)
    tiers = {rule.user_id: rule.tier for rule in rules.values()}
    usage = await turn.usage(session, wanted, tiers, periods)
    passed = await through_gates(session, facts, matches, rules, orphaned)
    kept, gates = passed.matches, passed.gates
    aside.rests |= passed.rests
    aside.known |= {rules[rule_id].user_id for rule_id in passed.known}
    if not kept:
        return []
    all_fit = all(each.room >= wanted[user_id] for (user_id, _), each in usage.items())
    keys = [] if all_fit else _quota_keys(facts, kept, rules, orphaned)
    alerts, events = _columns(facts, kept, rules, orphaned)
    alerts.suppressed = [key is not None for key in held_by(keys, usage)] if keys else [False] * len(kept)
    stored = await repository.insert_alerts(session, chain_id, alerts, events, ORPHANED_REASON)
    if len(stored) < len(kept):
        new = {(row.alert_rule_id, row.event_id) for row in stored}
        aside.known |= {
            rules[match.rule_id].user_id for match in kept if (match.rule_id, facts[match.place].event.id) not in new
        }
    counting = [row for row in stored if row.withdrawn_at is None]
    if not counting:
        return []
    muted, full = set[UUID](), list[FullPeriod]()
    if any(alerts.suppressed):
        new = _in_stream_order(counting, facts, kept)
        muted, full = await settle(session, [(row, keys[n], alerts.suppressed[n]) for n, row in new], usage)
    told = _told([row for row in counting if row.id not in muted], facts, kept, rules, _texts(alerts, events))
    await _pass_on(session, told, rules)
    await enqueue(session, limit_messages(full, rules))
    await publish_fired(session, told, aside.is_awaited)
    if full:
        await tell_of_full_periods(session, full)
    fired = {row.alert_rule_id for row in counting}
    if used_up := sorted(rule_id for rule_id in fired if rule_id in gates and not gates[rule_id].enabled):
        await repository.pause_rules(session, used_up)
    return told + [_limit_reached(each) for each in full]


def reloads(users: set[UUID], at: datetime) -> list[Told]:
    """Return the news for these users that they may have missed some."""
    return [Told("reload", user_id, UUID(int=0), UUID(int=0), at, at, {}) for user_id in sorted(users)]


async def withdraw(session: AsyncSession, chain_id: int, block_hash: str) -> list[Told]:
    """Withdraw every alert of an orphaned block, arm its once rules again, and tell whoever was told."""
    await repository.lock_chain(session, chain_id)
    rows = await repository.withdraw_alerts(session, chain_id, block_hash, ORPHANED_REASON)
    if not rows:
        return reloads(await repository.withdrawn_for(session, chain_id, block_hash), utc_now())
    told = [_withdrawn(row) for row in rows if not row["suppressed"]]
    versions: dict[UUID, int] = {}
    for row in rows:
        versions[row["rule_id"]] = max(row["rule_version"], versions.get(row["rule_id"], 0))
    await repository.rearm_rules(session, versions)
    await enqueue_withdrawals(session, [_news(each, WITHDRAWN) for each in told])
    return told


async def _pass_on(session: AsyncSession, told: Sequence[Told], rules: dict[UUID, FiringRule]) -> None:
    """Write what follows of alerts: messages, or the run of a rule that does more than tell."""
    plain = [each for each in told if not rules[each.rule_id].automated]
    await enqueue_alerts(session, [_news(each, TRIGGERED, rules[each.rule_id].actions or ()) for each in plain])
    if len(plain) == len(told):
        return
    fired = [each for each in told if rules[each.rule_id].automated]
    await plan_runs(
        session,
        [Fired(each.alert_id, each.rule_id, each.triggered_at, each.news_at, each.data["event"]) for each in fired],
    )


def _quota_keys(
    facts: Sequence[Fact], kept: list[Match], rules: dict[UUID, FiringRule], orphaned: set[str]
) -> list[tuple[Key, ...]]:
    """Return whose day and hour each alert counts in, `kept` being put in stream order.

    An alert of a block that is orphaned already tells nobody, and counts nowhere.
    """
    kept.sort(key=lambda match: match.place)
    events = [facts[match.place].event for match in kept]
    return [
        ()
        if event.block_hash in orphaned
        else tuple((rules[match.rule_id].user_id, period) for period in periods_of(event.taken_at))
        for match, event in zip(kept, events, strict=True)
    ]


def _in_stream_order(
    stored: Sequence[repository.StoredAlert], facts: Sequence[Fact], kept: Sequence[Match]
) -> list[tuple[int, repository.StoredAlert]]:
    by_pair = {(row.alert_rule_id, row.event_id): row for row in stored}
    found = [by_pair.get((match.rule_id, facts[match.place].event.id)) for match in kept]
    return [(place, row) for place, row in enumerate(found) if row is not None]


def _columns(
    facts: Sequence[Fact], kept: Sequence[Match], rules: dict[UUID, FiringRule], orphaned: set[str]
) -> tuple[AlertColumns, EventColumns]:
    alerts, events = AlertColumns(), EventColumns()
    conditions: dict[UUID, Any] = {}
    places: dict[int, int] = {}
    for match in kept:
        place, rule = match.place, rules[match.rule_id]
        fact = facts[place]
        if place not in places:
            places[place] = len(places) + 1
            _add_event(events, fact, fact.event.block_hash in orphaned)
        message = None
        if rule.conditions is not None:
            kind = kind_named(rule.type)
            typed = conditions.get(rule.id) or conditions.setdefault(rule.id, kind.of_stored(rule.conditions))
            message = _says(kind, typed, fact.event)
        elif events.messages[places[place] - 1] is None:
            events.messages[places[place] - 1] = _says(kind_named(rule.type), None, fact.event)
        alerts.places.append(places[place])
        alerts.rule_ids.append(rule.id)
        alerts.user_ids.append(rule.user_id)
        alerts.versions.append(match.version)
        alerts.types.append(rule.type)
        alerts.own_messages.append(message)
    return alerts, events


def _says(kind: Kind, conditions: Any, event: Event) -> str:
    """Return what an alert says; one that another rule triggered says so, whatever its kind."""
    if isinstance(event, Occurrence) and event.topic == TRIGGERED_BY_RULE:
        return triggered_message(event)
    return kind.message(conditions, event)


def _texts(alerts: AlertColumns, events: EventColumns) -> list[str]:
    """Return what each alert says."""
    shared = events.messages
    return [own or shared[place - 1] or "" for place, own in zip(alerts.places, alerts.own_messages, strict=True)]


def _add_event(events: EventColumns, fact: Fact, is_orphaned: bool) -> None:
    """Add an event that fires rules."""
    event = fact.event
    events.event_ids.append(event.id)
    events.messages.append(None)
    events.times.append(from_unix(event.taken_at))
    events.numbers.append(event.block_number)
    events.hashes.append(event.block_hash)
    events.txs.append(getattr(event, "tx_hash", None))
    events.tokens.append(getattr(event, "token", None))
    events.data.append(_storable_json(fact.fields))
    events.orphaned.append(is_orphaned)


def _storable_json(fields: dict[str, Any]) -> str:
    """Return fields as JSON; NUL characters, which PostgreSQL cannot hold, are taken out of texts."""
    data = orjson.dumps(fields).decode()
    if "\\u0000" in data:
        without = {name: value.replace("\0", "") if isinstance(value, str) else value for name, value in fields.items()}
        data = orjson.dumps(without).decode()
    return data


def _told(
    stored: Sequence[repository.StoredAlert],
    facts: Sequence[Fact],
    kept: Sequence[Match],
    rules: dict[UUID, FiringRule],
    messages: Sequence[str],
) -> list[Told]:
    """Return the stored alerts (all of them count) as their users read them, in stream order."""
    by_pair = {(row.alert_rule_id, row.event_id): row for row in stored}
    told: list[tuple[int, Told]] = []
    shared: dict[int, tuple[datetime, dict[str, Any]]] = {}
    written: dict[datetime, str | None] = {}  # mostly one moment: that of the transaction
    for match, message in zip(kept, messages, strict=True):
        place, rule = match.place, rules[match.rule_id]
        row = by_pair.get((rule.id, facts[place].event.id))
        if row is None:
            continue
        if place not in shared:
            shared[place] = _shared_data(facts[place])
        triggered_at, common = shared[place]
        data = {
            "id": str(row.id),
            "alertId": str(row.id),
            "ruleId": str(rule.id),
            "ruleName": rule.name,
            "ruleVersion": match.version,
            "type": rule.type,
            "message": message,
            "recordedAt": written.get(row.recorded_at) or written.setdefault(row.recorded_at, iso(row.recorded_at)),
            **common,
        }
        told.append((place, Told("alert", rule.user_id, rule.id, row.id, triggered_at, row.recorded_at, data)))
    return [each for _, each in sorted(told, key=lambda pair: pair[0])]


def _shared_data(fact: Fact) -> tuple[datetime, dict[str, Any]]:
    """Return an event's block time, and what all its alerts have in common as JSON (see AlertRead)."""
    event, triggered_at = fact.event, from_unix(fact.event.taken_at)
    return triggered_at, {
        "chainId": event.chain_id,
        "blockNumber": event.block_number,
        "blockHash": event.block_hash,
        "txHash": getattr(event, "tx_hash", None),
        "token": getattr(event, "token", None),
        "eventId": event.id,
        "event": fact.fields,
        "triggeredAt": iso(triggered_at),
        "timestamp": iso(triggered_at),
        "withdrawnAt": None,
        "withdrawnReason": None,
        "suppressed": False,
    }


def _withdrawn(row: dict[str, Any]) -> Told:
    alert = AlertRead.model_validate(row)
    data = alert.model_dump(mode="json", by_alias=True)
    news_at = alert.withdrawn_at or alert.recorded_at
    return Told("withdrawn", row["user_id"], alert.rule_id, alert.id, alert.triggered_at, news_at, data)


def _limit_reached(full: FullPeriod) -> Told:
    begins = from_unix(full.period.begins)
    return Told("limit_reached", full.user_id, full.rule_ids[0], full.id, begins, begins, full.data)


def _news(told: Told, event_type: str, actions: Sequence[dict[str, Any]] = ()) -> AlertNews:
    wanted = ("alertId", "ruleId", "ruleName", "message", "chainId", "txHash", "event")
    return AlertNews(
        user_id=told.user_id,
        alert_id=told.alert_id,
        rule_id=told.rule_id,
        rule_name=told.data["ruleName"],
        kind=told.data["type"],
        message=told.data["message"],
        actions=actions,
        payload={name: told.data[name] for name in wanted},
        triggered_at=told.triggered_at,
        news_at=told.news_at,
        event_type=event_type,
    )
