"""A calculation that a change of a few events does not begin again: the same figures, in a fraction of the time. Pure.

Assets that wraps join are one group; what happens to a group's units depends on no other group. A change matches the
groups of its assets again and sums their years; a year is the sum over the groups. Order, checks and entries of other
events are kept. Whatever the changes were, the result is that of `calculate` (tests compare them).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain

from backend.core.garbage import no_search_for_cycles
from backend.tax.engine.calculate import (
    Calculation,
    Settings,
    assess_years,
    check,
    lot_rules,
    match,
    methods_of,
    rules_of,
)
from backend.tax.engine.entries import Entry, Op, Translated
from backend.tax.engine.events import InvalidEventError, TaxEvent, check_all
from backend.tax.engine.jurisdictions.base import YearGains, YearResult
from backend.tax.engine.methods import LOT_METHODS, Method
from backend.tax.engine.order import in_order
from backend.tax.engine.results import Disposal, Held, Income, Outcome

_WRAP = Op.WRAP  # looked up once: an enumeration's members are slow to reach
_BY_DAY = frozenset({Method.SECTION_104, Method.SECTION_104_COMPANY})


@dataclass(frozen=True, slots=True)
class _Known:
    """An event, and what it comes to. `assets` are all that it touches."""

    event: TaxEvent
    entries: Sequence[Entry]
    incomes: Sequence[Income]
    assets: frozenset[str]
    has_wrap: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Assets that wraps join, and what comes of all that touches them."""

    assets: frozenset[str]
    outcome: Outcome
    years: Mapping[int, YearGains]


class Incremental:
    """A history under a place's rules, that may be changed. A change that raises leaves all as it was."""

    def __init__(self, events: Iterable[TaxEvent], settings: Settings) -> None:
        """Calculate all of a history. Raises what `calculate` raises."""
        self.settings = settings
        self.rules = rules_of(settings)
        check(self.rules, settings)
        self._method = methods_of(self.rules, settings)[0][1]
        self._lots = lot_rules(self.rules, settings) if self._method in LOT_METHODS else None
        self._timezone = settings.timezone or self.rules.timezone
        self._ordered: Sequence[_Known] = []
        self._known: Mapping[str, _Known] = {}
        self._groups: Mapping[str, _Group] = {}  # by asset
        self._until = date.min
        self.change(events)

    def copy(self) -> "Incremental":
        """Return the same history, whose changes do not touch this one. It costs nothing: a change replaces parts."""
        other = object.__new__(Incremental)
        other.__dict__.update(self.__dict__)
        return other

    def change(self, put: Iterable[TaxEvent] = (), remove: Iterable[str] = ()) -> None:
        """Put events in (one of a known id takes the place of that), and take events out by id.

        Raises InvalidEventError for an event that cannot be, KeyError for an unknown id to remove, and what `calculate`
        raises for the history that would be.
        """
        put, gone = list(put), set(remove)
        with no_search_for_cycles():
            check_all(put)
            replaced = {event.id for event in put if event.id in self._known}
            if gone & {event.id for event in put}:
                raise InvalidEventError("an event cannot be put in and removed at once")
            before = [self._known[id_] for id_ in sorted(gone | replaced)]
            fresh = self._translated(put)
            ordered = _reordered(self._ordered, before, fresh)
            known = {**self._known}
            for each in before:
                del known[each.event.id]
            known.update((each.event.id, each) for each in fresh)
            until = next((each.entries[-1].day for each in reversed(ordered) if each.entries), date.min)
            assets = self._touched(chain(before, fresh), until)
            groups = {asset: group for asset, group in self._groups.items() if asset not in assets}
            for group in self._matched(assets, ordered, until):
                groups.update(dict.fromkeys(group.assets, group))
        self._ordered, self._known, self._groups, self._until = ordered, known, groups, until

    def assess_all(self, first_year: int, last_year: int) -> list[YearResult]:
        """Return what each of some years comes to, losses carried from one to the next."""
        totals: dict[int, YearGains] = {}
        for group in self._each_group():
            for year, gains in group.years.items():
                totals.setdefault(year, YearGains()).add(gains)
        return assess_years(self.rules, totals, first_year, last_year)

    def disposals_of(self, event_id: str) -> list[Disposal]:
        """Return the disposals that an event is a part of. Raises KeyError."""
        groups = {id(self._groups[asset]): self._groups[asset] for asset in self._known[event_id].assets}
        found = [each for group in groups.values() for each in group.outcome.disposals if event_id in each.event_ids]
        return sorted(found, key=lambda each: (each.asset, each.at))

    def calculation(self) -> Calculation:
        """Return what `calculate` returns for the history as it is now."""
        groups = self._each_group()
        outcome = Outcome(
            self._disposals(groups), [], sorted(chain(*(each.outcome.held for each in groups)), key=_book)
        )
        for each in self._ordered:
            outcome.incomes += each.incomes
        return Calculation(self.rules, self.settings, self._timezone, outcome)

    def _each_group(self) -> list[_Group]:
        return list({id(group): group for group in self._groups.values()}.values())

    def _disposals(self, groups: Sequence[_Group]) -> list[Disposal]:
        """Return all disposals in their order: of lots and averages there is one for every entry that goes out."""
        if len(groups) == 1:
            return list(groups[0].outcome.disposals)
        if self._method in _BY_DAY:
            found = chain(*(each.outcome.disposals for each in groups))
            return sorted(found, key=lambda each: (each.at, each.event_ids, each.asset))
        rest = {id(group): iter(group.outcome.disposals) for group in groups}
        by_asset: dict[str, Iterator[Disposal]] = {asset: rest[id(group)] for asset, group in self._groups.items()}
        return [next(by_asset[entry.asset]) for each in self._ordered for entry in each.entries if entry.op is Op.OUT]

    def _translated(self, events: Iterable[TaxEvent]) -> list[_Known]:
        done, found = Translated(self.rules, self._timezone), []
        for event in events:
            done.add((event,))
            entries, incomes = done.take()
            assets = frozenset([entry.asset for entry in entries])
            has_wrap = any(entry.op is _WRAP for entry in entries)
            if has_wrap:
                assets |= {asset for entry in entries for asset, _, _ in entry.into}
            found.append(_Known(event, entries, incomes, assets, has_wrap))
        return found

    def _touched(self, changed: Iterable[_Known], until: date) -> set[str]:
        """Return the assets of all groups that have to be matched again."""
        assets: set[str] = set()
        for each in changed:
            assets |= each.assets
        all_anew = self._method is Method.PORTFOLIO  # every disposal takes a share of everything
        if self._lots is not None and self._lots.turns(until) != self._lots.turns(self._until):
            all_anew = True  # the history now reaches a day on which all that is left is laid out anew, or does not
        if all_anew:
            return assets | set(self._groups)
        for asset in list(assets):
            if asset in self._groups:
                assets |= self._groups[asset].assets
        return assets

    def _matched(self, assets: set[str], ordered: Sequence[_Known], until: date) -> list[_Group]:
        entries: list[Entry] = []
        incomes: list[Income] = []
        sets = {each.assets for each in ordered}
        hit = {each for each in sets if not each.isdisjoint(assets)}
        inside = {each for each in hit if each <= assets}
        for each in ordered:
            if each.assets not in hit:
                continue
            # A wrap's entries hand costs from one to the next while they are matched: they are made anew.
            mine = self._translated([each.event])[0].entries if each.has_wrap else each.entries
            if each.assets in inside:
                entries += mine
                incomes += each.incomes
            else:
                entries += [entry for entry in mine if entry.asset in assets]
                incomes += [income for income in each.incomes if income.asset in assets]
        groups = []
        for joined in self._joined(entries, assets):
            mine, earned = entries, incomes
            if len(joined) < len(assets):
                mine = [entry for entry in entries if entry.asset in joined]
                earned = [income for income in incomes if income.asset in joined]
            if mine:
                outcome = match(mine, self.rules, self.settings, until)
                groups.append(_Group(joined, outcome, self.rules.gains_by_year(outcome.disposals, earned)))
        return groups

    def _joined(self, entries: Sequence[Entry], assets: set[str]) -> list[frozenset[str]]:
        """Return assets in groups that wraps join."""
        if self._method is Method.PORTFOLIO:
            return [frozenset(assets)]
        group = {asset: {asset} for asset in assets}
        for entry in entries:
            if entry.op is Op.WRAP:
                for asset, _, _ in entry.into:
                    one, other = group[entry.asset], group[asset]
                    if one is not other:
                        one |= other
                        group.update(dict.fromkeys(other, one))
        return [frozenset(each) for each in {id(each): each for each in group.values()}.values()]


def _book(held: Held) -> str:
    """Return what `Outcome.held` is ordered by: the asset, or asset and wallet where these count apart."""
    return held.asset if held.wallet is None else str((held.asset, held.wallet))


def _instant(each: _Known) -> tuple[datetime, int]:
    return each.event.at, each.event.sequence


def _reordered(ordered: Sequence[_Known], gone: Sequence[_Known], put: Sequence[_Known]) -> list[_Known]:
    """Return events in their order after a change: of the instants that it touches the order is found again."""
    if not ordered:
        return _in_order(put)
    changed = list(ordered)
    ids = {each.event.id for each in gone}
    by_instant: dict[tuple[datetime, int], list[_Known]] = {_instant(each): [] for each in gone}
    for each in put:
        by_instant.setdefault(_instant(each), []).append(each)
    for instant, mine in by_instant.items():
        start, end = bisect_left(changed, instant, key=_instant), bisect_right(changed, instant, key=_instant)
        changed[start:end] = _in_order([*(each for each in changed[start:end] if each.event.id not in ids), *mine])
    return changed


def _in_order(found: Sequence[_Known]) -> list[_Known]:
    by_id = {each.event.id: each for each in found}
    return [by_id[event.id] for event in in_order(each.event for each in found)]
