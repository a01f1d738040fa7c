"""Transactions written as the generic format, which is read again to the same: see docs/tax-files.md. Pure.

A transaction is one line where it has one asset out, one in, one fee, and one worth; else several lines of one `id`.
Where a worth is from, and what has no column (positions, chosen lots), stays behind.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from backend.tax.engine.events import IncomeKind
from backend.tax.files.generic import FORMULA_STARTS
from backend.tax.files.numbers import plain, positive
from backend.tax.transactions import TaxLeg, TaxTransaction, TransactionKind, Worth

HEADER = (
    "timestamp", "type", "sent_asset", "sent_amount", "received_asset", "received_amount", "fee_asset", "fee_amount",
    "value", "currency", "wallet", "tx_hash", "note", "to_wallet", "chain_id", "fee_value", "basis", "acquired_at",
    "portfolio_value", "id",
)  # fmt: skip
_LINES_PER_CHUNK = 500


def generic_csv(transactions: Iterable[TaxTransaction]) -> Iterator[bytes]:
    """Yield a CSV file (UTF-8, CRLF, header) of transactions in chunks; no cell is one that a spreadsheet runs."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(HEADER)
    waiting = 0
    for transaction in transactions:
        for line in generic_lines(transaction):
            writer.writerow(line)
            waiting += 1
        if waiting >= _LINES_PER_CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
            waiting = 0
    yield buffer.getvalue().encode()


@dataclass(slots=True)
class _Row:
    """What is still free of a line."""

    sent: TaxLeg | None = None
    received: TaxLeg | None = None
    fee: TaxLeg | None = None


def generic_lines(transaction: TaxTransaction) -> list[list[str]]:
    """Return the lines of a transaction, of as many cells as HEADER has."""
    rows = _rows(transaction)
    return [_line(transaction, row, is_first=place == 0) for place, row in enumerate(rows)]


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
    return rows or [_Row()]


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


def _line(transaction: TaxTransaction, row: _Row, *, is_first: bool) -> list[str]:
    value, fee_value = _worth_of(row), row.fee.worth if row.fee else None
    basis, held = (transaction.basis, transaction.portfolio_worth) if is_first else (None, None)
    currency = next((each.currency for each in (value, fee_value, basis, held) if each is not None), "")
    acquired = transaction.acquired_at.isoformat() if is_first and transaction.acquired_at else ""
    return [
        transaction.happened_at.isoformat(), _word(transaction), *_side(row.sent), *_side(row.received),
        *_side(row.fee), _amount(value), currency, _text(transaction.wallet), transaction.tx_hash or "",
        _text(transaction.note) if is_first else "", _text(transaction.to_wallet or ""),
        str(transaction.chain_id or ""), _amount(fee_value), _amount(basis), acquired, _amount(held),
        str(transaction.id),
    ]  # fmt: skip


def _word(transaction: TaxTransaction) -> str:
    if transaction.kind is not TransactionKind.INCOME:
        return transaction.kind.value
    income = transaction.income or IncomeKind.OTHER
    return "income" if income is IncomeKind.OTHER else income.value


def _side(leg: TaxLeg | None) -> Sequence[str]:
    return ("", "") if leg is None else (_text(leg.asset), plain(positive(leg.amount)))


def _amount(worth: Worth | None) -> str:
    return "" if worth is None else plain(worth.amount)


def _text(text: str) -> str:
    """Return a text that no spreadsheet runs: an apostrophe in front is taken off again when it is read."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) else text
