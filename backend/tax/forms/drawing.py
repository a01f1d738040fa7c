"""PDF documents of figures and long tables, drawn line by line: fast enough for tens of thousands of rows. Pure.

The same input gives the same bytes. Texts from chains and users are shown in the signs that the font has; a sign that
it does not have is a question mark. A cell that is too long is written smaller, then cut with an ellipsis.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import reportlab
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape, letter
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

FONT, BOLD = "TaxVera", "TaxVeraBold"
INK, SOFT, HAIR, GROUND = (colors.HexColor(code) for code in (0x11151D, 0x5A6472, 0xD5DAE2, 0xF4F6F9))
MARK_GROUND, MARK_INK = colors.HexColor(0xFFF1D6), colors.HexColor(0x7A4B00)
MARGIN, ROW, SIZE, SMALL = 34.0, 11.5, 6.6, 6.0
_PAD = 3.0


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its head (lines apart by a line break), share of the width, and whether it holds numbers."""

    head: str
    share: float
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure with the box or line of a form that it belongs to."""

    box: str
    label: str
    value: str


class Document:
    """A PDF that grows downwards. `note` stands at the foot of every page, a `mark` in its corner."""

    def __init__(self, title: str, note: str, *, is_letter: bool = False, mark: str = "") -> None:
        _fonts()
        self._out = io.BytesIO()
        self.width, self.height = landscape(letter if is_letter else A4)
        self._canvas = Canvas(self._out, pagesize=(self.width, self.height), invariant=1, pageCompression=1)
        self._canvas.setTitle(title)
        self._canvas.setAuthor("")
        self._canvas.setCreator("")
        self._title, self._note, self._mark = clean(title), clean(note), clean(mark)
        self._y = 0.0
        self._pen: tuple[colors.Color, str, float] | None = None
        self._open_page()

    def heading(self, text: str) -> None:
        """Write the title of the document."""
        self._need(30)
        self._text(MARGIN, self._y - 15, text, BOLD, 15)
        self._y -= 26

    def section(self, text: str) -> None:
        """Write the title of a section, never alone at the foot of a page."""
        self._need(56)
        self._y -= 8
        self._text(MARGIN, self._y - 10, text, BOLD, 10)
        self._y -= 18

    def paragraph(self, text: str) -> None:
        """Write a text over the whole width."""
        for line in simpleSplit(clean(text), FONT, 7.5, self.width - 2 * MARGIN):
            self._need(11)
            self._text(MARGIN, self._y - 8, line, FONT, 7.5, SOFT)
            self._y -= 11
        self._y -= 2

    def facts(self, facts: Sequence[Fact], *, box_head: str = "Box", value_head: str = "Amount") -> None:
        """Write figures one below the other."""
        columns = (Column(box_head, 0.08), Column("Figure", 0.52), Column(value_head, 0.18, is_number=True))
        self.table(columns, [(fact.box, fact.label, fact.value) for fact in facts], width_share=0.78)

    def table(
        self, columns: Sequence[Column], rows: Iterable[Sequence[str]], *, last: Sequence[Sequence[str]] = (),
        width_share: float = 1.0,
    ) -> None:  # fmt: skip
        """Write a table; its head stands on every page. `last` are rows of totals, kept with the row before."""
        shares = sum(column.share for column in columns)
        width = (self.width - 2 * MARGIN) * width_share
        places: list[tuple[float, float, bool]] = []
        left = MARGIN
        for column in columns:
            size = width * column.share / shares
            places.append((left, size, column.is_number))
            left += size
        heads = [clean(column.head).split("\n") for column in columns]
        self._need(ROW * 3 + 8 * max(map(len, heads)))
        self._head(places, heads, width)
        for row in rows:
            if self._y - ROW < MARGIN + 8:
                self._turn()
                self._head(places, heads, width)
            self._row(places, row, FONT)
            self._rule(width, HAIR)
        for row in last:
            if self._y - ROW < MARGIN + 8:
                self._turn()
                self._head(places, heads, width)
            self._row(places, row, BOLD)
            self._rule(width, INK)
        self._y -= 6

    def finish(self) -> bytes:
        """Return the document."""
        self._close_page()
        self._canvas.save()
        return self._out.getvalue()

    def _head(self, places: Sequence[tuple[float, float, bool]], heads: Sequence[list[str]], width: float) -> None:
        tall = 8 * max(map(len, heads)) + 5
        self._canvas.setFillColor(GROUND)
        self._pen = None
        self._canvas.rect(MARGIN, self._y - tall, width, tall, stroke=0, fill=1)
        for (left, size, is_number), lines in zip(places, heads, strict=True):
            for place, line in enumerate(lines):
                bottom = self._y - 8 * (place + 1)
                points, line = _fit(line, BOLD, SMALL, size - 2 * _PAD)
                x = left + size - _PAD - _width(line, BOLD, points) if is_number else left + _PAD
                self._text(x, bottom, line, BOLD, points, SOFT, is_clean=True)
        self._y -= tall

    def _row(self, places: Sequence[tuple[float, float, bool]], row: Sequence[str], font: str) -> None:
        bottom = self._y - ROW + 3.6
        for (left, size, is_number), text in zip(places, row, strict=True):
            if not text:
                continue
            points, shown = _fit(clean(text), font, SIZE, size - 2 * _PAD)
            x = left + size - _PAD - _width(shown, font, points) if is_number else left + _PAD
            self._text(x, bottom, shown, font, points, INK, is_clean=True)
        self._y -= ROW

    def _rule(self, width: float, color: colors.Color) -> None:
        self._canvas.setStrokeColor(color)
        self._canvas.setLineWidth(0.4)
        self._canvas.line(MARGIN, self._y, MARGIN + width, self._y)

    def _text(
        self,
        x: float,
        y: float,
        text: str,
        font: str,
        size: float,
        color: colors.Color = INK,
        *,
        is_clean: bool = False,
    ) -> None:
        if self._pen != (color, font, size):  # most cells of a table are alike
            self._canvas.setFillColor(color)
            self._canvas.setFont(font, size)
            self._pen = (color, font, size)
        self._canvas.drawString(x, y, text if is_clean else clean(text))

    def _need(self, height: float) -> None:
        if self._y - height < MARGIN + 8:
            self._turn()

    def _turn(self) -> None:
        self._close_page()
        self._canvas.showPage()
        self._open_page()

    def _open_page(self) -> None:
        self._y = self.height - MARGIN
        self._pen = None  # a page begins without colour and font

    def _close_page(self) -> None:
        if self._mark:
            wide = _width(self._mark, BOLD, 8) + 12
            self._canvas.setFillColor(MARK_GROUND)
            self._pen = None
            top = self.height - MARGIN + 10
            self._canvas.roundRect(self.width - MARGIN - wide, top - 4, wide, 14, 3, stroke=0, fill=1)
            self._text(self.width - MARGIN - wide + 6, top, self._mark, BOLD, 8, MARK_INK, is_clean=True)
        self._text(MARGIN, MARGIN - 12, self._note, FONT, SMALL, SOFT, is_clean=True)
        page = f"{self._title}, page {self._canvas.getPageNumber()}"
        self._text(self.width - MARGIN - _width(page, FONT, SMALL), MARGIN - 12, page, FONT, SMALL, SOFT, is_clean=True)


def clean(text: str) -> str:
    """Return a text in the signs that the font has, on one line unless it has line breaks of its own."""
    if text.isascii() and text.isprintable():
        return text
    known = _fonts()
    return "".join(sign if sign == "\n" or (ord(sign) in known and sign.isprintable()) else "?" for sign in text)


def _fit(text: str, font: str, size: float, room: float) -> tuple[float, str]:
    """Return the size in which a text fits, down to two thirds; then it is cut."""
    width = _width(text, font, size)
    if width <= room:
        return size, text
    smaller = max(size * room / width, size * 2 / 3)
    while text and _width(text + "\u2026", font, smaller) > room and _width(text, font, smaller) > room:
        text = text[:-1]
        if _width(text + "\u2026", font, smaller) <= room:
            return smaller, text + "\u2026"
    return smaller, text


@lru_cache(maxsize=65_536)
def _width(text: str, font: str, size: float) -> float:
    return pdfmetrics.stringWidth(text, font, size)


@lru_cache(maxsize=1)
def _fonts() -> frozenset[int]:
    """Register the fonts that reportlab brings along; return the signs that they have."""
    folder = Path(reportlab.__file__).with_name("fonts")
    plain = TTFont(FONT, str(folder / "Vera.ttf"))
    pdfmetrics.registerFont(plain)
    pdfmetrics.registerFont(TTFont(BOLD, str(folder / "VeraBd.ttf")))
    return frozenset(plain.face.charToGlyph)
