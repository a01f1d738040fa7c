"""What is left of every purchase, and which part of it a sale takes: the lots of one asset in one pool. Pure.

Amounts are integers in smallest units and are conserved exactly: what was put in is what was taken plus what is left.
Costs are decimals in the ledger's currency (the portfolio's is the US dollar). A part of a lot costs
cost x part / whole, rounded to 18 places; what is left costs the rest, so that costs are conserved exactly as well.
An unknown cost is None and stays so; it never becomes zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

LEDGER = Context(prec=200, rounding=ROUND_HALF_EVEN)
COST_QUANTUM = Decimal("1e-18")


@dataclass(frozen=True, slots=True)
class Lot:
    """Units that came in together. `cost` is of all of them with fees, None when nobody knows it.

    `acquired_at` is when they were first bought: it moves along when they change wallets or are wrapped.
    """

    id: str
    acquired_at: datetime
    amount_raw: int
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken out of a lot.

    `lot_id` and `acquired_at` are None where there is no single lot: for a pool at average cost, and for what was
    taken beyond what was held (`is_missing`), whose cost nobody knows.
    """

    lot_id: str | None
    acquired_at: datetime | None
    amount_raw: int
    cost: Decimal | None
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class LotChoice:
    """For specific identification: so many units of this lot."""

    lot_id: str
    amount_raw: int


class LotNotHeldError(ValueError):
    """A chosen lot is not held, or not that much of it."""


def unit_cost(lot: Lot) -> Decimal | None:
    """Return the cost of one smallest unit (200 digits), None when it is unknown."""
    return None if lot.cost is None else LEDGER.divide(lot.cost, Decimal(lot.amount_raw))


def part(lot: Lot, amount_raw: int) -> tuple[Decimal | None, Lot | None]:
    """Return the cost of `amount_raw` units of a lot, and what is left of the lot (None: nothing)."""
    if amount_raw == lot.amount_raw:
        return lot.cost, None
    left = lot.amount_raw - amount_raw
    if lot.cost is None:
        return None, Lot(lot.id, lot.acquired_at, left, None)
    cost = cost_share(lot.cost, amount_raw, lot.amount_raw)
    return cost, Lot(lot.id, lot.acquired_at, left, LEDGER.subtract(lot.cost, cost))


def cost_share(cost: Decimal, amount_raw: int, whole_raw: int) -> Decimal:
    """Return cost x amount / whole, rounded to 18 places."""
    share = LEDGER.divide(LEDGER.multiply(cost, Decimal(amount_raw)), Decimal(whole_raw))
    return LEDGER.quantize(share, COST_QUANTUM)


def total_cost(parts: Iterable[Lot | Taken]) -> Decimal | None:
    """Return the sum of the costs, None when one of them is unknown."""
    total = Decimal(0)
    for each in parts:
        if each.cost is None:
            return None
        total = LEDGER.add(total, each.cost)
    return total


def rescaled(taken: Sequence[Taken], amount_raw: int) -> list[Taken]:
    """Return the same parts as `amount_raw` units of another token: a wrap, a bridge, a transfer with a fee.

    Costs and dates are kept, units go in proportion. Raises ValueError when there are no units on one side.
    """
    return spread([(each, Fraction(each.amount_raw)) for each in taken], amount_raw)


def spread(weighted: Sequence[tuple[Taken, Fraction]], amount_raw: int) -> list[Taken]:
    """Return parts as `amount_raw` units of another token, shared by their weights; costs and dates are kept.

    Units are whole, with what rounding leaves given to the largest remainders (Hamilton's method, the earlier part
    first), so that they sum to `amount_raw`. A part too small for a unit leaves its cost to the largest. Raises
    ValueError when nothing has weight, or there are no units.
    """
    whole = sum((weight for _, weight in weighted), Fraction(0))
    if whole <= 0 or amount_raw <= 0:
        raise ValueError("there are no units to rescale, or none are left")
    exact = [weight * amount_raw / whole for _, weight in weighted]
    units = [share.numerator // share.denominator for share in exact]
    by_remainder = sorted(range(len(units)), key=lambda place: (units[place] - exact[place], place))
    for place in by_remainder[: amount_raw - sum(units)]:
        units[place] += 1
    largest = max(range(len(units)), key=lambda place: units[place])
    folded = total_cost([each for (each, _), left in zip(weighted, units, strict=True) if left == 0])
    moved = []
    for place, (each, _) in enumerate(weighted):
        if units[place] == 0:
            continue
        cost = each.cost
        if place == largest:
            cost = None if cost is None or folded is None else LEDGER.add(cost, folded)
        moved.append(Taken(each.lot_id, each.acquired_at, units[place], cost, each.is_missing))
    return moved
