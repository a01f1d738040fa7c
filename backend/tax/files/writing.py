"""Transactions written as the generic format, which is read again to the same: see docs/tax-files.md. Pure.

A transaction is one line where it has one asset out, one in, one fee, and one worth; else several lines of one `id`.
Where a worth is from, and what has no column (chosen lots, which two are one transfer), stays behind.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from backend.tax.engine.events import IncomeKind
from backend.tax.files.generic import FORMULA_STARTS
from backend.tax.files.numbers import plain, positive
from backend.tax.transactions import TaxLeg, TaxTransaction, TransactionKind, Worth

HEADER = (
    "timestamp", "type", "sent_asset", "sent_amount", "received_asset", "received_amount", "fee_asset", "fee_amount",
    "value", "currency", "wallet", "tx_hash", "note", "to_wallet", "chain_id", "fee_value", "basis", "acquired_at",
    "id", "sent_role", "received_role", "sent_to", "received_from", "position", "portfolio_value", "protocol",
    "identifiers", "part", "sequence",
)  # fmt: skip


def generic_csv(transactions: Iterable[TaxTransaction], *, with_header: bool = True) -> bytes:
    """Return transactions as CSV (UTF-8, CRLF); no cell is one that a spreadsheet runs."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    if with_header:
        writer.writerow(HEADER)
    for transaction in transactions:
        writer.writerows(generic_lines(transaction))
    return buffer.getvalue().encode()


@dataclass(slots=True)
class _Row:
    """What is still free of a line."""

    sent: TaxLeg | None = None
    received: TaxLeg | None = None
    fee: TaxLeg | None = None
    basis: Worth | None = None
    whole: Worth | None = None  # what everything held was worth

    @property
    def currency(self) -> str | None:
        """The currency of all that stands on the line, which has one column for it."""
        said = (_worth_of(self), self.fee.worth if self.fee else None, self.basis, self.whole)
        return next((each.currency for each in said if each is not None), None)


def generic_lines(transaction: TaxTransaction) -> list[list[str]]:
    """Return the lines of a transaction, of as many cells as HEADER has."""
    rows = _rows(transaction)
    return [_line(transaction, row, place) for place, row in enumerate(rows)]


def _rows(transaction: TaxTransaction) -> list[_Row]:
    went = [each for each in transaction.legs if each.amount < 0]
    came = [each for each in transaction.legs if each.amount > 0]
    fees = list(transaction.fees)
    rows: list[_Row] = []
    if len(went) == len(came) == 1 and _fit(went[0], came[0]):
        rows.append(_Row(went.pop(), came.pop()))
    rows += [_Row(sent=each) for each in went]
    rows += [_Row(received=each) for each in came]
    for fee in fees:
        free = next((row for row in rows if row.fee is None and _has_currency_of(row, fee)), None)
        if free is None:
            rows.append(_Row(fee=fee))
        else:
            free.fee = fee
    rows = rows or [_Row()]
    if transaction.basis is not None:
        _free_for(rows, transaction.basis).basis = transaction.basis
    if transaction.portfolio_worth is not None:
        _free_for(rows, transaction.portfolio_worth).whole = transaction.portfolio_worth
    return rows


def _free_for(rows: list[_Row], worth: Worth) -> _Row:
    """Return the first line whose currency is that of a worth, or a new one."""
    for row in rows:
        if row.currency in (None, worth.currency):
            return row
    rows.append(_Row())
    return rows[-1]


def _fit(one: TaxLeg, other: TaxLeg) -> bool:
    """Return whether both sides fit on a line: one worth holds for each that is no money."""
    if one.asset.startswith("fiat:") or other.asset.startswith("fiat:"):
        return True
    return _money(one.worth) == _money(other.worth)


def _money(worth: Worth | None) -> tuple[str, str] | None:
    return None if worth is None else (plain(worth.amount), worth.currency)


def _has_currency_of(row: _Row, fee: TaxLeg) -> bool:
    """Return whether the worth of a fee is in the currency of its line, which has one column for it."""
    worth = _worth_of(row)
    return fee.worth is None or worth is None or fee.worth.currency == worth.currency


def _worth_of(row: _Row) -> Worth | None:
    sides = [each for each in (row.sent, row.received) if each is not None and not each.asset.startswith("fiat:")]
    return next((each.worth for each in sides if each.worth is not None), None)


def _line(transaction: TaxTransaction, row: _Row, place: int) -> list[str]:
    is_first = place == 0
    sent, received, fee = row.sent, row.received, row.fee
    acquired = transaction.acquired_at.isoformat() if is_first and transaction.acquired_at else ""
    paid = _amount(fee.worth if fee else None)
    return [
        transaction.happened_at.isoformat(), _word(transaction), *_side(sent), *_side(received), *_side(fee),
        _amount(_worth_of(row)), row.currency or "", _text(transaction.wallet), transaction.tx_hash or "",
        _text(transaction.note) if is_first else "", _text(transaction.to_wallet or ""),
        str(transaction.chain_id or ""), paid, _amount(row.basis), acquired, str(transaction.id),
        _role(sent), _role(received), _other(sent), _other(received),
        _text(transaction.position or "") if is_first else "", _amount(row.whole),
        _text(transaction.protocol or "") if is_first else "", _named(transaction.identifiers) if is_first else "",
        "" if is_first else str(place + 1),  # two lines that are the same would be taken for one
        str(transaction.sequence or ""),
    ]  # fmt: skip


def _word(transaction: TaxTransaction) -> str:
    if transaction.kind is not TransactionKind.INCOME:
        return transaction.kind.value
    income = transaction.income or IncomeKind.OTHER
    return "income" if income is IncomeKind.OTHER else income.value


def _side(leg: TaxLeg | None) -> Sequence[str]:
    return ("", "") if leg is None else (_text(leg.asset), plain(positive(leg.amount)))


def _role(leg: TaxLeg | None) -> str:
    return "" if leg is None or leg.role == "principal" else leg.role


def _other(leg: TaxLeg | None) -> str:
    return "" if leg is None else _text(leg.counterparty or "")


def _named(identifiers: Mapping[str, str] | None) -> str:
    return _text("; ".join(f"{name}={value}" for name, value in sorted((identifiers or {}).items())))


def _amount(worth: Worth | None) -> str:
    return "" if worth is None else plain(worth.amount)


def _text(text: str) -> str:
    """Return a text that no spreadsheet runs: an apostrophe in front is taken off again when it is read."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) else text
