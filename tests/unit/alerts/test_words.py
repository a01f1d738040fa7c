"""Rules and alerts in words."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from backend.alerts.engine.conditions import ChangeConditions, PriceConditions, WhaleConditions
from backend.alerts.messages import alert_message, headline
from backend.alerts.sentences import describe
from backend.alerts.service import describe_rule
from backend.chain.events import NATIVE_TOKEN, PriceUpdate, TokenTransfer
from backend.core.errors import InvalidInputError

WETH, USDC = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2", "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
SYMBOLS = {WETH: "WETH", USDC: "USDC"}
WALLET = "0x1234567890123456789012345678901234567890"
BLOCK = {"chain_id": 1, "block_number": 1, "block_hash": "0xb", "taken_at": 0}


@pytest.mark.parametrize(
    ("conditions", "sentence"),
    [
        (PriceConditions(1, WETH, "gt", Decimal(4000)), "WETH on Ethereum rises above $4,000"),
        (PriceConditions(1, WETH, "gte", Decimal("4000.5")), "WETH on Ethereum reaches $4,000.50"),
        (PriceConditions(31337, WETH, "lt", Decimal("0.00012")), "WETH on Demo market falls below $0.00012"),
        (PriceConditions(99999999, "0x" + "ab" * 20, "lte", Decimal(1)), "0xabab…abab on Chain 99999999 falls to $1"),
        (ChangeConditions(1, WETH, 3600, "rise", Decimal(5)), "WETH on Ethereum rises by at least 5% within 1 hour"),
        (
            ChangeConditions(1, WETH, 300, "fall", Decimal("-2.5")),
            "WETH on Ethereum falls by at least 2.5% within 5 minutes",
        ),
        (
            ChangeConditions(1, WETH, 604800, "move", Decimal(9)),
            "WETH on Ethereum moves either way by at least 9% within 7 days",
        ),
        (WhaleConditions(value_usd=Decimal(100_000)), "A transfer worth at least $100,000 on any chain"),
        (
            WhaleConditions(frozenset([1]), frozenset([NATIVE_TOKEN]), amount=Decimal("1000.5")),
            "A transfer of at least 1,000.5 ETH on Ethereum",
        ),
        (
            WhaleConditions(frozenset([1, 8453]), frozenset(SYMBOLS), frozenset([WALLET]), "out", Decimal(5000)),
            "A transfer of USDC or WETH worth at least $5,000 from 0x1234…7890 on Ethereum or Base",
        ),
        (
            WhaleConditions(wallets=frozenset(f"0x{n:040x}" for n in range(9)), direction="in"),
            "A transfer to 9 watched wallets on any chain",
        ),
    ],
)  # fmt: skip
def test_rules_as_sentences(conditions, sentence):
    assert describe(conditions, SYMBOLS) == sentence


def test_describe_rule_reads_what_forms_and_stores_have():
    @dataclass
    class Token:
        address: str
        symbol: str | None

    conditions = [
        {"field": "chain", "operator": "eq", "value": 1},
        {"field": "token", "operator": "eq", "value": WETH},
        {"field": "price_usd", "operator": "gt", "value": "2500"},
    ]
    assert describe_rule("price", conditions, [Token(WETH, "WE\u202eTH")]) == "WETH on Ethereum rises above $2,500"
    with pytest.raises(InvalidInputError):
        describe_rule("price", [{"field": "price_usd", "operator": "gt", "value": 1}], [])


def transfer(**changes) -> TokenTransfer:
    values = {
        "id": "e", "tx_hash": "0x" + "f" * 64, "log_index": 1, "token": WETH, "sender": WALLET,
        "recipient": "0x" + "9" * 40, "amount_raw": 1250 * 10**18, "symbol": "WETH", "amount": Decimal("1250.5"),
        "value_usd": Decimal("5002000.129"),
        **BLOCK, **changes,
    }  # fmt: skip
    return TokenTransfer(**values)


def test_a_whale_alert_says_amount_token_value_wallets_chain_and_transaction():
    rule = WhaleConditions(value_usd=Decimal(1000))
    message = alert_message(rule, transfer())
    assert message == (
        "1,250.5 WETH ($5,002,000.13) moved from 0x1234…7890 to 0x9999…9999 on Ethereum · tx 0x" + "f" * 64
    )
    assert headline(message) == "1,250.5 WETH ($5,002,000.13) moved from 0x1234…7890 to 0x9999…9999 on Ethereum"


def test_what_is_unknown_is_left_out_of_a_whale_alert_not_made_up():
    message = alert_message(WhaleConditions(), transfer(amount=None, value_usd=None, symbol=None))
    assert message.startswith("1,250,000,000,000,000,000,000 units of 0xc02a…6cc2 moved from ")
    assert alert_message(WhaleConditions(), transfer(token=NATIVE_TOKEN, symbol=None)).startswith("1,250.5 ETH (")


def reading(**changes) -> PriceUpdate:
    values = {
        "id": "p", "token": WETH, "symbol": "WETH", "price_usd": Decimal("4012.35"),
        "previous_price_usd": Decimal(3980), "source": "pool", "changes": {3600: (None, Decimal("-5.239"))},
        **BLOCK, **changes,
    }  # fmt: skip
    return PriceUpdate(**values)


def test_a_price_alert_says_token_chain_price_target_and_change():
    above = PriceConditions(1, WETH, "gt", Decimal(4000))
    assert alert_message(above, reading()) == (
        "WETH on Ethereum rose above $4,000: now $4,012.35 (+0.81% since the last reading)"
    )
    fall = ChangeConditions(1, WETH, 3600, "fall", Decimal(-5))
    assert alert_message(fall, reading()) == (
        "WETH on Ethereum fell 5.24% within 1 hour: now $4,012.35 (your rule: falls by at least 5% within 1 hour)"
    )
    with pytest.raises(ValueError, match="no alert comes"):
        alert_message(WhaleConditions(), reading())
