"""The United Kingdom's order: the same day, then the 30 days after (a company: the 9 days before), then the pool. Pure.

TCGA 1992: s105 (all of a day is one acquisition and one disposal), s106A (30 days after, earlier ones first), s104
(the pool), s107 (companies); HMRC CRYPTO22200 to CRYPTO22257 and CRYPTO41350. Matching by units comes first, for all of
the history; the pools then run through the days, so that a disposal can be matched with what is bought in a later year.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from backend.tax.engine.averaging import Pools
from backend.tax.engine.entries import Entry, Op
from backend.tax.engine.events import Kind
from backend.tax.engine.lot_matching import give_proceeds, wrapped
from backend.tax.engine.money import plus, shared
from backend.tax.engine.results import Disposal, Lot, Outcome, Part, Rule

AFTER = timedelta(days=30)
BEFORE = timedelta(days=9)  # CRYPTO41350: "in the 10 days before", the day itself counted by the same-day rule


@dataclass(slots=True, eq=False)
class _Day:
    """All of a day in one asset: what came is one lot, what went is one disposal."""

    day: date
    came: Lot | None = None
    went: list[Entry] = field(default_factory=list)
    left: int = 0  # units of the disposal that are not matched yet
    parts: list[Part] = field(default_factory=list)


def match_section_104(entries: Iterable[Entry], *, company: bool = False) -> Outcome:
    """Return the disposals of a history, one an asset and day, and the pools that are left."""
    days, wraps = _days(entries)
    for mine in days.values():
        _same_day(mine)
        if company:
            _days_before(mine)
        else:
            _days_after(mine)
    outcome = _run_pools(days, wraps)
    outcome.disposals.sort(key=lambda each: (each.at, each.event_ids, each.asset))
    return outcome


def _run_pools(days: dict[str, list[_Day]], wraps: dict[date, list[Entry]]) -> Outcome:
    """Day by day: what came and is not matched goes into the pool, then wraps, then disposals take from it."""
    outcome, pools = Outcome(), Pools()
    calendar: dict[date, list[tuple[str, _Day]]] = {}
    for asset, mine in days.items():
        for one in mine:
            calendar.setdefault(one.day, []).append((asset, one))
    for day in sorted({*calendar, *wraps}):
        today = calendar.get(day, ())
        for asset, one in today:
            if one.came is not None and one.came.left_raw:
                pools.put(asset, one.came)
        for entry in wraps.get(day, ()):
            for asset, lots in wrapped(pools.take(entry.asset, entry.amount_raw), entry):
                for lot in lots:
                    pools.put(asset, lot)
        for asset, one in today:
            if one.went:
                one.parts += pools.take(asset, one.left)
                outcome.disposals += _disposals(asset, one)
    outcome.held = pools.held()
    return outcome


def _days(entries: Iterable[Entry]) -> tuple[dict[str, list[_Day]], dict[date, list[Entry]]]:
    days: dict[str, list[_Day]] = {}
    wraps: dict[date, list[Entry]] = {}
    for entry in entries:
        op = entry.op
        if op is Op.WRAP:
            wraps.setdefault(entry.day, []).append(entry)
            continue
        if op is Op.MOVE:
            continue
        mine = days.get(entry.asset)
        if mine is None:
            mine = days[entry.asset] = []
        if not mine or mine[-1].day != entry.day:
            mine.append(_Day(entry.day))
        one = mine[-1]
        if op is Op.OUT:
            one.went.append(entry)
            one.left += entry.amount_raw
        elif one.came is None:
            one.came = Lot(entry.event.id, entry.event.at, entry.day, entry.amount_raw, entry.money_e18)
        else:
            one.came.amount_raw += entry.amount_raw
            one.came.cost_e18 = plus(one.came.cost_e18, entry.money_e18)
    return days, wraps


def _match(one: _Day, lot: Lot, rule: Rule) -> None:
    units = min(one.left, lot.left_raw)
    if units:
        one.parts.append(Part(lot, units, lot.use(units), None, rule))
        one.left -= units


def _same_day(days: Iterable[_Day]) -> None:
    for one in days:
        if one.left and one.came is not None:
            _match(one, one.came, Rule.SAME_DAY)


def _days_after(days: Sequence[_Day]) -> None:
    """Earlier disposals first, each with the earliest acquisitions: both only ever go forward."""
    place = 0
    for number, one in enumerate(days):
        if not one.left:
            continue
        place = max(place, number + 1)
        while one.left and place < len(days) and days[place].day <= one.day + AFTER:
            lot = days[place].came
            if lot is not None:
                _match(one, lot, Rule.LATER_30_DAYS)
            if one.left:
                place += 1


def _days_before(days: Sequence[_Day]) -> None:
    recent: deque[Lot] = deque()
    for one in days:
        while recent and (recent[0].day < one.day - BEFORE or not recent[0].left_raw):
            recent.popleft()
        for lot in recent:
            if one.left:
                _match(one, lot, Rule.EARLIER_9_DAYS)
        if one.came is not None and one.came.left_raw:
            recent.append(one.came)


def _disposals(asset: str, one: _Day) -> list[Disposal]:
    """Return a day's disposal; two where a part of what went is one and a part is none for the law."""
    if len(one.went) == 1:
        return [_disposal_of_one(asset, one.went[0], one.parts)]
    groups = [[entry for entry in one.went if entry.is_taxable is taxable] for taxable in (True, False)]
    units = [sum(entry.amount_raw for entry in group) for group in groups]
    if all(units):
        split = [_split(part, units) for part in one.parts]
        parts = [[two[side] for two in split if two[side].amount_raw] for side in (0, 1)]
    else:
        parts = [one.parts, one.parts]
    return [
        _disposal(asset, one.day, group, amount_raw, mine)
        for group, amount_raw, mine in zip(groups, units, parts, strict=True)
        if group
    ]


def _split(part: Part, units: Sequence[int]) -> list[Part]:
    amounts = shared(part.amount_raw, units)
    costs = [None, None] if part.cost_e18 is None else shared(part.cost_e18, amounts)
    return [Part(part.lot, amount, cost, None, part.rule) for amount, cost in zip(amounts, costs, strict=True)]


def _disposal_of_one(asset: str, entry: Entry, parts: list[Part]) -> Disposal:
    """Return what `_disposal` does of a day on which one thing went, as on most."""
    event, units, proceeds = entry.event, entry.amount_raw, entry.money_e18
    give_proceeds(parts, units, proceeds)
    return Disposal(
        (event.id,), entry.kind, asset, entry.wallet, event.at, entry.day, units, proceeds, parts, entry.is_taxable,
        entry.spent_e18,
    )  # fmt: skip


def _disposal(asset: str, day: date, went: Sequence[Entry], amount_raw: int, parts: list[Part]) -> Disposal:
    proceeds: int | None = 0
    spent: int | None = 0
    for entry in went:
        proceeds, spent = plus(proceeds, entry.money_e18), plus(spent, entry.spent_e18)
    give_proceeds(parts, sum(part.amount_raw for part in parts), proceeds)
    kinds, wallets = {entry.kind for entry in went}, {entry.wallet for entry in went}
    first = went[0]
    kind = first.kind if len(kinds) == 1 else Kind.SELL
    ids = tuple(dict.fromkeys(entry.event.id for entry in went))
    wallet = first.wallet if len(wallets) == 1 else ""
    return Disposal(ids, kind, asset, wallet, first.event.at, day, amount_raw, proceeds, parts, first.is_taxable, spent)
