"""The official fillable forms: which form and year a PDF is, and where its fields are. Pure.

Names of fields differ by year and say nothing (`f1_07`), so fields are found by where they stand on the page: a line of
Form 8949 is eight fields on one baseline, its totals five. Known are the forms of 2020 to 2025, as published by the
IRS (www.irs.gov/pub/irs-prior); a form that does not fit is refused with the reason, and never filled by guess.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject

from backend.tax.forms.records import TemplateError

FORM_8949, SCHEDULE_D = "f8949", "f1040sd"
TITLES = {FORM_8949: "Form 8949", SCHEDULE_D: "Schedule D (Form 1040)"}
YEARS = range(2020, 2026)
MOST_BYTES = 1024 * 1024
_NEAR = 2.5  # points within which two edges are on one line
_NAMED = (
    (SCHEDULE_D, re.compile(r"Schedule\s+D\s+\(Form\s+1040\)\s+(20\d\d)")),
    (FORM_8949, re.compile(r"Form\s+8949\s+\((20\d\d)\)")),
)
_LINES_1, _LINES_2 = ("1a", "1b", "2", "3"), ("8a", "8b", "9", "10")
_SINGLES_1, _SINGLES_2, _SINGLES_3 = ("4", "5", "6", "7"), ("11", "12", "13", "14", "15"), ("16", "18", "19", "21")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a page. `rect` is left, bottom, right, top in points; `widget` is the PDF's own object of it."""

    rect: tuple[float, float, float, float]
    widget: DictionaryObject
    is_text: bool

    @property
    def width(self) -> float:
        """Return its width in points."""
        return self.rect[2] - self.rect[0]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of a form: all its fields, and those that we know by what they are for.

    Form 8949: `rows` of eight (columns a to h), `totals` of d, e, g, h; `boxes` by letter. Schedule D: `rows` and
    `singles` by line.
    """

    page: Any
    fields: Sequence[Field]
    name: Field | None
    tax_id: Field | None
    boxes: Mapping[str, Field]
    rows: Sequence[Sequence[Field]]
    totals: Sequence[Field]
    by_line: Mapping[str, Sequence[Field]]


@dataclass(frozen=True, slots=True)
class Template:
    """An official form that fits."""

    form: str
    year: int
    sheets: Sequence[Sheet]


def identify(content: bytes) -> tuple[str, int]:
    """Return which form (`f8949`, `f1040sd`) of which year a PDF is. Raises TemplateError."""
    return _identify(_open(content))


def read_template(content: bytes, form: str, year: int) -> Template:
    """Return an official form with its fields. Raises TemplateError for anything else, with the reason."""
    reader = _open(content)
    found, found_year = _identify(reader)
    if (found, found_year) != (form, year):
        wanted = f"{TITLES[form]} of {year}"
        raise TemplateError(f"This is {TITLES[found]} of {found_year}; {wanted} is needed. Nothing was kept.")
    if year not in YEARS:
        raise TemplateError(f"Forms of {YEARS[0]} to {YEARS[-1]} can be filled in; this one is of {year}.")
    try:
        pages = [_fields(page) for page in reader.pages]
        sheets = [
            _sheet_8949(page, fields, place, year) if form == FORM_8949 else _sheet_schedule_d(page, fields, place)
            for place, (page, fields) in enumerate(zip(reader.pages, pages, strict=True))
        ]
    except TemplateError:
        raise
    except Exception as error:  # the file is a stranger's: whatever is wrong in it, the answer is the same
        raise TemplateError("The fields of this PDF cannot be read: take the fillable form from irs.gov.") from error
    return Template(form, year, sheets)


def _open(content: bytes) -> PdfReader:
    if len(content) > MOST_BYTES:
        raise TemplateError(f"The file is larger than {MOST_BYTES // 1024**2} MB: an official form is not.")
    if not content.lstrip()[:5] == b"%PDF-":
        raise TemplateError("This is not a PDF.")
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            raise TemplateError("This PDF is encrypted: take the form from irs.gov, which is not.")
        pages = len(reader.pages)
    except TemplateError:
        raise
    except Exception as error:  # as above
        raise TemplateError("This PDF is damaged and cannot be read.") from error
    if pages != 2:
        raise TemplateError(f"The official forms have two pages, this PDF has {pages}.")
    return reader


def _identify(reader: PdfReader) -> tuple[str, int]:
    try:
        text = "\n".join(page.extract_text() for page in reader.pages)
    except Exception as error:  # as above
        raise TemplateError("The text of this PDF cannot be read.") from error
    for form, pattern in _NAMED:
        found = pattern.search(text)
        if found:
            return form, int(found[1])
    raise TemplateError("This is neither Form 8949 nor Schedule D (Form 1040) of the IRS.")


def _fields(page: Any) -> list[Field]:
    found = []
    for reference in page.get("/Annots", ()):
        widget = reference.get_object()
        kind = inherited(widget, "/FT")
        if widget.get("/Subtype") == "/Widget" and kind in ("/Tx", "/Btn"):
            left, bottom, right, top = (float(value) for value in widget["/Rect"])
            found.append(Field((left, bottom, right, top), widget, kind == "/Tx"))
    if not found:
        raise TemplateError("This PDF has no fields to fill in: take the fillable form from irs.gov.")
    return found


def inherited(widget: DictionaryObject, key: str) -> Any:
    """Return an entry of a field or of what it is under."""
    node: Any = widget
    for _ in range(12):
        if key in node:
            value = node[key]
            return value.get_object() if isinstance(value, IndirectObject) else value
        if "/Parent" not in node:
            return None
        node = node["/Parent"].get_object()
    return None


def _baselines(fields: Sequence[Field]) -> list[list[Field]]:
    """Return text fields by their lower edge, from above, each from the left."""
    lines: list[list[Field]] = []
    for field in sorted((each for each in fields if each.is_text), key=lambda each: (-each.rect[1], each.rect[0])):
        if lines and abs(lines[-1][0].rect[1] - field.rect[1]) <= _NEAR:
            lines[-1].append(field)
        else:
            lines.append([field])
    return [sorted(line, key=lambda each: each.rect[0]) for line in lines]


def _checks(fields: Sequence[Field]) -> list[Field]:
    return sorted((each for each in fields if not each.is_text), key=lambda each: (-each.rect[1], each.rect[0]))


def letters(year: int, part: int) -> str:
    """Return the boxes of a part of Form 8949 as they stand on it: digital assets have their own from 2025."""
    if year >= 2025:
        return "ABCGHI" if part == 0 else "DEFJKL"
    return "ABC" if part == 0 else "DEF"


def _sheet_8949(page: Any, fields: list[Field], place: int, year: int) -> Sheet:
    lines, checks, expected = _baselines(fields), _checks(fields), letters(year, place)
    rows = [line for line in lines if len(line) == 8]
    last = [line for line in lines if len(line) == 5]
    if len(lines[0]) != 2 or len(last) != 1 or not rows or len(rows) + 2 != len(lines) or len(checks) != len(expected):
        raise TemplateError(f"The fields of page {place + 1} are not where Form 8949 of {year} has them.")
    proceeds, cost, _code, adjustment, gain = last[0]
    boxes = dict(zip(expected, checks, strict=True))
    return Sheet(page, fields, lines[0][0], lines[0][1], boxes, rows, (proceeds, cost, adjustment, gain), {})


def _sheet_schedule_d(page: Any, fields: list[Field], place: int) -> Sheet:
    lines = _baselines(fields)
    if place == 1:
        if [len(line) for line in lines] != [1, 1, 1, 1]:
            raise TemplateError("The fields of page 2 are not where Schedule D has them.")
        return Sheet(page, fields, None, None, {}, (), (), dict(zip(_SINGLES_3, lines, strict=True)))
    shape = [2, 4, 4, 4, 4, 1, 1, 1, 1, 4, 4, 4, 4, 1, 1, 1, 1, 1]
    if [len(line) for line in lines] != shape:
        raise TemplateError("The fields of page 1 are not where Schedule D has them.")
    names = (*_LINES_1, *_SINGLES_1, *_LINES_2, *_SINGLES_2)
    return Sheet(page, fields, lines[0][0], lines[0][1], {}, (), (), dict(zip(names, lines[1:], strict=True)))
