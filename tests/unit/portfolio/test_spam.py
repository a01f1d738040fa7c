"""Look-alikes are found, and what is honest is not taken for one."""

from decimal import Decimal

import orjson
import pytest

from backend.portfolio.discovery.lists import TokenListError, parse_list
from backend.portfolio.discovery.skeleton import mixes_scripts, skeleton
from backend.portfolio.discovery.spam import WORDS, SpamFilter, Suspect

KNOWN = SpamFilter([("USDC", "USD Coin"), ("stETH", "Liquid staked Ether 2.0"), ("UNI", "Uniswap")])


def suspect(symbol: str | None, name: str | None = "x", **more) -> Suspect:
    values = {"decimals": 18, "is_trusted": False, "price_usd": Decimal(1), "value_usd": Decimal(5), **more}
    return Suspect(symbol, name, **values)


@pytest.mark.parametrize(
    "symbol",
    [
        "USDC",
        "usdc",
        "U5DC",
        "US\u200bDC",  # with an invisible space
        "USD\u0421",  # Cyrillic
        "\uff35\uff33\uff24\uff23",  # full width
        "U\u0282DC",
        "\u016bsdc",  # an accent
        "UN1",
        "UN|",
        "\u0405TETH",
        "W\u0415TH",
        "0P",
    ],
)
def test_what_looks_like_a_known_symbol_is_a_look_alike(symbol: str):
    verdict = KNOWN.judge(suspect(symbol))
    assert verdict.is_spam and "look_alike" in verdict.reasons


@pytest.mark.parametrize(
    "symbol", ["USDX", "UNIX", "STONE", "1INCH", "CRVUSD", "\u65e5\u672c\u5186", "\u0420\u0423\u0411"]
)
def test_another_symbol_is_none(symbol: str):
    assert KNOWN.judge(suspect(symbol)).reasons == ()


@pytest.mark.parametrize(
    ("symbol", "name", "reason"),
    [
        ("GIFT", "Visit usd-claim.com", "link"),
        ("t.me/drop", "x", "link"),
        ("X", "https://a.example", "link"),
        ("X", "Claim your reward", "lure"),
        ("X", "Airdrop", "lure"),
        ("TOK\u0415N", "x", "mixed_scripts"),
        (None, None, "no_name"),
        ("OTHER", "USD Coin", "look_alike"),
        ("OTHER", "USDC", "look_alike"),
    ],
)
def test_each_reason_is_found(symbol: str | None, name: str | None, reason: str):
    verdict = KNOWN.judge(suspect(symbol, name))
    assert verdict.is_spam and reason in verdict.reasons
    assert verdict.words == [WORDS[each] for each in verdict.reasons]


def test_no_market_and_dust_are_reasons_unless_it_is_listed():
    assert KNOWN.judge(suspect("NEW", price_usd=None)).reasons == ("no_price",)
    assert KNOWN.judge(suspect("NEW", value_usd=Decimal("0.009"))).reasons == ("dust",)
    assert KNOWN.judge(suspect("NEW", value_usd=Decimal("0.01"))).reasons == ()
    assert KNOWN.judge(suspect("NEW", value_usd=None)).reasons == ()
    assert not KNOWN.judge(suspect("USDC", "claim.com", is_trusted=True, price_usd=None)).is_spam


def test_skeletons_drop_what_cannot_be_seen():
    assert skeleton("E\u0301T\u200dH ") == skeleton("eth")
    assert skeleton("\u2764\ufe0f") == ""
    assert mixes_scripts("a\u0430") and mixes_scripts("a\u200b") and not mixes_scripts("USD+1")


def list_of(*tokens: object) -> bytes:
    return orjson.dumps({"name": "L", "timestamp": "2026-01-01T00:00:00Z", "version": {}, "tokens": list(tokens)})


def test_a_token_list_keeps_what_is_well_formed():
    good = {"chainId": 1, "address": "0x" + "aB" * 20, "symbol": "A\u202eB", "name": "N" * 90, "decimals": 36}
    bad = [
        {**good, "address": "0x12"},
        {**good, "address": "0x" + "zz" * 20},
        {**good, "decimals": 78},
        {**good, "decimals": "18"},
        {**good, "chainId": True},
        {**good, "symbol": None},
        "no object",
    ]
    (row,) = parse_list(list_of(good, *bad, good))
    assert row == {
        "chain_id": 1,
        "token": "0x" + "ab" * 20,
        "symbol": "AB",
        "name": "N" * 64,
        "decimals": 36,
        "logo_url": None,
    }


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", list_of(), list_of({"chainId": 1})])
def test_what_is_no_token_list_is_refused(body: bytes):
    with pytest.raises(TokenListError):
        parse_list(body)
