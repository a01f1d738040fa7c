"""What the form of a tax transaction says: only what differs, with what is wrong next to its field."""

from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from backend.tax import records
from backend.tax.book_service import DayRates
from backend.tax.books import TaxSettings
from backend.tax.listing.reading import Money, read_of
from backend.tax.listing.schemas import TaxTransactionChange, TaxTransactionRead
from backend.tax.transactions import ChosenLot, Edit, TaxLeg, TaxTransaction, TransactionKind, Worth
from state.tax_transaction_rows import facts_of, leg_lines, tax_row
from state.tax_transaction_state import said
from state.tax_transactions_state import View, view_of
from tests.unit.tax.made import RICH, made

ZONE = ZoneInfo("Europe/Paris")
SWAP = made(
    1,
    kind=TransactionKind.SWAP,
    legs=(TaxLeg("ETH", "ETH", Decimal(-1), Worth(Decimal(3000), "USD", "pool")), TaxLeg("X", "X\n", Decimal(7))),
    fees=(TaxLeg("ETH", "ETH", Decimal("0.01")),),
    choices=(ChosenLot(UUID(int=5), Decimal(1)),),
)


class _Row(tuple[Any, ...]):
    """A row as the repository returns it."""

    shown_kind: str
    edited_at = rule_id = None
    issues = "[]"


def read(transaction: TaxTransaction, edit: Edit | None = None) -> TaxTransactionRead:
    values = {name: getattr(transaction, name, None) for name in records.COLUMNS}
    stored = records.row_of(transaction)
    values |= {"kind": transaction.kind.value, "income": stored["income"]}
    values |= {name: stored[name] for name in ("legs", "fees", "details")}
    row = _Row(values[name] for name in records.COLUMNS)
    row.shown_kind = (edit.kind if edit is not None and edit.kind is not None else transaction.kind).value
    return read_of(row, edit, Money(TaxSettings(), DayRates("USD", {})), {})


def form(**more: str) -> dict[str, str]:
    """The form as it is sent when nothing was changed."""
    now = {"tax_kind": "swap", "tax_note": "", "worth_0": "", "worth_1": "", "fee_worth_0": "", "tax_reason": "why"}
    return {**now, f"lot_{UUID(int=5)}": "1", **more}


def test_nothing_is_said_when_nothing_differs():
    values, problems = said(form(), read(SWAP), "USD", ZONE)
    assert (set(values), set(problems)) == ({"reason"}, {"form"})


def test_only_what_differs_is_said():
    wanted = form(tax_kind="income", tax_income="airdrop", worth_1="1,234.5", fee_worth_0="3", tax_note="a note")
    values, problems = said(wanted, read(SWAP), "USD", ZONE)
    assert problems == {}
    assert values == {
        "reason": "why",
        "kind": "income",
        "income": "airdrop",
        "note": "a note",
        "worths": {"1": {"amount": Decimal("1234.5"), "currency": "USD"}},
        "fee_worths": {"0": {"amount": Decimal(3), "currency": "USD"}},
    }
    assert TaxTransactionChange.model_validate(values).worths is not None


def test_what_was_said_can_be_taken_back_field_by_field():
    before = Edit(worths={1: Worth(Decimal(9), "USD", "you")}, note="old")
    shown = read(SWAP, before)
    assert leg_lines(shown.legs, "worth", "USD")[1].said == "9"
    values, problems = said(form(worth_1="", tax_note=""), shown, "USD", ZONE)
    assert problems == {}
    assert values == {"reason": "why", "worths": None, "note": None}
    euros = read(SWAP, replace(before, worths={0: Worth(Decimal(8), "EUR", "you"), 1: Worth(Decimal(9), "USD", "you")}))
    kept, _ = said(form(worth_0="8", tax_note="old"), euros, "USD", ZONE)
    assert kept == {"reason": "why", "worths": {"0": {"amount": Decimal(8), "currency": "EUR"}}}
    values, _ = said(form(worth_1="9", tax_note="old", **{f"lot_{UUID(int=5)}": ""}), shown, "USD", ZONE)
    assert values == {"reason": "why", "choices": None}


def test_what_is_wrong_stands_next_to_its_field():
    wanted = form(tax_reason=" ", worth_0="much", fee_worth_0="-1", tax_acquired_on="yesterday", tax_basis="x")
    _, problems = said(wanted, read(SWAP), "USD", ZONE)
    assert set(problems) == {"reason", "worth_0", "fee_worth_0", "acquired_at", "basis"}
    _, problems = said(form(**{f"lot_{UUID(int=5)}": "all"}), read(SWAP), "USD", ZONE)
    assert set(problems) == {f"lot_{UUID(int=5)}"}


def test_a_day_of_purchase_is_noon_in_the_zone_of_the_taxes():
    values, _ = said(form(tax_basis="10", tax_acquired_on="2020-02-29"), read(SWAP), "USD", ZONE)
    assert values["acquired_at"].astimezone(UTC).isoformat() == "2020-02-29T11:00:00+00:00"
    assert values["basis"] == {"amount": Decimal(10), "currency": "USD"}


def test_a_row_says_worth_and_unknown_and_shows_no_strange_signs():
    row = tax_row(read(SWAP), "USD", ZONE)
    assert (row.day, row.went, row.value, row.fee) == ("2024-03-01", "\u22121 ETH", "$3,000.00", "\u2014")
    assert row.came == "+7 X"
    unknown = tax_row(read(replace(SWAP, legs=SWAP.legs[1:])), "USD", ZONE)
    assert (unknown.value, unknown.value_note) == ("\u2014", "Nobody knows what it was worth")
    # Thirty digits are what some tokens have; the usual context of decimals refuses them.
    dollars = TaxLeg("fiat:USD", "USD", Decimal("123456789012345678901234567890.5"))
    huge = tax_row(read(replace(SWAP, legs=(TaxLeg("X", "X", Decimal("-5e29")), dollars))), "USD", ZONE)
    assert (huge.went, huge.value) == ("\u22125 \u00d7 10\u00b2\u2079 X", "$1.23457 \u00d7 10\u00b2\u2079")
    names = [fact.name for fact in facts_of(read(RICH), "USD", ZONE)]
    assert {"Cost basis", "Acquired on", "Whole portfolio", "Transaction", "Position"} <= set(names)


def test_addresses_keep_what_is_right_and_drop_what_is_not():
    view = View(year="2024", asset="fiat:EUR", kind="swap", wallet="Kraken", source="file", only="open", sort="oldest")
    query = dict(part.split("=") for part in view.address().partition("?")[2].replace("%3A", ":").split("&"))
    assert view_of(query) == view
    wrong = {"year": "1", "kind": "x", "source": "y", "only": "z", "sort": "up", "import": "no", "asset": "a\nb"}
    assert view_of(wrong) == View()
    assert View().address("abc") == "/tax/transactions/?id=abc"
