"""The door: what sources may send, and what is refused."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.market.fiat.ecb import parse_rates
from backend.market.ladder import parsing
from backend.market.ladder.problems import SourceError, SourceGarbageError
from backend.market.ladder.sp500 import parse_closes

NOW = 1_800_000_000


@pytest.mark.parametrize(
    "text",
    ["NaN", "Infinity", "-1", "0", "1e30", '"1.5"', "true", "null", "[]", "{}", "1e-19", "-0.0", "1e400"],
)
def test_what_is_no_price(text: str) -> None:
    try:
        value = parsing.json_object(f'{{"price": {text}}}'.encode())["price"]
    except SourceGarbageError:
        return
    assert parsing.price(value) is None


def test_numbers_are_exact() -> None:
    said = parsing.json_object(b'{"price": 0.1234567890123456789, "big": 123456789.123456789}')
    assert parsing.price(said["price"]) == Decimal("0.123456789012346")
    assert parsing.price(said["big"]) == Decimal("123456789.123457")
    assert parsing.price(Decimal("1e-18")) == Decimal("1e-18")


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b"[1]", b'{"a":', b"\xff\xfe", b'{"a": NaN}', b"9" * 100, b"[" * 9000]
)
def test_what_is_no_object(body: bytes) -> None:
    with pytest.raises(SourceGarbageError):
        parsing.json_object(body)


def test_the_largest_price_is_one() -> None:
    assert parsing.price(parsing.LARGEST_PRICE_USD) == parsing.LARGEST_PRICE_USD
    assert parsing.price(Decimal("10000000000")) == Decimal("10000000000")


@given(st.one_of(st.none(), st.booleans(), st.text(), st.floats(), st.lists(st.integers()), st.decimals()))
def test_anything_may_stand_in_a_field(value: object) -> None:
    assert (price := parsing.price(value)) is None or 0 < price <= parsing.LARGEST_PRICE_USD
    assert (at := parsing.instant(value, NOW)) is None or parsing.EARLIEST <= at <= NOW
    assert 0 <= parsing.share(value, Decimal("0.5")) <= 1


def test_the_future_is_refused_but_for_clocks_that_differ() -> None:
    assert parsing.instant(NOW + 301, NOW) is None
    assert parsing.instant(NOW + 200, NOW) == NOW
    assert parsing.instant(NOW - 5, NOW) == NOW - 5


def test_closes_of_an_index() -> None:
    closes = parse_closes(b"observation_date,SP500\n2026-07-16,7533.77\n2026-07-17,.\n2026-07-20,\n2026-07-21,7475.8\n")
    assert [(each.taken_at, each.price_usd) for each in closes] == [
        (1784232000, Decimal("7533.77")),  # 16:00 in New York is 20:00 UTC in summer
        (1784664000, Decimal("7475.8")),
    ]
    assert parse_closes(b"DATE,SP500\n2026-01-05,6900\n")[0].taken_at == 1767646800, "21:00 UTC in winter"


@pytest.mark.parametrize(
    "body",
    [
        b"<html></html>",
        b"",
        b"observation_date,SP500\n",
        b"observation_date,SP500\n2026-07-17,.\n",
        b"observation_date,SP500\n2026-07-17,NaN\n",
        b"observation_date,SP500\n2026-07-17,-3\n",
        b"observation_date,SP500\nyesterday,7000\n",
        b"observation_date,SP500,DJIA\n2026-07-17,1,2\n",
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_index(body: bytes) -> None:
    with pytest.raises(SourceError):
        parse_closes(body)


CSV = b"""Date,USD,JPY,BGN,GBP,CHF,AUD,CAD,
2024-03-18,1.0872,162.43,1.9558,0.85445,0.9655,1.6585,1.4722,
2024-03-15,1.0890,161.69,1.9558,0.85458,0.9614,1.6598,1.4744,
1999-01-04,1.1789,133.73,N/A,0.7111,1.6168,1.9100,1.8004,
"""


def test_rates_of_the_ecb() -> None:
    rates = parse_rates(CSV)
    assert len(rates) == 18
    assert {(rate.day, rate.currency): rate.per_eur for rate in rates}[date(2024, 3, 15), "USD"] == Decimal("1.0890")
    assert not any(rate.currency == "BGN" for rate in rates)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"",
        b"PK\x03\x04 this is no archive",
        CSV.replace(b"JPY", b"XXX"),
        CSV.replace(b"1.0872", b"NaN"),
        CSV.replace(b"1.0872", b"-1"),
        CSV.replace(b"1.0872", b"1e30"),
        CSV.replace(b"1.0872", b"one"),
        CSV.replace(b"2024-03-18", b"2999-03-18"),
        CSV.replace(b"2024-03-18", b"18.03.2024"),
        CSV.splitlines()[0],
    ],
)
def test_what_are_no_rates(body: bytes) -> None:
    with pytest.raises(SourceError):
        parse_rates(body)
