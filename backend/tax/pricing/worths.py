"""Which amounts of a transaction have no worth, and the same transaction with it. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from backend.tax.engine.money import EXACT
from backend.tax.transactions import TaxLeg, TaxTransaction, TransactionKind, Worth, is_fiat

USD = "USD"
# A price of one whole unit in dollars with its source, and when it was observed; None: nobody knows.
Price = tuple[Decimal, str, datetime]
PriceOf = Callable[[str, datetime], Price | None]


def is_unpriced(transaction: TaxTransaction) -> bool:
    """Return whether something of a transaction could have a price, and has no worth."""
    return any(True for _ in unpriced_assets(transaction))


def unpriced_assets(transaction: TaxTransaction) -> Iterable[str]:
    """Return the assets of which an amount has no worth; money needs none, and pieces of collections have no price."""
    if transaction.kind is TransactionKind.IGNORED:
        return
    for leg in (*transaction.legs, *transaction.fees):
        if _asks(leg):
            yield leg.asset


def with_worths(transaction: TaxTransaction, price_of: PriceOf) -> TaxTransaction | None:
    """Return a transaction with the worths that prices give, None where they give none."""

    def priced(legs: Sequence[TaxLeg]) -> tuple[TaxLeg, ...]:
        return tuple(_priced(leg, transaction.happened_at, price_of) if _asks(leg) else leg for leg in legs)

    legs, fees = priced(transaction.legs), priced(transaction.fees)
    if legs == transaction.legs and fees == transaction.fees:
        return None
    return replace(transaction, legs=legs, fees=fees)


def _priced(leg: TaxLeg, at: datetime, price_of: PriceOf) -> TaxLeg:
    price = price_of(leg.asset, at)
    if price is None:
        return leg
    price_usd, source, observed_at = price
    worth = EXACT.multiply(leg.amount.copy_abs(), price_usd)
    return replace(leg, worth=Worth(worth, USD, f"price of {source}", observed_at))


def _asks(leg: TaxLeg) -> bool:
    return leg.worth is None and leg.role == "principal" and not is_fiat(leg.asset) and leg.asset.count(":") < 2
