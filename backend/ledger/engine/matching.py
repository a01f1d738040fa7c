"""Which lots a sale takes: first in first out, last in first out, highest cost first, average cost, by choice. Pure.

One book holds one asset in one pool (a wallet, or all wallets, as the rules of the place ask). Sources: IRS
Publication 551 (basis) and Treas. Reg. 1.1012-1(c), (j) for the order and specific identification; HMRC CG51590 and
CRA "adjusted cost base" for the pool at average cost.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from heapq import heappop, heappush, heapreplace
from typing import Any, Protocol

from backend.ledger.engine.lots import LEDGER, Lot, LotChoice, LotNotHeldError, Taken, part, unit_cost


class Method(StrEnum):
    """How lots are matched."""

    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"
    AVERAGE = "average"
    SPECIFIC = "specific"


class LotBook(Protocol):
    """The lots of one asset in one pool."""

    def put(self, lot: Lot) -> None:
        """Take a lot in. Raises ValueError when it has no units."""
        ...

    def take(self, amount_raw: int, choices: Sequence[LotChoice] = ()) -> list[Taken]:
        """Take units out. What is not held comes back as a last part that `is_missing`."""
        ...

    def lots(self) -> list[Lot]:
        """Return what is left, the earliest first."""
        ...


def lot_book(method: Method) -> LotBook:
    """Return an empty book that matches by `method`."""
    if method is Method.AVERAGE:
        return _Pool()
    if method is Method.SPECIFIC:
        return _Chosen()
    return _Ordered(_ORDERS[method])


_Order = Callable[[Lot, int], tuple[Any, ...]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _first_in(lot: Lot, number: int) -> tuple[Any, ...]:
    return lot.acquired_at, number


def _last_in(lot: Lot, number: int) -> tuple[Any, ...]:
    return _EPOCH - lot.acquired_at, -number


def _highest_in(lot: Lot, number: int) -> tuple[Any, ...]:
    """Lots of unknown cost come last: they cannot be said to be dear."""
    cost = unit_cost(lot)
    return cost is None, Decimal(0) if cost is None else cost.copy_negate(), lot.acquired_at, number


# What is first in order is taken first; `number` counts the lots as they come, so no two orders are equal.
_ORDERS: dict[Method, _Order] = {Method.FIFO: _first_in, Method.LIFO: _last_in, Method.HIFO: _highest_in}


class _Ordered:
    """Lots in a heap: what `order` puts first is taken first. A lot keeps its rank when a part of it is gone."""

    def __init__(self, order: _Order) -> None:
        self._order = order
        self._heap: list[tuple[tuple[Any, ...], Lot]] = []
        self._count = 0

    def put(self, lot: Lot) -> None:
        _check(lot)
        self._count += 1
        heappush(self._heap, (self._order(lot, self._count), lot))

    def take(self, amount_raw: int, choices: Sequence[LotChoice] = ()) -> list[Taken]:
        _refuse(choices)
        taken: list[Taken] = []
        while amount_raw > 0 and self._heap:
            order, lot = self._heap[0]
            units = min(amount_raw, lot.amount_raw)
            cost, left = part(lot, units)
            if left is None:
                heappop(self._heap)
            else:
                heapreplace(self._heap, (order, left))
            taken.append(Taken(lot.id, lot.acquired_at, units, cost))
            amount_raw -= units
        return taken + _missing(amount_raw)

    def lots(self) -> list[Lot]:
        return _by_date([lot for _, lot in sorted(self._heap)])


class _Pool:
    """All units together, each at the average cost of the pool."""

    def __init__(self) -> None:
        self._pool: Lot | None = None

    def put(self, lot: Lot) -> None:
        _check(lot)
        pool = self._pool
        if pool is None:
            self._pool = Lot("pool", lot.acquired_at, lot.amount_raw, lot.cost)
            return
        known = pool.cost is not None and lot.cost is not None
        cost = LEDGER.add(pool.cost, lot.cost) if known else None  # type: ignore[arg-type]
        earliest = min(pool.acquired_at, lot.acquired_at)
        self._pool = Lot(pool.id, earliest, pool.amount_raw + lot.amount_raw, cost)

    def take(self, amount_raw: int, choices: Sequence[LotChoice] = ()) -> list[Taken]:
        _refuse(choices)
        pool = self._pool
        if pool is None or amount_raw == 0:
            return _missing(amount_raw)
        units = min(amount_raw, pool.amount_raw)
        cost, self._pool = part(pool, units)
        return [Taken(None, None, units, cost), *_missing(amount_raw - units)]

    def lots(self) -> list[Lot]:
        return [] if self._pool is None else [self._pool]


class _Chosen:
    """Each sale says which lots it takes."""

    def __init__(self) -> None:
        self._lots: dict[str, Lot] = {}

    def put(self, lot: Lot) -> None:
        _check(lot)
        if lot.id in self._lots:
            raise ValueError(f"lot {lot.id} is held already")
        self._lots[lot.id] = lot

    def take(self, amount_raw: int, choices: Sequence[LotChoice] = ()) -> list[Taken]:
        """Take the chosen units. Raises LotNotHeldError, and ValueError when they are not `amount_raw` together."""
        if sum(choice.amount_raw for choice in choices) != amount_raw:
            raise ValueError("the chosen lots are not what is sold")
        left: dict[str, Lot | None] = {}
        taken: list[Taken] = []
        for choice in choices:
            lot = left[choice.lot_id] if choice.lot_id in left else self._lots.get(choice.lot_id)
            if lot is None or not 0 < choice.amount_raw <= lot.amount_raw:
                raise LotNotHeldError(f"lot {choice.lot_id} does not hold {choice.amount_raw} units")
            cost, left[choice.lot_id] = part(lot, choice.amount_raw)
            taken.append(Taken(lot.id, lot.acquired_at, choice.amount_raw, cost))
        for lot_id, rest in left.items():
            if rest is None:
                del self._lots[lot_id]
            else:
                self._lots[lot_id] = rest
        return taken

    def lots(self) -> list[Lot]:
        return _by_date(list(self._lots.values()))


def _by_date(lots: list[Lot]) -> list[Lot]:
    return sorted(lots, key=lambda lot: lot.acquired_at)


def _check(lot: Lot) -> None:
    if lot.amount_raw <= 0:
        raise ValueError(f"lot {lot.id} has no units")


def _refuse(choices: Sequence[LotChoice]) -> None:
    if choices:
        raise ValueError("lots can be chosen with specific identification only")


def _missing(amount_raw: int) -> list[Taken]:
    if amount_raw < 0:
        raise ValueError("a negative amount cannot be taken")
    return [Taken(None, None, amount_raw, None, is_missing=True)] if amount_raw else []
