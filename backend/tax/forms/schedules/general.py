"""Places whose forms are not drawn: their figures by name, and every disposal. Pure."""

from backend.tax.forms.schedules.common import Schedule, closing_tables, disposal_table, usual_facts
from backend.tax.forms.year import TaxYear


def schedule(year: TaxYear) -> Schedule:
    """Return the figures of a year and its disposals."""
    table = disposal_table(
        year, "Disposals", [line for line in year.lines if line.is_taxable and line.gain is not None]
    )
    intro = ["The figures that the return asks for by name; the form of this place is not drawn."]
    return Schedule(
        "capital-gains",
        f"Capital gains, {year.done.rules.name} {year.label}",
        intro,
        usual_facts(year),
        [table, *closing_tables(year)],
    )
