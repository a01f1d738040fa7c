"""The statement for Form 8949: the same columns as the form, and the lines of Schedule D. Pure.

Source: Instructions for Form 8949, exception 2: transactions may be on an attached statement "containing all the same
information as Parts I and II and in a similar format". Without the official PDFs it also stands for them.
"""

from backend.tax.engine.jurisdictions.base import Term
from backend.tax.forms import form_8949, schedule_d
from backend.tax.forms.drawing import Column, Fact
from backend.tax.forms.form_8949 import us_amount, us_date
from backend.tax.forms.lines import Line, totals
from backend.tax.forms.schedules.common import Schedule, Table, closing_tables, line_count
from backend.tax.forms.year import TaxYear

PLACES = ("US",)
_PARTS = {Term.SHORT: "Part I, short-term", Term.LONG: "Part II, long-term"}
_COLUMNS = (
    Column("(a) Description\nof property", 0.24), Column("(b) Date\nacquired", 0.09),
    Column("(c) Date sold\nor disposed of", 0.09),
    Column("(d) Proceeds\n(sales price)", 0.13, is_number=True), Column("(e) Cost or\nother basis", 0.13,
    is_number=True),
    Column("(f) Code", 0.06), Column("(g) Amount of\nadjustment", 0.11, is_number=True),
    Column("(h) Gain or\n(loss)", 0.13, is_number=True),
)  # fmt: skip


def schedule(year: TaxYear) -> Schedule:
    """Return the statement of a year."""
    tables = []
    for term, title in _PARTS.items():
        boxes: dict[str, list[Line]] = {}
        for line in form_8949.on_form(year.lines):
            if line.term is term:
                boxes.setdefault(line.box, []).append(line)
        tables += [_table(f"{title}, box {box}", lines, year) for box, lines in sorted(boxes.items())]
    intro = [f"All disposals of digital assets in {year.label}, in the columns of Form 8949. One line a lot."]
    if not tables:
        intro.append("Nothing was sold or exchanged in this year as far as is known: there is nothing to list.")
    return Schedule(
        "form-8949-statement", f"Statement attached to Form 8949 ({year.label})", intro, _facts(year),
        [*tables, *closing_tables(year)], box_head="Line", is_letter=True,
    )  # fmt: skip


def _table(title: str, lines: list[Line], year: TaxYear) -> Table:
    whole = year.is_whole
    rows = [
        (
            line.description, us_date(line.acquired) if line.acquired else "VARIOUS", us_date(line.sold),
            us_amount(line.proceeds or line.adjustment * 0, whole), us_amount(line.cost or line.adjustment * 0, whole),
            line.code, us_amount(line.adjustment, whole) if line.adjustment else "",
            us_amount(line.gain or line.adjustment * 0, whole),
        )
        for line in lines
    ]  # fmt: skip
    sums = totals(lines)
    last = (
        f"Totals, {line_count(sums.count)}", "", "", us_amount(sums.proceeds, whole), us_amount(sums.cost, whole), "",
        us_amount(sums.adjustment, whole) if sums.adjustment else "", us_amount(sums.gain, whole),
    )  # fmt: skip
    return Table(title, _COLUMNS, rows, (last,))


def _facts(year: TaxYear) -> list[Fact]:
    figures = schedule_d.schedule_d(year.rounded, year.lines)
    facts = []
    for name, title in schedule_d.TITLES.items():
        if name in figures.by_line:
            sums = figures.by_line[name]
            facts += [
                Fact(f"{name} (d)", f"{title}: proceeds", us_amount(sums.proceeds, year.is_whole)),
                Fact(f"{name} (e)", f"{title}: cost or other basis", us_amount(sums.cost, year.is_whole)),
                Fact(f"{name} (g)", f"{title}: adjustments", us_amount(sums.adjustment, year.is_whole)),
                Fact(f"{name} (h)", f"{title}: gain or (loss)", us_amount(sums.gain, year.is_whole)),
            ]
        elif name in figures.single:
            facts.append(Fact(name, title, us_amount(figures.single[name], year.is_whole)))
    for name, amount in sorted(year.rounded.result.carried.items()):
        facts.append(
            Fact("", f"Carried to {year.year + 1}: {name.replace('_', '-')} loss", us_amount(amount, year.is_whole))
        )
    facts.append(Fact("", "Ordinary income from digital assets", us_amount(year.figure("income"), year.is_whole)))
    return facts
