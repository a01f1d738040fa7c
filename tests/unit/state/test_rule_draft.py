"""The sentence of the form and the conditions of a rule say the same, both ways, to the last digit."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.alerts.schemas import AlertAction, RuleRead
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError
from backend.core.ids import new_id
from backend.core.money import plain
from state.rule_draft import RuleDraft, actions_of, conditions_of, default_name, draft_of_rule

TOKEN = "0x" + "ab" * 20
WALLET = "0x" + "cd" * 20
PRICE = RuleDraft(name="n", token=TOKEN, chain="31337", price_usd="4000")
WHALE = RuleDraft(name="n", kind="whale", value_usd="100000", cooldown="0")


def stored(draft: RuleDraft, conditions: list | None = None) -> RuleRead:
    now = utc_now()
    return RuleRead(
        id=new_id(),
        name=draft.name,
        type=draft.kind,  # type: ignore[arg-type]
        conditions=conditions_of(draft) if conditions is None else conditions,
        actions=[AlertAction(**action) for action in actions_of(draft)],  # type: ignore[arg-type]
        enabled=True,
        frequency=draft.frequency,  # type: ignore[arg-type]
        cooldown_seconds=int(draft.cooldown),
        version=1,
        description="",
        last_triggered_at=None,
        created_at=now,
        updated_at=now,
    )


@pytest.mark.parametrize(
    "draft",
    [
        PRICE,
        replace(PRICE, comparison="below", price_usd="0.000000000000000001"),
        *[
            replace(PRICE, comparison=way, price_usd="", change_pct="2.5", window="86400")
            for way in ("change_up", "change_down", "change_either")
        ],
        WHALE,
        replace(WHALE, token=TOKEN, chain="1", measure="amount", value_usd="", amount="12.000000000000000001"),
        replace(WHALE, who="wallets", wallets=f"{WALLET}\n{TOKEN}", direction="out", value_usd=""),
        replace(WHALE, webhook=True, destination="https://example.com/hook", frequency="once"),
    ],
)
def test_what_was_written_comes_back(draft: RuleDraft) -> None:
    assert draft_of_rule(stored(draft)) == draft


@given(st.decimals(min_value=Decimal("1e-18"), max_value=Decimal("1e15"), places=18))
def test_no_digit_of_a_price_is_lost(price: Decimal) -> None:
    conditions = conditions_of(replace(PRICE, price_usd=f"${price:,f}"))
    (value,) = [each["value"] for each in conditions if each["field"] == "price_usd"]
    assert Decimal(value) == price
    assert draft_of_rule(stored(PRICE, conditions)).price_usd == plain(price)


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (replace(PRICE, price_usd=""), "price_usd"),
        (replace(PRICE, price_usd="four"), "price_usd"),
        (replace(PRICE, price_usd="NaN"), "price_usd"),
        (replace(PRICE, token=""), "token"),
        (replace(PRICE, chain=""), "chain"),
        (replace(PRICE, comparison="change_up", change_pct="-3"), "change_pct"),
        (replace(WHALE, value_usd=""), "value_usd"),
        (replace(WHALE, who="wallets", wallets=" \n "), "wallets"),
    ],
)
def test_a_mistake_is_said_at_its_field(draft: RuleDraft, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        conditions_of(draft)
    assert field in caught.value.details


def test_somebody_must_be_told() -> None:
    with pytest.raises(InvalidInputError) as caught:
        actions_of(replace(PRICE, in_app=False))
    assert "actions" in caught.value.details
    with pytest.raises(InvalidInputError) as caught:
        actions_of(replace(PRICE, webhook=True, destination=" "))
    assert "destination" in caught.value.details


def test_a_rule_the_sentence_cannot_say_is_not_silently_narrowed() -> None:
    several = [*conditions_of(WHALE), {"field": "chain", "operator": "in", "value": [1, 10]}]
    with pytest.raises(InvalidInputError):
        draft_of_rule(stored(WHALE, several))


def test_unnamed_rules_get_a_name() -> None:
    assert default_name(replace(PRICE, price_usd="$4,000"), "WETH") == "WETH above $4,000"
    assert (
        default_name(replace(PRICE, comparison="change_down", price_usd="", change_pct="5 %"), "UNI") == "UNI down 5%"
    )
    assert default_name(WHALE, "") == "Large transfers of any token"
    assert len(default_name(replace(PRICE, price_usd="9" * 400), "WETH")) == 255
