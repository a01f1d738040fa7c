"""Forms are filled where their fields stand, whatever they are called."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pypdf import PdfReader

from backend.tax.forms.artefacts import artefacts
from backend.tax.forms.irs_template import FORM_8949, SCHEDULE_D, identify
from backend.tax.forms.records import DEMO_MARK, PDF, Holder
from tests.unit.tax.forms import paper
from tests.unit.tax.forms.books import book_of
from tests.unit.tax.given import buy, sell

EVENTS = [
    buy("b1", datetime(2024, 2, 1, 12, tzinfo=UTC), 100, 1000),
    *[sell(f"s{n}", datetime(2025, 3, n + 1, 12, tzinfo=UTC), 2, "19.995") for n in range(15)],
]


def written(content: bytes, field: str) -> list[str]:
    """What stands in the fields that are called so, page by page."""
    found = []
    for page in PdfReader(io.BytesIO(content)).pages:
        annotations: Any = page["/Annots"]
        for reference in annotations:
            widget = reference.get_object()
            if widget.get("/TU") == field:
                found.append(str(widget.get("/V", "")))
    return found


def test_forms_of_2025_take_eleven_lines_a_page() -> None:
    book, done = book_of(EVENTS)
    templates = {(FORM_8949, 2025): paper.form_8949(2025), (SCHEDULE_D, 2025): paper.schedule_d(2025)}
    files = {each.name: each.content for each in artefacts(book, done, 2025, Holder("A. Person"), templates)}
    form = files["form-8949.pdf"]
    assert len(PdfReader(io.BytesIO(form)).pages) == 2
    assert written(form, "Part II, long-term, row 11, (a) Description of property") == ["2 XYZ"]
    # 15 times 19.995 is 299.925: no cent is lost or made on the way
    assert written(form, "Part II, long-term, line 2, totals, (d) Proceeds") == ["219.95", "79.98"]
    assert written(files["schedule-d.pdf"], "Line 10, (d) Proceeds") == ["299.93"]
    assert written(files["schedule-d.pdf"], "Line 15") == ["(0.07)"]
    assert written(files["schedule-d.pdf"], "Line 21") == ["0.07"]


def test_templates_of_other_years_and_places_are_left_alone() -> None:
    book, done = book_of(EVENTS)
    names = {each.name for each in artefacts(book, done, 2025, Holder(), {(FORM_8949, 2024): paper.form_8949(2024)})}
    assert "form-8949.pdf" not in names and "form-8949-statement.pdf" in names
    book, done = book_of(EVENTS, "DE", "EUR")
    names = {each.name for each in artefacts(book, done, 2025, Holder(), {(FORM_8949, 2025): paper.form_8949(2025)})}
    assert "form-8949.pdf" not in names


def test_paper_is_what_it_says() -> None:
    assert identify(paper.form_8949(2024)) == (FORM_8949, 2024)
    assert identify(paper.schedule_d(2023)) == (SCHEDULE_D, 2023)


def test_every_page_that_rests_on_the_demo_market_says_so() -> None:
    book, done = book_of(EVENTS)
    templates = {(FORM_8949, 2025): paper.form_8949(2025), (SCHEDULE_D, 2025): paper.schedule_d(2025)}
    for is_demo in (True, False):
        files = artefacts(replace(book, is_demo=is_demo), done, 2025, Holder(), templates)
        pdfs = [PdfReader(io.BytesIO(each.content)) for each in files if each.media_type == PDF]
        assert len(pdfs) == 3
        assert [_marks(page) for pdf in pdfs for page in pdf.pages] == [is_demo for pdf in pdfs for _ in pdf.pages]


def _marks(page: Any) -> bool:
    """Whether the mark is printed on a page, or stands on it as a note that is drawn and printed."""
    notes = [each.get_object() for each in page.get("/Annots", ())]
    said = [each for each in notes if each.get("/Contents") == DEMO_MARK]
    drawn = [each for each in said if int(each["/F"]) & 4 and b"Demo market" in each["/AP"]["/N"].get_data()]
    return bool(drawn) or DEMO_MARK in page.extract_text()
