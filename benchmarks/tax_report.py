"""From a file to a finished report, and the PDF of a year: each in a process of its own, whose peak is its memory.

`report`: 100,000 lines of the generic CSV are read, assembled, calculated and reported: figures, every disposal, the
JSON file and the eight CSV files of a year, in memory, as the job makes them. `pdf`: a year of 1,000 disposals with
all its files; with TAX_FORMS (a folder of `2022_f8949.pdf`, `2022_f1040sd.pdf`) the official forms are filled too.
"""

import csv
import io
import json
import os
import sys
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from backend.tax.assembling.assemble import assemble
from backend.tax.books import Book, TaxSettings
from backend.tax.engine.calculate import Settings, calculate
from backend.tax.engine.events import Kind, TaxEvent
from backend.tax.files.reading import read_file
from backend.tax.forms import csv_files
from backend.tax.forms.artefacts import Holder, artefacts
from backend.tax.forms.year import tax_year
from backend.tax.reports.computing import compute, report_json
from benchmarks.harness import peak_mb
from benchmarks.tax import ledger

USER = UUID(int=7)
AS_OF = datetime(2024, 4, 1, tzinfo=UTC)
YEAR = 2022
PLACES = -8
_HEAD = ["timestamp", "type", "sent_asset", "sent_amount", "received_asset", "received_amount", "fee_asset"]
_HEAD += ["fee_amount", "value", "currency", "wallet", "to_wallet"]
_CSVS = (
    csv_files.disposals, csv_files.income, csv_files.lots_left, csv_files.cointracker, csv_files.koinly,
    csv_files.turbotax, csv_files.taxact, csv_files.hr_block,
)  # fmt: skip


class Dollars:
    """No other money is in the ledger."""

    def rate(self, currency: str, day: date) -> Decimal | None:
        """Return what a dollar is in dollars."""
        del day
        return Decimal(1) if currency == "USD" else None


def generic_csv(events: list[TaxEvent]) -> bytes:
    """Return a ledger as a file of the generic format."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEAD)
    for event in events:
        leg = (event.into or event.out)[0]
        units, value = Decimal(leg.amount_raw).scaleb(PLACES), leg.value or Decimal(0)
        fee = sum((each.value or Decimal(0) for each in event.fees), Decimal(0))
        at, fees = event.at.isoformat(), ("USD", fee) if fee else ("", "")
        if event.kind is Kind.BUY:
            row = [at, "buy", "USD", value, leg.asset, units, *fees, value, "USD", event.wallet, ""]
        elif event.kind is Kind.SELL:
            row = [at, "sell", leg.asset, units, "USD", value, *fees, value, "USD", event.wallet, ""]
        elif event.kind is Kind.INCOME:
            row = [at, "staking", "", "", leg.asset, units, *fees, value, "USD", event.wallet, ""]
        else:
            row = [at, "transfer", leg.asset, units, leg.asset, units, *fees, "", "", event.wallet, event.to_wallet]
        writer.writerow(row)
    return text.getvalue().encode()


def report(size: int) -> dict[str, float]:
    """Return seconds by step, peak MB, and what came of it."""
    content = generic_csv(ledger(size))
    settings, clock = TaxSettings(), [time.perf_counter()]
    found = read_file(content, "generic", account="Account", user_id=USER)
    clock.append(time.perf_counter())
    assert not found.problems and len(found.transactions) == size, found.problems[:3]
    made = assemble([(each, None) for each in found.transactions], settings, Dollars())
    clock.append(time.perf_counter())
    book = Book(
        settings=settings, engine=made.engine, events=made.events, issues=made.issues, places=made.places,
        symbols=made.symbols, transactions=size, version=1, as_of=AS_OF,
    )  # fmt: skip
    computed = compute(book, YEAR, lambda: None)
    content_json = report_json(computed, book, YEAR, "fifo")
    clock.append(time.perf_counter())
    year = tax_year(book, computed.done, YEAR, Holder())
    files = [make(year) for make in _CSVS]
    clock.append(time.perf_counter())
    names = ("read", "assemble", "compute", "files")
    steps = {name: round(later - before, 2) for name, before, later in zip(names, clock, clock[1:], strict=False)}
    peak = peak_mb()
    return {
        "seconds": clock[-1] - clock[0], "peak_mb": peak, "disposals": len(computed.lines),
        "bytes": len(content_json) + sum(map(len, files)), **steps,
    }  # fmt: skip


def pdf(size: int) -> dict[str, float]:
    """Return the seconds that all files of a year take, and how many disposals it has."""
    events = ledger(size)
    engine = Settings(jurisdiction="US")
    done = calculate(events, engine)
    book = Book(
        settings=TaxSettings(), engine=engine, events=events, issues=[], places=dict.fromkeys(_assets(events), -PLACES),
        symbols={}, transactions=size, version=1, as_of=AS_OF,
    )  # fmt: skip
    templates = _templates()
    begin = time.perf_counter()
    files = artefacts(book, done, YEAR, Holder(), templates)
    seconds = time.perf_counter() - begin
    first, last = done.rules.year_days(YEAR)
    disposals = sum(1 for each in done.outcome.disposals if first <= each.day <= last)
    pages = sum(1 for each in files if each.media_type == "application/pdf")
    return {"seconds": seconds, "disposals": disposals, "pdfs": pages, "official": len(templates)}


def _assets(events: list[TaxEvent]) -> set[str]:
    return {leg.asset for event in events for leg in (*event.into, *event.out)}


def _templates() -> dict[tuple[str, int], bytes]:
    folder = os.environ.get("TAX_FORMS")
    if not folder:
        return {}
    names = ("f8949", "f1040sd")
    return {(name, YEAR): (Path(folder) / f"{YEAR}_{name}.pdf").read_bytes() for name in names}


if __name__ == "__main__":
    print(json.dumps({"report": report, "pdf": pdf}[sys.argv[1]](int(sys.argv[2]))))
