"""What the schedules of all places share: the tables of disposals, income and of what nobody knows. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from backend.tax.engine.results import Rule
from backend.tax.forms.drawing import Column, Document, Fact
from backend.tax.forms.lines import Line, totals
from backend.tax.forms.year import TaxYear

MOST_UNKNOWN = 1_000
WHY = {
    Rule.LOT: "Lot", Rule.SAME_DAY: "Same day", Rule.LATER_30_DAYS: "30 days after",
    Rule.EARLIER_9_DAYS: "9 days before", Rule.FOUR_WEEKS: "Four weeks before", Rule.POOL: "Pool",
    Rule.PORTFOLIO: "Share of the portfolio", Rule.MISSING: "Nothing held",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a schedule."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    last: Sequence[Sequence[str]] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A document of a place: `name` is the file's, without ending. `facts` are figures with the box of a form."""

    name: str
    title: str
    intro: Sequence[str]
    facts: Sequence[Fact]
    tables: Sequence[Table] = field(default_factory=tuple)
    box_head: str = "Box"
    is_letter: bool = False


def draw(schedule: Schedule, year: TaxYear) -> bytes:
    """Return a schedule as a PDF."""
    document = Document(schedule.title, year.source(), is_letter=schedule.is_letter, mark=year.mark)
    document.heading(schedule.title)
    if year.filer():
        document.paragraph(year.filer())
    for text in (*schedule.intro, *year.rounded.result.notes):
        document.paragraph(text)
    if schedule.facts:
        document.section("Figures")
        document.facts(schedule.facts, box_head=schedule.box_head, value_head=f"Amount, {year.currency}")
    for table in schedule.tables:
        document.section(table.title)
        if table.note:
            document.paragraph(table.note)
        document.table(table.columns, table.rows, last=table.last)
    return document.finish()


def usual_facts(year: TaxYear, boxes: dict[str, str] | None = None) -> list[Fact]:
    """Return all figures of the year, with the boxes of those that have one, and losses that are carried on."""
    boxes = boxes or {}
    facts = []
    for figure in year.rounded.result.figures:
        text = f"{int(figure.amount):,}" if figure.is_count else year.money(figure.amount)
        facts.append(Fact(boxes.get(figure.name, ""), figure.title, text))
    for name, amount in sorted(year.rounded.result.carried.items()):
        label = f"Carried to later years: {name.replace('_', ' ')}"
        facts.append(Fact(boxes.get(f"carried_{name}", ""), label, year.money(amount)))
    return facts


def disposal_table(
    year: TaxYear, title: str, lines: Iterable[Line], *, why: str = "Matched with",
    term: Callable[[Line], str] | None = None,
) -> Table:  # fmt: skip
    """Return disposals, a line a part, with their sums."""
    lines = list(lines)
    columns = [
        Column("Date", 0.08), Column("What", 0.06), Column("Amount and asset", 0.2), Column("Acquired", 0.08),
        Column(why, 0.13), Column("Proceeds\nafter costs", 0.11, is_number=True),
        Column("Cost\nwith fees", 0.11, is_number=True), Column("Not\nallowed", 0.08, is_number=True),
        Column("Gain or\nloss", 0.11, is_number=True),
    ]  # fmt: skip
    rows = [
        (
            line.sold.isoformat(), line.kind.replace("_", " "), line.description,
            line.acquired.isoformat() if line.acquired else "", term(line) if term else WHY[line.rule],
            year.money(line.proceeds), year.money(line.cost), year.money(line.adjustment) if line.adjustment else "",
            year.money(line.gain),
        )
        for line in lines
    ]  # fmt: skip
    sums = totals(lines)
    last = ("Total", "", line_count(sums.count), "", "", year.money(sums.proceeds), year.money(sums.cost),
            year.money(sums.adjustment) if sums.adjustment else "", year.money(sums.gain))  # fmt: skip
    return Table(title, columns, rows, (last,))


def line_count(count: int) -> str:
    """Return a number of lines in words."""
    return "1 line" if count == 1 else f"{count:,} lines"


def closing_tables(year: TaxYear) -> list[Table]:
    """Return what stands at the end of each schedule: income, what is not taxed, and what nobody knows."""
    tables = []
    if year.rounded.incomes:
        tables.append(_income(year))
    untaxed = [line for line in year.lines if not line.is_taxable]
    if untaxed:
        tables.append(_untaxed(year, untaxed))
    unknown = [line for line in year.lines if line.is_taxable and line.gain is None]
    if unknown:
        tables.append(_unknown(year, unknown))
    return tables


def _income(year: TaxYear) -> Table:
    sums: dict[tuple[str, str], tuple[int, Decimal, int]] = {}
    for income in year.rounded.incomes:
        key = (income.kind.value, year.book.symbols.get(income.asset, income.asset))
        number, value, unknown = sums.get(key, (0, Decimal(0), 0))
        known = income.value
        sums[key] = (number + 1, value + (known or 0), unknown + (known is None))
    columns = (
        Column("Kind", 0.2), Column("Asset", 0.2), Column("Times", 0.1, is_number=True),
        Column("Of unknown worth", 0.15, is_number=True), Column("Worth when received", 0.2, is_number=True),
    )  # fmt: skip
    rows = [
        (kind, asset[:24], f"{number:,}", f"{unknown:,}" if unknown else "", year.money(value))
        for (kind, asset), (number, value, unknown) in sorted(sums.items())
    ]
    whole = sum((value for _, value, _ in sums.values()), Decimal(0))
    return Table("Income", columns, rows, (("Total", "", f"{len(year.rounded.incomes):,}", "", year.money(whole)),))


def _untaxed(year: TaxYear, lines: Sequence[Line]) -> Table:
    columns = (
        Column("Date", 0.1), Column("What", 0.12), Column("Amount and asset", 0.3), Column("Worth", 0.15,
        is_number=True),
        Column("Cost with fees", 0.15, is_number=True),
    )  # fmt: skip
    rows = [
        (line.sold.isoformat(), line.kind.replace("_", " "), line.description, year.money(line.proceeds),
         year.money(line.cost))
        for line in lines[:MOST_UNKNOWN]
    ]  # fmt: skip
    return Table("Left without a gain or loss", columns, rows, note=_more(lines, "They are in no figure."))


def _unknown(year: TaxYear, lines: Sequence[Line]) -> Table:
    columns = (
        Column("Date", 0.1), Column("Amount and asset", 0.3), Column("Proceeds", 0.15, is_number=True),
        Column("What is missing", 0.4),
    )  # fmt: skip
    rows = [
        (line.sold.isoformat(), line.description, year.money(line.proceeds), _missing(line))
        for line in lines[:MOST_UNKNOWN]
    ]
    note = "Nobody knows the gain on these: they are in no figure above and must be settled before the return is filed."
    return Table("Not in any figure: unknown", columns, rows, note=_more(lines, note))


def _missing(line: Line) -> str:
    if line.rule is Rule.MISSING:
        return "nothing says how these units were acquired"
    return "what was received" if line.cost is not None else "what these units cost"


def _more(lines: Sequence[Line], text: str) -> str:
    more = len(lines) - MOST_UNKNOWN
    return f"{text} {more:,} more are in disposals.csv." if more > 0 else text
