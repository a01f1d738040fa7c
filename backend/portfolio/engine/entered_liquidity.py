"""Liquidity of which only the entry is known: what it holds at another price, and what that lost against holding.

Prices are of token0 in token1, whole tokens. V2: L = sqrt(a0 x a1), amounts L / sqrt(P) and L x sqrt(P). V3 in the
range [a, b]: amounts L (1 / sqrt(P') - 1 / sqrt(b)) and L (sqrt(P') - sqrt(a)), P' = P kept within [a, b]. One amount
gives the other, since the pool takes both in the ratio of its price. Fees are not in it. Source: v2 whitepaper §3.4;
v3 whitepaper §6.3; the loss itself is `impermanent_loss`.
"""

from dataclasses import dataclass
from decimal import Decimal, localcontext

from backend.portfolio.engine.exact import EXACT
from backend.portfolio.engine.impermanent_loss import loss_v2, loss_v3

_DIGITS = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """The price at entry, and the range of V3 (None: V2, every price)."""

    price: Decimal
    lower: Decimal | None = None
    upper: Decimal | None = None

    @property
    def has_range(self) -> bool:
        """True for V3."""
        return self.lower is not None and self.upper is not None


def loss(entry: Entry, price_now: Decimal) -> Decimal:
    """Return the impermanent loss as a fraction, zero or negative. Raises ValueError for what is no price or range."""
    if entry.lower is not None and entry.upper is not None:
        return loss_v3(entry.price, price_now, entry.lower, entry.upper)
    if entry.price <= 0:
        raise ValueError("a price is above zero")
    with localcontext(EXACT) as context:
        context.prec = _DIGITS
        return loss_v2(price_now / entry.price)


def amounts_at(entry: Entry, price: Decimal, liquidity: Decimal) -> tuple[Decimal, Decimal]:
    """Return what so much liquidity holds of both tokens at a price."""
    with localcontext(EXACT) as context:
        context.prec = _DIGITS
        one0, one1 = _unit_amounts(entry, price)
        return liquidity * one0, liquidity * one1


def liquidity_of(entry: Entry, amount0: Decimal | None, amount1: Decimal | None) -> Decimal:
    """Return the liquidity that one amount made at the price of entry, the other following from it.

    Raises ValueError when neither or both are given, or when the range holds nothing of that token at that price.
    """
    if (amount0 is None) == (amount1 is None):
        raise ValueError("give the amount of one token: the other follows from the price")
    with localcontext(EXACT) as context:
        context.prec = _DIGITS
        one0, one1 = _unit_amounts(entry, entry.price)
        amount, one = (amount0, one0) if amount0 is not None else (amount1, one1)
        if one <= 0:
            raise ValueError("at this price the range holds the other token only")
        return (amount or Decimal(0)) / one


def _unit_amounts(entry: Entry, price: Decimal) -> tuple[Decimal, Decimal]:
    """Return what one unit of liquidity holds of both tokens."""
    if entry.lower is None or entry.upper is None:
        return 1 / price.sqrt(), price.sqrt()
    root = min(max(price, entry.lower), entry.upper).sqrt()
    return max(Decimal(0), 1 / root - 1 / entry.upper.sqrt()), max(Decimal(0), root - entry.lower.sqrt())
