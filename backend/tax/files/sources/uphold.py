"""Uphold: the transaction history. What goes in and comes out in two currencies was exchanged on the way. Pure.

`Type` in, out and transfer; only what is completed happened. An `out` to another currency is an exchange, and then what
came of it leaves. A fee stands in its own currency, beside both amounts. Times say their zone.
"""

from datetime import UTC

from backend.tax.files.exchanges import Amount, each_line, exchange, moved
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import below_zero, positive
from backend.tax.files.readings import Readings
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TransactionKind

K = TransactionKind


def read_history(sheet: Sheet, out: Readings) -> None:
    """Read the history."""
    each_line(sheet, out, lambda line: _read(line, out))


def _read(line: Line, out: Readings) -> None:
    status, word = line.need("status").casefold(), line.need("kind").casefold()
    if status != "completed":
        out.skip(line.number, f"{line.text('status')}: it did not happen, nothing is imported")
        return
    if word not in ("in", "out", "transfer"):
        raise CellError("kind", f"“{line.text('kind')[:40]}” is neither in, out nor transfer: correct it")
    given: Amount = (line.asset("from_asset"), positive(line.amount("from_amount")))
    got: Amount = (line.asset("to_asset"), positive(line.amount("to_amount")))
    paid = line.maybe("fee")
    fees = [(line.asset("fee_asset"), positive(paid))] if paid else []
    at = line.at()
    if given[0] != got[0]:
        exchange(out, (line.number,), at, [given], [got], fees=fees, word=f"{word} exchange")
        fees = []
    elif word == "transfer":
        out.skip(line.number, "transfer: it stays inside of Uphold, nothing is imported")
        return
    elif word == "in":
        moved(out, line, at, K.DEPOSIT, got, fees=fees, word=word)
    if word == "out":
        moved(
            out, line, at, K.WITHDRAWAL, (got[0], below_zero(got[1])), fees=fees, word=word,
            note=line.text("to")
        )  # fmt: skip


HISTORY = Format(
    name="the transaction history",
    columns={
        "at": "date", "to": "destination", "to_amount": "destination amount", "to_asset": "destination currency",
        "fee": "fee amount", "fee_asset": "fee currency", "id": "id", "from": "origin",
        "from_amount": "origin amount", "from_asset": "origin currency", "status": "status", "kind": "type",
    },
    numbers=("to_amount", "from_amount", "fee"),
    zone=UTC,
    read=read_history,
)  # fmt: skip
UPHOLD = Source(
    key="uphold",
    info=SourceInfo(title="Uphold", hint="Uphold: Activity, transaction history as CSV."),
    formats=(HISTORY,),
)
