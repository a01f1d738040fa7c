"""Fillable PDFs with fields where the IRS's have them, for machines that do not have the IRS's own."""

import io
from functools import lru_cache

from reportlab.pdfgen.canvas import Canvas

COLUMNS = ((36, 136), (173, 50), (223, 51), (274, 64), (338, 64), (403, 43), (446, 64), (511, 65))


@lru_cache(maxsize=8)
def form_8949(year: int) -> bytes:
    """Two pages of Form 8949."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792), invariant=1)
    rows, boxes = (11, 6) if year >= 2025 else (14, 3)
    for page in (1, 2):
        canvas.drawString(40, 770, f"Form 8949 ({year})")
        _text(canvas, f"p{page}_name", 36, 684, 323)
        _text(canvas, f"p{page}_ssn", 368, 684, 200, maxlen=11)
        for number in range(boxes):
            canvas.acroForm.checkbox(name=f"p{page}_box{number}", x=50, y=542 - 12 * number, size=8)
        for row in range(rows):
            for column, (left, width) in enumerate(COLUMNS):
                _text(canvas, f"p{page}_{row}_{column}", left, 420 - 24 * row, width, is_tall=column == 0)
        for column in (3, 4, 5, 6, 7):
            _text(canvas, f"p{page}_total_{column}", COLUMNS[column][0], 60, COLUMNS[column][1])
        canvas.showPage()
    canvas.save()
    return out.getvalue()


@lru_cache(maxsize=8)
def schedule_d(year: int) -> bytes:
    """Two pages of Schedule D."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792), invariant=1)
    canvas.drawString(40, 770, f"Schedule D (Form 1040) {year}")
    _text(canvas, "name", 36, 672, 400)
    _text(canvas, "ssn", 455, 672, 120, maxlen=11)
    bottom = 516
    for part, (lines, singles) in enumerate(((4, 4), (4, 5))):
        for line in range(lines):
            for column, left in enumerate((288, 360, 432, 504)):
                _text(canvas, f"{part}_{line}_{column}", left, bottom, 71)
            bottom -= 24
        for single in range(singles):
            _text(canvas, f"{part}_single_{single}", 504, bottom, 71)
            bottom -= 24
    canvas.showPage()
    canvas.drawString(40, 770, f"Schedule D (Form 1040) {year} Page 2")
    for single in range(4):
        _text(canvas, f"back_{single}", 490, 696 - 60 * single, 86)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _text(
    canvas: Canvas, name: str, left: float, bottom: float, width: float, *, is_tall: bool = False, **more: int
) -> None:
    canvas.acroForm.textfield(
        name=name, x=left, y=bottom, width=width, height=24 if is_tall else 12, borderWidth=0, fontSize=8,
        fieldFlags="multiline" if is_tall else "", **more,
    )  # fmt: skip
