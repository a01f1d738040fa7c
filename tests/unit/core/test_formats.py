"""How numbers read."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from backend.core import formats


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1234.5", "$1,234.50"),
        ("-1234.5", "\u2212$1,234.50"),
        ("0.000123456", "$0.0001235"),
        ("0", "$0.00"),
        ("0.9996", "$0.9996"),
        ("0.99996", "$1.00"),
        ("1000000000", "$1,000,000,000.00"),
        ("1e40", "$1 \u00d7 10\u2074\u2070"),
    ],
)
def test_dollars(value: str, text: str) -> None:
    assert formats.usd(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1250000", "$1.25M"),
        ("310400", "$310.4K"),
        ("999", "$999.00"),
        ("9999.99", "$9,999.99"),
        ("2500000000", "$2.5B"),
        ("1e40", "$1 \u00d7 10\u2074\u2070"),
    ],
)
def test_short_dollars(value: str, text: str) -> None:
    assert formats.usd_short(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2.314", "+2.31%"),
        ("-2.314", "\u22122.31%"),
        ("0", "0.00%"),
        ("0.001", "0.00%"),
        ("-0.001", "0.00%"),
        ("1234.5", "+1,234.50%"),
        ("1e30", f"+{10**30:,}.00%"),
    ],
)
def test_percent_shows_its_sign_and_never_a_signed_zero(value: str, text: str) -> None:
    assert formats.percent(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "symbol", "text"),
    [
        ("1250.5", "UNI", "1,250.5 UNI"),
        ("1.23456789", "ETH", "1.2346 ETH"),
        ("0.000012345678", "WBTC", "0.0000123457 WBTC"),
        ("0", "DAI", "0 DAI"),
        ("1e-18", "ETH", "0.000000000000000001 ETH"),
        ("999999999999999.994", "SHIB", "999,999,999,999,999.99 SHIB"),
        ("5e29", "SHIB", "5 \u00d7 10\u00b2\u2079 SHIB"),
        ("-1234567890123456789012345678901.5", "X", "\u22121.23457 \u00d7 10\u00b3\u2070 X"),
    ],
)
def test_amounts(value: str, symbol: str, text: str) -> None:
    assert formats.amount(Decimal(value), symbol) == text


def test_unknown_is_a_dash_everywhere() -> None:
    assert {formats.usd(None), formats.usd_short(None), formats.amount(None), formats.percent(None)} == {"—"}
    assert formats.gwei(None) == formats.number(None) == "—"


def test_chain_text_is_cut_to_printable_characters() -> None:
    assert formats.untrusted_text("US\u202eDC\n<b>") == "USDC<b>"
    assert formats.untrusted_text("\u200b\x00") == "?"
    assert len(formats.untrusted_text("x" * 100_000)) == 32


def test_durations_and_times() -> None:
    assert formats.duration(300) == "5 minutes"
    assert formats.duration(3600) == "1 hour"
    assert formats.duration(90) == "90 seconds"
    assert formats.iso(datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)) == "2026-01-02T03:04:05.678Z"
    assert formats.address("0x" + "ab" * 20) == "0xabab…abab"
    assert formats.gwei(1_234_567_890) == "1.235 gwei"


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("-22583", "USD", "\u2212$22.58K"),
        ("1250000", "EUR", "\u20ac1.25M"),
        ("9999.5", "CHF", "CHF 9,999.50"),
        (None, "USD", "\u2014"),
    ],
)
def test_short_money_of_any_country(value: str | None, currency: str, text: str) -> None:
    assert formats.money_short(None if value is None else Decimal(value), currency) == text


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("1234.5", "EUR", "€1,234.50"),
        ("-1234.505", "USD", "\u2212$1,234.50"),
        ("-0.001", "GBP", "£0.00"),
        ("1234.5", "JPY", "¥1,234"),
        ("1235.5", "JPY", "¥1,236"),
        ("10", "CHF", "CHF 10.00"),
        ("99999999999999999999.99", "USD", "$99,999,999,999,999,999,999.99"),
        ("-1.5e40", "USD", "\u2212$1.5 \u00d7 10\u2074\u2070"),
        (None, "EUR", "—"),
    ],
)
def test_money_of_any_country(value: str | None, currency: str, text: str) -> None:
    assert formats.money(None if value is None else Decimal(value), currency) == text
