"""What could be done: methods side by side, lots under water, days until long term, a sale only thought of. Pure.

Nothing here advises: it computes the same rules on other input.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from backend.tax.engine.books import ChosenLotError
from backend.tax.engine.calculate import Calculation, Settings, calculate
from backend.tax.engine.events import Kind, TaxEvent
from backend.tax.engine.incremental import Incremental
from backend.tax.engine.jurisdictions.base import Jurisdiction, Term, YearResult
from backend.tax.engine.methods import LOT_METHODS, Method
from backend.tax.engine.money import EXACT
from backend.tax.engine.registry import jurisdiction
from backend.tax.engine.results import Disposal, Held, Lot, Part

NOT_HELD = "Lots that you chose are gone by then under this method."
_LONGEST = 370  # days until every "more than a year" has begun


@dataclass(frozen=True, slots=True)
class Price:
    """What one whole token is worth in the reporting currency, and how many decimals it has."""

    value: Decimal
    decimals: int


@dataclass(frozen=True, slots=True)
class Position:
    """Units of a lot (or pool) that are left, at a price.

    `worth` and `gain` are None without a price or a cost. `long_from` is the first day on which the place counts the
    units as held for long, None where it makes no such difference; `days_to_long` is 0 when that day has come.
    """

    held: Held
    worth: Decimal | None
    gain: Decimal | None
    long_from: date | None
    days_to_long: int | None


@dataclass(frozen=True, slots=True)
class Harvest:
    """A loss that a sale of these units would make, and when buying the same would spoil it.

    `blocked_by` are purchases within the window before, by event; buying again is free of the rule from `free_from`.
    """

    position: Position
    loss: Decimal
    rule: str
    blocked_by: tuple[str, ...]
    free_from: date | None


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What a year comes to under a method; without a `result`, why: refused, or (`is_allowed`) it would say no more."""

    method: Method
    result: YearResult | None = None
    reason: str = ""
    is_allowed: bool = True


def compare_methods(
    events: Sequence[TaxEvent], settings: Settings, year: int, *, from_year: bool = False
) -> list[MethodResult]:
    """Return what a year comes to under every method, the place's usual one first; losses of earlier years are carried.

    Each method holds for all of the history, or only from that year on (`from_year`, for methods that keep lots:
    earlier years stay as they are filed). Methods that the place refuses come last, with its reason. Specific
    identification is the same as first in first out where no lots are chosen, and cannot be reckoned where chosen lots
    are gone by then under it. Raises what `calculate` raises otherwise.
    """
    rules = jurisdiction(settings.jurisdiction)
    is_chosen = any(event.choices for event in events)
    found = []
    for method in rules.methods:
        if method is Method.SPECIFIC and not is_chosen:
            reason = "No lots are chosen: it is the same as first in, first out."
            found.append(MethodResult(method, reason=reason))
            continue
        chosen = replace(settings, methods=_methods(settings, year, method, from_year=from_year))
        used = _fitting(events, chosen) if is_chosen else events
        try:
            done = calculate(used, chosen)
        except ChosenLotError:
            found.append(MethodResult(method, reason=NOT_HELD))
            continue
        found.append(MethodResult(method, last_year(done, used, year)))
    return found + [
        MethodResult(each, None, _refusal(rules, each), False) for each in Method if each not in rules.methods
    ]


def _fitting(events: Sequence[TaxEvent], settings: Settings) -> list[TaxEvent]:
    """Return events whose lots are chosen only in years of specific identification."""
    rules = jurisdiction(settings.jurisdiction)
    zone = ZoneInfo(settings.timezone or rules.timezone)

    def is_specific(event: TaxEvent) -> bool:
        year = rules.year_of(event.at.astimezone(zone).date())
        since = max((each for each in settings.methods if each <= year), default=min(settings.methods))
        return settings.methods[since] is Method.SPECIFIC

    return [replace(event, choices=()) if event.choices and not is_specific(event) else event for event in events]


def _methods(settings: Settings, year: int, method: Method, *, from_year: bool) -> dict[int, Method]:
    if not from_year or method not in LOT_METHODS:
        return {date.min.year: method}
    before = {since: each for since, each in settings.methods.items() if since < year}
    if not before:
        usual = jurisdiction(settings.jurisdiction).methods[0]
        first = min(settings.methods.items(), default=(year, usual))[1]
        before = {date.min.year: first}
    return before | {year: method}


def last_year(done: Calculation, events: Iterable[TaxEvent], year: int) -> YearResult:
    """Return what a year comes to, with the losses carried since the first event."""
    zone = ZoneInfo(done.timezone)
    first = min((event.at for event in events), default=None)
    begin = year if first is None else min(year, done.rules.year_of(first.astimezone(zone).date()))
    return done.assess_all(begin, year)[-1]


def _refusal(rules: Jurisdiction, method: Method) -> str:
    why = rules.refusals.get(method, rules.why_not)
    return f"{why[0].upper()}{why[1:]}."


def positions(
    done: Calculation, prices: Mapping[str, Price], as_of: date, held: Sequence[Held] | None = None
) -> list[Position]:
    """Return everything that is left (or `held`) at prices, with the days until it counts as held for long."""
    long_from: dict[date, date | None] = {}
    found = []
    for each in done.outcome.held if held is None else held:
        if each.day not in long_from:
            long_from[each.day] = _long_from(done, each)
        found.append(_position(each, prices.get(each.asset), long_from[each.day], as_of))
    return found


def _position(held: Held, price: Price | None, long_from: date | None, as_of: date) -> Position:
    worth = None
    if price is not None:
        worth = EXACT.scaleb(EXACT.multiply(price.value, Decimal(held.amount_raw)), -price.decimals)
    gain = None if worth is None or held.cost is None else EXACT.subtract(worth, held.cost)
    days = None if long_from is None else max(0, (long_from - as_of).days)
    return Position(held, worth, gain, long_from, days)


def _long_from(done: Calculation, held: Held) -> date | None:
    """Ask the place's own rule day by day: it is the only one that knows its calendar."""
    part = Part(Lot(held.lot_id, held.acquired_at, held.day, held.amount_raw, 0), held.amount_raw, 0)
    for days in range(360, _LONGEST):
        day = held.day + timedelta(days=days)
        if done.rules.term(part, day) is Term.LONG:
            return day
    return None


def harvest(done: Calculation, events: Iterable[TaxEvent], found: Sequence[Position], as_of: date) -> list[Harvest]:
    """Return the positions at a loss, the largest loss first, with what would spoil it.

    The loss of a single lot can be made where the method lets the lot be chosen or puts it first; a what-if sale says
    what a sale really takes.
    """
    before, after = done.rules.buy_back_days
    bought = _bought_lately(done, events, as_of, before)
    losses = []
    for each in found:
        if each.gain is None or each.gain >= 0:
            continue
        blocked = tuple(sorted(id_ for id_ in bought.get(each.held.asset, ()) if id_ != each.held.lot_id))
        free_from = as_of + timedelta(days=after + 1) if after else None
        losses.append(Harvest(each, -each.gain, done.rules.buy_back_rule, blocked, free_from))
    return sorted(losses, key=lambda each: (-each.loss, each.position.held.asset, each.position.held.lot_id))


def _bought_lately(done: Calculation, events: Iterable[TaxEvent], as_of: date, days: int) -> dict[str, list[str]]:
    """Return the purchases of the days before, by asset."""
    bought: dict[str, list[str]] = {}
    zone, since = ZoneInfo(done.timezone), as_of - timedelta(days=days)
    for event in events:
        if days and event.kind in (Kind.BUY, Kind.SWAP) and since <= event.at.astimezone(zone).date() <= as_of:
            for leg in event.into:
                bought.setdefault(leg.asset, []).append(event.id)
    return bought


def what_if(history: Incremental, sale: TaxEvent) -> tuple[list[Disposal], Incremental]:
    """Return the disposals that an event would make if it happened, and the history with it; raises what it raises."""
    thought = history.copy()
    thought.change([sale])
    return thought.disposals_of(sale.id), thought
