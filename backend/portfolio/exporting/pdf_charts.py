"""The charts of the PDF report, drawn as vectors. Points of charts are floats; every number printed is exact."""

from collections.abc import Callable
from decimal import Decimal

from reportlab.graphics.shapes import Drawing, Line, PolyLine, Rect, String
from reportlab.lib import colors

from backend.core import formats
from backend.portfolio.allocation import REST, allocation, asset_key
from backend.portfolio.schemas import HistoryRead
from backend.portfolio.snapshots.records import Snapshot

MOST_BARS = 10
_BAR, _GAP = 9.0, 6.0
_INK, _SOFT, _LINE, _ACCENT = (colors.HexColor(code) for code in (0x11151D, 0x5A6472, 0xD5DAE2, 0x3451D1))


def allocation_bars(snapshot: Snapshot, width: float, font: str, clean: Callable[[str], str]) -> Drawing:
    """Return the largest assets as bars with share and value; the rest together."""
    names = {asset_key(part): part.symbol or formats.address(part.token) for part in snapshot.assets}
    parts = [part for part in allocation(snapshot, "asset", MOST_BARS) if part.share_pct is not None]
    height = len(parts) * (_BAR + _GAP) + 4
    drawing = Drawing(width, height)
    most = max((float(part.share_pct or 0) for part in parts), default=1.0) or 1.0
    left, right = width * 0.16, width * 0.78
    for place, part in enumerate(parts):
        bottom = height - (place + 1) * (_BAR + _GAP) + _GAP
        name = f"{part.count} others" if part.key == REST else formats.untrusted_text(names.get(part.key, part.key), 22)
        drawing.add(String(0, bottom + 2, clean(name), fontName=font, fontSize=7.5, fillColor=_INK))
        length = (right - left) * float(part.share_pct or 0) / most
        drawing.add(_filled(left, bottom, max(length, 0.8), _BAR))
        words = f"{formats.percent(part.share_pct, signed=False)}   {formats.usd(part.value_usd)}"
        drawing.add(String(left + length + 5, bottom + 2, words, fontName=font, fontSize=7.5, fillColor=_SOFT))
    return drawing


def value_line(read: HistoryRead, width: float, font: str, height: float = 150.0) -> Drawing:
    """Return the value over time as a line that is broken where nothing is known."""
    values = [None if point.value_usd is None else float(point.value_usd) for point in read.points]
    known = [value for value in values if value is not None]
    low, high = min(known), max(known)
    if low == high:
        low, high = low - (abs(low) * 0.01 or 1.0), high + (abs(high) * 0.01 or 1.0)
    left, bottom, top = 62.0, 18.0, height - 8.0
    step = (width - left - 6) / max(1, len(values) - 1)
    drawing = Drawing(width, height)
    for share in (0.0, 0.5, 1.0):
        y = bottom + share * (top - bottom)
        drawing.add(Line(left, y, width, y, strokeColor=_LINE, strokeWidth=0.4))
        label = formats.usd_short(_near(low + share * (high - low)))
        drawing.add(String(left - 5, y - 2.5, label, fontName=font, fontSize=7, fillColor=_SOFT, textAnchor="end"))
    run: list[float] = []
    for place, value in enumerate([*values, None]):
        if value is not None:
            run += [left + place * step, bottom + (value - low) / (high - low) * (top - bottom)]
            continue
        if len(run) > 2:
            drawing.add(PolyLine(run, strokeColor=_ACCENT, strokeWidth=1.3))
        elif run:
            drawing.add(_filled(run[0] - 0.8, run[1] - 0.8, 1.6, 1.6))
        run = []
    first, last = read.points[0].starts_at, read.points[-1].starts_at
    begins, ends = f"{first:%Y-%m-%d %H:%M} UTC", f"{last:%Y-%m-%d %H:%M} UTC"
    drawing.add(String(left, 4, begins, fontName=font, fontSize=7, fillColor=_SOFT, textAnchor="start"))
    drawing.add(String(width, 4, ends, fontName=font, fontSize=7, fillColor=_SOFT, textAnchor="end"))
    return drawing


def _filled(x: float, y: float, width: float, height: float) -> Rect:
    shape = Rect(x, y, width, height)
    shape.fillColor, shape.strokeColor = _ACCENT, None  # type: ignore[assignment]
    return shape


def _near(value: float) -> Decimal:

    return Decimal(repr(value))
