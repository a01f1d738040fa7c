"""The health of an account in a Comet, by the arithmetic of Comet's own `isLiquidatable`; pure.

health = sum over collaterals of amount x price x liquidateCollateralFactor, over debt x price of the base asset, each
term rounded down as Comet does. Below 1 the account can be absorbed. The debt is that with interest up to the block,
which is what `absorb` takes too. Source: compound-finance/comet, Comet.sol (`isLiquidatable`, `mulPrice`, `mulFactor`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

FACTOR_SCALE = 10**18
PLACES = 18
_ENOUGH = 80  # digits: sums of 256-bit numbers are exact


@dataclass(frozen=True, slots=True)
class Collateral:
    """What a market lends against: an asset, its price feed, its units in one whole, its liquidation factor (1e18)."""

    asset: str
    feed: str
    scale: int
    liquidate_factor: int


def health_factor(
    owed_raw: int, base_price: int, base_scale: int, held: Iterable[tuple[Collateral, int, int]]
) -> Decimal | None:
    """Return the health factor to 18 places, rounded down; None when the debt is worth nothing that Comet can count.

    `held` are collaterals with the amount held and the feed's price.
    """
    debt = owed_raw * base_price // base_scale
    if debt <= 0:
        return None
    backing = sum(
        amount * price // collateral.scale * collateral.liquidate_factor // FACTOR_SCALE
        for collateral, amount, price in held
    )
    with localcontext() as context:
        context.prec = _ENOUGH
        return Decimal(backing * 10**PLACES // debt).scaleb(-PLACES)
