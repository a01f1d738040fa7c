"""The review of a tax book in words: what is unknown is said, every kind and answer has its words."""

from decimal import Decimal

import pytest

from backend.tax.books import IssueKind
from backend.tax.engine.events import IncomeKind
from backend.tax.review.schemas import KindCount, MatchesBody, SetsBody
from backend.tax.review.service import Answer
from backend.tax.transactions import TransactionKind
from components.i18n import t
from state import tax_review_rows as rows
from state.tax_review_state import SHOWS, address
from state.tax_rule_editor_state import ANSWERS, sets_of
from state.tax_words import place_name, shown_name


def test_what_nobody_knows_is_no_zero():
    assert rows.stake_words(Decimal(1200), 0, 3, "EUR") == "€1,200.00 rests on it"
    assert (
        rows.stake_words(Decimal(1200), 2, 3, "EUR") == "€1,200.00 rests on it, and nobody knows what rests on 2 more"
    )
    assert rows.stake_words(Decimal(0), 3, 3, "EUR") == "Nobody knows what rests on it"


def test_every_kind_and_list_has_words():
    for kind in IssueKind:
        assert t(f"tax_review.{kind.value}") and t(f"tax_review.{kind.value}_about")
    for kind in TransactionKind:
        assert rows.kind_label(kind)
    for show in SHOWS:
        assert t(f"tax_review.show_{show}", count="1")
    for step in ("waiting", "reading", "computing"):
        assert t(f"tax_review.step_{step}")


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_answer_of_a_rule_can_be_said_and_read_back(answer: str):
    sets = sets_of(answer)
    assert sets is not None and rows.answer_of(sets) == answer
    assert rows.answer_label(answer) == t(f"tax_review.say_{answer.replace('.', '_')}")


def test_an_answer_that_is_not_offered_is_none():
    assert sets_of("") is None and sets_of("swap") is None and sets_of("income.nothing") is None
    said = {each.value for each in IncomeKind}
    assert {each.partition(".")[2] for each in ANSWERS if "." in each} == said


def test_a_rule_in_words():
    matches = MatchesBody(
        kind=TransactionKind.DEPOSIT,
        counterparty="0x" + "ab" * 20,
        asset="1:0x" + "cd" * 20,
        amount_below=Decimal("0.50"),
    )
    assert rows.matches_words(matches) == "Deposit, other side 0xabab…abab, 0xcdcd…cdcd, below 0.5"
    assert rows.matches_words(MatchesBody(protocol="Aave")) == "Any kind, with Aave"
    sets = SetsBody(kind=TransactionKind.TRANSFER, to_wallet="elsewhere", is_unmatched=True)
    assert rows.sets_words(sets) == (
        "Transfers with an own wallet that is not added here, no own transfer, "
        "other wallet: a place that is not added here"
    )


def test_names_that_chains_give_are_made_fit_to_show():
    assert shown_name("Kra\u202eken\n") == "Kraken"
    assert shown_name("fiat:EUR") == "fiat:EUR"
    assert place_name("0x" + "ab" * 20 + "@1:aave") == "0xabab…abab, 1:aave"
    assert place_name("Kraken@staking") == "Kraken, staking"
    assert place_name("me@example.com") == "me@example.com"
    assert place_name("Ledger cold storage") == "Ledger cold storage" and place_name("") == ""


def test_groups_without_a_shown_issue_are_left_out_and_answers_count():
    counts = [KindCount(kind=IssueKind.MISSING_PRICE, count=3, at_stake=Decimal(0), unknown=3)]
    assert rows.group_rows(counts, [], "USD", {}) == []
    (known, other) = rows.answer_rows([Answer("worthless", "x", 12), Answer("choices", "Its own words", 1)], 14)
    assert (known.label, known.note) == ("Worth nothing", "for 12 of 14")
    assert other.label == "Its own words"


def test_the_address_keeps_only_what_is_filtered():
    assert address({"show": "open", "kind": ""}) == "/tax/review/"
    assert address({"show": "rules", "asset": "1:0xab"}) == "/tax/review/?show=rules&asset=1%3A0xab"
