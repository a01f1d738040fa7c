"""A year in cents: every line rounded so that sums do not drift, and the year assessed from just these lines. Pure.

The rule. Proceeds, cost and disallowed loss of the lines of a group (short term, long term; all, where a place knows no
terms) are rounded *with the remainder carried on*: a line gets what is rounded of the sum up to it, less what was
rounded of the sum before it. So no line is off by a cent, and a group's total is its exact total rounded, however many
lines there are (rounding each line by itself drifts: BittyTax is off by pence). Losses that do not count at all are a
group of their own, and their lines come to nothing. A line's gain is its rounded proceeds less its rounded cost and
with its rounded adjustment, as a form computes it, and every total on every file is a sum of these lines. The year's
figures are the place's own rules (`assess`) on the rounded lines: they cannot differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from backend.tax.engine.calculate import Calculation
from backend.tax.engine.jurisdictions.base import Term, YearResult
from backend.tax.engine.money import scaled
from backend.tax.engine.results import Disposal, Income, Outcome, Part

CENT_E18, WHOLE_E18 = 10**16, 10**18
_NO_CENTS = frozenset({"JPY"})


class Carried:
    """Rounds amounts of one group, one after the other, with the remainder carried on."""

    __slots__ = ("_before", "_sum", "_unit")

    def __init__(self, unit_e18: int) -> None:
        self._unit, self._sum, self._before = unit_e18, 0, 0

    def round(self, amount_e18: int) -> int:
        """Return an amount as a multiple of the unit, in units of 10^-18."""
        self._sum += amount_e18
        reached = nearest(self._sum, self._unit)
        given, self._before = reached - self._before, reached
        return given


def nearest(amount_e18: int, unit_e18: int) -> int:
    """Return the multiple of the unit that is nearest; half is rounded away from zero, as tax offices do."""
    sign = -1 if amount_e18 < 0 else 1
    return sign * ((2 * abs(amount_e18) + unit_e18) // (2 * unit_e18)) * unit_e18


def unit_of(currency: str, whole_units: bool) -> int:
    """Return what is rounded to: cents, or whole units where asked for and where the currency has no cents."""
    return WHOLE_E18 if whole_units or currency in _NO_CENTS else CENT_E18


@dataclass(frozen=True, slots=True)
class RoundedYear:
    """A year from its rounded lines. `disposals` stand beside the exact ones they are of, in the same order.

    `result` are the figures that every page and file shows; `exact` are the engine's, not rounded at all.
    """

    year: int
    unit_e18: int
    disposals: tuple[Disposal, ...]
    exact_disposals: tuple[Disposal, ...]
    incomes: tuple[Income, ...]
    carried_in: Mapping[str, Decimal]
    result: YearResult
    exact: YearResult


def rounded_year(done: Calculation, year: int, *, whole_units: bool = False) -> RoundedYear:
    """Return a year of a calculation in cents (or whole units), with losses that earlier years carried into it."""
    exact, brought = _assessed(done, year)
    unit = unit_of(done.rules.currency, whole_units)
    first, last = done.rules.year_days(year)
    disposals = [each for each in done.outcome.disposals if first <= each.day <= last]
    incomes = [each for each in done.outcome.incomes if first <= each.day <= last]
    rounded = _round_all(done, disposals, unit)
    earned = _round_incomes(incomes, unit)
    carried = {name: money_e18(nearest(scaled(amount), unit)) for name, amount in brought.items()}
    result = done.rules.assess(Outcome(disposals=rounded, incomes=earned), year, carried)
    return RoundedYear(
        year, unit, tuple(rounded), tuple(disposals), tuple(earned), carried, replace(result, notes=exact.notes), exact
    )


def money_e18(amount_e18: int) -> Decimal:
    """Return units of 10^-18 as money with two places, exact."""
    return Decimal(amount_e18 // CENT_E18) / 100 if amount_e18 % CENT_E18 == 0 else Decimal(amount_e18) / WHOLE_E18


def _assessed(done: Calculation, year: int) -> tuple[YearResult, Mapping[str, Decimal]]:
    """Return the exact result of a year and what was carried into it."""
    days = [each.day for each in done.outcome.disposals] + [each.day for each in done.outcome.incomes]
    first = min((done.rules.year_of(day) for day in days), default=year)
    if first >= year:
        return done.assess(year), {}
    earlier = done.assess_all(first, year - 1)[-1].carried
    return done.assess(year, earlier), earlier


def _round_all(done: Calculation, disposals: list[Disposal], unit: int) -> list[Disposal]:
    groups: dict[tuple[Term | None, bool, bool], tuple[Carried, Carried, Carried]] = {}
    found = []
    for disposal in disposals:
        parts = []
        for part in disposal.parts:
            if part.cost_e18 is None or part.proceeds_e18 is None:
                parts.append(_round_alone(part, unit))
                continue
            is_denied = bool(part.disallowed_e18) and part.allowed_e18 == 0
            group = (done.rules.term(part, disposal.day), disposal.is_taxable, is_denied)
            carried = groups.get(group)
            if carried is None:
                carried = groups[group] = (Carried(unit), Carried(unit), Carried(unit))
            parts.append(_round_part(part, *carried, is_denied))
        found.append(_with_parts(disposal, parts, unit))
    return found


def _round_part(part: Part, proceeds: Carried, cost: Carried, denied: Carried, is_denied: bool) -> Part:
    assert part.cost_e18 is not None and part.proceeds_e18 is not None
    received, paid = proceeds.round(part.proceeds_e18), cost.round(part.cost_e18)
    disallowed = paid - received if is_denied else denied.round(part.disallowed_e18)
    return Part(part.lot, part.amount_raw, paid, received, part.rule, disallowed)


def _round_alone(part: Part, unit: int) -> Part:
    """Round a part of which something is unknown: it is in no sum."""
    cost = None if part.cost_e18 is None else nearest(part.cost_e18, unit)
    proceeds = None if part.proceeds_e18 is None else nearest(part.proceeds_e18, unit)
    return Part(part.lot, part.amount_raw, cost, proceeds, part.rule, nearest(part.disallowed_e18, unit))


def _with_parts(disposal: Disposal, parts: list[Part], unit: int) -> Disposal:
    known = [part.proceeds_e18 for part in parts if part.proceeds_e18 is not None]
    proceeds = sum(known) if len(known) == len(parts) else None
    spent = None if disposal.spent_e18 is None else nearest(disposal.spent_e18, unit)
    return Disposal(
        disposal.event_ids, disposal.kind, disposal.asset, disposal.wallet, disposal.at, disposal.day,
        disposal.amount_raw, proceeds, parts, disposal.is_taxable, spent,
    )  # fmt: skip


def _round_incomes(incomes: list[Income], unit: int) -> list[Income]:
    carried = Carried(unit)
    return [
        Income(
            each.event_id, each.kind, each.asset, each.wallet, each.at, each.day, each.amount_raw,
            None if each.value_e18 is None else carried.round(each.value_e18),
        )
        for each in incomes
    ]  # fmt: skip
