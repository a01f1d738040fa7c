"""Liquidity, lending, staking and debts: as a disposal, or with basis and dates carried along."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from backend.tax.assembling.assemble import Assembled, Gap
from backend.tax.books import IssueKind
from backend.tax.engine.events import IncomeKind, Kind
from backend.tax.transactions import TaxTransaction
from tests.unit.tax.assembling.told import (
    A,
    B,
    K,
    event,
    events,
    figures,
    gains,
    issues,
    kinds,
    leg,
    put_together,
    tx,
)
from tests.unit.tax.given import day, raw

LP, NFT = "1:0x" + "1" * 40, "1:0x" + "2" * 40 + ":77"
BOUGHT = [
    tx(90, K.BUY, -100, leg("ETH", 10), leg("fiat:USD", -1000), wallet=A),
    tx(91, K.BUY, -100, leg("USDC", 5000), leg("fiat:USD", -5000), wallet=A),
]


def receipt(asset: str, amount: object, worth: object = None) -> Any:
    return leg(asset, amount, worth, role="receipt", symbol="TOKEN")


def reward(asset: str, amount: object, worth: object = None) -> Any:
    return leg(asset, amount, worth, role="reward")


def on(number: int, kind: K, at: float, *legs: Any, **more: Any) -> TaxTransaction:
    more.setdefault("wallet", A)
    return tx(number, kind, at, *legs, chain_id=1, source="wallet", **more)


def income(made: Assembled) -> Decimal:
    return sum((each.value or Decimal(0) for each in figures(made).outcome.incomes), Decimal(0))


def cost(made: Assembled, asset: str) -> Decimal:
    return sum((each.cost or Decimal(0) for each in figures(made).outcome.held if each.asset == asset), Decimal(0))


ADD = on(1, K.LP_ADD, 0, leg("ETH", -1, 2000), leg("USDC", -2000, 2000), receipt(LP, 4), protocol="uniswap_v2")
REMOVE = on(2, K.LP_REMOVE, 9, receipt(LP, -4), leg("ETH", 2, 2200), leg("USDC", 2200, 2200), protocol="uniswap_v2")


def test_liquidity_as_a_disposal_is_a_swap_both_ways() -> None:
    made = put_together([*BOUGHT, ADD, REMOVE])
    assert kinds(made) == ["buy", "buy", "swap", "swap"]
    assert event(made, 1).into[0].value == 4000
    assert sum(each.gain or 0 for each in figures(made).outcome.disposals) == 2000 - 100 + 0 + 400
    assert made.issues == []


def test_liquidity_that_is_no_disposal_carries_basis_and_dates() -> None:
    made = put_together([*BOUGHT, ADD, REMOVE], liquidity_is_disposal=False)
    assert kinds(made) == ["buy", "buy", "wrap", "wrap"]
    assert figures(made).outcome.disposals == []
    assert sum(each.cost or 0 for each in figures(made).outcome.held) == 6000
    assert all(each.acquired_at == day(-100) for each in figures(made).outcome.held)


def v3(number: int, kind: K, at: float, *legs: Any) -> TaxTransaction:
    return on(number, kind, at, *legs, protocol="Uniswap V3", identifiers={"pool": "0x9", "token_id": "77"})


V3 = [
    v3(1, K.LP_ADD, 0, leg("ETH", -1, 2000), leg("USDC", -2000, 2000), receipt(NFT, 1)),
    v3(2, K.LP_ADD, 5, leg("USDC", -1000, 1000)),
    v3(3, K.LP_REMOVE, 9, leg("ETH", 1, 1800), leg("USDC", 200, 200), reward("USDC", 30, 30)),
]
CLOSED = v3(4, K.LP_REMOVE, 10, leg("USDC", 2500, 2500), receipt(NFT, -1))


def test_a_position_counts_what_was_put_in_until_its_token_is_gone() -> None:
    made = put_together([*BOUGHT, *V3])
    assert (kinds(made), made.issues) == (["buy", "buy", "swap", "swap", "income", "swap"], [])
    assert [
        (each.asset, each.amount_raw, each.cost) for each in figures(made).outcome.held if "position" in each.asset
    ] == [
        ("position:1:Uniswap V3:token_id:77", raw(2000), 2000),
        ("position:1:Uniswap V3:token_id:77", raw(1000), 1000),
    ]
    assert income(made) == 30
    made = put_together([*BOUGHT, *V3, CLOSED])
    # 5000 were put in and 4500 came out: nothing was made or lost when 2000 came, all of it at the end.
    assert {number: gain for number, gain in gains(made).items() if number > 2} == {3: 0, 4: -500}
    assert made.symbols["position:1:Uniswap V3:token_id:77"] == "Uniswap V3 position #77"


def counted(rows: list[TaxTransaction], *deltas: int) -> list[TaxTransaction]:
    """The same with what the protocol counts in the position."""
    return [
        replace(row, identifiers={**(row.identifiers or {}), "liquidity_delta": str(delta)})
        for row, delta in zip(rows, deltas, strict=True)
    ]


LAST = v3(4, K.LP_REMOVE, 10, leg("USDC", 1500, 1500))


def test_a_position_is_over_when_all_of_its_liquidity_is_out_though_its_token_stays() -> None:
    rows = [*V3, LAST]
    made = put_together([*BOUGHT, *counted(rows, 40, 20, -30, -30)])
    # 5000 were put in and 3500 came out: the rest is lost in the end, and nothing is held.
    assert {number: gain for number, gain in gains(made).items() if number > 2} == {3: 0, 4: -1500}
    assert not [each for each in figures(made).outcome.held if "position" in each.asset]
    for open_ in (rows, counted(rows, 40, 20, -30, -29), counted(rows, 40, 20, -70, -30)):
        made = put_together([*BOUGHT, *open_])
        assert gains(made)[4] == 0
        assert sum(each.cost or 0 for each in figures(made).outcome.held if "position" in each.asset) == 1500


def test_a_position_of_which_the_beginning_is_not_known_is_not_told_to_be_over() -> None:
    begun = [replace(V3[0], legs=V3[0].legs[:2]), *V3[1:], LAST]
    made = put_together([*BOUGHT, *counted(begun, 40, 20, -30, -30)])
    assert sum(each.cost or 0 for each in figures(made).outcome.held if "position" in each.asset) == 1500


def test_a_position_that_is_over_may_begin_again() -> None:
    again = [v3(5, K.LP_ADD, 12, leg("USDC", -100, 100)), v3(6, K.LP_REMOVE, 13, leg("USDC", 90, 90))]
    rows = counted([*V3, LAST, *again], 40, 20, -30, -30, 7, -7)
    made = put_together([*BOUGHT, *rows])
    assert (gains(made)[4], gains(made)[6], made.issues) == (-1500, -10, [])


def test_what_is_taken_out_and_not_collected_is_no_end() -> None:
    left = v3(4, K.LP_REMOVE, 10)
    made = put_together([*BOUGHT, *counted([*V3, left], 40, 20, -30, -30)])
    assert 4 not in gains(made)
    assert sum(each.cost or 0 for each in figures(made).outcome.held if "position" in each.asset) == 3000


def test_a_position_carries_the_basis_of_all_that_went_in() -> None:
    made = put_together([*BOUGHT, *V3, CLOSED], liquidity_is_disposal=False)
    assert figures(made).outcome.disposals == []
    assert sum(each.cost or 0 for each in figures(made).outcome.held) == 6000 + 30


def test_what_comes_beyond_all_that_went_in_is_a_gain() -> None:
    more = v3(4, K.LP_REMOVE, 10, leg("USDC", 9000, 9000))
    rest = v3(5, K.LP_REMOVE, 11, leg("USDC", 40, 40))
    made = put_together([*BOUGHT, *V3, more, rest])
    assert {number: gain for number, gain in gains(made).items() if number > 2} == {3: 0, 4: 6000, 5: 40}
    assert made.issues == []


def test_a_position_that_ends_with_nothing_has_lost_the_rest() -> None:
    made = put_together([*BOUGHT, *V3, v3(4, K.LP_REMOVE, 10, receipt(NFT, -1))])
    assert gains(made)[4] == -3000


def test_a_position_moves_with_its_token() -> None:
    sent = on(5, K.WITHDRAWAL, 9.5, leg(NFT, -1, counterparty=B), tx_hash="0x1")
    came = on(6, K.DEPOSIT, 9.5, leg(NFT, 1, counterparty=A), wallet=B, tx_hash="0x1")
    closed = v3(4, K.LP_REMOVE, 10, leg("USDC", 2500, 2500), receipt(NFT, -1))
    moved = replace(closed, wallet=B)
    made = put_together([*BOUGHT, *V3, sent, came, moved])
    assert gains(made)[4] == -500
    assert made.issues == []


def test_a_position_from_before_the_history_has_an_unknown_gain() -> None:
    made = put_together([*BOUGHT, V3[2]])
    assert gains(made) == {3: None}
    assert issues(made, IssueKind.NEGATIVE_BALANCE)[0].at_stake == 2000


def lending(**more: Any) -> list[TaxTransaction]:
    return [
        on(1, K.SUPPLY, 0, leg("USDC", -1000, 1000), receipt(LP, 1000), protocol="aave_v3", **more),
        on(2, K.WITHDRAW, 9, receipt(LP, -515), leg("USDC", 515, 515), protocol="aave_v3", **more),
        on(3, K.WITHDRAW, 20, receipt(LP, -520), leg("USDC", 520, 520), protocol="aave_v3", **more),
    ]


def test_a_token_that_grows_by_itself_brings_interest_when_it_is_given_back() -> None:
    """515 of 1000 first: by units all of it was put in. 520 of the 485 that are left: 35 grew."""
    made = put_together([*BOUGHT, *lending()])
    assert kinds(made) == ["buy", "buy", "wrap", "wrap", "income", "wrap"]
    (earned,) = figures(made).outcome.incomes
    assert (earned.kind, earned.value, earned.amount_raw) == (IncomeKind.INTEREST, 35, raw(35))
    assert sum(each.amount_raw for each in figures(made).outcome.held if each.asset == "USDC") == raw(5035)
    assert cost(made, "USDC") == 5035
    assert (cost(made, LP), made.issues) == (0, [])


def test_interest_that_the_protocol_credits_is_income_then() -> None:
    credited = on(2, K.WITHDRAW, 9, receipt(LP, -515), reward(LP, 15, 15), leg("USDC", 515, 515), protocol="aave_v3")
    last = on(3, K.WITHDRAW, 20, receipt(LP, -500), leg("USDC", 500, 500), protocol="aave_v3")
    made = put_together([*BOUGHT, lending()[0], credited, last])
    assert income(made) == 15
    assert made.issues == []
    assert sum(each.amount_raw for each in figures(made).outcome.held if each.asset == "USDC") == raw(5015)
    assert cost(made, "USDC") == 5015


def test_shares_of_a_vault_bring_what_they_gained_as_interest() -> None:
    put = on(1, K.SUPPLY, 0, leg("USDC", -1000, 1000), receipt(LP, 800), protocol="erc4626")
    half = on(2, K.WITHDRAW, 9, receipt(LP, -400), leg("USDC", 550, 550), protocol="erc4626")
    made = put_together([*BOUGHT, put, half])
    assert income(made) == 50
    assert cost(made, LP) == 500
    made = put_together([*BOUGHT, put, half], lending_is_disposal=True)
    assert (income(made), gains(made)[2]) == (0, 50)


def test_shares_that_lost_carry_all_of_their_basis() -> None:
    put = on(1, K.SUPPLY, 0, leg("USDC", -1000, 1000), receipt(LP, 800))
    made = put_together([*BOUGHT, put, on(2, K.WITHDRAW, 9, receipt(LP, -800), leg("USDC", 900, 900))])
    assert (income(made), cost(made, "USDC"), figures(made).outcome.disposals) == (0, 5000, [])


def test_tokens_that_came_another_way_make_no_interest() -> None:
    put = on(1, K.SUPPLY, 0, leg("USDC", -1000, 1000), receipt(LP, 1000))
    traded = on(2, K.SWAP, 1, leg("ETH", -1, 500), leg(LP, 500))
    made = put_together([*BOUGHT, put, traded, on(3, K.WITHDRAW, 9, receipt(LP, -1500), leg("USDC", 1500, 1500))])
    assert income(made) == 0
    sold = on(2, K.SWAP, 1, leg(LP, -500), leg("ETH", 1, 500))
    made = put_together([*BOUGHT, put, sold, on(3, K.WITHDRAW, 9, receipt(LP, -500), leg("USDC", 510, 510))])
    assert income(made) == 10


def test_growth_is_not_told_from_missing_history() -> None:
    gap = Gap(A, 1, "the provider's index begins there", None, day(-50))
    made = put_together([*BOUGHT, *lending()], gaps=[gap])
    assert income(made) == 0
    assert issues(made, IssueKind.NEGATIVE_BALANCE)[0].amount == 35


def test_where_only_the_currency_is_partly_known_tokens_are_whole() -> None:
    gap = Gap(A, 1, "calls are not seen", is_of_currency=True)
    assert income(put_together([*BOUGHT, *lending()], gaps=[gap])) == 35
    paid = [replace(each, fees=(leg("ETH", "0.01", 2),)) for each in inside("staking")]
    assert income(put_together([*BOUGHT, *paid])) == 110
    assert income(put_together([*BOUGHT, *paid], gaps=[gap])) == 0
    later = Gap(A, 1, "read until then only", from_at=day(300))
    assert income(put_together([*BOUGHT, *paid], gaps=[later])) == 110


def test_lending_as_a_disposal() -> None:
    made = put_together([*BOUGHT, *lending()], lending_is_disposal=True)
    assert kinds(made) == ["buy", "buy", "swap", "swap", "income", "swap"]
    assert income(made) == 35
    assert made.issues == []


def inside(kind: str, **more: Any) -> list[TaxTransaction]:
    into, out_of = (K.STAKE, K.UNSTAKE) if kind == "staking" else (K.SUPPLY, K.WITHDRAW)
    return [
        on(1, into, 0, leg("ETH", -2, 400), protocol="pool", **more),
        on(2, out_of, 9, leg("ETH", 1, 210), protocol="pool", **more),
        on(3, out_of, 20, leg("ETH", "1.5", 330), protocol="pool", **more),
    ]


@pytest.mark.parametrize(("kind", "earned"), [("staking", IncomeKind.STAKING), ("lending", IncomeKind.INTEREST)])
def test_what_no_token_stands_for_lies_at_a_place_of_its_own(kind: str, earned: IncomeKind) -> None:
    made = put_together([*BOUGHT, *inside(kind)])
    assert kinds(made)[2:] == ["transfer", "transfer", "transfer", "income"]
    assert event(made, 1).to_wallet == event(made, 2).wallet == f"{A}@1:pool"
    (found,) = figures(made).outcome.incomes
    assert (found.kind, found.amount_raw, found.value) == (earned, raw("0.5"), 110)
    assert made.issues == []


def test_what_comes_back_is_paid_for_by_the_wallet() -> None:
    staked, back, _ = inside("staking")
    paid = on(2, K.UNSTAKE, 9, leg("ETH", 1, 210), protocol="pool", fees=(leg("ETH", "0.01", 2),))
    made = put_together([*BOUGHT, staked, paid])
    assert [(each.kind, each.wallet, len(each.fees)) for each in events(made, back.id.int)] == [
        (Kind.FEE, A, 1),
        (Kind.TRANSFER, f"{A}@1:pool", 0),
    ]


def test_lending_without_a_token_as_a_disposal_is_for_a_claim_one_for_one() -> None:
    made = put_together([*BOUGHT, *inside("lending")], lending_is_disposal=True)
    assert kinds(made)[2:] == ["swap", "swap", "swap", "income"]
    assert gains(made) == {1: 400 - 200, 2: 210 - 200, 3: 220 - 200}
    assert (income(made), made.issues) == (110, [])
    assert put_together([*BOUGHT, *inside("staking")], lending_is_disposal=True).events[2].kind is Kind.TRANSFER


def test_what_was_put_in_before_the_history_has_no_known_basis() -> None:
    made = put_together(
        [*BOUGHT, inside("staking")[1], tx(5, K.SELL, 30, leg("ETH", -11), leg("fiat:USD", 1100), wallet=A)]
    )
    assert income(made) == 0
    (short,) = issues(made, IssueKind.NEGATIVE_BALANCE)
    assert (short.wallet, short.amount) == (f"{A}@1:pool", 1)
    assert [part.cost for part in figures(made).outcome.disposals[0].parts] == [1000, None]


def test_what_is_asked_back_comes_later_as_another_token_with_its_basis() -> None:
    asked = on(2, K.UNSTAKE, 5, leg("stETH", -2, 400), protocol="lido", identifiers={"request_id": "5"})
    paid = on(3, K.UNSTAKE, 9, leg("ETH", 2, 410), protocol="lido", identifiers={"request_id": "5"})
    staked = on(1, K.STAKE, 0, leg("ETH", -2, 380), leg("stETH", 2, role="receipt"), protocol="lido")
    made = put_together([*BOUGHT, staked, asked, paid])
    assert kinds(made)[2:] == ["wrap", "transfer", "wrap", "transfer"]
    assert (cost(made, "ETH"), figures(made).outcome.disposals, made.issues) == (1000, [], [])


def test_a_wrap_with_one_side_only_is_open() -> None:
    made = put_together(
        [*BOUGHT, on(1, K.WRAP, 0, leg("ETH", -1), leg("WETH", 1)), on(2, K.WRAP, 1, leg("ETH", -1, 5))]
    )
    assert kinds(made)[2:] == ["wrap", "transfer"]
    assert [each.kind for each in made.issues] == [IssueKind.UNKNOWN_KIND]


DEBT = "1:0x" + "d" * 40
BORROWED = on(1, K.BORROW, 0, leg("USDC", 100, 100), receipt(DEBT, 100), protocol="aave_v3")


def test_paying_back_more_than_was_borrowed_is_interest() -> None:
    paid = on(
        2, K.REPAY, 9, leg("USDC", -103, 103), receipt(DEBT, -103), fees=(leg("ETH", "0.01", 2),), protocol="aave_v3"
    )
    made = put_together([*BOUGHT, BORROWED, paid])
    back, interest = events(made, 2)
    assert (back.kind, back.out[0].amount_raw, back.out[0].value, len(back.fees)) == (Kind.REPAY, raw(100), 100, 1)
    assert (interest.kind, interest.fees[0].amount_raw, interest.fees[0].value) == (Kind.FEE, raw(3), 3)
    assert made.issues == []
    assert DEBT not in {each.asset for each in figures(made).outcome.held}


def test_what_is_owed_is_all_that_was_borrowed_less_what_was_paid_back() -> None:
    more = on(2, K.BORROW, 1, leg("USDC", 50, 50), protocol="aave_v3")
    half = on(3, K.REPAY, 2, leg("USDC", -60, 60), protocol="aave_v3")
    rest = on(4, K.REPAY, 9, leg("USDC", -92, 92), protocol="aave_v3")
    made = put_together([*BOUGHT, BORROWED, more, half, rest])
    assert [
        (each.kind, (each.out or each.fees)[0].amount_raw) for number in (3, 4) for each in events(made, number)
    ] == [
        (Kind.REPAY, raw(60)),
        (Kind.REPAY, raw(90)),
        (Kind.FEE, raw(2)),
    ]


def test_interest_of_which_nobody_knows_the_worth_is_asked() -> None:
    back = on(2, K.REPAY, 9, leg("USDC", -100, 100), protocol="aave_v3")
    gas = (leg("ETH", "0.01", 2),)
    made = put_together([*BOUGHT, BORROWED, back, on(3, K.REPAY, 10, leg("USDC", -3), protocol="aave_v3", fees=gas)])
    (interest,) = events(made, 3)
    assert (interest.kind, [fee.asset for fee in interest.fees]) == (Kind.FEE, ["ETH", "USDC"])
    (issue,) = issues(made, IssueKind.MISSING_PRICE)
    assert (issue.transaction_id, issue.asset) == (UUID(int=3), "USDC")


def test_what_was_borrowed_before_the_history_is_no_interest() -> None:
    paid = on(2, K.REPAY, 9, leg("USDC", -103, 103), protocol="aave_v3")
    assert kinds(put_together([*BOUGHT, paid]))[2:] == ["repay"]
    assert kinds(put_together([*BOUGHT, BORROWED, paid], gaps=[Gap(A, 1, "cut")]))[2:] == ["borrow", "repay"]


def test_a_liquidation_sells_the_security_for_the_debt_that_is_gone() -> None:
    taken = on(3, K.LIQUIDATION, 9, receipt(LP, -60, 70), receipt(DEBT, -50, 50), protocol="aave_v3")
    put = on(2, K.SUPPLY, 0, leg("USDC", -1000, 1000), receipt(LP, 1000), protocol="aave_v3")
    made = put_together([*BOUGHT, BORROWED, put, taken])
    assert gains(made) == {3: -10}
    rest = on(4, K.REPAY, 12, leg("USDC", -51, 51), protocol="aave_v3")
    made = put_together([*BOUGHT, BORROWED, put, taken, rest])
    assert [(each.kind, (each.out or each.fees)[0].amount_raw) for each in events(made, 4)] == [
        (Kind.REPAY, raw(50)),
        (Kind.FEE, raw(1)),
    ]


def test_a_liquidation_of_which_nobody_knows_what_it_paid_is_asked() -> None:
    made = put_together([*BOUGHT, on(3, K.LIQUIDATION, 9, leg("ETH", -1), protocol="x")])
    assert gains(made) == {3: None}
    assert [each.kind for each in made.issues] == [IssueKind.MISSING_PRICE]
    swapped = put_together([*BOUGHT, on(3, K.LIQUIDATION, 9, leg("ETH", -1), leg("USDC", 90, 90), protocol="x")])
    assert gains(swapped) == {3: -10}
