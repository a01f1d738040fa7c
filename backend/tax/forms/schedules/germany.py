"""Anlage SO: private sales (section 23 EStG) and other income (section 22 no. 3), with every sale. Pure.

Source: Anlage SO; from 2023 on sales of "virtuelle Währungen und sonstige Token" have lines 41 to 47 and income from
them lines 10 to 16 of the form of 2023 (earlier forms: other assets). Later forms may number them differently, so the
figures carry their names.
"""

from backend.tax.engine.jurisdictions.base import Term
from backend.tax.forms.drawing import Fact
from backend.tax.forms.lines import totals
from backend.tax.forms.schedules.common import Schedule, closing_tables, disposal_table, usual_facts
from backend.tax.forms.year import TaxYear

PLACES = ("DE",)


def schedule(year: TaxYear) -> Schedule:
    """Return the figures of a year and its sales, those that are taxed and those that are free apart."""
    taxed = [line for line in year.lines if line.is_taxable and line.gain is not None and line.term is not Term.LONG]
    free = [line for line in year.lines if line.is_taxable and line.gain is not None and line.term is Term.LONG]
    sums = totals(taxed)
    sales = "41-47" if year.year == 2023 else ""
    facts = [
        Fact(
            sales, "Veräußerungspreis: proceeds of sales within the year, after their costs", year.money(sums.proceeds)
        ),
        Fact(sales, "Anschaffungskosten: cost of these with fees", year.money(sums.cost)),
        Fact(sales, "Gewinn oder Verlust: gains less losses within the year", year.money(sums.gain)),
        *usual_facts(year, {"other_income": "10-16"} if year.year == 2023 else {}),
    ]
    tables = [
        disposal_table(year, "Sales within a year (taxed above the limit)", taxed),
        disposal_table(year, "Sales after more than a year (free)", free),
    ]
    intro = [
        "Private sales by wallet: first in, first out, or as identified. Held a year or less: taxed above the limit."
    ]
    return Schedule(
        "anlage-so", f"Anlage SO {year.label}", intro, facts, [*tables, *closing_tables(year)], box_head="Line"
    )
