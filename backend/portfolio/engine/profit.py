"""Profit and loss: realised by what was sold, unrealised in what is held, in US dollars.

realised = sum of proceeds - cost of the parts of lots that were sold; unrealised = value of what is left - its cost.
Lots are the ledger's (`backend.ledger`), the same that tax uses. A part of unknown cost or proceeds is left out of
the sum and named, never counted as if it had cost nothing. Source: IRS Publications 544 and 551.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from backend.ledger.engine.lots import Lot, total_cost
from backend.ledger.engine.realised import Realised
from backend.portfolio.engine.exact import EXACT, add_up, percent
from backend.portfolio.engine.valuation import value_usd


@dataclass(frozen=True, slots=True)
class RealisedProfit:
    """The sum of the gains that are known, and the parts of sales whose gain is not."""

    known_usd: Decimal
    unknown: tuple[Realised, ...]

    @property
    def is_complete(self) -> bool:
        """True when the gain of every part is known."""
        return not self.unknown


@dataclass(frozen=True, slots=True)
class UnrealisedProfit:
    """What is held, its cost and its worth in US dollars; None where unknown."""

    amount_raw: int
    cost_usd: Decimal | None
    value_usd: Decimal | None

    @property
    def usd(self) -> Decimal | None:
        """Worth less cost, None when either is unknown."""
        if self.cost_usd is None or self.value_usd is None:
            return None
        return EXACT.subtract(self.value_usd, self.cost_usd)

    @property
    def pct(self) -> Decimal | None:
        """The gain in percent of the cost, None when unknown or when it cost nothing."""
        return None if self.usd is None or self.cost_usd is None else percent(self.usd, self.cost_usd)


def realised_profit(realised: Iterable[Realised]) -> RealisedProfit:
    """Return the sum of what sales made."""
    known: list[Decimal] = []
    unknown: list[Realised] = []
    for each in realised:
        if each.gain is None:
            unknown.append(each)
        else:
            known.append(each.gain)
    return RealisedProfit(add_up(known), tuple(unknown))


def unrealised_profit(lots: Sequence[Lot], decimals: int | None, price_usd: Decimal | None) -> UnrealisedProfit:
    """Return cost and worth of the lots that are left of one asset."""
    amount_raw = sum(lot.amount_raw for lot in lots)
    worth = None if decimals is None or price_usd is None else value_usd(amount_raw, decimals, price_usd)
    return UnrealisedProfit(amount_raw, total_cost(lots), worth)
