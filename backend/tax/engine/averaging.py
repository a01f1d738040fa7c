"""Average cost: one pool an asset, each unit at its average cost as of the disposal. Pure.

Canada's adjusted cost base (ITA 47(1), CRA T4037 "Identical properties") with superficial losses (ITA 54, 40(2)(g)(i)
and 53(1)(f)), and moving averages (Japan). `match_total_average` takes one average for all of a year.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from backend.tax.engine.entries import Entry, Op
from backend.tax.engine.lot_matching import disposal_of, give_proceeds, wrapped
from backend.tax.engine.money import money_or_none, plus
from backend.tax.engine.results import Held, Lot, Outcome, Part, Rule

WINDOW = timedelta(days=30)


class Pools:
    """The pool of each asset. It is a lot that is made anew with every acquisition, so that its parts sum exactly."""

    def __init__(self) -> None:
        self._pools: dict[str, Lot] = {}

    def put(self, asset: str, lot: Lot) -> None:
        """Take units in."""
        pool = self._pools.get(asset)
        if pool is None or not pool.left_raw:
            self._pools[asset] = Lot("pool", lot.acquired_at, lot.day, lot.left_raw, lot.left_e18)
            return
        cost = plus(pool.left_e18, lot.left_e18)
        self._pools[asset] = Lot("pool", pool.acquired_at, pool.day, pool.left_raw + lot.left_raw, cost)

    def take(self, asset: str, amount_raw: int) -> list[Part]:
        """Take units out at the average cost; what is not held is a last part that is `Rule.MISSING`."""
        pool = self._pools.get(asset)
        units = 0 if pool is None else min(amount_raw, pool.left_raw)
        parts = [Part(pool, units, pool.use(units), None, Rule.POOL)] if pool is not None and units else []
        if units < amount_raw:
            parts.append(Part(None, amount_raw - units, None, None, Rule.MISSING))
        return parts

    def add_cost(self, asset: str, cost_e18: int) -> bool:
        """Add to the cost of what is held; return False when nothing is."""
        pool = self._pools.get(asset)
        if pool is None or not pool.left_raw:
            return False
        more = plus(pool.left_e18, cost_e18)
        self._pools[asset] = Lot("pool", pool.acquired_at, pool.day, pool.left_raw, more)
        return True

    def held(self) -> list[Held]:
        """Return what is left, by asset."""
        return [
            Held(asset, None, pool.id, pool.acquired_at, pool.day, pool.left_raw, money_or_none(pool.left_e18))
            for asset, pool in sorted(self._pools.items())
            if pool.left_raw
        ]


def match_average(entries: Iterable[Entry], *, superficial_losses: bool = False) -> Outcome:
    """Return the disposals of a history at average cost, and the pools that are left.

    Superficial losses: of a loss, min(sold, bought within 30 days before or after, held at the end of the 30th day
    after) / sold is denied and added to the cost of what is held, or of what is bought next where nothing is.
    """
    outcome, pools, window = Outcome(), Pools(), None
    if superficial_losses:
        entries = list(entries)
        window = _Window(entries)
    pending: dict[str, int] = {}
    for entry in entries:
        if entry.op is Op.OUT:
            parts = pools.take(entry.asset, entry.amount_raw)
            give_proceeds(parts, entry.amount_raw, entry.money_e18)
            disposal = disposal_of(entry, parts)
            outcome.disposals.append(disposal)
            denied = window.denied(entry, parts[0]) if window and entry.is_taxable else 0
            if denied and not pools.add_cost(entry.asset, denied):
                pending[entry.asset] = denied  # of one sale only: a second one needs a purchase before it
        elif entry.op is Op.IN:
            cost = plus(entry.money_e18, pending.pop(entry.asset, 0))
            pools.put(entry.asset, Lot("", entry.event.at, entry.day, entry.amount_raw, cost))
        elif entry.op is Op.WRAP:
            for asset, lots in wrapped(pools.take(entry.asset, entry.amount_raw), entry):
                for lot in lots:
                    pools.put(asset, lot)
    outcome.held = pools.held()
    return outcome


class _Window:
    """What was bought, and held, around a day: running sums by asset."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._bought: dict[str, tuple[list[date], list[int]]] = {}
        self._held: dict[str, tuple[list[date], list[int]]] = {}
        for entry in entries:
            if entry.op is Op.IN:
                self._count(self._bought, entry.asset, entry.day, entry.amount_raw)
            if entry.op in (Op.IN, Op.OUT, Op.WRAP):
                units = entry.amount_raw if entry.op is Op.IN else -entry.amount_raw
                self._count(self._held, entry.asset, entry.day, units)
            if entry.op is Op.WRAP:
                for asset, units, _ in entry.into:
                    self._count(self._held, asset, entry.day, units)

    @staticmethod
    def _count(sums: dict[str, tuple[list[date], list[int]]], asset: str, day: date, units: int) -> None:
        days, totals = sums.setdefault(asset, ([], []))
        days.append(day)
        totals.append(max(0, (totals[-1] if totals else 0) + units))

    def denied(self, entry: Entry, part: Part) -> int:
        """Deny what is superficial of a loss; return it."""
        gain = part.gain_e18
        if gain is None or gain >= 0:
            return 0
        days, totals = self._bought.get(entry.asset, ([], []))
        upto = bisect_right(days, entry.day + WINDOW)
        before = bisect_left(days, entry.day - WINDOW)
        bought = (totals[upto - 1] if upto else 0) - (totals[before - 1] if before else 0)
        days, totals = self._held[entry.asset]
        held = totals[bisect_right(days, entry.day + WINDOW) - 1]
        part.disallowed_e18 = -gain * min(part.amount_raw, bought, held) // part.amount_raw
        return part.disallowed_e18


def match_total_average(entries: Iterable[Entry], year_of: Callable[[date], int]) -> Outcome:
    """Return disposals at the average cost of what was held when the year began and all that came in it.

    A wrap is a disposal under this method: it must not be among the entries (ValueError).
    """
    by_asset: dict[str, list[tuple[int, Entry]]] = {}
    for place, entry in enumerate(entries):
        if entry.op is Op.WRAP:
            raise ValueError("a yearly average cannot keep the basis of a wrap")
        if entry.op is not Op.MOVE:
            by_asset.setdefault(entry.asset, []).append((place, entry))
    pools = Pools()
    done = []
    for asset, mine in sorted(by_asset.items()):
        start = 0
        while start < len(mine):
            year, end = year_of(mine[start][1].day), start
            while end < len(mine) and year_of(mine[end][1].day) == year:
                end += 1
            done += _one_year(asset, mine[start:end], pools)
            start = end
    done.sort(key=lambda each: each[0])
    return Outcome([disposal for _, disposal in done], held=pools.held())


def _one_year(asset: str, mine: Sequence[tuple[int, Entry]], pools: Pools) -> list:
    units, cost = 0, 0
    for _, entry in mine:
        if entry.op is Op.IN:
            units, cost = units + entry.amount_raw, plus(cost, entry.money_e18)
    if units:
        first = next(entry for _, entry in mine if entry.op is Op.IN)
        pools.put(asset, Lot("", first.event.at, first.day, units, cost))
    done = []
    for place, entry in mine:
        if entry.op is Op.OUT:
            parts = pools.take(asset, entry.amount_raw)
            give_proceeds(parts, entry.amount_raw, entry.money_e18)
            done.append((place, disposal_of(entry, parts)))
    return done
