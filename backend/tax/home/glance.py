"""A tax year at a glance: its figures, its months, its assets, all from the rounded lines that the forms have. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from backend.tax.books import Book
from backend.tax.engine.calculate import Calculation
from backend.tax.engine.jurisdictions.base import Term, YearResult
from backend.tax.forms.lines import Line, Totals, lines_of, totals
from backend.tax.forms.rounding import RoundedYear, rounded_year

MOST_ASSETS = 8


@dataclass(frozen=True, slots=True)
class MonthSum:
    """A month of a tax year: gains less losses, and income at its worth when it came."""

    first_day: date
    gain: Decimal
    income: Decimal


@dataclass(frozen=True, slots=True)
class AssetSum:
    """What an asset's disposals of the year come to; of `others` the symbol is empty and `assets` says how many."""

    symbol: str
    assets: int
    sums: Totals


@dataclass(frozen=True, slots=True)
class Glance:
    """A year. `short` and `long` are None where the place does not tell them apart, `income` when all is unknown."""

    result: YearResult
    sums: Totals
    short: Decimal | None
    long: Decimal | None
    income: Decimal | None
    months: tuple[MonthSum, ...]
    assets: tuple[AssetSum, ...]
    years: tuple[int, ...]


def glance(book: Book, done: Calculation, year: int | None, today: date) -> Glance:
    """Return a year (None: the last one that is over, or the first there is), in cents as forms have it."""
    years = _years(book, done, today)
    running = done.rules.year_of(today)
    wanted = year if year in years else max((each for each in years if each < running), default=years[0])
    rounded = rounded_year(done, wanted)
    lines = [line for line in lines_of(book, done, rounded) if line.counts]
    has_terms = any(line.term is not None for line in lines) or done.rules.code in ("US", "DE", "AU")
    return Glance(
        result=rounded.result,
        sums=totals(lines),
        short=totals(line for line in lines if line.term is Term.SHORT).gain if has_terms else None,
        long=totals(line for line in lines if line.term is Term.LONG).gain if has_terms else None,
        income=_income(rounded),
        months=_months(rounded, lines),
        assets=_assets(lines),
        years=years,
    )


def _years(book: Book, done: Calculation, today: date) -> tuple[int, ...]:
    """Return every tax year from the first event to the running one, the newest first."""
    first = min((event.at.date() for event in book.events), default=today)
    begins, ends = done.rules.year_of(first), done.rules.year_of(today)
    return tuple(range(max(begins, ends), min(begins, ends) - 1, -1))


def _income(rounded: RoundedYear) -> Decimal | None:
    known = [each.value for each in rounded.incomes if each.value is not None]
    return None if rounded.incomes and not known else sum(known, Decimal(0))


def _months(rounded: RoundedYear, lines: Iterable[Line]) -> tuple[MonthSum, ...]:
    gains: dict[tuple[int, int], Decimal] = {}
    incomes: dict[tuple[int, int], Decimal] = {}
    for line in lines:
        key = (line.sold.year, line.sold.month)
        gains[key] = gains.get(key, Decimal(0)) + (line.gain or Decimal(0))
    for income in rounded.incomes:
        key = (income.day.year, income.day.month)
        incomes[key] = incomes.get(key, Decimal(0)) + (income.value or Decimal(0))
    first, last = rounded.result.first_day, rounded.result.last_day
    months, at = [], (first.year, first.month)
    while at <= (last.year, last.month):
        months.append(MonthSum(date(*at, 1), gains.get(at, Decimal(0)), incomes.get(at, Decimal(0))))
        at = (at[0] + at[1] // 12, at[1] % 12 + 1)
    return tuple(months)


def _assets(lines: Iterable[Line]) -> tuple[AssetSum, ...]:
    by_asset: dict[str, list[Line]] = {}
    for line in lines:
        by_asset.setdefault(line.asset, []).append(line)
    sums = sorted(
        ((AssetSum(found[0].symbol, 1, totals(found)), found) for found in by_asset.values()),
        key=lambda each: (-abs(each[0].sums.gain), each[0].symbol, each[1][0].asset),
    )
    if len(sums) <= MOST_ASSETS + 1:
        return tuple(each for each, _ in sums)
    rest = totals(line for _, found in sums[MOST_ASSETS:] for line in found)
    return (*(each for each, _ in sums[:MOST_ASSETS]), AssetSum("", len(sums) - MOST_ASSETS, rest))
