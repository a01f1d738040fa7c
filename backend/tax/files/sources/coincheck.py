"""Coincheck: purchases. `Price` is what was paid for all of it; times say that they are UTC. Pure."""

from datetime import UTC

from backend.tax.files.exchanges import each_line, exchange
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import positive
from backend.tax.files.readings import Readings
from backend.tax.files.records import SourceInfo
from backend.tax.files.sheet import Line, Sheet


def read_purchases(sheet: Sheet, out: Readings) -> None:
    """Read purchases that were completed."""

    def read(line: Line) -> None:
        if line.need("status").casefold() != "completed":
            out.skip(line.number, f"{line.text('status')}: it did not happen, nothing is imported")
            return
        paid = (line.asset("money"), positive(line.amount("price")))
        came = (line.asset("asset"), positive(line.amount("amount")))
        exchange(out, (line.number,), line.at(), [paid], [came], word="buy", own_id=line.text("id") or None)

    each_line(sheet, out, read)


PURCHASES = Format(
    name="the purchases",
    columns={
        "id": "id", "amount": "amount", "price": "price", "asset": "trading currency", "money": "original currency",
        "status": "progress", "at": "time",
    },
    numbers=("amount", "price"),
    zone=UTC,
    read=read_purchases,
)  # fmt: skip
COINCHECK = Source(
    key="coincheck",
    info=SourceInfo(title="Coincheck", hint="Coincheck: history of purchases as CSV."),
    formats=(PURCHASES,),
)
