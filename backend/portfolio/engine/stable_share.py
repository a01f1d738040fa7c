"""Stable share: how much of the value is in stablecoins.

share_pct = 100 x value in stablecoins / value of everything above zero, of what is known, in percent.
"""

from collections.abc import Iterable
from decimal import Decimal

from backend.portfolio.engine.exact import add_up, percent
from backend.portfolio.engine.valuation import Valued

STABLECOIN = "stablecoin"


def stable_share_pct(values: Iterable[Valued]) -> Decimal | None:
    """Return the share of holdings in the category `stablecoin`, None when nothing known is worth more than zero."""
    positive = [each for each in values if each.value_usd is not None and each.value_usd > 0]
    whole = add_up(each.value_usd for each in positive if each.value_usd is not None)
    stable = add_up(
        each.value_usd for each in positive if each.value_usd is not None and each.holding.category == STABLECOIN
    )
    return percent(stable, whole)
