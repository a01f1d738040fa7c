"""The recommendations that come of the user's own rules, watched wallets and alerts."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from backend.alerts.kinds.base import ReadingOf
from backend.alerts.kinds.registry import kind_named, kind_names
from backend.alerts.options import OPTIONS
from backend.alerts.preview.service import asked_of, evaluate
from backend.alerts.preview.sources import gather
from backend.alerts.recommendations import repository
from backend.alerts.recommendations.port import Context, Suggestion, provider
from backend.alerts.schemas import RuleRead
from backend.chain.registry import chain_name
from backend.core import formats
from backend.core.money import plain

NOISY_PER_DAY = 20
WANTED_PER_DAY = 3
MOST_TRIED = 3
MOST_EVENTS = 10_000
FAR_PCT = Decimal(25)
_PAUSES = (900, 3600, 14_400, 28_800, 86_400)
_FACTORS = ("1.25", "1.5", "2", "3", "5", "8", "13")
_LEAST_DAYS = 1.0
_GAS = "gas.base_fee_gwei"


@provider("watched tokens")
async def watched_tokens(context: Context) -> list[Suggestion]:
    """Suggest a price rule for tokens that watched wallets move and that no price rule is about."""
    watching = [rule.id for rule in context.rules if rule.type == "whale" and kind_named("whale").wallets(_typed(rule))]
    if not watching:
        return []
    priced = {
        (reading.chain_id, reading.subject)
        for rule in context.rules
        if rule.type == "price" and (reading := _reading(rule)) is not None
    }
    fresh = context.now - timedelta(hours=1)
    rows = await repository.moved_tokens(context.session, context.user.id, watching, context.since, fresh)
    return [_price_rule(row, context) for row in rows if (row["chain_id"], row["token"]) not in priced]


def _price_rule(row: Mapping[str, Any], context: Context) -> Suggestion:
    name = formats.untrusted_text(row["symbol"]) if row["symbol"] else formats.address(row["token"])
    worth = f" worth {formats.usd(row['value_usd'])}" if row["value_usd"] is not None else ""
    days = (context.now - context.since).days
    times = "once" if row["transfers"] == 1 else f"{row['transfers']:,} times"
    return Suggestion(
        key=f"price:{row['chain_id']}:{row['token']}",
        title=f"Watch the price of {name}",
        reason=f"Wallets you watch moved {name} {times} in the last {days} days{worth}, and no rule of yours is about"
        " its price.",
        rule={
            "name": f"{name} moves by 10% in a day",
            "type": "price",
            "conditions": {
                "chain": row["chain_id"], "token": row["token"], "change_pct": 10, "direction": "either",
                "window_seconds": 86_400,
            },
            "cooldownSeconds": 86_400,
        },
        numbers={"transfers": row["transfers"], "valueUsd": _text(row["value_usd"]), "days": days},
        weight=float(row["transfers"]),
    )  # fmt: skip


@provider("noisy rules")
async def noisy_rules(context: Context) -> list[Suggestion]:
    """Suggest a threshold or a pause for rules that tell more than a person reads."""
    counts = await repository.alerts_by_rule(context.session, context.user.id, context.since)
    found: list[tuple[float, RuleRead]] = []
    for rule in context.rules:
        row = counts.get(rule.id)
        if row is None or not rule.enabled:
            continue
        days = max(_LEAST_DAYS, (context.now - max(row["first"], context.since)).total_seconds() / 86_400)
        if row["alerts"] / days >= NOISY_PER_DAY:
            found.append((row["alerts"] / days, rule))
    found.sort(key=lambda pair: -pair[0])
    suggestions = [await _quieter(context, rule, per_day, counts[rule.id]) for per_day, rule in found[:MOST_TRIED]]
    return [each for each in suggestions if each is not None]


async def _quieter(context: Context, rule: RuleRead, per_day: float, row: Mapping[str, Any]) -> Suggestion | None:
    reading = _reading(rule)
    if reading is None:
        return await _larger_transfers(context, rule, per_day, row)
    kind, conditions = kind_named(rule.type), _typed(rule)
    gathered = await gather(
        context.session, None, asked_of(kind, conditions, context.user.id), context.since, context.now
    )
    events = gathered.events[-MOST_EVENTS:]
    if len(events) < 2:
        return None
    days = max((events[-1].taken_at - events[0].taken_at) / 86_400, 1 / 24)
    options = {name: getattr(rule, name) for name in OPTIONS}
    options["active_hours"] = rule.active_hours.stored() if rule.active_hours else None
    tries: list[tuple[dict[str, Any], str, Any]] = []
    if reading.window:
        for factor in _FACTORS:
            percent = (reading.threshold * Decimal(factor)).quantize(Decimal("0.01")).normalize()
            stored = _with_threshold(rule, reading, percent)
            if stored is not None and not (reading.test == "fall" and percent < -100):
                tries.append(({"conditions": stored}, f"raise the limit to {plain(abs(percent))}%", percent))
    else:
        tries = [
            ({"cooldownSeconds": pause}, f"pause for {formats.duration(pause)} after each alert", pause)
            for pause in _PAUSES
            if pause > rule.cooldown_seconds
        ]
    for change, words, value in tries:
        typed = kind.of_stored(change["conditions"]) if "conditions" in change else conditions
        tried = {**options, "cooldown_seconds": change.get("cooldownSeconds", rule.cooldown_seconds)}
        outcome = await asyncio.to_thread(evaluate, kind, typed, tried, context.user.id, events)
        then = len(outcome.fired) / days
        if then <= WANTED_PER_DAY:
            return _calmer(rule, per_day, then, change, words, plain(Decimal(value)))
    return None


async def _larger_transfers(
    context: Context, rule: RuleRead, per_day: float, row: Mapping[str, Any]
) -> Suggestion | None:
    """Suggest the value that only about three transfers a day of those told reached."""
    if rule.type != "whale":
        return None
    days = max(_LEAST_DAYS, (context.now - max(row["first"], context.since)).total_seconds() / 86_400)
    n = int(WANTED_PER_DAY * days)
    found = await repository.nth_largest_value(context.session, context.user.id, rule.id, context.since, n)
    if found is None:
        return None
    value = _round_up(Decimal(found))
    stored = [condition for condition in rule.conditions if condition["field"] != "value_usd"]
    if not 1_000 < value <= 1_000_000_000:
        return None
    change = {"conditions": [{"field": "value_usd", "operator": "gte", "value": int(value)}, *stored]}
    return _calmer(rule, per_day, n / days, change, f"tell only of {formats.usd(value)} and more", str(int(value)))


def _calmer(rule: RuleRead, per_day: float, then: float, change: dict[str, Any], words: str, value: str) -> Suggestion:
    return Suggestion(
        key=f"noisy:{rule.id}:{rule.version}:{value}",
        title=f"“{rule.name}” tells too much",
        reason=f"It told {per_day:.0f} times a day. Tried on what is stored, about {then:.1f} a day are left if you"
        f" {words}.",
        rule=change,
        numbers={"perDay": round(per_day, 1), "perDayThen": round(then, 1), "to": value},
        rule_id=rule.id,
        weight=1000 + per_day,
    )


@provider("rules out of reach")
async def rules_out_of_reach(context: Context) -> list[Suggestion]:
    """Suggest the week's extreme for rules whose threshold was never near in all that time."""
    suggestions = []
    for rule in context.rules[:100]:
        reading = _reading(rule)
        old_enough = rule.created_at <= context.since and rule.last_triggered_at is None
        if not rule.enabled or reading is None or reading.window or not old_enough:
            continue
        series = (reading.metric, reading.chain_id, reading.subject)
        span = await repository.span_of(context.session, *series, context.since)
        nearest = span["highest"] if reading.test in ("gt", "gte") else span["lowest"]
        if not span["readings"] or not nearest or not reading.threshold:
            continue
        distance = abs(Decimal(nearest) / reading.threshold - 1) * 100
        near = _three_digits(Decimal(nearest))
        stored = _with_threshold(rule, reading, near)
        if distance < FAR_PCT or stored is None:
            continue
        suggestions.append(
            Suggestion(
                key=f"far:{rule.id}:{rule.version}",
                title=f"“{rule.name}” was never near",
                reason=f"In {span['readings']:,} readings since {span['first']:%d %b} it came no nearer than"
                f" {plain(near)}, {distance:.0f}% away from {plain(reading.threshold)}. Set there, it would tell when"
                " the week's extreme is passed.",
                rule={"conditions": stored},
                numbers={
                    "nearest": plain(Decimal(nearest).normalize()),
                    "distancePct": round(float(distance), 1),
                    "readings": span["readings"],
                    "to": plain(near),
                },
                rule_id=rule.id,
                weight=100.0,
            )
        )  # fmt: skip
    return suggestions


@provider("gas of used chains")
async def gas_of_used_chains(context: Context) -> list[Suggestion]:
    """Suggest a gas rule for chains the user's alerts are about, at the fee that a tenth of the readings is below."""
    if "gas" not in kind_names():
        return []
    having = {reading.chain_id for rule in context.rules if (reading := _reading(rule)) and reading.metric == _GAS}
    suggestions = []
    for row in await repository.used_chains(context.session, context.user.id, context.since):
        if row["chain_id"] in having:
            continue
        span = await repository.span_of(context.session, _GAS, row["chain_id"], "", context.since)
        if span["readings"] < 100 or not span["tenth"] or span["tenth"] == span["highest"]:
            continue
        limit, chain = _three_digits(Decimal(span["tenth"])), chain_name(row["chain_id"])
        suggestions.append(
            Suggestion(
                key=f"gas:{row['chain_id']}",
                title=f"Know when {chain} is cheap",
                reason=f"{row['alerts']:,} of your newest alerts are about {chain}, and you have no gas rule there. A"
                f" tenth of {span['readings']:,} readings since {span['first']:%d %b} was at or below {plain(limit)}"
                f" gwei (highest {plain(_three_digits(Decimal(span['highest'])))}).",
                rule={
                    "name": f"{chain} is cheap",
                    "type": "gas",
                    "conditions": {"chain": row["chain_id"], "base_fee_gwei": {"lt": plain(limit)}},
                    "cooldownSeconds": 14_400,
                },
                numbers={"alerts": row["alerts"], "readings": span["readings"], "gwei": plain(limit)},
                weight=10.0,
            )
        )
    return suggestions


def _typed(rule: RuleRead) -> Any:
    return kind_named(rule.type).of_stored(rule.conditions)


def _reading(rule: RuleRead) -> ReadingOf | None:
    return kind_named(rule.type).reading_of(_typed(rule))


def _with_threshold(rule: RuleRead, reading: ReadingOf, threshold: Decimal) -> list[dict[str, Any]] | None:
    """Return the rule's conditions with another threshold; None when it is not one plain number of them."""
    places = [
        place
        for place, condition in enumerate(rule.conditions)
        if condition["operator"] in ("gt", "gte", "lt", "lte")
        and isinstance(condition["value"], int | float)
        and abs(Decimal(str(condition["value"]))) == abs(reading.threshold)
    ]
    if len(places) != 1:
        return None
    value = threshold.copy_sign(Decimal(str(rule.conditions[places[0]]["value"])))
    changed = {**rule.conditions[places[0]], "value": float(value) if value % 1 else int(value)}
    return [changed if place == places[0] else condition for place, condition in enumerate(rule.conditions)]


def _three_digits(value: Decimal) -> Decimal:
    return Decimal(f"{value:.3g}").normalize()


def _round_up(value: Decimal) -> Decimal:
    """Return the value with two digits, rounded up."""
    step = Decimal(10) ** (value.adjusted() - 1)
    return (value // step + 1) * step


def _text(value: Any) -> str | None:
    return None if value is None else plain(Decimal(value).normalize())
