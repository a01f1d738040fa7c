"""Value: what is held, in US dollars, and what of it is unknown.

value_usd = amount_raw / 10^decimals x price_usd, rounded to 18 places (half to even).
Nothing held is worth nothing at any price; a missing amount, price or number of decimals makes the value unknown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from backend.portfolio.engine.exact import EXACT, USD_QUANTUM, ZERO, add_up
from backend.portfolio.holdings import AssetKey


@dataclass(frozen=True, slots=True)
class Holding:
    """An asset in a wallet. None: unknown. A debt has a negative amount."""

    wallet: str
    asset: AssetKey
    amount_raw: int | None
    decimals: int | None
    price_usd: Decimal | None
    category: str | None = None
    protocol: str | None = None


@dataclass(frozen=True, slots=True)
class Valued:
    """A holding and its worth. `missing` says what is unknown (`amount`, `decimals`, `price`) when the worth is."""

    holding: Holding
    value_usd: Decimal | None
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """A sum of values. `known_usd` is the sum of those that are known; the others are named in `unknown`."""

    known_usd: Decimal
    unknown: tuple[Valued, ...] = ()

    @property
    def is_complete(self) -> bool:
        """True when every part is known."""
        return not self.unknown

    @property
    def value_usd(self) -> Decimal | None:
        """The whole value, None when a part of it is unknown."""
        return self.known_usd if self.is_complete else None


def exact_value_usd(amount_raw: int, decimals: int, price_usd: Decimal) -> Decimal:
    """Return amount times price in US dollars, to the last digit."""
    return EXACT.multiply(EXACT.scaleb(Decimal(amount_raw), -decimals), price_usd)


def known_value_usd(amount_raw: int | None, decimals: int | None, price_usd: Decimal | None) -> Decimal | None:
    """Return amount times price in US dollars, to the last digit; None when a part of it is unknown."""
    if amount_raw is None or decimals is None or price_usd is None:
        return None
    return exact_value_usd(amount_raw, decimals, price_usd)


def value_usd(amount_raw: int, decimals: int, price_usd: Decimal) -> Decimal:
    """Return amount times price in US dollars, to 18 places."""
    return EXACT.quantize(exact_value_usd(amount_raw, decimals, price_usd), USD_QUANTUM)


def valued(holding: Holding) -> Valued:
    """Return a holding with its worth."""
    if holding.amount_raw is None:
        return Valued(holding, None, "amount")
    if holding.amount_raw == 0:
        return Valued(holding, ZERO)
    if holding.price_usd is None:
        return Valued(holding, None, "price")
    if holding.decimals is None:
        return Valued(holding, None, "decimals")
    return Valued(holding, value_usd(holding.amount_raw, holding.decimals, holding.price_usd))


def total(values: Iterable[Valued]) -> Total:
    """Return the sum of what is known, and what is not."""
    known: list[Decimal] = []
    unknown: list[Valued] = []
    for each in values:
        if each.value_usd is None:
            unknown.append(each)
        else:
            known.append(each.value_usd)
    return Total(add_up(known), tuple(unknown))
