"""Books for tests of forms."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from backend.tax.books import Book, TaxSettings
from backend.tax.engine.calculate import Calculation, Settings, calculate
from backend.tax.engine.events import TaxEvent
from backend.tax.forms.irs_template import FORM_8949
from tests.unit.tax.given import tax_data


def book_of(
    events: Iterable[TaxEvent], place: str = "US", currency: str = "USD", **more: Any
) -> tuple[Book, Calculation]:
    """A book, and what the engine makes of it."""
    events, engine = list(events), Settings(jurisdiction=place, **more)
    settings = TaxSettings(jurisdiction=place, currency=currency, wash_sales=engine.wash_sales)
    book = Book(
        settings=settings, engine=engine, events=events, issues=(), places={}, symbols={"X": "XYZ"},
        transactions=len(events), version=3, as_of=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return book, calculate(events, engine)


def official(form: str, year: int) -> bytes:
    """An official form as the IRS publishes it. That of 2023 in the shared data is the one of 2022: see its name."""
    name = f"{year}_{form}" + ("__IS_REALLY_THE_2022_FORM" if (form, year) == (FORM_8949, 2023) else "")
    return (tax_data() / "irs_forms" / f"{name}.pdf").read_bytes()
