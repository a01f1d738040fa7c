"""A book as the service keeps one, made of the engine's events."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from backend.tax.books import Book, TaxSettings
from backend.tax.engine.calculate import Settings
from backend.tax.engine.events import TaxEvent
from backend.tax.optimisation.kept import Kept, kept_of
from backend.tax.optimisation.pricing import Priced
from backend.tax.optimisation.reading import Standing

NOW = datetime(2024, 2, 1, 12, tzinfo=UTC)


def book(events: Sequence[TaxEvent], place: str = "US", currency: str = "USD", **more: object) -> Book:
    return Book(
        settings=TaxSettings(jurisdiction=place, currency=currency),
        engine=Settings(jurisdiction=place, **more),  # type: ignore[arg-type]
        events=events,
        issues=[],
        places={"Y": 20},
        symbols={"X": "XTOKEN"},
        transactions=len(events),
        version=7,
        as_of=NOW,
    )


def kept(events: Sequence[TaxEvent], place: str = "US", **more: object) -> Kept:
    made = book(events, place, **more)  # type: ignore[arg-type]
    return kept_of(made, made.settings)


def priced(price: object) -> Priced:
    return Priced(Decimal(str(price)), "a source", "a pool", NOW, is_stale=False)


def standing(events: Sequence[TaxEvent], place: str = "US", **more: object) -> Standing:
    prices: dict = more.pop("prices", {"X": priced(250)})  # type: ignore[assignment]
    today = more.pop("today", date(2024, 2, 1))
    return Standing(kept(events, place, **more), prices, today)  # type: ignore[arg-type]
