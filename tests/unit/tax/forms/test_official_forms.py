"""The IRS's own PDFs filled in, read again field by field: skipped where the machine does not have them."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pypdf import PdfReader

from backend.tax.engine.events import TaxEvent
from backend.tax.forms import form_8949, schedule_d
from backend.tax.forms.artefacts import artefacts
from backend.tax.forms.irs_template import FORM_8949, SCHEDULE_D, identify, letters, read_template
from backend.tax.forms.lines import Line, lines_of, totals
from backend.tax.forms.records import Holder, TemplateError
from backend.tax.forms.rounding import rounded_year
from tests.unit.tax.forms.books import book_of, official
from tests.unit.tax.given import buy, sell

HOLDER = Holder("María Müller", "123-45-6789")
FORMS_8949 = (2020, 2021, 2022, 2024, 2025)  # the true form of 2023 is not at hand


def history(year: int, count: int = 20) -> list[TaxEvent]:
    """Gains and losses, short and long, in cents that do not come out even; a loss of the year before."""
    events = [
        buy("before", datetime(year - 3, 1, 5, tzinfo=UTC), 2, 9000),
        sell("loss", datetime(year - 1, 6, 1, tzinfo=UTC), 1, "0.01"),
        buy("old", datetime(year - 2, 2, 3, 12, tzinfo=UTC), "100", "1000.01", fee="1.23"),
        buy("new", datetime(year, 1, 4, 12, tzinfo=UTC), "100", "7777.77"),
    ]
    for number in range(count):
        at = datetime(year, 2 + number % 10, 1 + number // 10, 12, number % 60, tzinfo=UTC)
        events.append(sell(f"s{number}", at, Decimal(number % 7 + 1) / 4, f"{37.5 + number * 3.337:.4f}"))
    # more than is left of the old ones: some of the new go, for less than they cost
    events.append(sell("rest", datetime(year, 12, 30, 12, tzinfo=UTC), "101", "4321.987"))
    return events


def made(year: int, count: int = 20, **more: Any) -> tuple[Any, list[Line]]:
    book, done = book_of(history(year, count), **more)
    rounded = rounded_year(done, year)
    return rounded, lines_of(book, done, rounded)


def fields(content: bytes) -> list[dict[str, str]]:
    """What is written on each page, by what it is called; boxes that are ticked by `box`."""
    pages = []
    for page in PdfReader(io.BytesIO(content)).pages:
        found: dict[str, str] = {}
        for reference in page["/Annots"]:
            widget = reference.get_object()
            if widget["/FT"] == "/Btn" and widget["/AS"] != "/Off":
                found["box"] = str(widget["/T"])
            elif "/V" in widget and widget["/FT"] == "/Tx":
                found[str(widget["/TU"])] = str(widget["/V"])
                assert widget["/AP"]["/N"].get_object().get_data()  # it is drawn, not only stored
        pages.append(found)
    return pages


@pytest.mark.parametrize("year", FORMS_8949)
def test_every_line_of_the_year_stands_on_form_8949(year: int) -> None:
    _, lines = made(year)
    content = form_8949.fill(read_template(official(FORM_8949, year), FORM_8949, year), lines, HOLDER)
    pages = fields(content)
    size = 11 if year == 2025 else 14
    written = []
    for page in pages:
        assert page["Name(s) shown on return"] == HOLDER.name
        assert page["Social security number or taxpayer identification number"] == HOLDER.tax_id
        part = next(label for label in page if label.startswith("Part")).split(",")[0] + ", "
        title = part + ("short-term" if part == "Part I, " else "long-term")
        rows = [label for label in page if label.endswith("(a) Description of property")]
        assert 0 < len(rows) <= size
        for number in range(1, len(rows) + 1):
            cells = [page.get(f"{title}, row {number}, {column}", "") for column in form_8949.COLUMNS]
            written.append((title, *cells))
        gains = [_amount(page[f"{title}, row {number}, (h) Gain or (loss)"]) for number in range(1, len(rows) + 1)]
        assert _amount(page[f"{title}, line 2, totals, (h) Gain or (loss)"]) == sum(gains)
    expected = [
        (
            f"Part {'I' if line.term == 'short' else 'II'}, {line.term}-term", line.description,
            f"{line.acquired:%m/%d/%Y}", f"{line.sold:%m/%d/%Y}", *_money(line.proceeds, line.cost), "", "",
            *_money(line.gain),
        )
        for line in sorted(form_8949.on_form(lines), key=lambda line: line.term == "long")
    ]  # fmt: skip
    assert written == expected
    assert {line.box for line in lines} == ({"I", "L"} if year == 2025 else {"C", "F"})


def test_the_box_that_is_ticked_is_the_one_printed_beside_it() -> None:
    for year in FORMS_8949:
        _, lines = made(year)
        template = read_template(official(FORM_8949, year), FORM_8949, year)
        content = form_8949.fill(template, lines, HOLDER)
        reader = PdfReader(io.BytesIO(content))
        for page, box in ((reader.pages[0], lines[-1].box), (reader.pages[-1], "L" if year == 2025 else "F")):
            ticked = [
                each.get_object() for each in page["/Annots"]
                if each.get_object()["/FT"] == "/Btn" and each.get_object()["/AS"] != "/Off"
            ]  # fmt: skip
            assert len(ticked) == 1
            printed = _printed_at(page, float(ticked[0]["/Rect"][1]))
            assert printed.startswith(f"({box})"), (year, box, printed)


def test_continuation_pages_have_fields_of_their_own() -> None:
    _, lines = made(2024, 40)
    content = form_8949.fill(read_template(official(FORM_8949, 2024), FORM_8949, 2024), lines, Holder())
    reader = PdfReader(io.BytesIO(content))
    names = [each.get_object()["/T"] for page in reader.pages for each in page["/Annots"]]
    assert len(reader.pages) > 2 and len(set(names)) == len(names)
    assert len(reader.get_fields() or {}) == len(names)
    assert all("Name(s) shown on return" not in page for page in fields(content))  # nobody's name was given
    assert reader.trailer["/Root"]["/AcroForm"].get("/XFA") is None


def test_wash_sales_have_their_code_and_amount() -> None:
    events = [
        buy("a", datetime(2024, 1, 1, tzinfo=UTC), 2, 200),
        sell("b", datetime(2024, 3, 1, tzinfo=UTC), 2, 100),
        buy("c", datetime(2024, 3, 10, tzinfo=UTC), 1, 60),
    ]
    book, done = book_of(events, wash_sales=True)
    lines = lines_of(book, done, rounded_year(done, 2024))
    content = form_8949.fill(read_template(official(FORM_8949, 2024), FORM_8949, 2024), lines, Holder())
    page = fields(content)[0]
    codes = {label: text for label, text in page.items() if "(f)" in label or "(g)" in label}
    assert codes == {
        "Part I, short-term, row 1, (f) Code": "W", "Part I, short-term, row 1, (g) Amount of adjustment": "50.00",
        "Part I, short-term, line 2, totals, (g) Amount of adjustment": "50.00",
    }  # fmt: skip
    assert page["Part I, short-term, row 1, (h) Gain or (loss)"] == "(50.00)"


@pytest.mark.parametrize("year", range(2020, 2026))
def test_schedule_d_has_the_totals_and_what_was_carried(year: int) -> None:
    rounded, lines = made(year)
    template = read_template(official(SCHEDULE_D, year), SCHEDULE_D, year)
    page, back = fields(schedule_d.fill(template, schedule_d.schedule_d(rounded, lines), HOLDER))
    short, long = (totals(line for line in lines if line.term == term) for term in ("short", "long"))
    for name, sums in (("3", short), ("10", long)):
        found = [page[f"Line {name}, {column}"] for column in ("(d) Proceeds", "(e) Cost", "(h) Gain or (loss)")]
        assert found == _money(sums.proceeds, sums.cost, sums.gain)
    # the loss of the year before, 4,499.99, less the 3,000 that counted then
    assert rounded.carried_in["long_term"] == Decimal("1499.99")
    assert page["Line 14"] == "1,499.99" and "Line 6" not in page
    assert _amount(page["Line 7"]) == short.gain
    assert _amount(page["Line 15"]) == long.gain - Decimal("1499.99")
    assert _amount(back["Line 16"]) == short.gain + long.gain - Decimal("1499.99")
    assert back.get("Line 21", "").startswith("(") is False


def test_more_lines_than_fit_are_one_row_and_a_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form_8949, "MOST_LINES", 10)
    _, lines = made(2025)
    pages = fields(form_8949.fill(read_template(official(FORM_8949, 2025), FORM_8949, 2025), lines, Holder()))
    assert len(pages) == 2
    title = "Part II, long-term, row 1, "
    row = {label.removeprefix(title): text for label, text in pages[1].items() if label.startswith(title)}
    sums = totals(line for line in lines if line.term == "long")
    assert row["(a) Description of property"] == "See attached statement" and row["(f) Code"] == "M"
    assert "(b) Date acquired" not in row and "(c) Date sold or disposed of" not in row
    assert row["(h) Gain or (loss)"] == _money(sums.gain)[0]


def test_whole_dollars_agree_on_every_file() -> None:
    book, done = book_of(history(2024))
    templates = {(form, 2024): official(form, 2024) for form in (FORM_8949, SCHEDULE_D)}
    files = {each.name: each.content for each in artefacts(book, done, 2024, Holder(whole_units=True), templates)}
    page = fields(files["schedule-d.pdf"])[0]
    assert "." not in page["Line 7"] and "." not in page["Line 10, (d) Proceeds"]


def test_another_years_form_is_refused_with_the_reason() -> None:
    content = official(FORM_8949, 2023)
    assert identify(content) == (FORM_8949, 2022)
    with pytest.raises(TemplateError, match="Form 8949 of 2022; Form 8949 of 2023 is needed"):
        read_template(content, FORM_8949, 2023)
    with pytest.raises(TemplateError, match=r"Schedule D .* of 2024; Form 8949 of 2024 is needed"):
        read_template(official(SCHEDULE_D, 2024), FORM_8949, 2024)


def test_all_official_forms_are_known() -> None:
    for year in FORMS_8949:
        assert identify(official(FORM_8949, year)) == (FORM_8949, year)
        template = read_template(official(FORM_8949, year), FORM_8949, year)
        assert [len(sheet.rows) for sheet in template.sheets] == ([11, 11] if year == 2025 else [14, 14])
        assert ["".join(sheet.boxes) for sheet in template.sheets] == [letters(year, 0), letters(year, 1)]
    for year in range(2020, 2026):
        assert identify(official(SCHEDULE_D, year)) == (SCHEDULE_D, year)


def _printed_at(page: Any, bottom: float) -> str:
    """The line of text that is printed at a height of a page, from the left."""
    found: list[tuple[float, str]] = []

    def take(text: str, _: Any, matrix: Any, *__: Any) -> None:
        if text.strip() and abs(matrix[5] - bottom) < 4:
            found.append((matrix[4], text))

    page.extract_text(visitor_text=take)
    return "".join(text for _, text in sorted(found, key=lambda each: each[0])).strip().replace(" ", "")


def _amount(text: str) -> Decimal:
    number = Decimal(text.strip("()").replace(",", ""))
    return -number if text.startswith("(") else number


def _money(*amounts: Decimal | None) -> list[str]:
    return [f"({-amount:,.2f})" if amount < 0 else f"{amount:,.2f}" for amount in amounts if amount is not None]
