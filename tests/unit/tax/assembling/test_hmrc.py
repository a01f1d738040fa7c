"""HMRC's examples of lending and liquidity (CRYPTO61671 to 61679), told as a protocol tells them."""

from decimal import Decimal

import pytest

from backend.tax.transactions import TaxLeg, TaxTransaction
from tests.unit.tax.assembling.told import K, events, figures, gains, put_together, tx, usd
from tests.unit.tax.given import on

UK = {"jurisdiction": "UK", "currency": "GBP", "lending_is_disposal": True}


def leg(asset: str, amount: object, worth: object = None) -> TaxLeg:
    return TaxLeg(asset, asset, Decimal(str(amount)), None if worth is None else usd(worth, "file", "GBP"))


def bought(units: object, paid: object, asset: str = "TOKENA", number: int = 1) -> TaxTransaction:
    return tx(number, K.BUY, on("2020-01-01"), leg(asset, units), leg("fiat:GBP", f"-{paid}"))


def lent(units: object, worth: object, right: object = None) -> TaxTransaction:
    """For a claim to as many units back; its worth, where the example gives it, is that of the right."""
    legs = [leg("TOKENA", f"-{units}", worth)] + ([] if right is None else [leg("right", 1, right)])
    return tx(2, K.SUPPLY, on("2020-02-01"), *legs, position="loan")


@pytest.mark.parametrize(
    ("example", "loan", "gain"),
    [
        ("CRYPTO61671", lent(100, 150), -50),
        ("CRYPTO61672", lent(100, 150), -50),
        ("CRYPTO61673", lent(100, None, 165), -35),
    ],
)
def test_a_loan_that_passes_ownership_is_a_disposal(example: str, loan: TaxTransaction, gain: int) -> None:
    made = put_together([bought(100, 200), loan], **UK)
    assert gains(made) == {2: gain}, example


def test_the_rest_of_security_that_is_sold() -> None:
    part = tx(2, K.SELL, on("2020-07-01"), leg("TOKENA", -11), leg("fiat:GBP", 66))  # CRYPTO61675
    assert gains(put_together([bought(100, 500), part], **UK)) == {2: 11}
    whole = tx(2, K.SELL, on("2020-05-20"), leg("TOKENA", -525), leg("fiat:GBP", 6300))  # CRYPTO61676
    assert gains(put_together([bought(525, 5250), whole], **UK)) == {2: 1050}


@pytest.mark.parametrize(
    ("example", "back", "gain", "income"), [("CRYPTO61677", 168, 10, 8), ("CRYPTO61678", 126, -30, 6)]
)
def test_a_loan_that_comes_back_with_interest(example: str, back: int, gain: int, income: int) -> None:
    returned = tx(3, K.WITHDRAW, on("2021-10-01"), leg("TOKENA", 105, back), position="loan")
    made = put_together([bought(1000, 1500), lent(100, 150), returned], **UK)
    assert gains(made) == {2: 0, 3: gain}, example
    assert [each.value for each in figures(made).outcome.incomes] == [income]
    assert made.issues == []


def test_a_right_that_loses_worth() -> None:
    """CRYPTO61679: 1,000 tokens that cost 500 for a right worth 1,100, and the tokens back when they are worth 850."""
    back = tx(3, K.WITHDRAW, on("2023-04-15"), leg("right", -1), leg("TOKENA", 1000, 850), position="loan")
    made = put_together([bought(4000, 2000), lent(1000, None, 1100), back], **UK)
    assert gains(made) == {2: 600, 3: -250}


def test_liquidity_costs_what_went_into_it() -> None:
    """CRYPTO61674: 15 for the tokens of the pool, shared over what was given by worth."""
    added = tx(3, K.LP_ADD, on("2020-06-01"), leg("TOKENA", -10, 10), leg("TOKENB", -5, 3), leg("LP", 1, 15))
    made = put_together([bought(100, 100), bought(100, 50, "TOKENB", 2), added], **UK)
    proceeds = {each.asset: round(each.proceeds or Decimal(0), 6) for each in figures(made).outcome.disposals}
    assert proceeds == {"TOKENA": Decimal("11.538462"), "TOKENB": Decimal("3.461538")}
    assert len(events(made, 3)) == 1
