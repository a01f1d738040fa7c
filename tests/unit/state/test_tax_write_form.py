"""The form of a transaction written by hand: what it says as the API takes it, and what is wrong beside its field."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from backend.market.fiat.service import CURRENCIES
from backend.tax.engine.events import IncomeKind
from backend.tax.listing.by_hand import made_by_hand
from backend.tax.listing.schemas import TaxTransactionAdd
from backend.tax.transactions import TaxLeg, TaxTransaction, TransactionKind, Worth
from state.tax_write_rows import Begin, LegField, begin_new, begin_with, empty_leg, place_of, said, sides_of
from tests.unit.state.test_tax_transaction_form import read
from tests.unit.tax.made import made

ZONE = "America/New_York"
YOU = Worth(Decimal("700.50"), "EUR", "you")
WALLETS = {"Cold store": "0x" + "ab" * 20}


def form_of(begun: Begin, **more: str) -> dict[str, str]:
    """The form as it is sent when nothing in it was touched."""
    values = {
        **{f"write_{name}": str(getattr(begun, name)) for name in ("kind", "wallet", "at", "zone", "to_wallet")},
        **{f"write_{name}": str(getattr(begun, name)) for name in ("income", "tx_hash", "note", "basis")},
        "write_acquired_on": begun.acquired_on,
    }
    for leg in begun.legs:
        values |= {f"{leg.field}_{name}": getattr(leg, name) for name in ("asset", "amount", "worth", "currency")}
    return values | more


def told(begun: Begin, legs: list[LegField] | None = None, **more: str) -> tuple[dict[str, Any], dict[str, str]]:
    return said(form_of(begun, **more), begun.legs if legs is None else legs, begun, None, CURRENCIES, WALLETS)


FILLED = {
    "write_wallet": "Kraken", "write_at": "2024-05-01T10:00", "leg_out0_asset": "usd", "leg_out0_amount": "1,500",
    "leg_in0_asset": "eth", "leg_in0_amount": "0.5",
}  # fmt: skip


def test_a_purchase_is_written_in_the_zone_and_with_money_that_went() -> None:
    begun = begin_new("USD", ZONE)
    values, problems = told(begun, **FILLED)
    assert problems == {}
    add = TaxTransactionAdd.model_validate(values)
    assert add.happened_at == datetime(2024, 5, 1, 14, tzinfo=UTC)
    assert [(leg.asset, leg.amount) for leg in add.legs] == [("fiat:USD", -1500), ("eth", Decimal("0.5"))]
    assert made_by_hand(add).legs[0].asset == "fiat:USD"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"write_wallet": ""}, "wallet"),
        ({"write_at": ""}, "at"),
        ({"write_at": "2024-03-10T02:30"}, "at"),  # clocks went forward
        ({"write_zone": "New York"}, "zone"),
        ({"leg_in0_amount": "many"}, "leg_in0_amount"),
        ({"leg_in0_amount": "0"}, "leg_in0_amount"),
        ({"leg_in0_amount": "-1"}, "leg_in0_amount"),
        ({"leg_in0_asset": ""}, "leg_in0_asset"),
        ({"leg_in0_worth": "-5"}, "leg_in0_worth"),
        ({"leg_out0_asset": "", "leg_out0_amount": ""}, "out"),
        ({"leg_in0_asset": "", "leg_in0_amount": ""}, "in"),
        ({"write_kind": "income"}, "income"),
        ({"write_kind": "nothing"}, "kind"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(more: dict[str, str], field: str) -> None:
    assert set(told(begin_new("USD", ZONE), **{**FILLED, **more})[1]) == {field}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"leg_in0_asset": "no such thing"}, "leg_in0_asset"),
        ({"leg_in0_amount": "1e-40"}, "leg_in0_amount"),
        ({"write_tx_hash": "ä"}, "tx_hash"),
        ({"write_note": "x" * 501}, "note"),
        ({"write_wallet": "\u200b"}, "wallet"),
    ],
)
def test_what_the_api_refuses_is_put_beside_the_same_fields(more: dict[str, str], field: str) -> None:
    begun, filled = begin_new("USD", ZONE), {**FILLED, **more}
    values, problems = told(begun, **filled)
    assert problems == {}
    with pytest.raises(ValidationError) as caught:
        TaxTransactionAdd.model_validate(values)
    form = form_of(begun, **filled)
    assert {place_of(each["loc"], form, begun.legs, values) for each in caught.value.errors()} == {field}


def test_only_what_a_kind_has_is_sent_and_a_wallet_may_be_named() -> None:
    begun = begin_new("EUR", "Europe/Berlin")
    transfer = {**FILLED, "write_kind": "transfer", "write_to_wallet": "Cold store", "leg_out0_asset": "ETH"}
    values, problems = told(begun, **transfer)
    assert problems == {}
    assert values["to_wallet"] == WALLETS["Cold store"]
    assert [leg["amount"] for leg in values["legs"]] == [Decimal(-1500)], "what came is not asked for"
    fee = empty_leg("fee", 7, "EUR")
    paid = {"write_kind": "fee", "leg_fee7_asset": "ETH", "leg_fee7_amount": "0.1", "leg_fee7_worth": "5",
            "leg_fee7_currency": "EUR"}  # fmt: skip
    values, problems = told(begun, [*begun.legs, fee], **{**FILLED, **paid})
    assert (problems, values["legs"]) == ({}, [])
    assert values["fees"] == [{"asset": "ETH", "amount": Decimal("0.1"), "worth": {"amount": 5, "currency": "EUR"}}]
    assert "to_wallet" not in values


KINDS: dict[TransactionKind, dict[str, Any]] = {
    TransactionKind.BUY: {},
    TransactionKind.SWAP: {"fees": (TaxLeg("ETH", "ETH", Decimal("0.01")), TaxLeg("fiat:USD", "USD", Decimal(2)))},
    TransactionKind.INCOME: {"income": IncomeKind.MINING, "legs": (TaxLeg("BTC", "BTC", Decimal("0.1"), YOU),)},
    TransactionKind.GIFT_IN: {
        "legs": (TaxLeg("ETH", "ETH", Decimal(1)),),
        "basis": YOU,
        "acquired_at": datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC),
    },
    TransactionKind.TRANSFER: {"legs": (TaxLeg("ETH", "ETH", Decimal(-1)),), "to_wallet": WALLETS["Cold store"]},
    TransactionKind.FEE: {"legs": (), "fees": (TaxLeg("ETH", "ETH", Decimal("0.01"), YOU),)},
    TransactionKind.LP_ADD: {"legs": (TaxLeg("ETH", "ETH", Decimal(-1)), TaxLeg("X", "X", Decimal(-3)))},
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_and_is_not_touched_is_written_the_same_again(kind: TransactionKind) -> None:
    """To the microsecond, and through the hour that is there twice."""
    at = datetime(2024, 11, 3, 6, 30, 5, 123456, tzinfo=UTC)  # 1:30 in New York, for the second time
    legs = (TaxLeg("1:0x" + "cd" * 20, "", Decimal("1.5"), YOU), TaxLeg("fiat:USD", "USD", Decimal(-700)))
    before = made(1, source="manual", happened_at=at, kind=kind, **{"legs": legs, "wallet": "Kraken", **KINDS[kind]})
    found = read(before)
    begun = begin_with(found, "USD", ZONE)
    values, problems = said(form_of(begun), begun.legs, begun, found, CURRENCIES, WALLETS)
    assert problems == {}
    again = made_by_hand(TaxTransactionAdd.model_validate(values), before.id)
    assert same(again) == same(before)


def same(transaction: TaxTransaction) -> Any:
    legs = sorted((leg.asset, leg.amount, leg.worth) for leg in transaction.legs)
    fees = [(leg.asset, leg.amount, leg.worth) for leg in transaction.fees]
    return (
        *(transaction.id, transaction.happened_at, transaction.kind, transaction.wallet, transaction.to_wallet),
        *(legs, fees, transaction.income, transaction.basis, transaction.acquired_at, transaction.note),
    )


def test_a_moment_that_was_touched_is_what_is_said_now() -> None:
    before = made(1, source="manual", happened_at=datetime(2024, 5, 1, tzinfo=UTC) + timedelta(microseconds=7))
    found = read(before)
    begun = begin_with(found, "USD", "UTC")
    values, _ = said(form_of(begun, write_at="2024-05-01T00:00:01"), begun.legs, begun, found, CURRENCIES, {})
    assert values["happened_at"] == datetime(2024, 5, 1, 0, 0, 1, tzinfo=UTC)
    values, _ = said(form_of(begun, write_zone="Asia/Tokyo"), begun.legs, begun, found, CURRENCIES, {})
    assert values["happened_at"] == datetime(2024, 4, 30, 15, tzinfo=UTC)


def test_every_kind_asks_for_something_that_moves() -> None:
    for kind in TransactionKind:
        goes, comes = sides_of(kind.value)
        assert goes or comes or kind is TransactionKind.FEE
