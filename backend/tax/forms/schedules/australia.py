"""The CGT schedule: item 18 of the supplementary tax return, and every CGT event. Pure.

Source: ATO, "Completing the capital gains section of your tax return", item 18: labels H (total current year capital
gains), A (net capital gain), V (net capital losses carried forward).
"""

from backend.tax.engine.jurisdictions.base import Term
from backend.tax.forms.drawing import Fact
from backend.tax.forms.lines import Line
from backend.tax.forms.schedules.common import Schedule, closing_tables, disposal_table, usual_facts
from backend.tax.forms.year import TaxYear

PLACES = ("AU",)


def schedule(year: TaxYear) -> Schedule:
    """Return the figures of an income year and its events."""
    gains = year.figure("gains_without_discount") + year.figure("gains_with_discount")
    facts = [
        Fact("18 H", "Total current year capital gains", year.money(gains)),
        *usual_facts(year, {"net_capital_gain": "18 A", "carried_losses": "18 V"}),
    ]
    lines = [line for line in year.lines if line.is_taxable and line.gain is not None]
    table = disposal_table(year, "CGT events", lines, why="Method", term=_method)
    intro = ["Losses first against gains without the discount, then half of what is left of gains held for 12 months."]
    return Schedule(
        "cgt-schedule", f"CGT schedule {year.label}", intro, facts, [table, *closing_tables(year)], box_head="Label"
    )


def _method(line: Line) -> str:
    if line.gain is not None and line.gain < 0:
        return "Capital loss"
    return "Discount" if line.term is Term.LONG else "Other"
