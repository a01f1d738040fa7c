"""A year ready to be written: what is known, from where, its lines, and how amounts read. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from backend.tax.books import Book
from backend.tax.engine.calculate import ENGINE_VERSION, Calculation, fingerprint
from backend.tax.engine.events import TaxEvent
from backend.tax.forms.lines import Line, lines_of
from backend.tax.forms.records import DEMO_MARK, Holder
from backend.tax.forms.rounding import WHOLE_E18, RoundedYear, rounded_year

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TaxYear:
    """All that the files of a year are made of."""

    book: Book
    done: Calculation
    rounded: RoundedYear
    lines: list[Line]
    holder: Holder
    fingerprint: str
    events: Mapping[str, TaxEvent]

    @property
    def year(self) -> int:
        """Return the tax year, by the calendar year it begins in."""
        return self.rounded.year

    @property
    def label(self) -> str:
        """Return how the place calls the year."""
        return self.rounded.result.label

    @property
    def currency(self) -> str:
        """Return the currency of all amounts."""
        return self.book.settings.currency

    @property
    def is_whole(self) -> bool:
        """Return whether amounts are without cents."""
        return self.rounded.unit_e18 == WHOLE_E18

    def money(self, amount: Decimal | None) -> str:
        """Return an amount as documents show it: `1,234.50`, `-12.00`, `unknown`."""
        return UNKNOWN if amount is None else f"{amount:,.{0 if self.is_whole else 2}f}"

    def plain(self, amount: Decimal | None) -> str:
        """Return an amount as files for programs have it: `1234.50`, nothing where it is unknown."""
        return "" if amount is None else f"{amount:.{0 if self.is_whole else 2}f}"

    def figure(self, name: str) -> Decimal:
        """Return a figure of the year, rounded. Raises KeyError."""
        return self.rounded.result.amount(name)

    @property
    def mark(self) -> str:
        """Return what stands on every page of what is not of a real market; nothing else has a mark."""
        return DEMO_MARK if self.book.is_demo else ""

    def source(self) -> str:
        """Return where the figures are from, for the foot of every page."""
        return (
            f"{self.done.rules.name}, {self.label}. Amounts in {self.currency}. Engine {ENGINE_VERSION}, input "
            f"{self.fingerprint[:16]}, book version {self.book.version}. Computed after published rules, no tax advice."
        )

    def filer(self) -> str:
        """Return who files, as far as it was given."""
        return ", ".join(text for text in (self.holder.name, self.holder.tax_id) if text)


def tax_year(book: Book, done: Calculation, year: int, holder: Holder, said: str | None = None) -> TaxYear:
    """Return a year of a book, rounded and in lines. `said` is the fingerprint where it is known already."""
    rounded = rounded_year(done, year, whole_units=holder.whole_units)
    return TaxYear(
        book, done, rounded, lines_of(book, done, rounded), holder, said or fingerprint(book.events, book.engine),
        {event.id: event for event in book.events},
    )  # fmt: skip
