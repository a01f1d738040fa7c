"""Form 8949, Sales and Other Dispositions of Capital Assets: its lines, filled into the official PDF. Pure.

Source: Form 8949 and its instructions, 2020 to 2025. One line a lot. What is sold from own wallets is on no Form 1099-B
or 1099-DA: box C or F, from 2025 on I or L. A loss of a wash sale that is disallowed is code W with the amount in
column (g). More lines than `MOST_LINES` are not written one by one: the instructions' exception 2 allows an attached
statement with all of the same columns, its totals on one line of the form: "see attached statement" in column (a), (b)
and (c) blank, code M.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from backend.tax.engine.jurisdictions.base import Term
from backend.tax.forms.irs_fill import Filled
from backend.tax.forms.irs_template import Field, Sheet, Template
from backend.tax.forms.lines import WASH_SALE, Line, Totals, totals
from backend.tax.forms.records import Holder

MOST_LINES = 2_000
PARTS = ((Term.SHORT, "Part I, short-term"), (Term.LONG, "Part II, long-term"))
COLUMNS = (
    "(a) Description of property", "(b) Date acquired", "(c) Date sold or disposed of", "(d) Proceeds",
    "(e) Cost or other basis", "(f) Code", "(g) Amount of adjustment", "(h) Gain or (loss)",
)  # fmt: skip
STATEMENT = "See attached statement"
SUMMARY_CODE = "M"


@dataclass(frozen=True, slots=True)
class Row:
    """A line as it is written."""

    description: str
    acquired: str
    sold: str
    code: str
    sums: Totals


def fill(template: Template, lines: Sequence[Line], holder: Holder, mark: str = "") -> bytes:
    """Return Form 8949 filled in, as many pages as it takes; only pages with lines are there. `mark` is on each."""
    filled = Filled(f"Form 8949 ({template.year})", mark)
    for part, (term, title) in enumerate(PARTS):
        for box, rows in rows_by_box(lines, term):
            sheet = template.sheets[part]
            size = len(sheet.rows)
            for start in range(0, len(rows), size):
                _add(filled, sheet, title, box, rows[start : start + size], holder)
    return filled.finish()


def on_form(lines: Iterable[Line]) -> list[Line]:
    """Return the lines that belong on the form: taxed, and known."""
    return [line for line in lines if line.counts]


def rows_by_box(lines: Iterable[Line], term: Term) -> list[tuple[str, list[Row]]]:
    """Return the rows of a part by box: a row a line, or one of exception 2 for all where there are too many."""
    lines = on_form(lines)
    is_summary = len(lines) > MOST_LINES
    boxes: dict[str, list[Line]] = {}
    for line in lines:
        if line.term is term:
            boxes.setdefault(line.box, []).append(line)
    return [
        (box, [_summary(found)] if is_summary else [_row(line) for line in found])
        for box, found in sorted(boxes.items())
    ]


def _row(line: Line) -> Row:
    acquired = us_date(line.acquired) if line.acquired else "VARIOUS"
    return Row(line.description, acquired, us_date(line.sold), line.code, totals((line,)))


def _summary(lines: Sequence[Line]) -> Row:
    codes = SUMMARY_CODE + (WASH_SALE if any(line.code for line in lines) else "")
    return Row(STATEMENT, "", "", codes, totals(lines))


def _add(filled: Filled, sheet: Sheet, title: str, box: str, rows: Sequence[Row], holder: Holder) -> None:
    texts: dict[int, tuple[str, str, bool]] = {}
    _holder(texts, sheet, holder)
    sums = Totals()
    for number, (fields, row) in enumerate(zip(sheet.rows, rows, strict=False), 1):
        sums = add(sums, row.sums)
        values = (row.description, row.acquired, row.sold, *_money(row.sums, row.code, holder))
        for column, (field, text) in enumerate(zip(fields, values, strict=True)):
            texts[id(field)] = (f"{title}, row {number}, {COLUMNS[column]}", text, column in (3, 4, 6, 7))
    written = (sums.proceeds, sums.cost, sums.adjustment, sums.gain)
    for field, amount, column in zip(sheet.totals, written, (3, 4, 6, 7), strict=True):
        text = "" if column == 6 and not amount else us_amount(amount, holder.whole_units)
        texts[id(field)] = (f"{title}, line 2, totals, {COLUMNS[column]}", text, True)
    filled.add(sheet, texts, frozenset({id(sheet.boxes[box])}))


def _holder(texts: dict[int, tuple[str, str, bool]], sheet: Sheet, holder: Holder) -> None:
    named: tuple[tuple[Field | None, str, str], ...] = (
        (sheet.name, "Name(s) shown on return", holder.name),
        (sheet.tax_id, "Social security number or taxpayer identification number", holder.tax_id),
    )
    for field, label, text in named:
        if field is not None:
            texts[id(field)] = (label, text, False)


def holder_texts(sheet: Sheet, holder: Holder) -> dict[int, tuple[str, str, bool]]:
    """Return the fields of who files."""
    texts: dict[int, tuple[str, str, bool]] = {}
    _holder(texts, sheet, holder)
    return texts


def _money(sums: Totals, code: str, holder: Holder) -> tuple[str, str, str, str, str]:
    proceeds, cost, adjustment, gain = (
        us_amount(amount, holder.whole_units) for amount in (sums.proceeds, sums.cost, sums.adjustment, sums.gain)
    )
    return proceeds, cost, code, adjustment if sums.adjustment else "", gain


def add(one: Totals, other: Totals) -> Totals:
    """Return two sums together."""
    return Totals(
        one.count + other.count, one.proceeds + other.proceeds, one.cost + other.cost,
        one.adjustment + other.adjustment, one.gain + other.gain,
    )  # fmt: skip


def us_date(day: date) -> str:
    """Return a day as the form wants it: month, day, year."""
    return f"{day:%m/%d/%Y}"


def us_amount(amount: Decimal, is_whole: bool = False) -> str:
    """Return an amount as the form wants it: losses in parentheses, without cents where all are whole dollars."""
    text = f"{abs(amount):,.{0 if is_whole else 2}f}"
    return f"({text})" if amount < 0 else text
