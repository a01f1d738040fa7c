"""Exact numbers: what crosses into the engine compares as the decimals do."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.money import engine_decimal, engine_number, parse_decimal, plain, token_amount, value_usd

positive = st.decimals(min_value=Decimal("1e-18"), max_value=Decimal("1e24"), allow_nan=False, allow_infinity=False)


@given(positive, positive)
def test_engine_floats_order_like_rounded_decimals(a: Decimal, b: Decimal) -> None:
    left, right = engine_decimal(a), engine_decimal(b)
    assert (engine_number(a) < engine_number(b)) == (left < right)
    assert (engine_number(a) == engine_number(b)) == (left == right)


@given(st.integers(min_value=0, max_value=2**256 - 1), st.integers(min_value=0, max_value=36))
def test_token_amount_loses_no_unit(amount_raw: int, decimals: int) -> None:
    whole, fraction = divmod(amount_raw, 10**decimals)
    expected = f"{whole}.{fraction:0{decimals}d}" if decimals else str(whole)
    assert token_amount(amount_raw, decimals) == Decimal(expected)
    assert plain(token_amount(amount_raw, decimals)) == plain(Decimal(expected))


def test_value_is_amount_times_price_to_18_places() -> None:
    assert value_usd(Decimal("1.5"), Decimal("3333.333333333333333333")) == Decimal("5000.000000000000000000")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$4,000", "4000"),
        (" 0.5 ", "0.5"),
        ("1_000", "1000"),
        ("1e3", "1E+3"),
        ("-1,234,567.5", "-1234567.5"),
        ("12,34,567", "1234567"),
    ],
)
def test_numbers_people_write_are_understood(text: str, value: str) -> None:
    assert parse_decimal(text) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "abc", "NaN", "inf", "1.2.3", "--1", "1,5", "0,123456", "1,2,3", "1.234,56", "1,5000", ",500"]
)
def test_what_is_not_a_number_says_so(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        parse_decimal(text)
