"""Impermanent loss: a liquidity position against having held what was put in, with the fees it earned.

In dollars, at the prices of now: hold = value of (put in - taken out as principal); il_usd = value of what the
liquidity holds now - hold (what the pool's trading cost, zero or negative without fees); fees_usd = value of fees
collected and waiting; net_usd = il_usd + fees_usd; il_pct = 100 x il_usd / hold, in percent.

As a function of price, without fees, with r = price now / price at entry:
V2: IL = 2 sqrt(r) / (1 + r) - 1. V3 in the range [a, b]: IL = value(liquidity at P) / value(amounts of entry at P) -
1, with amounts x = L (1 / sqrt(P') - 1 / sqrt(b)), y = L (sqrt(P') - sqrt(a)), P' = P kept within [a, b]. Fractions,
zero or negative. Source: Uniswap docs, "Understanding returns"; v3 whitepaper §6.3; Loesch et al., "Impermanent loss
in Uniswap v3" (arXiv:2111.09192).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from backend.portfolio.engine.exact import EXACT, percent
from backend.portfolio.engine.valuation import value_usd

_DIGITS = 60
Amounts = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PairPrices:
    """Decimals of both tokens and their prices in US dollars (None: unknown)."""

    decimals0: int
    decimals1: int
    price0_usd: Decimal | None
    price1_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class PositionHistory:
    """What a position did, in smallest units of both tokens. Collected fees do not hold principal."""

    put_in: tuple[Amounts, ...]
    principal_out: tuple[Amounts, ...]
    fees_collected: tuple[Amounts, ...]


@dataclass(frozen=True, slots=True)
class AgainstHolding:
    """A position against holding, in US dollars at the prices of now."""

    hold_usd: Decimal
    position_usd: Decimal
    fees_usd: Decimal

    @property
    def il_usd(self) -> Decimal:
        """What the liquidity is worth less what was held would be, without fees."""
        return EXACT.subtract(self.position_usd, self.hold_usd)

    @property
    def il_pct(self) -> Decimal | None:
        """The same in percent of holding, None when that would be worth nothing."""
        return percent(self.il_usd, self.hold_usd)

    @property
    def net_usd(self) -> Decimal:
        """Impermanent loss and fees together: what providing liquidity brought over holding."""
        return EXACT.add(self.il_usd, self.fees_usd)

    @property
    def net_pct(self) -> Decimal | None:
        """The same in percent of holding."""
        return percent(self.net_usd, self.hold_usd)


def against_holding(
    history: PositionHistory, principal: Amounts, fees_waiting: Amounts, prices: PairPrices
) -> AgainstHolding | None:
    """Return a position against holding what went in, None when a price that matters is unknown.

    `principal` and `fees_waiting` are what taking all out would pay now.
    """
    put0, put1 = _sum(history.put_in)
    out0, out1 = _sum(history.principal_out)
    collected0, collected1 = _sum(history.fees_collected)
    values = [
        _value((put0 - out0, put1 - out1), prices),
        _value(principal, prices),
        _value((collected0 + fees_waiting[0], collected1 + fees_waiting[1]), prices),
    ]
    known = [value for value in values if value is not None]
    return AgainstHolding(*known) if len(known) == len(values) else None


def loss_v2(price_ratio: Decimal) -> Decimal:
    """Return the impermanent loss of a V2 position as a fraction. Raises ValueError unless the ratio is above zero."""
    if price_ratio <= 0:
        raise ValueError("a price ratio is above zero")
    with localcontext(EXACT) as context:
        context.prec = _DIGITS
        return 2 * price_ratio.sqrt() / (1 + price_ratio) - 1


def loss_v3(entry: Decimal, now: Decimal, lower: Decimal, upper: Decimal) -> Decimal:
    """Return the impermanent loss of a V3 position as a fraction, from prices of token0 in token1.

    Raises ValueError unless prices are above zero and the range is not empty.
    """
    if min(entry, now, lower) <= 0 or lower >= upper:
        raise ValueError("prices are above zero and a range has a width")
    with localcontext(EXACT) as context:
        context.prec = _DIGITS
        held0, held1 = _unit_amounts(entry, lower, upper)
        amount0, amount1 = _unit_amounts(now, lower, upper)
        return (amount0 * now + amount1) / (held0 * now + held1) - 1


def _unit_amounts(price: Decimal, lower: Decimal, upper: Decimal) -> tuple[Decimal, Decimal]:
    """Return what one unit of liquidity holds of both tokens."""
    root, low, high = min(max(price, lower), upper).sqrt(), lower.sqrt(), upper.sqrt()
    return 1 / root - 1 / high, root - low


def _sum(amounts: Iterable[Amounts]) -> Amounts:
    sides = list(amounts)
    return sum(each[0] for each in sides), sum(each[1] for each in sides)


def _value(amounts: Amounts, prices: PairPrices) -> Decimal | None:
    value = Decimal(0)
    sides = ((amounts[0], prices.decimals0, prices.price0_usd), (amounts[1], prices.decimals1, prices.price1_usd))
    for amount_raw, decimals, price_usd in sides:
        if amount_raw == 0:
            continue
        if price_usd is None:
            return None
        value = EXACT.add(value, value_usd(amount_raw, decimals, price_usd))
    return value
