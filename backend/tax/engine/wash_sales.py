"""Wash sales: a loss is not allowed where the same asset is bought within 30 days before or after. Pure.

26 U.S.C. 1091 and Treas. Reg. 1.1091-1, IRS Publication 550: replacements count in the order in which they were bought,
each unit once; the loss goes onto their basis, and they count as held for as long as what they replace was. The law
speaks of stock and securities: for property such as cryptoassets it is an option of the user, off by itself.
"""

from collections import deque
from collections.abc import Sequence
from datetime import date, timedelta

from backend.tax.engine.entries import Entry, Op
from backend.tax.engine.events import Kind
from backend.tax.engine.results import Lot, Part

WINDOW = timedelta(days=30)
_PURCHASES = frozenset({Kind.BUY, Kind.SWAP})


class WashSales:
    """What was bought lately, what will be within the window, and which of it has replaced something already."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._coming: dict[str, deque[Entry]] = {}
        self._recent: dict[str, deque[tuple[date, Lot]]] = {}
        self._pending: dict[int, list[tuple[int, int, timedelta]]] = {}
        for entry in entries:
            if entry.op is Op.IN and entry.kind in _PURCHASES:
                self._coming.setdefault(entry.asset, deque()).append(entry)
        self._bought = {(asset, entry.event.id) for asset, mine in self._coming.items() for entry in mine}

    def arrived(self, entry: Entry, lot: Lot) -> list[Lot]:
        """Return the lots that a purchase comes to: units that replace some sold before stand apart."""
        if entry.kind not in _PURCHASES:
            return [lot]
        self._coming[entry.asset].popleft()
        lots = []
        for units, loss, held_for in self._pending.pop(id(entry), ()):
            lots.append(_replacement(lot, units, loss, held_for))
        if lot.left_raw:
            self._recent.setdefault(entry.asset, deque()).append((entry.day, lot))
            lots.append(lot)
        return lots

    def moved(self, asset: str, lot: Lot) -> None:
        """Units changed wallets: they can still replace others, if they were bought."""
        if not lot.is_replacement and (asset, lot.id) in self._bought:
            self._recent.setdefault(asset, deque()).append((lot.day, lot))

    def sold(self, entry: Entry, parts: Sequence[Part]) -> list[Lot]:
        """Disallow losses of a disposal as far as they are replaced; return lots bought before that replace now."""
        sold_lots = {part.lot.id for part in parts if part.lot is not None}
        made: list[Lot] = []
        for part in parts:
            gain = part.gain_e18
            if gain is None or gain >= 0 or part.lot is None:
                continue
            held_for = entry.day - part.lot.day
            left = part.amount_raw
            for lot in self._bought_before(entry, sold_lots):
                units = min(left, lot.left_raw)
                made.append(_replacement(lot, units, _loss(part, gain, units, left), held_for))
                left -= units
                if not left:
                    break
            if left:
                self._buy_later(entry, part, gain, left, held_for)
        return made

    def _bought_before(self, entry: Entry, sold_lots: set[str]) -> list[Lot]:
        recent = self._recent.get(entry.asset, deque())
        while recent and recent[0][0] < entry.day - WINDOW:
            recent.popleft()
        since = entry.day - WINDOW
        return [lot for day, lot in recent if day >= since and lot.left_raw and lot.id not in sold_lots]

    def _buy_later(self, entry: Entry, part: Part, gain: int, left: int, held_for: timedelta) -> None:
        for coming in self._coming.get(entry.asset, ()):
            if coming.day > entry.day + WINDOW or not left:
                break
            pending = self._pending.setdefault(id(coming), [])
            units = min(left, coming.amount_raw - sum(each for each, _, _ in pending))
            if units:
                pending.append((units, _loss(part, gain, units, left), held_for))
                left -= units


def _loss(part: Part, gain: int, units: int, left: int) -> int:
    """Disallow the loss of so many units more of a part, of which `left` are not replaced yet; return it."""
    loss = -gain
    upto = loss * (part.amount_raw - left + units) // part.amount_raw
    more = upto - part.disallowed_e18
    part.disallowed_e18 = upto
    return more


def _replacement(lot: Lot, units: int, loss: int, held_for: timedelta) -> Lot:
    cost = lot.use(units)
    cost = None if cost is None else cost + loss
    return Lot(lot.id, lot.acquired_at, lot.day - held_for, units, cost, lot.wallet, is_replacement=True)
