"""Worths that prices give: only where the source says none, exact, and never for money or pieces of collections."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from backend.tax.pricing.worths import Price, is_unpriced, unpriced_assets, with_worths
from backend.tax.transactions import TransactionKind, Worth
from tests.unit.tax.assembling.told import K, leg, tx, usd

AT = datetime(2024, 5, 1, tzinfo=UTC)
ROW = tx(
    1, K.SWAP, 0,
    leg("ETH", "-0.1234567890123456789012345678901234"), leg("A", 1, usd(7)), leg("fiat:EUR", 5),
    leg("1:0x1:9", 1), leg("aETH", 1, role="receipt"), leg("ODD", 2), fees=(leg("ETH", "0.01"),),
)  # fmt: skip


def price_of(asset: str, at: datetime) -> Price | None:
    assert at == ROW.happened_at
    return (Decimal("2000.5"), "DefiLlama", AT) if asset == "ETH" else None


def test_what_has_no_worth_gets_that_of_the_price_and_says_so() -> None:
    assert list(unpriced_assets(ROW)) == ["ETH", "ODD", "ETH"]
    made = with_worths(ROW, price_of)
    assert made is not None
    exact = Decimal("246.9753064191975306419197530641918617")  # 0.1234567890123456789012345678901234 x 2000.5
    assert made.legs[0].worth == Worth(exact, "USD", "price of DefiLlama", AT)
    assert made.fees[0].worth == Worth(Decimal("20.005"), "USD", "price of DefiLlama", AT)
    assert made.legs[1:] == ROW.legs[1:]
    assert with_worths(made, price_of) is None
    assert list(unpriced_assets(made)) == ["ODD"]


def test_what_counts_nowhere_needs_no_price() -> None:
    assert is_unpriced(ROW)
    assert not is_unpriced(replace(ROW, kind=TransactionKind.IGNORED))
    assert not is_unpriced(tx(1, K.BUY, 0, leg("A", 1, 7), leg("fiat:USD", -7)))
