"""Lots of one asset in one place, in the order in which a method takes them. Pure.

Sources: Treas. Reg. 1.1012-1(j) and IRS Publication 551 for first in first out, specific identification and basis with
fees. Highest and lowest in go by basis a unit, compared exactly.
"""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Any

from backend.ledger.engine.lots import LotChoice, LotNotHeldError
from backend.tax.engine.methods import Method
from backend.tax.engine.results import Lot, Part, Rule

_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
# Two different quotients of amounts below 2^256 differ by more than 2^-512: shifted by as much, whole quotients
# stand in the same order, and are equal only where the quotients are.
_SHIFT = 512


def first_in(lot: Lot) -> Any:
    """Return what lots are ordered by, first in first out: the date of acquisition."""
    return lot.acquired_at


def last_in(lot: Lot) -> Any:
    """Return what lots are ordered by, last in first out."""
    return (_EPOCH - lot.acquired_at) // _MICROSECOND


def highest_in(lot: Lot) -> Any:
    """Return what lots are ordered by, highest basis a unit first, then by date; unknown ones come last."""
    cost = lot.cost_e18
    return (cost is None, 0 if cost is None else -((cost << _SHIFT) // lot.amount_raw), lot.acquired_at)


def lowest_in(lot: Lot) -> Any:
    """Return what lots are ordered by, lowest basis a unit first, then by date; unknown ones come last."""
    cost = lot.cost_e18
    return (cost is None, 0 if cost is None else (cost << _SHIFT) // lot.amount_raw, lot.acquired_at)


ORDERS: dict[Method, Callable[[Lot], Any]] = {
    Method.FIFO: first_in,
    Method.LIFO: last_in,
    Method.HIFO: highest_in,
    Method.LOFO: lowest_in,
    Method.SPECIFIC: first_in,
}


class ChosenLotError(LotNotHeldError):
    """Lots that a user chose and that cannot be taken. `lot_id` does not hold `wanted_raw`, but `held_raw` units.

    Without a `lot_id` the choice itself does not fit. `event_id` is of what the lots were chosen for, once known.
    """

    def __init__(self, why: str, lot_id: str | None = None, wanted_raw: int = 0, held_raw: int = 0) -> None:
        super().__init__(why)
        self.lot_id, self.wanted_raw, self.held_raw = lot_id, wanted_raw, held_raw
        self.event_id: str | None = None


_IN_LINE = frozenset({Method.FIFO, Method.SPECIFIC, Method.LIFO})


class Book:
    """Lots in the order of a method. A lot keeps its rank when a part of it is gone.

    Of equal rank the one that came first goes first; for LIFO the one that came last. Where dates are the order, lots
    that come in that order stand in a line, which is quicker than the heap that all others stand in: so a lot of the
    heap came after those of the line that are as old.
    """

    __slots__ = ("_count", "_heap", "_is_last_in", "_latest", "_line", "_method", "_order")

    def __init__(self, method: Method) -> None:
        self._method = method
        self._order = ORDERS[method]
        self._is_last_in = method is Method.LIFO
        self._line: deque[Lot] = deque()
        self._latest = _EARLIEST if method in _IN_LINE else _LATEST  # no earlier lot may join the line
        self._heap: list[tuple[Any, int, Lot]] = []
        self._count = 0

    def put(self, lot: Lot) -> None:
        """Take a lot in."""
        if lot.acquired_at >= self._latest:
            self._latest = lot.acquired_at
            self._line.append(lot)
            return
        self._count += -1 if self._is_last_in else 1
        heappush(self._heap, (self._order(lot), self._count, lot))

    def take(self, amount_raw: int, choices: Sequence[LotChoice] = ()) -> list[Part]:
        """Take units out. What is not held is a last part of unknown cost that is `Rule.MISSING`.

        Raises ChosenLotError when a chosen lot is not held here, or the choices are not `amount_raw`.
        """
        if choices:
            return self._take_chosen(amount_raw, choices)
        line, heap, parts = self._line, self._heap, []
        if line and not heap:  # what most disposals are: a part of the first lot of the line
            lot = line[-1] if self._is_last_in else line[0]
            if lot.amount_raw - lot.used_raw > amount_raw > 0:
                return [Part(lot, amount_raw, lot.use(amount_raw))]
        while amount_raw:
            is_in_line = self._is_line_next() if heap else bool(line)
            if is_in_line:
                lot = line[-1] if self._is_last_in else line[0]
            elif heap:
                lot = heap[0][2]
            else:
                parts.append(Part(None, amount_raw, None, None, Rule.MISSING))
                break
            units = lot.amount_raw - lot.used_raw
            if units > amount_raw:
                units = amount_raw
            elif not is_in_line:
                heappop(heap)
            elif self._is_last_in:
                line.pop()
            else:
                line.popleft()
            if units:
                amount_raw -= units
                parts.append(Part(lot, units, lot.use(units)))
        return parts

    def _is_line_next(self) -> bool:
        """Whether the next lot is one of the line, while there are some in the heap."""
        if not self._line:
            return False
        if self._is_last_in:
            return self._line[-1].acquired_at > self._heap[0][2].acquired_at
        return self._line[0].acquired_at <= self._heap[0][2].acquired_at

    def _take_chosen(self, amount_raw: int, choices: Sequence[LotChoice]) -> list[Part]:
        if self._method is not Method.SPECIFIC:
            raise ChosenLotError("lots can be chosen with specific identification only")
        if sum(choice.amount_raw for choice in choices) != amount_raw:
            raise ChosenLotError("the chosen lots are not what is disposed of")
        parts = []
        for choice in choices:
            wanted = choice.amount_raw
            for lot in self.lots():
                if lot.id == choice.lot_id and wanted > 0:
                    units = min(wanted, lot.left_raw)
                    parts.append(Part(lot, units, lot.use(units)))
                    wanted -= units
            if wanted or choice.amount_raw <= 0:
                why = f"lot {choice.lot_id} does not hold {choice.amount_raw} units"
                raise ChosenLotError(why, choice.lot_id, choice.amount_raw, choice.amount_raw - wanted)
        return parts

    def lots(self) -> list[Lot]:
        """Return the lots of which something is left, the earliest first."""
        step = -1 if self._is_last_in else 1
        left = [(lot.acquired_at, 0, step * place, lot) for place, lot in enumerate(self._line) if lot.left_raw]
        left += [(lot.acquired_at, step, number, lot) for _, number, lot in self._heap if lot.left_raw]
        return [lot for *_, lot in sorted(left, key=lambda each: each[:3])]
