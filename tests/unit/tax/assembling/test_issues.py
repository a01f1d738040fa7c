"""What is not settled: said once, with the same id, with what is at stake and what would settle it."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from backend.tax.assembling.assemble import Gap
from backend.tax.assembling.writing import ELSEWHERE
from backend.tax.books import IssueKind
from backend.tax.transactions import Edit
from tests.unit.tax.assembling.told import A, K, event, figures, issues, leg, put_together, tx
from tests.unit.tax.given import day

TOKEN = "1:0x" + "e" * 40


def test_more_left_than_had_come_first_and_how_much_is_missing() -> None:
    made = put_together(
        [
            tx(1, K.BUY, 0, leg("A", 2), leg("fiat:USD", -2)),
            tx(2, K.SELL, 1, leg("A", -5), leg("fiat:USD", 50)),
            tx(3, K.BUY, 2, leg("A", 4), leg("fiat:USD", -2)),
            tx(4, K.SELL, 3, leg("A", -6), leg("fiat:USD", 90)),
        ]
    )
    (short,) = issues(made, IssueKind.NEGATIVE_BALANCE)
    assert (short.amount, short.happened_at, short.asset, short.wallet) == (5, day(1), "A", "w")
    assert short.at_stake == 50
    missing = sum(
        part.amount_raw for each in figures(made).outcome.disposals for part in each.parts if part.lot is None
    )
    assert missing == 5 * 10**18
    assert "5 A are missing, first on 2022-01-02" in short.message


def test_each_wallet_and_fee_counts_on_its_own() -> None:
    made = put_together(
        [
            tx(1, K.BUY, 0, leg("A", 2), leg("fiat:USD", -2)),
            tx(2, K.SELL, 1, leg("A", -1), leg("fiat:USD", 50), wallet="v"),
            tx(3, K.FEE, 1, fees=(leg("A", 3, 6),)),
        ]
    )
    assert {(each.wallet, each.amount, each.at_stake) for each in made.issues} == {("v", 1, 50), ("w", 1, 2)}


def test_of_one_second_what_comes_is_there_for_what_goes() -> None:
    rows = [tx(1, K.SELL, 0, leg("A", -1), leg("fiat:USD", 5)), tx(2, K.BUY, 0, leg("A", 1), leg("fiat:USD", -5))]
    assert put_together(rows).issues == []
    known = [
        tx(1, K.SELL, 0, leg("A", -1), leg("fiat:USD", 5), sequence=1),
        tx(2, K.BUY, 0, leg("A", 1), leg("fiat:USD", -5), sequence=2),
    ]
    assert len(put_together(known).issues) == 1


def test_an_open_withdrawal_of_another_wallet_is_proposed_for_what_is_missing() -> None:
    rows = [
        tx(1, K.BUY, 0, leg("A", 5), leg("fiat:USD", -5), wallet="v"),
        tx(2, K.WITHDRAWAL, 1, leg("A", -3), wallet="v"),
        tx(3, K.SELL, 9, leg("A", -2), leg("fiat:USD", 9)),
    ]
    (short,) = issues(put_together(rows), IssueKind.NEGATIVE_BALANCE)
    (proposal,) = short.proposals
    assert proposal.label == "The 3 A that left v on 2022-01-02 came here"
    settled = put_together(rows, {key.int: edit for key, edit in proposal.edits.items()})
    assert settled.issues == []
    assert event(settled, 2).to_wallet == "w"


def test_a_token_that_nobody_vouches_for_is_asked_once_and_can_be_ignored() -> None:
    rows = [
        tx(1, K.INCOME, 0, leg(TOKEN, 1000, 50_000, symbol="Visit evil.example"), wallet=A),
        tx(2, K.INCOME, 1, leg(TOKEN, 10, 500), wallet=A),
        tx(3, K.SWAP, 2, leg(TOKEN, -1, 50), leg("ETH", 1, 50), wallet=A),
    ]
    (open_,) = issues(put_together(rows), IssueKind.UNVOUCHED_ASSET)
    assert (open_.asset, open_.at_stake, open_.transaction_id) == (TOKEN, 50_550, rows[0].id)
    (spam,) = open_.proposals
    assert set(spam.edits) == {rows[0].id, rows[1].id}
    settled = put_together(rows[:2], {key.int: edit for key, edit in spam.edits.items()})
    assert (settled.events, settled.issues) == ([], [])


def test_unvouched_tokens_that_no_figure_rests_on_are_no_matter() -> None:
    rows = [
        tx(1, K.DEPOSIT, 0, leg(TOKEN, 1000), wallet=A),
        tx(2, K.LP_ADD, 0, leg("ETH", -1, 5), leg("1:0x" + "f" * 40, 1, role="receipt"), wallet=A),
    ]
    assert issues(put_together(rows), IssueKind.UNVOUCHED_ASSET) == []


def test_history_that_is_not_there() -> None:
    gaps = [Gap(A, 1, "the index begins at block 100", None, day(5)), Gap("old", 1, "x")]
    (open_,) = put_together([], gaps=gaps, excluded_wallets=frozenset({"old"})).issues
    assert open_.kind is IssueKind.INCOMPLETE_HISTORY
    assert open_.message == (
        "The history of 0xaaaa…aaaa on chain 1 until 2022-01-06 is not all here: the index begins at block 100"
    )


def test_an_issue_keeps_its_id_and_others_do_not_have_it() -> None:
    rows = [
        tx(1, K.WITHDRAWAL, 1, leg("A", -3), leg("B", -3)),
        tx(2, K.INCOME, 2, leg("A", 1)),
        tx(3, K.INCOME, 2, leg("B", 1)),
    ]
    before = put_together(rows)
    after = put_together([*rows, tx(4, K.INCOME, 0, leg("C", 1))], {1: Edit(note="looked at")})
    assert len({each.id for each in before.issues}) == len(before.issues) == 6
    assert {each.id for each in before.issues} < {each.id for each in after.issues}


def test_messages_fit_their_column_whatever_names_say() -> None:
    long = "1:0x" + "9" * 40
    rows = [
        tx(
            n,
            kind,
            n,
            leg(long, sign * Decimal("123456789012345678901234567890.123456789012345678"), symbol="X" * 400),
            wallet="w" * 120,
        )
        for n, (kind, sign) in enumerate(
            [(K.DEPOSIT, 1), (K.SELL, -2), (K.INCOME, -1), (K.GIFT_IN, 1), (K.SPEND, -1)], 1
        )
    ]
    twice = replace(rows[0], id=UUID(int=10), import_id=UUID(int=1))
    made = put_together(
        [*rows, twice, tx(9, K.BUY, 9, leg("A", 1, 1), problem="p" * 600)], gaps=[Gap("w" * 120, 1, "r" * 600)]
    )
    assert {each.kind for each in made.issues} == set(IssueKind)
    assert max(len(each.message) for each in made.issues) <= 500


def test_what_came_from_an_own_wallet_that_is_not_here_is_no_shortage_there() -> None:
    rows = [tx(1, K.DEPOSIT, 0, leg("ETH", 3)), tx(2, K.SELL, 1, leg("ETH", -1, 10), leg("fiat:USD", 10))]
    said = {1: Edit(kind=K.TRANSFER, to_wallet=ELSEWHERE)}
    assert put_together(rows, said).issues == []
