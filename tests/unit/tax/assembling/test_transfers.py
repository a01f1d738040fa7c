"""Own transfers: which withdrawal and deposit are one, which are not, and what becomes of the rest."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.tax.assembling.pairing import certain_pairs
from backend.tax.assembling.writing import ELSEWHERE
from backend.tax.books import IssueKind
from backend.tax.engine.events import Kind
from backend.tax.transactions import Edit, TaxTransaction
from tests.unit.tax.assembling.told import (
    A,
    B,
    C,
    K,
    Table,
    event,
    figures,
    gains,
    issues,
    kinds,
    leg,
    put_together,
    tx,
    usd,
)
from tests.unit.tax.given import day, raw

HOUR = 1 / 24


def out(number: int, at: float | datetime, amount: object = 1, wallet: str = "Coinbase", **more: Any) -> TaxTransaction:
    return tx(number, K.WITHDRAWAL, at, moved("-", amount, more), wallet=wallet, **more)


def into(number: int, at: float | datetime, amount: object = 1, wallet: str = "Kraken", **more: Any) -> TaxTransaction:
    return tx(number, K.DEPOSIT, at, moved("", amount, more), wallet=wallet, **more)


def moved(sign: str, amount: object, more: dict[str, Any]) -> Any:
    other = more.pop("counterparty", None)
    return leg(more.pop("asset", "ETH"), f"{sign}{amount}", more.pop("worth", None), counterparty=other)


def pairs(made: Any) -> set[tuple[int, int]]:
    return {(each.withdrawal.int, each.deposit.int) for each in made.transfers}


BOUGHT = tx(90, K.BUY, -100, leg("ETH", 10), leg("fiat:USD", -1000), wallet="Coinbase")


def test_lots_travel_with_basis_and_date() -> None:
    made = put_together(
        [BOUGHT, out(1, 0), into(2, HOUR), tx(3, K.SELL, 400, leg("ETH", -1), leg("fiat:USD", 500), wallet="Kraken")],
        jurisdiction="DE", currency="EUR", rates=Table(USD="1"),
    )  # fmt: skip
    assert kinds(made) == ["buy", "transfer", "sell"]
    assert made.issues == []
    (disposal,) = figures(made).outcome.disposals
    assert (disposal.gain, disposal.parts[0].lot.acquired_at) == (400, day(-100))  # type: ignore[union-attr]
    (transfer,) = made.transfers
    assert transfer.why == "the same amount within two hours"


def test_what_does_not_arrive_paid_for_it() -> None:
    made = put_together([BOUGHT, out(1, 0, "1", worth=2000), into(2, HOUR, "0.995")])
    transfer = event(made, 1)
    assert (transfer.out[0].amount_raw, transfer.into[0].amount_raw) == (raw(1), raw("0.995"))
    assert gains(made) == {1: Decimal(10) - Decimal("0.5")}
    assert made.issues == []


@pytest.mark.parametrize(
    ("sent", "worth", "arrived", "is_one"),
    [
        ("1", None, "0.99", True),  # 1 %
        ("1", None, "0.989", False),
        ("1", 400, "0.9", True),  # 10 %, worth 40
        ("1", 400, "0.89", False),
        ("1", 1000, "0.95", True),  # 5 %, worth 50
        ("1", 1000, "0.94", False),
        ("1", None, "1.000001", False),
    ],
)
def test_a_network_fee_is_plausible_or_not(sent: str, worth: object, arrived: str, is_one: bool) -> None:
    made = put_together([BOUGHT, out(1, 0, sent, worth=worth), into(2, HOUR, arrived)])
    assert pairs(made) == ({(1, 2)} if is_one else set())


@pytest.mark.parametrize(
    ("hours", "is_one"), [(-0.1, True), (-0.5, False), (0, True), (2, True), (71, True), (73, False)]
)
def test_it_arrives_in_time(hours: float, is_one: bool) -> None:
    later = 7.3 * HOUR  # no midnight, and no noon
    made = put_together([BOUGHT, out(1, later), into(2, later + hours * HOUR)])
    assert pairs(made) == ({(1, 2)} if is_one else set())


def test_a_source_that_knows_days_only_may_be_a_day_off() -> None:
    later = day(0).replace(hour=19)
    for hour in (0, 12):
        alone = day(0).replace(hour=hour)
        assert pairs(put_together([BOUGHT, out(1, later), into(2, alone)])) == {(1, 2)}
        assert pairs(put_together([BOUGHT, out(1, later), into(2, alone - timedelta(days=1))])) == set()


def test_the_nearest_step_goes_before_the_wider_one() -> None:
    made = put_together([BOUGHT, out(1, 0.1), into(2, 0.11), into(3, 1.1, wallet="w")])
    assert pairs(made) == {(1, 2)}
    assert event(made, 3).into[0].value is None


def test_one_withdrawal_and_two_deposits_that_it_could_be_are_left_open_with_both_proposed() -> None:
    made = put_together([BOUGHT, out(1, 0, worth=2000), into(2, 0.01), into(3, 0.02, wallet="w")])
    assert pairs(made) == set()
    open_ = {each.transaction_id.int: each for each in issues(made, IssueKind.UNMATCHED_TRANSFER)}  # type: ignore[union-attr]
    assert set(open_) == {1, 2, 3}
    first, second = open_[1].proposals[:2]
    assert "the 1 ETH that came to Kraken 14 minutes later" in first.label
    assert "could be 2 of your other movements" in open_[1].message
    assert (open_[1].at_stake, open_[1].amount) == (2000, 1)
    by_id = {key.int: edit for key, edit in second.edits.items()}
    settled = put_together([BOUGHT, out(1, 0, worth=2000), into(2, 0.01), into(3, 0.02, wallet="w")], by_id)
    assert pairs(settled) == {(1, 3)}
    assert settled.transfers[0].why == "you said so"


def test_the_other_side_may_say_so_too_and_that_there_is_none() -> None:
    both = [BOUGHT, out(1, 0), into(2, 0.01), into(3, 0.02, wallet="w")]
    assert pairs(put_together(both, {3: Edit(matches=both[1].id)})) == {(1, 3)}
    assert pairs(put_together(both, {2: Edit(is_unmatched=True)})) == {(1, 3)}


def test_equal_amounts_from_and_to_one_wallet_are_all_found() -> None:
    made = put_together([BOUGHT, *[out(n, n * 0.001) for n in (1, 2, 3)], *[into(n, n * 0.001) for n in (4, 5, 6)]])
    assert pairs(made) == {(1, 4), (2, 5), (3, 6)}
    two_to_two = [
        out(1, 0), out(2, 0.001, wallet="w"), into(3, 0.002), into(4, 0.003, wallet="v"),
        tx(91, K.BUY, -5, leg("ETH", 1), leg("fiat:USD", -1)),
    ]  # fmt: skip
    assert pairs(put_together([BOUGHT, *two_to_two])) == set()


def test_the_second_of_two_is_certain_where_the_first_can_only_be_one() -> None:
    made = put_together([BOUGHT, out(1, 0), out(2, 0.05, wallet="w"), into(3, 0.02), into(4, 0.1, wallet="v")])
    assert pairs(made) == {(1, 3), (2, 4)}


def test_the_hash_proves_it_whatever_the_time_and_fee() -> None:
    tx_hash = "0x" + "AB" * 32
    made = put_together(
        [
            BOUGHT,
            out(1, 0, "1", tx_hash=tx_hash),
            into(2, 9, "0.5", wallet=A, tx_hash=tx_hash.lower(), chain_id=1, counterparty=C),
            into(3, 0.01, "1", wallet="w"),
        ]
    )
    assert pairs(made) == {(1, 2)}


def test_several_transfers_of_one_hash_each_find_their_own() -> None:
    tx_hash = "0x" + "ab" * 32
    both = {"tx_hash": tx_hash, "chain_id": 1}
    made = put_together(
        [
            BOUGHT,
            tx(1, K.WITHDRAWAL, 0, leg("ETH", -1, counterparty=C), leg("ETH", -2, counterparty=C), wallet=A, **both),
            into(2, 0, 2, wallet=B, counterparty=C, **both),
            into(3, 0, 1, wallet="w", **both),
        ]
    )
    assert pairs(made) == {(1, 2), (1, 3)}
    assert [each.to_wallet for each in made.events if each.kind is Kind.TRANSFER] == ["w", B]


def test_two_hashes_of_one_chain_are_two_transfers() -> None:
    one, other = "0x" + "ab" * 32, "0x" + "cd" * 32
    made = put_together([BOUGHT, out(1, 0, tx_hash=one), into(2, 0.01, wallet=A, tx_hash=other, chain_id=1)])
    assert pairs(made) == set()


def test_what_went_to_somebody_elses_address_came_to_no_own_address() -> None:
    sent = out(1, 0, wallet=A, chain_id=1, counterparty=C)
    assert pairs(put_together([BOUGHT, sent, into(2, 0.01, wallet=B, chain_id=1)])) == set()
    assert pairs(put_together([BOUGHT, sent, into(2, 0.01, wallet="Kraken")])) == {(1, 2)}  # by way of an account


def test_what_went_to_an_own_wallet_moves_there_even_if_its_history_lacks_it() -> None:
    made = put_together([BOUGHT, out(1, 0, wallet=A, chain_id=1, counterparty=B), into(2, 50, 7, wallet=B)])
    assert event(made, 1).to_wallet == B
    made = put_together([BOUGHT, into(1, 0, wallet=A, chain_id=1, counterparty="Coinbase")])
    assert (event(made, 1).wallet, event(made, 1).to_wallet) == ("Coinbase", A)
    assert issues(made, IssueKind.UNMATCHED_TRANSFER) == []


def test_a_transfer_that_is_told_takes_its_other_side_along() -> None:
    told = tx(1, K.TRANSFER, 0, leg("ETH", -1), wallet="Coinbase", to_wallet="Kraken")
    made = put_together([BOUGHT, told, into(2, 0.01, "0.999")])
    assert kinds(made) == ["buy", "transfer"]
    assert pairs(made) == {(1, 2)}
    both = tx(1, K.TRANSFER, 0, leg("ETH", -1), leg("ETH", "0.99"), wallet="Coinbase", to_wallet="Kraken")
    assert event(put_together([BOUGHT, both]), 1).into[0].amount_raw == raw("0.99")
    came = tx(1, K.TRANSFER, 0, leg("ETH", 1), wallet="Kraken", to_wallet="Coinbase")
    assert (event(put_together([BOUGHT, came]), 1).wallet, event(put_together([BOUGHT, came]), 1).to_wallet) == (
        "Coinbase",
        "Kraken",
    )


def test_what_came_back_to_one_account_is_no_event_of_tax() -> None:
    made = put_together([BOUGHT, out(1, 0), into(2, 0.01, wallet="Coinbase")])
    assert pairs(made) == {(1, 2)}
    on_chain = put_together([BOUGHT, out(1, 0, wallet=A, chain_id=1), into(2, 0.01, wallet=A, chain_id=1)])
    assert pairs(on_chain) == set()


def bridged(arrived: object = "0.99", asset: str = "ETH", **more: Any) -> list[TaxTransaction]:
    named = {"protocol": "across", "identifiers": {"deposit_id": "7"}, "source": "wallet"}
    return [
        tx(1, K.BRIDGE, 0, leg("ETH", -1, 1000), wallet="Coinbase", chain_id=1, **named),
        tx(2, K.BRIDGE, 9, leg(asset, arrived), wallet=more.pop("wallet", "Coinbase"), chain_id=10, **named),
    ]


def test_the_ends_of_a_bridge_are_one_transfer_on_one_wallet_or_two() -> None:
    made = put_together([BOUGHT, *bridged()])
    assert pairs(made) == {(1, 2)}
    assert gains(made) == {1: 10 - 1}
    assert event(put_together([BOUGHT, *bridged(wallet="w")]), 1).to_wallet == "w"


def test_another_token_at_the_other_end_has_the_same_basis() -> None:
    made = put_together([BOUGHT, *bridged(asset="10:0xfeed", wallet="w")])
    assert kinds(made) == ["buy", "transfer", "wrap"]
    held = {each.asset: each for each in figures(made).outcome.held}
    assert (held["10:0xfeed"].cost, held["10:0xfeed"].acquired_at) == (100, day(-100))


def test_a_bridge_without_another_end_is_open() -> None:
    made = put_together([BOUGHT, bridged()[0]])
    assert [each.transaction_id.int for each in issues(made, IssueKind.UNMATCHED_TRANSFER)] == [1]  # type: ignore[union-attr]
    both = tx(1, K.BRIDGE, 0, leg("ETH", -1), leg("ETH", "0.9"), wallet="Coinbase")
    assert kinds(put_together([BOUGHT, both])) == ["buy", "transfer"]
    assert put_together([BOUGHT, both]).issues == []


def test_across_chains_without_a_bridge_that_says_so_only_what_comes_soon_counts() -> None:
    sent = out(1, 0, wallet=A, chain_id=1, tx_hash="0x" + "1" * 64, counterparty=C)
    soon = into(2, HOUR, wallet=A, chain_id=10, tx_hash="0x" + "2" * 64, counterparty=C)
    late = into(2, 1, wallet=A, chain_id=10, tx_hash="0x" + "2" * 64, counterparty=C)
    assert pairs(put_together([BOUGHT, sent, soon])) == {(1, 2)}
    assert pairs(put_together([BOUGHT, sent, late])) == set()


def test_a_withdrawal_that_nobody_explains_makes_no_gain_and_keeps_its_basis() -> None:
    made = put_together([BOUGHT, out(1, 0, worth=2000)])
    assert event(made, 1).to_wallet == ELSEWHERE
    assert figures(made).outcome.disposals == []
    assert sum(each.cost or 0 for each in figures(made).outcome.held) == 1000
    (open_,) = made.issues
    assert (open_.kind, open_.at_stake) == (IssueKind.UNMATCHED_TRANSFER, 2000)
    assert "no gain, no loss" in open_.message
    for proposal, kind in zip(open_.proposals, ["transfer", "spend", "sell", "gift_out", "loss"], strict=True):
        settled = put_together([BOUGHT, out(1, 0, worth=2000)], {key.int: edit for key, edit in proposal.edits.items()})
        assert (kinds(settled), settled.issues) == (["buy", kind], [])


def test_a_deposit_that_nobody_explains_has_an_unknown_cost() -> None:
    came = into(1, 0, worth=2000)
    made = put_together([came, tx(2, K.SELL, 1, leg("ETH", -1), leg("fiat:USD", 2500), wallet="Kraken")])
    assert gains(made) == {2: None}
    (open_,) = made.issues
    assert (open_.kind, open_.at_stake) == (IssueKind.UNMATCHED_TRANSFER, 2000)
    assert "averaged" not in open_.message
    assert "costs are averaged" in put_together([came], jurisdiction="UK").issues[0].message
    wanted = ["transfer", "buy", "income", "income", "income", "gift_in"]
    for proposal, kind in zip(open_.proposals, wanted, strict=True):
        settled = put_together([came], {key.int: edit for key, edit in proposal.edits.items()})
        assert kinds(settled) == [kind]
        assert issues(settled, IssueKind.UNMATCHED_TRANSFER) == []


def test_a_deposit_with_a_basis_was_bought_then_and_there() -> None:
    edit = Edit(basis=usd(700), acquired_at=day(-500), reason="my receipt")
    sold = tx(2, K.SELL, 1, leg("ETH", -1), leg("fiat:USD", 2500), wallet="Kraken")
    made = put_together([into(1, 0, worth=2000), sold], {1: edit})
    assert (gains(made), made.issues) == ({2: 1800}, [])
    assert event(made, 1).at == day(-500)
    (open_,) = put_together([into(1, 0, worth=2000)], {1: Edit(acquired_at=day(-500))}).issues
    assert open_.kind is IssueKind.MISSING_PRICE


def test_more_that_arrives_than_was_sent_is_not_made_up() -> None:
    made = put_together([BOUGHT, out(1, 0), into(2, 0.01, 3)], {1: Edit(matches=into(2, 0).id)})
    assert kinds(made) == ["buy", "transfer", "buy"]
    assert issues(made, IssueKind.UNMATCHED_TRANSFER)[0].amount == 2


def test_thousands_of_equal_amounts_at_once_take_no_square_and_are_left_open() -> None:
    many = [out(n, 0, 100) for n in range(1, 301)] + [into(n, 0, 100) for n in range(301, 601)]
    made = put_together([BOUGHT, *many])
    assert len(made.transfers) == 0
    assert len(issues(made, IssueKind.UNMATCHED_TRANSFER)) == 600


def slow_certain(edges: list[tuple[int, int]]) -> dict[int, int]:
    """Every set of pairs that shares nothing; of the largest ones what all have."""
    best: list[set[tuple[int, int]]] = [set()]
    for size in range(1, len(edges) + 1):
        found = [
            set(each)
            for each in combinations(edges, size)
            if len({left for left, _ in each}) == len({right for _, right in each}) == size
        ]
        if not found:
            break
        best = found
    return dict(set.intersection(*best))


@settings(max_examples=300, deadline=None)
@given(st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=10))
def test_certain_pairs_are_those_of_a_slow_matcher(edges: set[tuple[int, int]]) -> None:
    by_left: dict[int, list[int]] = {}
    for left, right in sorted(edges):
        by_left.setdefault(left, []).append(right)
    assert certain_pairs(by_left) == slow_certain(sorted(edges))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 60), st.sampled_from(["1", "0.997", "2"]), st.sampled_from("abc")),
        max_size=9,
    ),
    st.randoms(),
)
def test_the_order_of_rows_makes_no_difference(rows: list, random: Any) -> None:
    made = [
        (out if goes else into)(number, minute * HOUR, amount, wallet=wallet)
        for number, (goes, minute, amount, wallet) in enumerate(rows, 1)
    ]
    shuffled = list(made)
    random.shuffle(shuffled)
    one, other = put_together(made), put_together(shuffled)
    assert one == other
    assert len({each for pair in pairs(one) for each in pair}) == 2 * len(one.transfers)
