"""Which transactions a rule is about, which rule decides, and what is said after what."""

import random
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from backend.core.ids import derived_id
from backend.tax.books import Proposal
from backend.tax.engine.events import IncomeKind
from backend.tax.review.edits import is_for_many, lacking_worth, said_after, sort_of, suggested_rule, with_worth
from backend.tax.review.matching import Matches, Rule, deciding, is_match, matches_json, matches_of
from backend.tax.transactions import Edit, TaxLeg, TaxTransaction, TransactionKind, Worth
from tests.unit.tax.given import day

FAUCET = "0x" + "f" * 40
REWARD = Edit(kind=TransactionKind.INCOME, income=IncomeKind.REWARD, reason="The faucet pays rewards")


def leg(amount: object, asset: str = "UNI", counterparty: str | None = FAUCET, worth: object = None) -> TaxLeg:
    value = None if worth is None else Worth(Decimal(str(worth)), "USD", "a source")
    return TaxLeg(asset, asset, Decimal(str(amount)), value, "principal", counterparty)


def moved(*legs: TaxLeg, **more: Any) -> TaxTransaction:
    values: dict[str, Any] = {
        "id": derived_id(more.get("name", "one")),
        "source": "wallet",
        "happened_at": day(1),
        "kind": TransactionKind.DEPOSIT,
        "wallet": "0x" + "a" * 40,
        "legs": legs,
    }
    more.pop("name", None)
    return TaxTransaction(**(values | more))


def rule(name: str, matches: Matches, at: int = 0, sets: Edit = REWARD) -> Rule:
    return Rule(id=derived_id(name), name=name, matches=matches, sets=sets, created_at=day(at))


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        (Matches(), True),
        (Matches(kind=TransactionKind.DEPOSIT), True),
        (Matches(kind=TransactionKind.WITHDRAWAL), False),
        (Matches(counterparty=FAUCET.upper().replace("0X", "0x")), True),
        (Matches(counterparty="0x" + "e" * 40), False),
        (Matches(asset="UNI"), True),
        (Matches(asset="uni"), False),  # an asset's key is written in one way
        (Matches(wallet="0x" + "A" * 40), True),
        (Matches(wallet="coinbase"), False),
        (Matches(protocol="Aave"), True),
        (Matches(protocol="lido"), False),
        (Matches(asset="UNI", amount_below=Decimal("2.5")), True),
        (Matches(asset="UNI", amount_below=Decimal("2")), False),
        (Matches(asset="ETH", counterparty=FAUCET), False),  # both of one leg
        (Matches(kind=TransactionKind.DEPOSIT, asset="UNI", counterparty=FAUCET, protocol="aave"), True),
    ],
)
def test_all_that_a_rule_asks_must_hold(wanted: Matches, matches: bool):
    transaction = moved(leg(2), leg(7, "ETH", None), protocol="aave")
    assert is_match(wanted, transaction) is matches


def test_every_leg_of_the_asset_must_be_below_the_amount():
    wanted = Matches(asset="UNI", amount_below=Decimal(3))
    assert is_match(wanted, moved(leg(-2), leg(1)))
    assert not is_match(wanted, moved(leg(-4), leg(1)))
    assert not is_match(wanted, moved(leg(1, "ETH")))


def test_a_transfer_is_of_both_its_wallets():
    assert is_match(Matches(wallet="Kraken"), moved(leg(1), to_wallet="kraken", kind=TransactionKind.TRANSFER))


def test_the_rule_made_last_decides_in_whatever_order_they_are_given():
    rules = [
        rule("all", Matches(), 1),
        rule("faucet", Matches(counterparty=FAUCET), 3),
        rule("older", Matches(asset="UNI"), 2),
        rule("other", Matches(asset="ETH"), 9),
    ]
    for _ in range(6):
        random.shuffle(rules)
        found = deciding(rules, moved(leg(2)))
        assert found is not None and found.name == "faucet"
    assert deciding([rule("other", Matches(asset="ETH"))], moved(leg(2))) is None
    twins = [rule("a", Matches(), 1), rule("b", Matches(), 1)]
    assert deciding(twins, moved(leg(1))) == deciding(twins[::-1], moved(leg(1)))


def test_what_a_rule_asks_is_kept_whole():
    wanted = Matches(kind=TransactionKind.LP_ADD, asset="1:0xab", amount_below=Decimal("1E-18"), wallet="Ünïcode")
    assert matches_of(matches_json(wanted)) == wanted
    assert matches_json(Matches()) == {} and matches_of({}) == Matches()
    for wrong in ({"kind": "nothing"}, {"amount_below": "much"}):
        with pytest.raises(ValueError):
            matches_of(wrong)


def test_what_is_said_later_wins_and_the_rest_stays():
    worth = Worth(Decimal(5), "USD", "user")
    before = Edit(kind=TransactionKind.GIFT_IN, worths={0: worth}, note="from a friend", reason="first")
    after = said_after(before, Edit(kind=TransactionKind.SPEND, worths={1: worth}, reason="second"))
    assert after == Edit(kind=TransactionKind.SPEND, worths={0: worth, 1: worth}, note="from a friend", reason="second")
    assert said_after(None, before) == before
    assert said_after(before, Edit()) == before


def test_what_contradicts_itself_does_not_stay():
    other = derived_id("other")
    assert said_after(REWARD, Edit(kind=TransactionKind.GIFT_IN)).income is None
    assert said_after(REWARD, Edit(income=IncomeKind.AIRDROP)).kind is TransactionKind.INCOME
    assert said_after(Edit(is_unmatched=True), Edit(matches=other)) == Edit(matches=other)
    assert said_after(Edit(matches=other), Edit(is_unmatched=True)) == Edit(is_unmatched=True)


def proposal(edit: Edit, *ids: UUID) -> Proposal:
    return Proposal("do it", dict.fromkeys(ids or (moved().id,), edit))


def test_the_same_fix_is_of_the_same_sort():
    other = derived_id("other")
    assert sort_of(proposal(REWARD)) == "income.reward"
    assert sort_of(proposal(replace(REWARD, reason="because", note="n"))) == "income.reward"
    assert sort_of(proposal(Edit(kind=TransactionKind.GIFT_IN))) == "gift_in"
    assert (
        sort_of(Proposal("", {derived_id("a"): Edit(matches=other), derived_id("b"): Edit(matches=other)})) == "matches"
    )
    assert sort_of(proposal(Edit(is_unmatched=True))) == "is_unmatched"
    nothing, some = (Worth(Decimal(amount), "USD", "you") for amount in (0, 1))
    assert sort_of(proposal(Edit(worths={0: nothing}, fee_worths={0: nothing}))) == "worthless"
    assert sort_of(proposal(Edit(worths={0: nothing, 1: some}))) == "worth"
    assert sort_of(proposal(Edit(reason="nothing said"))) == "nothing"


def test_only_what_is_true_of_many_becomes_a_rule():
    transaction = moved(leg(2), protocol="aave")
    assert suggested_rule(proposal(REWARD), transaction) == (
        Matches(kind=TransactionKind.DEPOSIT, counterparty=FAUCET, protocol="aave"),
        replace(REWARD, reason=""),
    )
    unknown = moved(leg(2, counterparty=None))
    found = suggested_rule(proposal(REWARD), unknown)
    assert found is not None
    assert found[0] == Matches(kind=TransactionKind.DEPOSIT, asset="UNI", wallet=unknown.wallet)
    assert suggested_rule(proposal(REWARD, transaction.id, derived_id("other")), transaction) is None
    assert suggested_rule(proposal(REWARD, derived_id("other")), transaction) is None
    assert suggested_rule(proposal(REWARD), moved()) is None
    for own in (
        Edit(matches=derived_id("other")),
        Edit(worths={0: Worth(Decimal(1), "USD", "user")}),
        Edit(kind=TransactionKind.BUY, basis=Worth(Decimal(1), "USD", "user")),
        Edit(kind=TransactionKind.GIFT_IN, acquired_at=day(0)),
        Edit(note="only a word"),
        Edit(),
    ):
        assert not is_for_many(own)
        assert suggested_rule(proposal(own), transaction) is None


def test_a_rule_is_about_the_transaction_that_it_was_suggested_for():
    draw = random.Random(5)
    for _ in range(200):
        legs = [leg(draw.randint(1, 9), draw.choice(("UNI", "ETH")), draw.choice((FAUCET, None))) for _ in range(3)]
        transaction = moved(*legs[: draw.randint(1, 3)], protocol=draw.choice(("aave", None)))
        found = suggested_rule(proposal(REWARD), transaction)
        assert found is not None and is_match(found[0], transaction)


def test_a_worth_is_of_all_that_lacks_one():
    worth = Worth(Decimal(10), "EUR", "user")
    transaction = moved(leg(1), leg(-2), leg(5, "ETH", worth=3), leg(9, "fiat:EUR"), fees=(leg(0, "UNI"),))
    edit = with_worth(transaction, None, None, worth, "An invoice")
    assert edit.worths is not None and set(edit.worths) == {0, 1} and edit.fee_worths is None
    assert edit.reason == "An invoice" and edit.worths[0].currency == "EUR"
    assert sum(each.amount for each in edit.worths.values()) == 10
    assert edit.worths[0].amount.quantize(Decimal("1e-17")) == (Decimal(10) / 3).quantize(Decimal("1e-17"))
    assert lacking_worth(transaction, None) == {"UNI": Decimal(3)} and lacking_worth(transaction, edit) == {}
    with pytest.raises(ValueError, match="lacks a worth"):
        with_worth(transaction, edit, None, worth, "")
    with pytest.raises(ValueError, match="lacks a worth"):
        with_worth(transaction, None, "ETH", worth, "")


def test_several_assets_without_a_worth_must_be_told_apart():
    worth = Worth(Decimal(10), "USD", "user")
    transaction = moved(leg(1), leg(2, "ETH"), fees=(leg("0.1", "ETH"),))
    with pytest.raises(ValueError, match="Several assets"):
        with_worth(transaction, None, None, worth, "")
    edit = with_worth(transaction, Edit(note="kept"), "ETH", worth, "")
    assert edit.worths is not None and edit.fee_worths is not None and edit.note == "kept"
    assert edit.worths[1].amount + edit.fee_worths[0].amount == 10
    assert lacking_worth(transaction, edit) == {"UNI": Decimal(1)}


def test_every_field_of_an_edit_is_thought_of():
    # A field that is added must be said to be of one transaction or of many, and be taken over by `said_after`.
    assert {each.name for each in fields(Edit)} == {
        *("kind", "income", "worths", "fee_worths", "to_wallet", "matches", "is_unmatched", "choices", "basis"),
        *("acquired_at", "portfolio_worth", "note", "reason", "is_separate"),
    }
