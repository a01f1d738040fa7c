"""What a swap loses to a pool's fee and to moving its price.

A pool with reserves R (what is paid in) and S holds R x S constant (Uniswap V2 whitepaper, §2; V3 trades like it with
its virtual reserves within a tick, whitepaper §6.1). Paying in x with a fee f gives (1 - f) x S / (R + (1 - f) x),
worth (1 - f) x R / (R + (1 - f) x) of what was paid in, at the price before. So the fraction that is lost is
  1 - (1 - f) R / (R + (1 - f) x).
Over several pools what is left of one is paid into the next. Everything in US dollars at the prices of now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from backend.portfolio.engine.exact import EXACT, ZERO

ONE = Decimal(1)
FRACTION_QUANTUM = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class PoolSide:
    """The side of a pool that is paid into: what it is worth at the pool's depth, and the fee as a fraction."""

    depth_usd: Decimal
    fee: Decimal


def left_of(amount_usd: Decimal, side: PoolSide) -> Decimal:
    """Return what comes out, in US dollars at the price before. Nothing comes out of an empty pool."""
    if side.depth_usd <= 0:
        return ZERO
    paid = EXACT.multiply(EXACT.subtract(ONE, side.fee), amount_usd)
    return EXACT.divide(EXACT.multiply(paid, side.depth_usd), EXACT.add(side.depth_usd, paid))


def lost_fraction(amount_usd: Decimal, route: Sequence[PoolSide]) -> Decimal:
    """Return which fraction of an amount a route of pools takes, rounded to 1e-9; 0 for no pools.

    For an amount of nothing it is the limit: what the fees take. Raises ValueError for a negative amount.
    """
    if amount_usd < 0:
        raise ValueError("an amount is not negative")
    if amount_usd == 0:
        left = ONE
        for side in route:
            left = EXACT.multiply(left, EXACT.subtract(ONE, side.fee)) if side.depth_usd > 0 else ZERO
        return EXACT.quantize(EXACT.subtract(ONE, left), FRACTION_QUANTUM)
    left = amount_usd
    for side in route:
        left = left_of(left, side)
    return EXACT.quantize(EXACT.subtract(ONE, EXACT.divide(left, amount_usd)), FRACTION_QUANTUM)


def cheapest_side(amount_usd: Decimal, sides: Sequence[PoolSide]) -> int:
    """Return the place of the pool that takes least of an amount; of equals the first."""
    return max(range(len(sides)), key=lambda place: (left_of(amount_usd, sides[place]), -place))
