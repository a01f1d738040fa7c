"""All files of a tax year, made at once and checked against each other before any is handed out. Pure."""

from collections.abc import Collection, Mapping

from backend.tax.books import Book
from backend.tax.engine.calculate import Calculation
from backend.tax.forms import csv_files, form_8949, schedule_d
from backend.tax.forms.audit import archive, year_json
from backend.tax.forms.irs_template import FORM_8949, SCHEDULE_D, read_template
from backend.tax.forms.records import CSV, PDF, ZIP, Artefact, Holder, TotalsDifferError
from backend.tax.forms.schedules.common import draw
from backend.tax.forms.schedules.registry import schedule_of
from backend.tax.forms.totals_check import check, check_data
from backend.tax.forms.year import TaxYear, tax_year

__all__ = ["Artefact", "Holder", "TotalsDifferError", "artefacts"]
ALL = frozenset({CSV, PDF, ZIP})


def artefacts(
    book: Book,
    done: Calculation,
    year: int,
    holder: Holder,
    templates: Mapping[tuple[str, int], bytes],
    *,
    wanted: Collection[str] = ALL,
    said: str | None = None,
) -> list[Artefact]:
    """Return the files of a tax year that are of the `wanted` media types; the archive, the last, is of all others.

    It computes: run it in a thread. `said` is the fingerprint of what the year is computed of, where it is known.
    `templates` are official PDFs by form (`f8949`, `f1040sd`) and year; without them there is the statement alone. The
    same input gives the same bytes. Raises TotalsDifferError when two files do not agree to the cent, TemplateError for
    a wrong template.
    """
    found = tax_year(book, done, year, holder, said)
    files: list[Artefact] = []
    if PDF in wanted or ZIP in wanted:
        files += [*_official(found, templates), *_drawn(found)]
    if CSV in wanted or ZIP in wanted:
        files += _for_programs(found)
    check(found, files)
    if ZIP not in wanted:
        return files
    data = year_json(found)
    check_data(found, data)
    return [each for each in (*files, archive(found, files, data)) if each.media_type in wanted]


def _official(year: TaxYear, templates: Mapping[tuple[str, int], bytes]) -> list[Artefact]:
    """Return the official forms that there are templates of, and anything to write into."""
    if year.done.rules.code != "US":
        return []
    files = []
    form = templates.get((FORM_8949, year.year))
    if form is not None and form_8949.on_form(year.lines):
        content = form_8949.fill(read_template(form, FORM_8949, year.year), year.lines, year.holder, year.mark)
        files.append(Artefact("form-8949.pdf", f"Form 8949, {year.label}", PDF, content))
    schedule = templates.get((SCHEDULE_D, year.year))
    if schedule is not None:
        figures = schedule_d.schedule_d(year.rounded, year.lines)
        content = schedule_d.fill(read_template(schedule, SCHEDULE_D, year.year), figures, year.holder, year.mark)
        files.append(Artefact("schedule-d.pdf", f"Schedule D (Form 1040), {year.label}", PDF, content))
    return files


def _drawn(year: TaxYear) -> list[Artefact]:
    schedule = schedule_of(year.done.rules.code)(year)
    return [Artefact(f"{schedule.name}.pdf", schedule.title, PDF, draw(schedule, year))]


def _for_programs(year: TaxYear) -> list[Artefact]:
    files = [
        Artefact("disposals.csv", "Every disposal, a line a lot", CSV, csv_files.disposals(year)),
        Artefact("income.csv", "Income", CSV, csv_files.income(year)),
        Artefact("lots-left.csv", "Lots that are left", CSV, csv_files.lots_left(year)),
        Artefact("cointracker.csv", "Transactions for CoinTracker", CSV, csv_files.cointracker(year)),
        Artefact("koinly.csv", "Transactions for Koinly", CSV, csv_files.koinly(year)),
    ]
    if year.done.rules.code == "US":
        files += [
            Artefact("turbotax.csv", "Gains and losses for TurboTax", CSV, csv_files.turbotax(year)),
            Artefact("taxact.csv", "Sales for TaxAct", CSV, csv_files.taxact(year)),
            Artefact("hr-block.csv", "Sales for H&R Block", CSV, csv_files.hr_block(year)),
        ]
    return files
