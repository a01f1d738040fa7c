"""What sales of one asset made, lot by lot. Pure.

gain of a part = its share of the proceeds - its cost, in the ledger's currency (IRS Publication 544: amount realised
less adjusted basis; the amount realised is after the costs of selling).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backend.ledger.engine.lots import LEDGER, Lot, LotChoice, Taken, cost_share
from backend.ledger.engine.matching import Method, lot_book


@dataclass(frozen=True, slots=True)
class Sale:
    """Units that left for something else. `proceeds` are after fees, None when nobody knows them."""

    id: str
    sold_at: datetime
    amount_raw: int
    proceeds: Decimal | None
    choices: tuple[LotChoice, ...] = ()


@dataclass(frozen=True, slots=True)
class Realised:
    """A part of a sale and the lot it came from."""

    sale_id: str
    sold_at: datetime
    taken: Taken
    proceeds: Decimal | None

    @property
    def gain(self) -> Decimal | None:
        """Proceeds less cost, None when either is unknown."""
        if self.proceeds is None or self.taken.cost is None:
            return None
        return LEDGER.subtract(self.proceeds, self.taken.cost)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the sales made, in their order, and the lots that are left."""

    realised: tuple[Realised, ...]
    left: tuple[Lot, ...]


def match_sales(events: Iterable[Lot | Sale], method: Method) -> Outcome:
    """Return what sales made of lots. `events` stand in the order in which they happened.

    Raises LotNotHeldError when a sale names a lot that is not held then, ValueError for a lot or sale without units.
    """
    book = lot_book(method)
    realised: list[Realised] = []
    for event in events:
        if isinstance(event, Lot):
            book.put(event)
        elif event.amount_raw <= 0:
            raise ValueError(f"sale {event.id} has no units")
        else:
            realised += parts_of_sale(event, book.take(event.amount_raw, event.choices))
    return Outcome(tuple(realised), tuple(book.lots()))


def parts_of_sale(sale: Sale, taken: Sequence[Taken]) -> list[Realised]:
    """Return a sale by the parts of lots that it took: proceeds by units, the last part takes what rounding leaves."""
    rest, parts = sale.proceeds, []
    for place, each in enumerate(taken):
        share = rest
        if sale.proceeds is not None and rest is not None and place < len(taken) - 1:
            share = cost_share(sale.proceeds, each.amount_raw, sale.amount_raw)
            rest = LEDGER.subtract(rest, share)
        parts.append(Realised(sale.id, sale.sold_at, each, share))
    return parts
