"""Trades, income, gifts and fees: which event each becomes, and what it is worth."""

from decimal import Decimal

import pytest

from backend.tax.books import IssueKind
from backend.tax.engine.events import Fee, IncomeKind, Kind
from backend.tax.engine.methods import Method
from backend.tax.transactions import ChosenLot, Edit
from tests.unit.tax.assembling.told import (
    K,
    Table,
    event,
    events,
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

UUIDS = [tx(number, K.BUY, 0).id for number in range(10)]


def test_what_was_paid_and_received_is_the_worth_whatever_the_price_was() -> None:
    made = put_together(
        [
            tx(1, K.BUY, 0, leg("ETH", 2, 999), leg("fiat:USD", -3000, 2999)),
            tx(2, K.SELL, 1, leg("ETH", -1, 1), leg("fiat:USD", 2000), fees=(leg("fiat:USD", 10),)),
        ]
    )
    assert event(made, 1).into[0].value == 3000
    assert event(made, 2).out[0].value == 2000
    assert gains(made) == {2: Decimal(490)}
    assert made.issues == []


def test_money_of_another_country_counts_at_the_rate_of_the_day_and_a_files_worth_goes_before_it() -> None:
    by_rate = tx(1, K.BUY, 0, leg("ETH", 1), leg("fiat:EUR", -1000))
    by_file = tx(2, K.BUY, 0, leg("ETH", 1), leg("fiat:EUR", -1000, usd(1111)))
    unknown = tx(3, K.BUY, 0, leg("ETH", 1), leg("fiat:XYZ", -1000))
    priced = tx(4, K.BUY, 0, leg("ETH", 1, usd(-900, "price", "GBP")))  # a file may give it the sign of the amount
    made = put_together([by_rate, by_file, unknown, priced], rates=Table(EUR="1.10", GBP="1.25"))
    assert [event(made, number).into[0].value for number in (1, 2, 3, 4)] == [1100, 1111, None, 1125]
    (open_,) = issues(made, IssueKind.MISSING_PRICE)
    assert open_.transaction_id == UUIDS[3]
    assert "ETH" in open_.message


def test_the_users_word_goes_before_all_others() -> None:
    edit = Edit(worths={0: usd(5, "you")}, reason="it was a friend's price")
    made = put_together([tx(1, K.BUY, 0, leg("ETH", 1, 900), leg("fiat:USD", -1000))], {1: edit})
    assert event(made, 1).into[0].value == 5


def test_the_words_of_a_file_are_not_believed_what_moved_is() -> None:
    made = put_together(
        [
            tx(1, K.BUY, 0, leg("ETH", 1, 1000), leg("USDC", -1010, 1010)),
            tx(2, K.SWAP, 1, leg("ETH", -1), leg("fiat:USD", 1200)),
            tx(3, K.SWAP, 2, leg("fiat:EUR", -1), leg("fiat:USD", 1)),
            tx(4, K.DEPOSIT, 2, leg("fiat:USD", 500)),
        ]
    )
    assert kinds(made) == ["swap", "sell"]


def test_an_unknown_side_is_worth_the_known_one_less_the_rest_of_its_own() -> None:
    made = put_together([tx(1, K.SWAP, 0, leg("A", -1, 100), leg("B", 1, 30), leg("C", 5))])
    assert [each.value for each in event(made, 1).into] == [30, 70]
    made = put_together([tx(1, K.SWAP, 0, leg("A", -1), leg("B", 1, 30))])
    assert event(made, 1).out[0].value == 30
    assert issues(made, IssueKind.MISSING_PRICE) == []


def test_what_is_worth_more_than_all_that_was_given_leaves_nothing_to_share() -> None:
    made = put_together([tx(1, K.SWAP, 0, leg("A", -1, 100), leg("B", 1, 130), leg("C", 5))])
    assert [each.value for each in event(made, 1).into] == [130, None]
    assert len(issues(made, IssueKind.MISSING_PRICE)) == 1


def test_a_sum_is_shared_by_worth() -> None:
    made = put_together([tx(1, K.BUY, 0, leg("A", 1, 1), leg("B", 1, 2), leg("fiat:USD", -100))])
    one, other = (each.value for each in event(made, 1).into)
    assert one is not None
    assert other is not None
    assert one + other == 100
    assert round(one, 2) == Decimal("33.33")


def test_two_unknown_of_a_side_cannot_be_shared_and_are_asked() -> None:
    made = put_together([tx(1, K.SWAP, 0, leg("A", -1, 100), leg("B", 1), leg("C", 5))])
    (open_,) = issues(made, IssueKind.MISSING_PRICE)
    assert "what B and C were worth" in open_.message
    (nothing,) = open_.proposals
    assert set(nothing.edits[UUIDS[1]].worths or ()) == {1, 2}
    settled = put_together(
        [tx(1, K.SWAP, 0, leg("A", -1, 100), leg("B", 1), leg("C", 5))], {1: nothing.edits[UUIDS[1]]}
    )
    assert issues(settled, IssueKind.MISSING_PRICE) == []


def test_the_nearest_own_price_is_proposed() -> None:
    made = put_together([tx(1, K.BUY, 0, leg("A", 2), leg("fiat:USD", -20)), tx(2, K.INCOME, 3, leg("A", 3))])
    (open_,) = issues(made, IssueKind.MISSING_PRICE)
    near, _ = open_.proposals
    assert "nearest trade" in near.label
    worth = (near.edits[UUIDS[2]].worths or {})[0]
    assert (worth.amount, worth.currency, worth.as_of) == (30, "USD", day(0))
    far = put_together([tx(1, K.BUY, 0, leg("A", 2), leg("fiat:USD", -20)), tx(2, K.INCOME, 8, leg("A", 3))])
    assert [each.label for each in issues(far, IssueKind.MISSING_PRICE)[0].proposals] == ["It was worth nothing"]


def test_change_that_comes_back_was_not_bought() -> None:
    made = put_together([tx(1, K.SWAP, 0, leg("A", -10, 100), leg("A", 4, 40), leg("B", 1))])
    (swap,) = made.events
    assert [(each.asset, each.amount_raw, each.value) for each in swap.out] == [("A", raw(6), 60)]
    assert swap.into[0].value == 60
    made = put_together([tx(1, K.SWAP, 0, leg("A", -10), leg("A", 4, 40), leg("B", 1))])
    assert made.events[0].out[0].value == 60  # by the side that has a worth


def test_sold_for_money_and_assets_is_a_sale_and_a_swap_by_worth() -> None:
    made = put_together([tx(1, K.SWAP, 0, leg("A", -10), leg("B", 1, 75), leg("fiat:USD", 25))])
    swap, sale = events(made, 1)
    assert (swap.kind, swap.out[0].amount_raw, swap.into[0].value) == (Kind.SWAP, raw("7.5"), 75)
    assert (sale.kind, sale.out[0].amount_raw, sale.out[0].value) == (Kind.SELL, raw("2.5"), 25)
    made = put_together([tx(1, K.SWAP, 0, leg("A", -1, 75), leg("B", 10), leg("fiat:USD", -25))])
    swap, purchase = events(made, 1)
    assert (swap.into[0].amount_raw, swap.out[0].value) == (raw("7.5"), 75)
    assert (purchase.kind, purchase.into[0].amount_raw, purchase.into[0].value) == (Kind.BUY, raw("2.5"), 25)


def test_for_money_and_something_worthless_all_of_it_was_sold_for_the_money() -> None:
    made = put_together([tx(1, K.SWAP, 0, leg("A", -10), leg("B", 1, 0), leg("fiat:USD", 25))])
    assert [(each.kind, (each.out or each.into)[0].amount_raw) for each in events(made, 1)] == [
        (Kind.BUY, raw(1)),
        (Kind.SELL, raw(10)),
    ]


def test_fees_are_worth_what_the_transaction_says_of_the_same_asset() -> None:
    made = put_together(
        [tx(1, K.SELL, 0, leg("ETH", -1), leg("fiat:USD", 2000), fees=(leg("ETH", "0.01"), leg("BNB", 1)))]
    )
    assert event(made, 1).fees == (Fee(Decimal(20), "ETH", raw("0.01")), Fee(None, "BNB", raw(1)))
    (open_,) = issues(made, IssueKind.MISSING_PRICE)
    assert "what BNB (a fee) was worth" in open_.message
    edit = open_.proposals[-1].edits[UUIDS[1]]
    assert list(edit.fee_worths or ()) == [1]


def test_fees_without_anything_else_are_a_disposal_of_what_paid_them() -> None:
    made = put_together(
        [
            tx(1, K.FEE, 0, fees=(leg("ETH", "0.01", 20),)),
            tx(2, K.FEE, 1, leg("ETH", "-0.01", 20)),
            tx(3, K.DEPOSIT, 2, leg("fiat:USD", 5), fees=(leg("ETH", "0.01", 20),)),
            tx(4, K.FEE, 3, fees=(leg("fiat:USD", 3),)),
        ]
    )
    assert [(each.kind, each.fees[0].value, each.fees[0].asset) for each in made.events] == [(Kind.FEE, 20, "ETH")] * 3


def test_income_has_its_kind_and_worth() -> None:
    made = put_together(
        [tx(1, K.INCOME, 0, leg("ETH", 1, 9), income=IncomeKind.STAKING), tx(2, K.INCOME, 1, leg("ETH", 1, 9))]
    )
    assert [each.income for each in made.events] == [IncomeKind.STAKING, IncomeKind.OTHER]
    assert sum(each.value or 0 for each in figures(made).outcome.incomes) == 18


@pytest.mark.parametrize(
    ("kind", "to"), [(K.GIFT_OUT, "gift_out"), (K.DONATION, "donation"), (K.SPEND, "spend"), (K.LOSS, "loss")]
)
def test_what_only_goes(kind: K, to: str) -> None:
    made = put_together([tx(1, K.BUY, 0, leg("A", 1), leg("fiat:USD", -5)), tx(2, kind, 1, leg("A", -1, 9))])
    assert kinds(made) == ["buy", to]
    assert made.issues == []


def test_gifts_bring_their_basis_and_date_and_ask_for_it_where_it_counts() -> None:
    gift = tx(1, K.GIFT_IN, 10, leg("A", 1, 50), basis=usd(10), acquired_at=day(0))
    made = put_together([gift, tx(2, K.SELL, 11, leg("A", -1), leg("fiat:USD", 60))])
    assert gains(made) == {2: 50}
    bare = tx(1, K.GIFT_IN, 10, leg("A", 1, 50))
    (open_,) = issues(put_together([bare]), IssueKind.MISSING_PRICE)
    assert (open_.at_stake, [each.label for each in open_.proposals]) == (
        50,
        ["It had cost what it was worth when it came", "It had cost nothing"],
    )
    settled = put_together([bare], {1: open_.proposals[0].edits[UUIDS[1]]})
    assert (settled.issues, event(settled, 1).basis) == ([], 50)
    paid = tx(1, K.GIFT_IN, 10, leg("A", 1, 50), fees=(leg("BNB", 1),))
    assert len(issues(put_together([paid]), IssueKind.MISSING_PRICE)) == 2  # the basis, and the fee's worth
    assert put_together([bare], jurisdiction="UK").issues == []
    assert len(put_together([tx(1, K.GIFT_IN, 10, leg("A", 1))], jurisdiction="UK").issues) == 1


def test_what_does_not_fit_its_kind_is_said_and_not_lost() -> None:
    made = put_together([tx(1, K.BUY, 0, leg("A", 5), leg("fiat:USD", -5)), tx(2, K.INCOME, 1, leg("A", -1, 3))])
    assert kinds(made) == ["buy", "transfer"]
    (open_,) = made.issues
    assert (open_.kind, open_.at_stake, open_.transaction_id) == (IssueKind.UNKNOWN_KIND, 3, UUIDS[2])
    assert "called income" in open_.message
    assert open_.proposals[0].edits[UUIDS[2]].kind is K.SPEND


def test_ignored_and_left_out_count_nowhere() -> None:
    made = put_together(
        [
            tx(1, K.IGNORED, 0, leg("A", 5)),
            tx(2, K.DEPOSIT, 0, leg("A", 5)),
            tx(3, K.BUY, 0, leg("A", 5, 1), wallet="old"),
        ],
        {2: Edit(kind=K.IGNORED)},
        excluded_wallets=frozenset({"old"}),
    )
    assert (made.events, made.issues) == ([], [])


def test_amounts_are_exact_beyond_eighteen_digits() -> None:
    fine = Decimal("1.000000000000000000000001")
    made = put_together(
        [
            tx(1, K.BUY, 0, leg("A", fine), leg("fiat:USD", -5), fees=(leg("A", "1e-24", 0),)),
            tx(2, K.BUY, 1, leg("A", 2), leg("fiat:USD", -5)),
            tx(3, K.BUY, 1, leg("B", 2), leg("fiat:USD", -5)),
            tx(4, K.BUY, 2, leg("A", "1e-24"), leg("fiat:USD", -5)),
            tx(5, K.BUY, 2, leg("A", "1e-20"), leg("fiat:USD", -5)),
        ]
    )
    assert (made.places["A"], made.places["B"]) == (24, 18)
    assert event(made, 1).into[0].amount_raw == 10**24 + 1
    assert event(made, 1).fees[0].amount_raw == 1
    assert event(made, 2).into[0].amount_raw == 2 * 10**24
    assert event(made, 4).into[0].amount_raw == 1
    assert event(made, 3).into[0].amount_raw == 2 * 10**18


def test_lots_that_are_chosen_are_named_in_the_engines_units_where_they_can_be_chosen() -> None:
    bought = [
        tx(1, K.BUY, 0, leg("A", 1), leg("fiat:USD", -1)),
        tx(2, K.SWAP, 1, leg("B", -1), leg("A", 1, 75), leg("fiat:USD", -25)),
    ]
    chosen = tx(3, K.SELL, 2, leg("A", "-0.25"), leg("fiat:USD", 50), choices=(ChosenLot(UUIDS[2], Decimal("0.25")),))
    made = put_together([*bought, chosen], methods={1: Method.SPECIFIC})
    # Worth 75, of which 25 were paid in money: two thirds of it came for B, and cost 50.
    assert round(gains(made)[3] or Decimal(0), 9) == 50 - Decimal("18.75")
    assert event(put_together([*bought, chosen]), 3).choices == ()
    (refused,) = put_together(
        [*bought, chosen], {3: Edit(choices=(ChosenLot(UUIDS[1], Decimal("0.2")),))}, methods={1: Method.SPECIFIC}
    ).issues[-1:]
    assert refused.kind is IssueKind.UNKNOWN_KIND
    assert "lots that you chose" in refused.message


def test_what_the_source_says_is_missing_is_said_until_somebody_looked_at_it() -> None:
    transaction = tx(1, K.BUY, 0, leg("A", 1, 7), problem="Ether that was paid inside of calls is not known.")
    (open_,) = put_together([transaction]).issues
    assert (open_.kind, open_.at_stake) == (IssueKind.INCOMPLETE_HISTORY, 7)
    assert "inside of calls" in open_.message
    assert put_together([transaction], {1: Edit(note="checked")}).issues == []


def test_what_everything_was_worth_goes_along_for_france() -> None:
    sale = tx(2, K.SELL, 1, leg("A", -1), leg("fiat:EUR", 60), portfolio_worth=usd(100))
    made = put_together(
        [tx(1, K.BUY, 0, leg("A", 2), leg("fiat:EUR", -50)), sale],
        rates=Table(USD="0.9"), jurisdiction="FR", currency="EUR",
    )  # fmt: skip
    assert event(made, 2).portfolio_value == 90
    assert round(gains(made)[2] or Decimal(0), 6) == round(Decimal(60) - Decimal(50) * 60 / 90, 6)
