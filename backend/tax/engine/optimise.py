"""What could be done: methods side by side, lots under water, days until long term, a sale only thought of. Pure.

Nothing here advises: it computes the same rules on other input.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from backend.tax.engine.calculate import Calculation, Settings, calculate
from backend.tax.engine.events import Kind, TaxEvent
from backend.tax.engine.jurisdictions.base import Term, YearResult
from backend.tax.engine.methods import Method
from backend.tax.engine.money import EXACT
from backend.tax.engine.registry import jurisdiction
from backend.tax.engine.results import Disposal, Held, Lot, Part

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


def compare_methods(events: Sequence[TaxEvent], settings: Settings, year: int) -> dict[Method, YearResult]:
    """Return what a year comes to under every method that the place allows, for all of the history, no losses carried.

    Specific identification is the same as first in first out where no lots are chosen, and left out.
    """
    rules = jurisdiction(settings.jurisdiction)
    plain = [replace(event, choices=()) if event.choices else event for event in events]
    results = {}
    for method in rules.methods:
        if method is Method.SPECIFIC:
            continue
        chosen = replace(settings, methods={date.min.year: method})
        results[method] = calculate(plain, chosen).assess(year)
    return results


def positions(done: Calculation, prices: Mapping[str, Price], as_of: date) -> list[Position]:
    """Return everything that is left, at the prices given, with the days until it counts as held for long."""
    return [_position(done, each, prices.get(each.asset), as_of) for each in done.outcome.held]


def _position(done: Calculation, held: Held, price: Price | None, as_of: date) -> Position:
    worth = None
    if price is not None:
        worth = EXACT.scaleb(EXACT.multiply(price.value, Decimal(held.amount_raw)), -price.decimals)
    gain = None if worth is None or held.cost is None else EXACT.subtract(worth, held.cost)
    long_from = _long_from(done, held)
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


def what_if(events: Sequence[TaxEvent], settings: Settings, sale: TaxEvent) -> list[Disposal]:
    """Return the disposals that an event would make if it happened, under all rules; raises what `calculate` does."""
    done = calculate([*events, sale], settings)
    return [each for each in done.outcome.disposals if sale.id in each.event_ids]
