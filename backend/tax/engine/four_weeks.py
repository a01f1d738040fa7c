"""Ireland's four weeks: what was bought in them is sold first, a loss on what is bought back is ring-fenced. Pure.

TCA 1997, section 580 (first in first out) and section 581: units are taken from those acquired in the four weeks
before, the latest first, then first in first out; where units are acquired in the four weeks after, the loss on as
many counts only against a gain on the disposal of those. Revenue has not said whether "shares" covers cryptoassets:
the rule is applied as practice does.
"""

from collections import deque
from collections.abc import Sequence
from datetime import date, timedelta

from backend.tax.engine.books import Book
from backend.tax.engine.entries import Entry, Op
from backend.tax.engine.results import Lot, Part, Rule

FOUR_WEEKS = timedelta(days=28)


class FourWeeks:
    """What was acquired lately, what will be, and the losses that wait for it."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._recent: dict[str, deque[tuple[date, Lot]]] = {}
        self._coming: dict[str, deque[Entry]] = {}
        self._pending: dict[int, list[tuple[int, int]]] = {}
        for entry in entries:
            if entry.op is Op.IN:
                self._coming.setdefault(entry.asset, deque()).append(entry)

    def arrived(self, entry: Entry, lot: Lot) -> list[Lot]:
        """Return the lots that an acquisition comes to: units that a loss waits for stand apart."""
        self._coming[entry.asset].popleft()
        recent = self._recent.setdefault(entry.asset, deque())
        lots = []
        for units, loss in self._pending.pop(id(entry), ()):
            lots.append(Lot(lot.id, lot.acquired_at, lot.day, units, lot.use(units), lot.wallet, ring_fenced_e18=loss))
        if lot.left_raw:
            lots.append(lot)
        recent.extend((entry.day, each) for each in lots)
        return lots

    def take(self, entry: Entry, book: Book) -> list[Part]:
        """Take what was acquired within the four weeks before, the latest first, then by the book."""
        recent = self._recent.get(entry.asset, deque())
        while recent and recent[0][0] < entry.day - FOUR_WEEKS:
            recent.popleft()
        left, parts = entry.amount_raw, []
        while left and recent:
            lot = recent[-1][1]
            units = min(left, lot.left_raw)
            if units:
                parts.append(Part(lot, units, lot.use(units), None, Rule.FOUR_WEEKS))
                left -= units
            if not lot.left_raw:
                recent.pop()
        return parts + book.take(left) if left else parts

    def sold(self, entry: Entry, parts: Sequence[Part]) -> None:
        """Let losses that waited for these units count against their gains; ring-fence losses that are bought back."""
        for part in parts:
            gain, lot = part.gain_e18, part.lot
            if gain is None or lot is None:
                continue
            if gain >= 0:
                relief = min(gain, lot.ring_fenced_e18)
                lot.ring_fenced_e18 -= relief
                part.disallowed_e18 = -relief
            else:
                self._ring_fence(entry, part, -gain)

    def _ring_fence(self, entry: Entry, part: Part, loss: int) -> None:
        matched = 0
        for coming in self._coming.get(entry.asset, ()):
            if coming.day > entry.day + FOUR_WEEKS or matched == part.amount_raw:
                break
            pending = self._pending.setdefault(id(coming), [])
            units = min(part.amount_raw - matched, coming.amount_raw - sum(each for each, _ in pending))
            if units:
                upto = loss * (matched + units) // part.amount_raw
                pending.append((units, upto - part.disallowed_e18))
                part.disallowed_e18, matched = upto, matched + units
