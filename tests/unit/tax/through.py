"""A file in the generic format through reading, assembling, computing and the report's JSON, as a user meets it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from backend.tax.assembling.assemble import Assembled, assemble
from backend.tax.books import Book, TaxSettings
from backend.tax.engine.methods import Method
from backend.tax.engine.registry import jurisdiction
from backend.tax.files.reading import FileRead, read_file
from backend.tax.reports.computing import Computed, compute, report_json

HEADER = (
    "timestamp,type,sent_asset,sent_amount,received_asset,received_amount,fee_asset,fee_amount,value,currency,wallet"
)


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates of every day into the reporting currency, as they are given."""

    told: dict[str, Decimal]

    def rate(self, currency: str, day: date) -> Decimal | None:
        """Return what is given for a currency."""
        del day
        return self.told.get(currency)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a file: each stage, and the report's JSON read again."""

    read: FileRead
    made: Assembled
    computed: Computed
    report: dict[str, Any]

    @property
    def disposals(self) -> list[dict[str, Any]]:
        """The taxable disposals of the year."""
        return [each for each in self.report["disposals"] if each["isTaxable"]]

    def figure(self, name: str) -> Decimal:
        """A figure of the year, not rounded."""
        return next(Decimal(each["exact"]) for each in self.report["figures"] if each["name"] == name)

    def sums(self) -> tuple[Decimal, Decimal, Decimal]:
        """Proceeds, cost and gain of the year's taxable disposals, None left out."""
        return tuple(  # type: ignore[return-value]
            sum((Decimal(each[name]) for each in self.disposals if each[name] is not None), Decimal(0))
            for name in ("proceeds", "costBasis", "gain")
        )


def through(
    lines: Sequence[str], year: int, place: str = "US", method: str | None = None, *, header: str = HEADER, **more: Any
) -> Told:
    """Return what a file comes to in a year. `rates`, `timezone` (of the file) and all of TaxSettings may be said."""
    rates = {currency: Decimal(rate) for currency, rate in more.pop("rates", {}).items()}
    zone, source = more.pop("timezone", "UTC"), more.pop("source", "generic")
    content = "\n".join([header, *lines]).encode()
    read = read_file(content, source, account="Mine", user_id=UUID(int=1), timezone=zone)
    more.setdefault("currency", jurisdiction(place).currency)
    methods = more.pop("methods", {} if method is None else {2009: Method(method)})
    settings = TaxSettings(jurisdiction=place, methods=methods, **more)
    made = assemble([(each, None) for each in read.transactions], settings, Rates(rates))
    book = Book(
        settings=settings, engine=made.engine, events=made.events, issues=made.issues, places=made.places,
        symbols=made.symbols, transactions=len(read.transactions), version=1, as_of=datetime(2026, 1, 1, tzinfo=UTC),
        transfers=made.transfers,
    )  # fmt: skip
    computed = compute(book, year, lambda: None)
    used = method or jurisdiction(place).methods[0].value
    return Told(read, made, computed, orjson.loads(report_json(computed, book, year, used)))
