"""A year's report out of a book: figures, disposals, the JSON file, all of it the same to the last byte. Pure."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

import orjson

from backend.core.formats import iso
from backend.tax.books import Book, Issue
from backend.tax.engine.calculate import ENGINE_VERSION, Calculation
from backend.tax.engine.jurisdictions.base import Jurisdiction, YearResult
from backend.tax.engine.money import EXACT, PLACES
from backend.tax.engine.results import Disposal, Income
from backend.tax.forms.rounding import rounded_year
from backend.tax.refusals import calculated
from backend.tax.reports.inputs import Inputs, inputs_of
from backend.tax.reports.lines import Line, lines_of, money_text, units_text
from backend.tax.reports.schemas import FigureRead, FiguresRead, IncomeSum, IssueSum

JSON_NAME = "report.json"
_ZERO = Decimal(0)
OTHER_CURRENCY = (
    "Amounts are in {currency}, but the law of {place} counts in {own}: its limits and allowances do not fit them. This"
    " report is for information, not for a return."
)
NOTHING = "Nothing was disposed of and nothing was earned in the tax year {label}."


class TotalsError(ValueError):
    """Sums that should be the same are not: nothing is given out."""


@dataclass(frozen=True, slots=True)
class Computed:
    """A report, computed. `result` is of the rounded lines, as every page and file shows it."""

    done: Calculation
    result: YearResult
    figures: FiguresRead
    lines: list[Line]
    inputs: Inputs
    total_gain: Decimal | None
    open_issues: int


def compute(book: Book, year: int, check: Callable[[], None]) -> Computed:
    """Return a year's report. `check` is called between the steps, and raises to stop.

    Losses are carried from the first year in which something happened. Raises RefusedHistoryError and TotalsError.
    """
    done = calculated(book)
    check()
    rules, outcome = done.rules, done.outcome
    first, last = rules.year_days(year)
    disposals = [each for each in outcome.disposals if first <= each.day <= last]
    incomes = [each for each in outcome.incomes if first <= each.day <= last]
    rounded = rounded_year(done, year)
    result, exact = rounded.result, rounded.exact
    check()
    lines = lines_of(done, disposals, book.places, book.symbols)
    check()
    issues = [each for each in book.issues if _bears_on(each, rules, year, done.timezone)]
    inputs = inputs_of(book.events, book.engine, year, book.settings.currency, _names(book, issues))
    check()
    figures = FiguresRead(
        label=result.label,
        first_day=first,
        last_day=last,
        timezone=done.timezone,
        figures=[
            FigureRead(name=one.name, title=one.title, amount=one.amount, exact=other.amount, is_count=one.is_count)
            for one, other in zip(result.figures, exact.figures, strict=True)
        ],
        carried=dict(result.carried),
        notes=list(result.notes),
        warnings=_warnings(book, rules, result, disposals, incomes),
        unknown=result.unknown,
        unknown_proceeds=result.unknown_proceeds,
        disposals=len(lines),
        incomes=_income_sums(rounded.incomes),
        issues=_issue_sums(issues),
        is_for_information=book.settings.currency != rules.currency,
    )
    check_totals(lines, exact)
    net = figures.figure("net_gain")
    return Computed(done, result, figures, lines, inputs, None if net is None else net.amount, len(issues))


def check_totals(lines: Sequence[Line], result: YearResult) -> None:
    """Raise TotalsError when the lots of a report's disposals do not sum to its figures."""
    sums = {"proceeds": _ZERO, "cost": _ZERO, "net_gain": _ZERO}
    count = 0
    for line in lines:
        if not line.is_taxable:
            continue
        count += 1
        for lot in line.lots:
            if lot["cost"] is None or lot["proceeds"] is None:
                continue
            proceeds, cost = Decimal(lot["proceeds"]), Decimal(lot["cost"])
            sums["proceeds"] = EXACT.add(sums["proceeds"], proceeds)
            sums["cost"] = EXACT.add(sums["cost"], cost)
            sums["net_gain"] = EXACT.add(sums["net_gain"], EXACT.subtract(proceeds, cost) + Decimal(lot["disallowed"]))
    told = {figure.name: figure.amount for figure in result.figures}
    for name, total in (*sums.items(), ("disposals", Decimal(count))):
        if name in told and EXACT.compare(told[name], total) != 0:
            raise TotalsError(f"{name} of the year is {told[name]}, but the disposals sum to {total}")


def _bears_on(issue: Issue, rules: Jurisdiction, year: int, zone: str) -> bool:
    """What happened later than the year changes nothing in it, but for what the law looks ahead for."""
    if issue.happened_at is None:
        return True
    return issue.happened_at.astimezone(ZoneInfo(zone)).date() <= rules.year_days(year)[1]


def _names(book: Book, issues: Sequence[Issue]) -> str:
    """What a report shows beside the events: names, decimals, and what is open."""
    opened = sorted((str(each.id), each.kind.value, str(each.at_stake)) for each in issues)
    parts = [sorted(book.symbols.items()), sorted(book.places.items()), opened, book.transactions]
    return orjson.dumps(parts).decode()


def _warnings(
    book: Book, rules: Jurisdiction, result: YearResult, disposals: Sequence[Disposal], incomes: Sequence[Income]
) -> list[str]:
    said = []
    if book.settings.currency != rules.currency:
        said.append(OTHER_CURRENCY.format(currency=book.settings.currency, place=rules.name, own=rules.currency))
    if not disposals and not incomes:
        said.append(NOTHING.format(label=result.label))
    return said


def _income_sums(incomes: Sequence[Income]) -> list[IncomeSum]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for each in incomes:
        sums = counts[each.kind.value]
        sums[0] += 1
        sums[1] += each.value_e18 or 0
        sums[2] += each.value_e18 is None
    return [
        IncomeSum(kind=kind, count=count, amount=Decimal(units_text(worth, PLACES)), unknown=unknown)
        for kind, (count, worth, unknown) in sorted(counts.items())
    ]


def _issue_sums(issues: Sequence[Issue]) -> list[IssueSum]:
    by_kind: dict[str, list[Issue]] = defaultdict(list)
    for issue in issues:
        by_kind[issue.kind.value].append(issue)
    return [
        IssueSum(
            kind=kind,
            count=len(mine),
            at_stake=sum((each.at_stake for each in mine if each.at_stake is not None), _ZERO),
            unknown_stake=sum(each.at_stake is None for each in mine),
        )
        for kind, mine in sorted(by_kind.items())
    ]


def report_json(computed: Computed, book: Book, year: int, method: str) -> bytes:
    """Return the report as a JSON file: figures, every disposal with its lots, all income; the same every time."""
    done, first, last = computed.done, computed.result.first_day, computed.result.last_day
    settings = book.settings
    head = {
        "year": year,
        "label": computed.result.label,
        "jurisdiction": done.rules.code,
        "jurisdictionName": done.rules.name,
        "currency": settings.currency,
        "method": method,
        "methods": {str(since): each.value for since, each in sorted(book.engine.methods.items())},
        "perWallet": book.engine.per_wallet,
        "washSale": book.engine.wash_sales,
        "filedSeparately": year in book.engine.separate_years,
        "timezone": done.timezone,
        "engineVersion": ENGINE_VERSION,
        "inputHash": computed.inputs.hash,
        "transactions": book.transactions,
        "openIssues": computed.open_issues,
        **computed.figures.model_dump(mode="json", by_alias=True),
    }
    incomes = [
        {
            "transactionId": each.event_id,
            "kind": each.kind.value,
            "asset": each.asset,
            "symbol": book.symbols.get(each.asset, each.asset),
            "wallet": each.wallet,
            "receivedAt": iso(each.at),
            "receivedOn": each.day.isoformat(),
            "amount": units_text(each.amount_raw, book.places.get(each.asset, PLACES)),
            "value": money_text(each.value_e18),
        }
        for each in done.outcome.incomes
        if first <= each.day <= last
    ]
    body = {**head, "disposals": [line.told for line in computed.lines], "income": incomes}
    return orjson.dumps(body, option=orjson.OPT_INDENT_2 if len(computed.lines) <= 1_000 else 0) + b"\n"
