"""What users send as conditions: accepted in every form, refused with words that help."""

from decimal import Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from backend.alerts.engine.conditions import ChangeConditions, PriceConditions, WhaleConditions
from backend.alerts.parsing import parse_conditions
from backend.alerts.rules import conditions_of, stored_conditions
from backend.alerts.schemas import RuleCreate, RuleUpdate
from backend.chain.events import CHANGE_WINDOWS_SECONDS
from backend.core.errors import InvalidInputError
from backend.core.sheets import safe_cell
from tests.unit.alerts.test_engine import CHAINS, whales

CHECKSUMMED = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
LOWER = CHECKSUMMED.lower()


def problems(kind, conditions) -> dict[str, str]:
    with pytest.raises(InvalidInputError) as caught:
        parse_conditions(kind, conditions)
    return caught.value.details


def test_the_list_and_the_object_mean_the_same():
    as_list = [
        {"field": "value_usd", "operator": "gte", "value": 250_000},
        {"field": "chain", "operator": "in", "value": [1, 8453]},
        {"field": "token", "operator": "eq", "value": "USDC"},
        {"field": "wallet", "operator": "in", "value": [CHECKSUMMED, LOWER]},
        {"field": "direction", "operator": "eq", "value": "out"},
    ]
    as_object = {
        "valueUsd": {"gte": "$250,000"}, "chains": [1, "8453"], "token": "USDC", "wallets": [LOWER], "direction": "OUT",
    }  # fmt: skip
    parsed = parse_conditions("whale", as_list)
    assert parsed == parse_conditions("whale", as_object)
    assert (parsed.value_usd, parsed.chains, parsed.wallets) == (Decimal(250_000), (1, 8453), (LOWER,))


@pytest.mark.parametrize(
    ("conditions", "price", "change"),
    [
        ({"above": 4000}, ("gt", Decimal(4000)), None),
        ({"below": "0.00012"}, ("lt", Decimal("0.00012")), None),
        ({"price_usd": {"operator": "<=", "value": 1}}, ("lte", Decimal(1)), None),
        ({"price_usd": 5}, ("gte", Decimal(5)), None),
        ({"change_pct": "5%", "window_seconds": 3600}, None, ("rise", Decimal(5), 3600)),
        ({"changePct": -7.5, "windowSeconds": "900"}, None, ("fall", Decimal("-7.5"), 900)),
        ({"change_pct": -3, "direction": "either", "window": 300}, None, ("move", Decimal(3), 300)),
    ],
)
def test_prices_and_changes(conditions, price, change):
    parsed = parse_conditions("price", {**conditions, "chain": 1, "token": "WETH"})
    assert (parsed.price, parsed.change) == (price, change)


@pytest.mark.parametrize(
    ("conditions", "field", "words"),
    [
        ({}, "value_usd", "how large"),
        ({"value_usd": 999.99}, "value_usd", "between $1,000 and $1,000,000,000"),
        ({"value_usd": "1000000000.01"}, "value_usd", "between"),
        ({"value_usd": "many"}, "value_usd", "not a number"),
        ({"value_usd": "NaN"}, "value_usd", "not a number"),
        ({"value_usd": True}, "value_usd", "Give a number"),
        ({"value_usd": {"lt": 5000}}, "value_usd", "operator gte"),
        ({"value_usd": 5000.0000000000001, "amount": "1234567890.1234567", "token": "A"}, "amount", "15 significant"),
        ({"amount": 0, "token": "A"}, "amount", "above zero"),
        ({"amount": 5}, "token", "exactly one token"),
        ({"amount": 5, "token": ["A", "B"]}, "token", "exactly one token"),
        ({"wallet": "0x12"}, "wallet", "40 hexadecimal"),
        ({"wallet": CHECKSUMMED[:-1] + "3"}, "wallet", "wrong checksum"),
        ({"wallet": LOWER.replace("c02aaa", "C02aaA")}, "wallet", "wrong checksum"),
        ({"wallet": [f"0x{n:040x}" for n in range(101)]}, "wallet", "at most 100"),
        ({"wallet": LOWER, "direction": "up"}, "direction", "in, out or either"),
        ({"value_usd": 5000, "direction": "in"}, "wallet", "Name the wallets"),
        ({"value_usd": 5000, "chain": 0}, "chain", "chain's number"),
        ({"value_usd": 5000, "price_usd": 3}, "price_usd", "no such condition"),
        ([{"field": "value_usd", "value": 1}, {"field": "value_usd", "value": 5000}], "value_usd", "once"),
        ([{"operator": "gte"}], "conditions[0]", "field"),
    ],
)
def test_whale_conditions_that_are_refused(conditions, field, words):
    assert words in problems("whale", conditions)[field]


@pytest.mark.parametrize(
    ("conditions", "field", "words"),
    [
        ({}, "price_usd", "Give a price"),
        ({"above": 5, "below": 3}, "price_usd", "once"),
        ({"above": 0}, "price_usd", "above zero"),
        ({"above": -4}, "price_usd", "above zero"),
        ({"above": "1.2345678901234567"}, "price_usd", "15 significant"),
        ({"above": 5, "change_pct": 5, "window_seconds": 300}, "price_usd", "not both"),
        ({"change_pct": 5}, "window_seconds", "300 (5 minutes)"),
        ({"change_pct": 5, "window_seconds": 301}, "window_seconds", "Choose one"),
        ({"change_pct": {"lte": 5}, "window_seconds": 300}, "change_pct", "minus"),
        ({"change_pct": -101, "window_seconds": 300}, "change_pct", "100%"),
        ({"change_pct": 0, "window_seconds": 300}, "change_pct", "0.01%"),
        ({"above": 5, "window_seconds": 300}, "window_seconds", "not to a price"),
        ({"above": 5, "token": ["A", "B"]}, "token", "one token"),
        ({"above": 5, "wallet": LOWER}, "wallet", "no such condition"),
    ],
)
def test_price_conditions_that_are_refused(conditions, field, words):
    assert words in problems("price", {"chain": 1, "token": "WETH", **conditions})[field]


def test_a_price_rule_names_its_chain_and_token():
    assert set(problems("price", {"above": 5})) == {"chain", "token"}


@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.integers(), st.lists, max_leaves=5)
)
def test_no_value_whatever_ends_in_anything_but_a_refusal(value):
    for kind in ("whale", "price"):
        for field in ("value_usd", "amount", "chain", "token", "wallet", "price_usd", "change_pct", "window_seconds"):
            try:
                parse_conditions(kind, {field: value})
                parse_conditions(kind, [{"field": field, "operator": "eq", "value": value}])
            except InvalidInputError as error:
                assert all(isinstance(message, str) and message for message in error.details.values())


fifteen = st.builds(
    lambda digits, scale: Decimal(digits).scaleb(scale), st.integers(1, 10**15 - 1), st.integers(-20, 3)
)
stored = st.one_of(
    whales.filter(lambda rule: bool(rule.wallets) or rule.direction == "either"),
    st.builds(PriceConditions, st.sampled_from(CHAINS), st.just(LOWER), st.sampled_from(["gt", "gte", "lt"]), fifteen),
    st.builds(
        lambda test, percent, window: ChangeConditions(1, LOWER, window, test, -percent if test == "fall" else percent),
        st.sampled_from(["rise", "fall", "move"]), fifteen, st.sampled_from(CHANGE_WINDOWS_SECONDS),
    ),
)  # fmt: skip


@given(stored)
def test_stored_conditions_read_back_as_they_were(conditions):
    if isinstance(conditions, WhaleConditions):
        numbers = [number for number in (conditions.value_usd, conditions.amount) if number is not None]
        if any(len(number.normalize(Context(prec=100)).as_tuple().digits) > 15 for number in numbers):
            return
    assert conditions_of(stored_conditions(conditions)) == conditions


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": " "}, "Give the rule a name"),
        ({"name": "x" * 256}, "at most 255"),
        ({"name": "a\x00b"}, "printable"),
        ({"cooldownSeconds": -1}, "between 0 seconds and 30 days"),
        ({"cooldownSeconds": 2_592_001}, "between 0 seconds and 30 days"),
        ({"type": "weather"}, "Choose one of: "),
        ({"frequency": "always"}, "'once' or 'recurring'"),
        ({"actions": []}, "at least 1 item"),
        ({"actions": [{"type": "pigeon"}]}, "'in_app', 'webhook'"),
    ],
)
def test_rules_that_are_refused(values, words):
    with pytest.raises(ValidationError) as caught:
        RuleCreate.model_validate({"name": "n", "type": "whale", "conditions": {}, **values})
    assert words in str(caught.value)


def test_names_are_tidied_and_defaults_are_quiet():
    rule = RuleCreate.model_validate({"name": "  big \n whales ", "type": "whale", "conditions": []})
    assert (rule.name, rule.enabled, rule.frequency, rule.actions[0].type) == (
        "big whales",
        True,
        "recurring",
        "in_app",
    )
    assert RuleUpdate.model_validate({"cooldownSeconds": 60, "version": 3}).cooldown_seconds == 60


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+1", "-x", "@x", "\tx", "\r=x", "\uff1dx"])
def test_no_cell_of_an_export_is_a_formula(text):
    assert safe_cell(text) == f"'{text}"
    assert safe_cell("0x12") == "0x12"
    assert safe_cell(None) == ""
    assert safe_cell("-1") == "-1" and safe_cell("-0.25") == "-0.25"  # a number, which runs nothing
