"""Events of the ledger as tax transactions: kinds, amounts, worths, fees, income, spam."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.events import Event, Kind, Leg
from backend.market.assets import KnownAssets, known_assets
from backend.tax.engine.events import IncomeKind
from backend.tax.transactions import TaxTransaction, TransactionKind, Worth
from backend.tax.wallet_history import (
    FEE_SOURCE,
    NO_DECIMALS,
    UNKNOWN_FEE,
    UNKNOWN_SWAP,
    Tokens,
    named,
    transaction_of,
    transactions_of,
)
from tests.integration.ledger.events import OTHER, START, TOKEN, event

USDC, ODD, SPAM, PIECES = ("0x" + digit * 40 for digit in "5678")
VOUCHED: KnownAssets = known_assets(
    {31337: ("ETH", 18), 10: ("ETH", 18)}, {31337: ("0xweth", (USDC,))}, [(31337, USDC, "usdc", 6)]
)
TOKENS = Tokens(
    {
        (31337, NATIVE_TOKEN): named(31337, NATIVE_TOKEN, VOUCHED, "ETH", 18),
        (10, NATIVE_TOKEN): named(10, NATIVE_TOKEN, VOUCHED, "ETH", 18),
        (31337, USDC): named(31337, USDC, VOUCHED, "USDC", 6),
        (31337, TOKEN): named(31337, TOKEN, VOUCHED, "USDC", 18),
        (31337, ODD): named(31337, ODD, VOUCHED, None, None),
        (31337, PIECES): named(31337, PIECES, VOUCHED, "ART\n", None),
        (31337, SPAM): named(31337, SPAM, VOUCHED, "claim at x.com", 18),
    },
    {(31337, SPAM): "Its name asks you to do something."},
)


def of(kind: Kind, *legs: Leg, **more: Any) -> TaxTransaction:
    made = transaction_of(event(5, kind=kind, legs=legs, **more), TOKENS)
    assert made is not None
    return made


def leg(token: str, amount_raw: int, **more: Any) -> Leg:
    return Leg(token=token, amount_raw=amount_raw, counterparty=more.pop("counterparty", OTHER), **more)


def test_a_transfer_says_all_that_the_ledger_knows():
    source = event(
        5,
        legs=(leg(USDC, 2_500_000, price_usd=Decimal("0.9990"), price_source="pool", priced_at=START),),
        fee_wei=21_000 * 10**9,
        fee_price_usd=Decimal(3000),
        protocol="Hop",
        identifiers={"nonce": "5"},
    )
    made = transaction_of(source, TOKENS)
    assert made is not None
    assert (made.id, made.source, made.kind, made.wallet) == (
        *(source.id, "wallet", TransactionKind.DEPOSIT),
        source.wallet,
    )
    assert (made.chain_id, made.tx_hash, made.happened_at) == (31337, source.tx_hash, source.happened_at)
    assert (made.protocol, made.identifiers) == ("Hop", {"nonce": "5"})
    (came,) = made.legs
    assert (came.asset, came.symbol, came.amount, came.counterparty) == ("USDC", "USDC", Decimal("2.5"), OTHER)
    assert came.worth == Worth(Decimal("2.4975"), "USD", "pool", START)
    (fee,) = made.fees
    assert (fee.asset, fee.amount) == ("ETH", Decimal("0.000021"))
    assert fee.worth == Worth(Decimal("0.063"), "USD", FEE_SOURCE, source.happened_at)


def test_only_what_is_vouched_for_goes_by_its_symbol():
    (came,) = of(Kind.TRANSFER, leg(TOKEN, 1)).legs
    assert came.asset == f"31337:{TOKEN}"
    assert came.symbol == "USDC 0x4444…4444"
    assert came.amount == Decimal("0.000000000000000001")
    assert of(Kind.TRANSFER, leg(NATIVE_TOKEN, 1), chain_id=10).legs[0].asset == "ETH"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.SWAP, TransactionKind.SWAP),
        (Kind.LP_ADD, TransactionKind.LP_ADD),
        (Kind.LP_REMOVE, TransactionKind.LP_REMOVE),
        (Kind.SUPPLY, TransactionKind.SUPPLY),
        (Kind.WITHDRAW, TransactionKind.WITHDRAW),
        (Kind.BORROW, TransactionKind.BORROW),
        (Kind.REPAY, TransactionKind.REPAY),
        (Kind.LIQUIDATION, TransactionKind.LIQUIDATION),
        (Kind.STAKE, TransactionKind.STAKE),
        (Kind.UNSTAKE, TransactionKind.UNSTAKE),
        (Kind.CLAIM, TransactionKind.INCOME),
        (Kind.BRIDGE, TransactionKind.BRIDGE),
        (Kind.WRAP, TransactionKind.WRAP),
    ],
)
def test_each_kind_has_its_own(kind: Kind, expected: TransactionKind):
    assert of(kind, leg(NATIVE_TOKEN, -1), leg(USDC, 1)).kind is expected


def test_every_kind_of_the_ledger_becomes_something():
    for kind in Kind:
        of(kind, leg(NATIVE_TOKEN, 1))


def test_which_way_a_transfer_went():
    assert of(Kind.TRANSFER, leg(USDC, 1)).kind is TransactionKind.DEPOSIT
    assert of(Kind.TRANSFER, leg(USDC, -1)).kind is TransactionKind.WITHDRAWAL
    both = of(Kind.TRANSFER, leg(USDC, -1), leg(NATIVE_TOKEN, 1))
    assert (both.kind, both.problem) == (TransactionKind.SWAP, UNKNOWN_SWAP)


def test_change_that_comes_back_is_no_purchase():
    made = of(
        Kind.SWAP,
        leg(NATIVE_TOKEN, -(10**18), price_usd=Decimal(2000), price_source="pool", priced_at=START),
        leg(NATIVE_TOKEN, 10**17, counterparty=WALLET_OF_ROUTER),
        leg(USDC, 1_800_000_000),
    )
    assert [(each.asset, each.amount) for each in made.legs] == [("ETH", Decimal("-0.9")), ("USDC", Decimal(1800))]
    assert made.legs[0].worth == Worth(Decimal(1800), "USD", "pool", START)
    assert made.legs[0].counterparty is None
    assert of(Kind.TRANSFER, leg(USDC, -5), leg(USDC, 5)).kind is TransactionKind.FEE


WALLET_OF_ROUTER = "0x" + "9" * 40


@pytest.mark.parametrize(
    ("kind", "protocol", "role", "expected"),
    [
        (Kind.CLAIM, "Staking rewards", "reward", IncomeKind.STAKING),
        (Kind.CLAIM, "Lido", "principal", IncomeKind.STAKING),
        (Kind.CLAIM, "Aave V3", "reward", IncomeKind.REWARD),
        (Kind.WITHDRAW, "Aave V3", "reward", IncomeKind.INTEREST),
        (Kind.WITHDRAW, "Aave V3", "principal", None),
        (Kind.CLAIM, "Uniswap V3", "reward", IncomeKind.REWARD),
        (Kind.CLAIM, None, "reward", IncomeKind.AIRDROP),
        (Kind.TRANSFER, None, "principal", None),
    ],
)
def test_where_income_is_from(kind: Kind, protocol: str | None, role: Any, expected: IncomeKind | None):
    assert of(kind, leg(USDC, 1, role=role), protocol=protocol).income is expected


def test_pieces_of_collections_are_assets_of_their_own():
    made = of(Kind.TRANSFER, leg(PIECES, 1, token_id=2**255), leg(PIECES, 1, token_id=7))
    assert [each.asset for each in made.legs] == [f"31337:{PIECES}:{2**255}", f"31337:{PIECES}:7"]
    assert made.legs[1].amount == 1
    assert made.legs[1].symbol.endswith("#7") and "\n" not in made.legs[1].symbol
    assert made.problem is None


def test_what_nobody_can_count_is_in_smallest_units_and_says_so():
    made = of(Kind.TRANSFER, leg(ODD, 12345, price_usd=Decimal(1)))
    assert (made.legs[0].amount, made.legs[0].worth, made.problem) == (Decimal(12345), None, NO_DECIMALS)


def test_allowances_and_failures_are_fees():
    for kind, more in ((Kind.APPROVE, {}), (Kind.CALL, {}), (Kind.CALL, {"succeeded": False})):
        made = of(kind, **more)
        assert made.kind is TransactionKind.FEE
        assert made.fees[0].amount == Decimal("0.000021")
    assert "failed" in of(Kind.CALL, succeeded=False).note
    unknown = of(Kind.CALL, fee_wei=None)
    assert (unknown.fees, unknown.problem) == ((), UNKNOWN_FEE)
    assert transaction_of(event(5, kind=Kind.APPROVE, legs=(), fee_wei=0), TOKENS) is None


def test_spam_is_ignored_with_the_reason_and_a_fee_for_it_counts():
    ignored = of(Kind.TRANSFER, leg(SPAM, 10**30), fee_wei=0)
    assert (ignored.kind, ignored.note) == (
        TransactionKind.IGNORED,
        "Taken for spam: Its name asks you to do something.",
    )
    sent_away = of(Kind.TRANSFER, leg(SPAM, -1))
    assert (sent_away.kind, sent_away.legs) == (TransactionKind.FEE, ())
    assert of(Kind.TRANSFER, leg(SPAM, 1), leg(USDC, 1)).kind is TransactionKind.DEPOSIT
    assert of(Kind.SWAP, leg(NATIVE_TOKEN, -1), leg(SPAM, 1)).kind is TransactionKind.SWAP


def test_positions_have_names_where_no_fungible_token_stands_for_them():
    named_by = {"token_id": "77", "pool": OTHER}
    made = of(Kind.LP_ADD, leg(USDC, -1), protocol="Uniswap V3", identifiers=named_by)
    assert made.position == "31337:Uniswap V3:token_id:77"
    piece = leg(PIECES, 1, token_id=77, role="receipt")
    assert of(Kind.LP_ADD, leg(USDC, -1), piece, identifiers=named_by).position is not None
    fungible = leg(ODD, 1, role="receipt")
    assert of(Kind.LP_ADD, leg(USDC, -1), fungible, identifiers=named_by).position is None
    assert of(Kind.SWAP, leg(USDC, -1), identifiers=named_by).position is None


def test_dust_giants_and_the_same_second_keep_every_digit_and_their_order():
    events: list[Event] = [
        event(block, number, happened_at=START, tx_index=index, legs=(leg(USDC, 1),))
        for block in (7, 8)
        for index in (0, 1, 300)
        for number in (0, 1)
    ]
    sequences = [each.sequence for each in transactions_of(events, TOKENS)]
    assert sequences == sorted(set(sequences))
    assert max(sequences) < 2**63
    dust = of(Kind.TRANSFER, leg(NATIVE_TOKEN, 1, price_usd=Decimal("0.000001")))
    assert dust.legs[0].amount == Decimal("1e-18")
    giant = of(Kind.TRANSFER, leg(NATIVE_TOKEN, 10**48, price_usd=Decimal("1234567.123456789")))
    assert giant.legs[0].amount == Decimal(10**30)
    assert giant.legs[0].worth is not None
    assert giant.legs[0].worth.amount == Decimal("1234567.123456789") * 10**30
    assert timedelta(0) == giant.happened_at - event(5).happened_at


def test_what_the_ledger_does_not_know_is_said():
    assert (
        of(Kind.SWAP, leg(USDC, 1), problem="Native movements are unknown.").problem == "Native movements are unknown."
    )
    assert of(Kind.SWAP, leg(USDC, 1)).legs[0].worth is None
