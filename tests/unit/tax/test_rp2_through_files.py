"""rp2's golden lines once more, the long way: a file in the generic format, read, assembled, computed, told as JSON."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from backend.tax.engine.events import Kind, TaxEvent
from backend.tax.engine.methods import Method
from tests.unit.tax import test_rp2_lines as rp2
from tests.unit.tax.given import UNIT
from tests.unit.tax.through import Told, through

HEADER = (
    "timestamp,type,sent_asset,sent_amount,received_asset,received_amount,fee_asset,fee_amount,fee_value,value,"
    "currency,wallet,to_wallet,basis,id"
)
USD = "USD"


def line(event: TaxEvent) -> list[str]:
    """An event as somebody writes it into the format: money that was paid is an amount, all else has a worth."""
    kind, out, into = event.kind.value, event.out, event.into
    worth = next((str(leg.value) for leg in (*out, *into) if leg.value is not None), "")
    sent = [out[0].asset, units(out[0].amount_raw)] if out else ["", ""]
    received = [into[0].asset, units(into[0].amount_raw)] if into else ["", ""]
    fee, basis = ["", "", ""], ""
    if event.fees:
        (paid,) = event.fees
        amount = units(paid.amount_raw) if paid.asset else str(paid.value)
        fee = [paid.asset or USD, amount, str(paid.value) if paid.asset else ""]
    match event.kind:
        case Kind.BUY:
            sent, worth = [USD, worth], ""
        case Kind.SELL if out:
            received, worth = [USD, worth], ""
        case Kind.GIFT_IN:
            basis = worth
        case Kind.INCOME:
            kind = str(event.income)
    if not (out or into):
        kind = "fee"
    at = event.at.isoformat()
    return [at, kind, *sent, *received, *fee, worth, USD, event.wallet, event.to_wallet or "", basis, event.id]


def units(amount_raw: int) -> str:
    return f"{Decimal(amount_raw) / UNIT:f}"


def told(events: list[TaxEvent], method: Method) -> Iterator[Told]:
    lines = [",".join(line(event)) for event in reversed(events)]
    for year in sorted({event.at.year for event in events}):
        yield through(lines, year, "US", method.value, header=HEADER)


def found(events: list[TaxEvent], method: Method) -> list[rp2.Line]:
    lines: list[rp2.Line] = []
    for each in told(events, method):
        assert each.read.problems == ()
        assert {issue.kind.value for issue in each.made.issues} <= {"negative_balance"}
        for disposal in each.report["disposals"]:
            for lot in disposal["lots"]:
                proceeds, cost, gain = (rp2.cents(Decimal(lot[name])) for name in ("proceeds", "cost", "gain"))
                at, amount = clock(disposal["disposedAt"]), eighths(lot["amount"])
                lines.append((disposal["symbol"], at, amount, proceeds, cost, gain))
        for income in each.report["income"]:
            worth = rp2.cents(Decimal(income["value"]))
            at = clock(income["receivedAt"])
            lines.append((income["symbol"], at, eighths(income["amount"]), worth, rp2.cents(Decimal(0)), worth))
    return lines


def clock(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def eighths(amount: str) -> int:
    return int(Decimal(amount) * 10**8)


@pytest.mark.parametrize("method", [Method.FIFO, Method.LIFO, Method.HIFO, Method.LOFO])
@pytest.mark.parametrize("case", ["crypto_example", "test_data", "test_data3", "test_hifo", "test_many_year_data"])
def test_lines_of_form_8949_through_a_file(case: str, method: Method) -> None:
    rows, events = rp2.expected()[case, method.value], rp2.events_of(case)
    left_out = rp2.RANKED_BY_SPOT.get((case, method.value))
    rows = [row for row in rows if row["asset"] != left_out]
    events = [event for event in events if f"__{left_out}:" not in event.id]
    got, want = Counter(found(events, method)), Counter(map(rp2.wanted, rows))
    assert got == want, (got - want, want - got)
