"""From a book to what each of its years comes to. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from backend.tax.books import Book, Issue
from backend.tax.engine.calculate import Calculation
from backend.tax.engine.jurisdictions.base import Jurisdiction, Term, YearResult
from backend.tax.engine.methods import Method
from backend.tax.engine.money import EXACT, money
from backend.tax.refusals import calculated
from backend.tax.summary.schemas import TaxYears, YearFigure, YearSummary


@dataclass(slots=True)
class _Counts:
    """What only the events of a year say."""

    transactions: set[str] = field(default_factory=set)
    disposals: int = 0
    fees: Decimal = Decimal(0)
    unknown_fees: int = 0
    by_term: dict[Term, int] = field(default_factory=dict)


def summarise(book: Book, dismissed: Collection[UUID], today: date, done: Calculation | None = None) -> TaxYears:
    """Return what every year from the first event to `today` comes to, the newest first.

    `dismissed` are issues that the user put aside: they are not open. `done` is the book calculated, where it is
    already. Raises RefusedHistoryError.
    """
    done = done or calculated(book)
    rules, zone = done.rules, ZoneInfo(done.timezone)
    counts = _counts(book, done, zone)
    open_ = [issue for issue in book.issues if issue.id not in dismissed]
    first = min(counts, default=rules.year_of(today))
    last = max(rules.year_of(today), *counts, first)
    years = [
        _year(book, done, result, counts.get(result.year) or _Counts(), open_, zone)
        for result in done.assess_all(first, last)
    ]
    return TaxYears(years=years[::-1], transactions=book.transactions, book_version=book.version, as_of=book.as_of)


def _counts(book: Book, done: Calculation, zone: ZoneInfo) -> dict[int, _Counts]:
    rules = done.rules
    years: dict[date, int] = {}
    found: dict[int, _Counts] = {}

    def of(day: date) -> _Counts:
        year = years.get(day)
        if year is None:
            year = years[day] = rules.year_of(day)
        counts = found.get(year)
        if counts is None:
            counts = found[year] = _Counts()
        return counts

    for event in book.events:
        counts = of(event.at.astimezone(zone).date())
        counts.transactions.add(event.id.partition("/")[0])
        for fee in event.fees:
            if fee.value is None:
                counts.unknown_fees += 1
            else:
                counts.fees = EXACT.add(counts.fees, fee.value)
    for disposal in done.outcome.disposals:
        if not disposal.is_taxable:
            continue
        counts = of(disposal.day)
        counts.disposals += 1
        for part in disposal.parts:
            term, gain = rules.term(part, disposal.day), part.allowed_e18
            if term is not None and gain is not None:
                counts.by_term[term] = counts.by_term.get(term, 0) + gain
    return found


def _year(
    book: Book, done: Calculation, result: YearResult, counts: _Counts, open_: list[Issue], zone: ZoneInfo
) -> YearSummary:
    amounts = {figure.name: figure.amount for figure in result.figures}
    resting = [issue for issue in open_ if _is_until(issue.happened_at, result.last_day, zone)]
    stakes = [issue.at_stake for issue in resting if issue.at_stake is not None]
    by_term = _has_terms(done.rules)
    return YearSummary(
        year=result.year,
        label=result.label,
        first_day=result.first_day,
        last_day=result.last_day,
        jurisdiction=result.jurisdiction,
        currency=book.settings.currency,
        method=method_of(done.rules, book.engine.methods, result.year).value,
        transactions=len(counts.transactions),
        disposals=counts.disposals,
        short_term_gain=money(counts.by_term.get(Term.SHORT, 0)) if by_term else None,
        long_term_gain=money(counts.by_term.get(Term.LONG, 0)) if by_term else None,
        total_gain=amounts["net_gain"],
        proceeds=amounts["proceeds"],
        cost=amounts["cost"],
        income=amounts["income"],
        fees=counts.fees,
        unknown_fees=counts.unknown_fees,
        unknown=result.unknown,
        unknown_proceeds=result.unknown_proceeds,
        open_issues=len(resting),
        at_stake=_sum(stakes),
        unknown_stakes=len(resting) - len(stakes),
        figures=[YearFigure.model_validate(figure) for figure in result.figures],
        notes=list(result.notes),
    )


def method_of(rules: Jurisdiction, methods: Mapping[int, Method], year: int) -> Method:
    """Return the method of a tax year: the one chosen last until then; before the first choice that one too."""
    chosen = sorted(methods.items())
    if not chosen:
        return rules.methods[0]
    return next((method for since, method in reversed(chosen) if since <= year), chosen[0][1])


def _has_terms(rules: Jurisdiction) -> bool:
    """Whether the place tells long from short."""
    return type(rules).term is not Jurisdiction.term


def _is_until(at: datetime | None, last_day: date, zone: ZoneInfo) -> bool:
    return at is None or at.astimezone(zone).date() <= last_day


def _sum(values: list[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)
    return total
