"""Writing into official forms: copies of pages with fields of their own, each with its appearance drawn. Pure.

Every copy of a page has fields of its own names, so that continuation pages do not mirror each other; every field that
is filled has a drawn appearance, so that each viewer and printer shows it; nothing of the template that could act
(scripts, XFA, actions) is taken over. No dates, no random numbers: the same input gives the same bytes.
"""

import io
from collections.abc import Mapping
from typing import Any

from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NumberObject,
    TextStringObject,
)
from reportlab.pdfbase.pdfmetrics import stringWidth

from backend.tax.forms.irs_template import Field, Sheet, inherited

_SIZE, _LEAST = 8.0, 4.5
_PAD = 2.0
_BLUE = b"0 0 0.502 rg"
_MULTILINE, _READ_ONLY = 1 << 12, 1
_PRINTED, _LOCKED = 1 << 2, 1 << 6 | 1 << 7
_FONT = "Helvetica-Bold"


class Filled:
    """A PDF of filled copies of the pages of official forms, with a `mark` at the head of each if there is one."""

    def __init__(self, title: str, mark: str = "") -> None:
        self._writer: Any = PdfWriter()  # its types do not say what its objects are
        self._writer.add_metadata({"/Title": title, "/Producer": ""})
        self._fields = ArrayObject()
        self._shared: dict[int, tuple[IndirectObject, IndirectObject]] = {}
        self._ticks: dict[int, IndirectObject] = {}
        self._pages = 0
        self._mark = mark
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject(f"/{_FONT}"),
                NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
            }
        )
        fonts = DictionaryObject({NameObject("/HeBo"): self._writer._add_object(font)})
        self._resources = self._writer._add_object(DictionaryObject({NameObject("/Font"): fonts}))

    @property
    def pages(self) -> int:
        """Return how many pages there are."""
        return self._pages

    def add(
        self, sheet: Sheet, texts: Mapping[int, tuple[str, str, bool]], ticked: frozenset[int] = frozenset()
    ) -> None:
        """Add a copy of a page.

        `texts` are by the field's `id()`: what it is called to a reader, the text, and whether it is a number (right
        aligned). `ticked` are check boxes by theirs.
        """
        self._pages += 1
        contents, resources = self._of_page(sheet)
        page = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Page"),
                NameObject("/MediaBox"): ArrayObject([FloatObject(value) for value in sheet.page.mediabox]),
                NameObject("/Contents"): contents,
                NameObject("/Resources"): resources,
            }
        )
        added = self._writer._add_object(page)
        annotations = ArrayObject()
        for place, field in enumerate(sheet.fields):
            label, text, is_number = texts.get(id(field), ("", "", False))
            name = f"p{self._pages:03d}_{place + 1:03d}"
            widget = (
                self._text(field, name, label, text, is_number)
                if field.is_text
                else self._check(field, name, id(field) in ticked)
            )
            widget[NameObject("/P")] = added
            annotations.append(self._writer._add_object(widget))
        self._fields.extend(annotations)
        if self._mark:
            marked = self._marked(float(sheet.page.mediabox[2]), float(sheet.page.mediabox[3]))
            annotations = ArrayObject([*annotations, self._writer._add_object(marked)])
        page[NameObject("/Annots")] = annotations
        tree = self._writer._pages.get_object()
        page[NameObject("/Parent")] = self._writer._pages
        tree["/Kids"].append(added)
        tree[NameObject("/Count")] = NumberObject(self._pages)

    def finish(self) -> bytes:
        """Return the PDF."""
        form = DictionaryObject(
            {
                NameObject("/Fields"): self._fields,
                NameObject("/DR"): self._resources,
                NameObject("/DA"): TextStringObject("/HeBo 8 Tf 0 0 0.502 rg"),
                NameObject("/NeedAppearances"): BooleanObject(False),
            }
        )
        self._writer._root_object[NameObject("/AcroForm")] = self._writer._add_object(form)
        out = io.BytesIO()
        self._writer.write(out)
        return out.getvalue()

    def _marked(self, width: float, height: float) -> DictionaryObject:
        """Return what writes the mark at the head of a page: a note that is printed and cannot be moved."""
        wide, tall = stringWidth(self._mark, _FONT, 9) + 16, 15.0
        left, bottom = (width - wide) / 2, height - tall - 6
        stream = DecodedStreamObject()
        stream.set_data(
            b"q 1 0.945 0.839 rg 0 0 %s %s re f BT /HeBo 9 Tf 0.478 0.294 0 rg 8 4.5 Td (%s) Tj ET Q"
            % (_number(wide), _number(tall), _escaped(self._mark))
        )
        stream.update(
            {
                NameObject("/Type"): NameObject("/XObject"),
                NameObject("/Subtype"): NameObject("/Form"),
                NameObject("/BBox"): ArrayObject([FloatObject(value) for value in (0, 0, round(wide, 2), tall)]),
                NameObject("/Resources"): self._resources,
            }
        )
        rect = (round(left, 2), bottom, round(left + wide, 2), bottom + tall)
        return DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Annot"),
                NameObject("/Subtype"): NameObject("/FreeText"),
                NameObject("/Contents"): TextStringObject(self._mark),
                NameObject("/DA"): TextStringObject("/HeBo 9 Tf 0.478 0.294 0 rg"),
                NameObject("/F"): NumberObject(_PRINTED | _LOCKED),
                NameObject("/Rect"): ArrayObject([FloatObject(value) for value in rect]),
                NameObject("/AP"): DictionaryObject({NameObject("/N"): self._writer._add_object(stream)}),
            }
        )

    def _of_page(self, sheet: Sheet) -> tuple[IndirectObject, IndirectObject]:
        """Return what all copies of a page share: what is printed on it, and its fonts."""
        found = self._shared.get(id(sheet))
        if found is None:
            contents = sheet.page["/Contents"].clone(self._writer)
            resources = sheet.page["/Resources"].clone(self._writer)
            found = (_indirect(self._writer, contents), _indirect(self._writer, resources))
            self._shared[id(sheet)] = found
        return found

    def _base(self, field: Field, name: str, kind: str) -> DictionaryObject:
        return DictionaryObject(
            {
                NameObject("/Subtype"): NameObject("/Widget"),
                NameObject("/FT"): NameObject(kind),
                NameObject("/F"): NumberObject(4),  # it is printed
                NameObject("/T"): TextStringObject(name),
                NameObject("/Rect"): ArrayObject([FloatObject(value) for value in field.rect]),
            }
        )

    def _text(self, field: Field, name: str, label: str, text: str, is_number: bool) -> DictionaryObject:
        widget = self._base(field, name, "/Tx")
        flags = int(inherited(field.widget, "/Ff") or 0)
        if flags:
            widget[NameObject("/Ff")] = NumberObject(flags)
        longest = inherited(field.widget, "/MaxLen")
        if longest is not None:
            widget[NameObject("/MaxLen")] = NumberObject(int(longest))
            text = text[: int(longest)]
        if label:
            widget[NameObject("/TU")] = TextStringObject(label)
        if is_number:
            widget[NameObject("/Q")] = NumberObject(2)
        if text:
            shown = printable(text)
            widget[NameObject("/V")] = TextStringObject(shown)
            look = self._look(field, shown, is_number, bool(flags & _MULTILINE))
            widget[NameObject("/AP")] = DictionaryObject({NameObject("/N"): look})
        return widget

    def _look(self, field: Field, text: str, is_number: bool, is_multiline: bool) -> IndirectObject:
        width, height = field.width, field.rect[3] - field.rect[1]
        size, lines = _laid_out(text, width - 2 * _PAD, is_multiline)
        bottom = height - _PAD - size if is_multiline else (height - size * 0.72) / 2
        parts = [b"/Tx BMC q BT /HeBo %s Tf %s" % (_number(size), _BLUE)]
        at_x = at_y = 0.0
        for place, line in enumerate(lines):
            x = width - _PAD - stringWidth(line, _FONT, size) if is_number else _PAD
            y = bottom - place * size * 1.1
            parts.append(b"%s %s Td (%s) Tj" % (_number(x - at_x), _number(y - at_y), _escaped(line)))
            at_x, at_y = x, y
        stream = DecodedStreamObject()
        stream.set_data(b" ".join([*parts, b"ET Q EMC"]))
        stream.update(
            {
                NameObject("/Type"): NameObject("/XObject"),
                NameObject("/Subtype"): NameObject("/Form"),
                NameObject("/BBox"): ArrayObject(
                    [NumberObject(0), NumberObject(0), FloatObject(round(width, 2)), FloatObject(round(height, 2))]
                ),
                NameObject("/Resources"): self._resources,
            }
        )
        return self._writer._add_object(stream)

    def _check(self, field: Field, name: str, is_ticked: bool) -> DictionaryObject:
        widget = self._base(field, name, "/Btn")
        look = self._ticks.get(id(field))
        if look is None:
            look = _indirect(self._writer, field.widget["/AP"].clone(self._writer))
            self._ticks[id(field)] = look
        looks: Any = field.widget["/AP"]
        states = [state for state in looks["/N"] if state != "/Off"]
        state = NameObject(states[0] if is_ticked else "/Off")
        widget[NameObject("/AP")] = look
        widget[NameObject("/AS")] = state
        widget[NameObject("/V")] = state
        return widget


def printable(text: str) -> str:
    """Return a text in the signs that the forms' font has; another sign is a question mark."""
    return text.encode("cp1252", "replace").decode("cp1252")


def _laid_out(text: str, room: float, is_multiline: bool) -> tuple[float, list[str]]:
    """Return the size of the letters and the lines: smaller until it fits, on two lines where the field has them."""
    size = _SIZE
    while True:
        if stringWidth(text, _FONT, size) <= room:
            return size, [text]
        if is_multiline:
            words = text.rsplit(" ", 1)
            if len(words) == 2 and all(stringWidth(word, _FONT, size) <= room for word in words):
                return size, words
        if size <= _LEAST:
            return size, [text]
        size -= 0.5


def _indirect(writer: Any, thing: Any) -> IndirectObject:
    reference = getattr(thing, "indirect_reference", None)
    if isinstance(reference, IndirectObject) and reference.pdf is writer:
        return reference
    return writer._add_object(thing)


def _number(value: float) -> bytes:
    return f"{value:.2f}".encode()


def _escaped(text: str) -> bytes:
    raw = text.encode("cp1252", "replace")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
