"""The PDF report: figures, allocation and value over time as vectors, holdings and activity, each with source and time.

Made in memory with reportlab. Texts from chains are untrusted: they are escaped, shortened, and what the font has no
sign for is a question mark.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import reportlab
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from backend.chain.registry import chain_name
from backend.core import formats
from backend.core.formats import untrusted_text
from backend.core.money import token_amount
from backend.portfolio.exporting import pdf_charts, rows
from backend.portfolio.exporting.content import Content
from backend.portfolio.exporting.files import holdings, report_rows
from backend.portfolio.overview import chain_reads
from backend.portfolio.reading import TokenFacts
from backend.portfolio.schemas import AssetRead

MOST_ROWS = 1_000
MOST_EVENTS = 300
FONT, BOLD = "PremiumVera", "PremiumVeraBold"
INK, SOFT, LINE, ACCENT = (colors.HexColor(code) for code in (0x11151D, 0x5A6472, 0xD5DAE2, 0x3451D1))
WARN = colors.HexColor(0x8A5A00)
TITLES = {"assets": "Holdings", "history": "Value over time", "report": "Portfolio report", "activity": "Activity"}
_TEXT = ParagraphStyle("text", fontName=FONT, fontSize=8.5, leading=12, textColor=INK)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=7, leading=9.5, textColor=SOFT)
_CELL = ParagraphStyle("cell", parent=_TEXT, fontSize=6.8, leading=8.6)
_NUMBER = ParagraphStyle("number", parent=_CELL, alignment=2)
_HEAD = ParagraphStyle("head", parent=_CELL, fontName=BOLD, textColor=SOFT)
_TITLE = ParagraphStyle("title", parent=_TEXT, fontName=BOLD, fontSize=18, leading=22)
_SECTION = ParagraphStyle("section", parent=_TEXT, fontName=BOLD, fontSize=11, leading=15, spaceBefore=12, spaceAfter=4)
_WARN = ParagraphStyle("warn", parent=_TEXT, textColor=WARN)


def as_pdf(content: Content, *, compress: bool = True) -> bytes:
    """Return the report as a PDF. It computes: run it in a thread."""
    _fonts()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=landscape(A4),
        leftMargin=14 * mm,
        rightMargin=14 * mm,
        topMargin=16 * mm,
        bottomMargin=16 * mm,
        title=TITLES[content.what],
        author="Premium",
        pageCompression=1 if compress else 0,
        invariant=1,
    )
    width = document.width
    parts: list[Flowable] = [Paragraph(TITLES[content.what], _TITLE), _as_of(content), Spacer(1, 4)]
    if content.snapshot is None and content.what in ("assets", "report"):
        parts.append(_said("There is no snapshot yet: nothing is known of what the wallets hold.", _WARN))
    if content.what == "report":
        parts += _figures(content, width) + _allocation(content, width)
    if content.history is not None:
        parts += _course(content, width)
    if content.snapshot is not None:
        parts += _chains(content, width) + _assets(content, width)
    if content.what in ("activity", "report"):
        parts += _activity(content, width)
    frame = _Frame(content)
    document.build(parts, onFirstPage=frame, onLaterPages=frame)
    return out.getvalue()


class _Frame:
    """What stands around every page: whose market it is, when it was made, its number."""

    def __init__(self, content: Content) -> None:
        self._made = _instant(content.made_at)
        self._is_demo = content.is_demo

    def __call__(self, canvas: Any, document: Any) -> None:
        """Draw it."""
        canvas.saveState()
        width, height = document.pagesize
        if self._is_demo:
            canvas.setFillColor(colors.HexColor(0xFFF1D6))
            canvas.roundRect(width - 50 * mm, height - 12 * mm, 36 * mm, 6 * mm, 2, stroke=0, fill=1)
            canvas.setFillColor(WARN)
            canvas.setFont(BOLD, 8)
            canvas.drawCentredString(width - 32 * mm, height - 10.2 * mm, "Demo market")
        canvas.setFillColor(SOFT)
        canvas.setFont(FONT, 7)
        canvas.drawString(14 * mm, 9 * mm, f"Made {self._made}. Unknown is shown as \u2014 and is in no sum.")
        canvas.drawRightString(width - 14 * mm, 9 * mm, f"Page {canvas.getPageNumber()}")
        canvas.restoreState()


def _as_of(content: Content) -> Flowable:
    if content.snapshot is None:
        return _said(f"Range {content.range}. Made {_instant(content.made_at)}.", _SMALL)
    complete = "complete" if content.snapshot.is_complete else "incomplete: of what is known"
    return _said(f"As of {_instant(content.snapshot.taken_at)}, {complete}. {rows.TOTAL_SOURCE}.", _SMALL)


def _figures(content: Content, width: float) -> list[Flowable]:
    lines = []
    for name, value, unit, as_of, source in report_rows(content):
        shown = formats.UNKNOWN if value is None else str(value)
        if value is None:
            unit = ""
        elif unit == "USD":
            shown, unit = formats.usd(_decimal(shown)), ""
        lines.append([str(name), f"{shown} {unit}".strip(), _short_instant(str(as_of or "")), str(source)])
    found: list[Flowable] = [Paragraph("Figures", _SECTION)]
    found.append(_table(("Figure", "Value", "As of", "Source"), lines, (0.24, 0.34, 0.14, 0.28), width, numbers=()))
    return found


def _allocation(content: Content, width: float) -> list[Flowable]:
    if content.snapshot is None or content.snapshot.total_value_usd <= 0:
        return []
    return [
        Paragraph("Allocation", _SECTION),
        pdf_charts.allocation_bars(content.snapshot, width, FONT, clean),
        _said("Share of the known value by asset. Sums to 100 %.", _SMALL),
    ]


def _course(content: Content, width: float) -> list[Flowable]:
    read = content.history
    assert read is not None
    known = [
        (point.taken_at, point.value_usd) for point in read.points if point.taken_at and point.value_usd is not None
    ]
    found: list[Flowable] = [Paragraph(f"Value over time, {read.range}", _SECTION)]
    if len(known) < 2:
        found.append(_said("Less than two snapshots in this time: there is no line to draw.", _TEXT))
    else:
        found.append(pdf_charts.value_line(read, width, FONT))
    found.append(_said(f"US dollars. Source: {read.source}. Steps without a snapshot are left open.", _SMALL))
    if content.what == "history":
        lines = [
            [
                _instant(point.starts_at),
                formats.usd(point.value_usd),
                formats.usd(point.min_usd),
                formats.usd(point.max_usd),
                formats.usd(point.net_flow_usd),
                _instant(point.taken_at),
            ]
            for point in reversed(read.points[-MOST_ROWS:])
        ]
        heads = ("Step", "Value", "Least", "Most", "Came in less went out", "Taken at")
        found.append(_table(heads, lines, (0.18, 0.16, 0.16, 0.16, 0.16, 0.18), width, numbers=(1, 2, 3, 4)))
    return found


def _chains(content: Content, width: float) -> list[Flowable]:
    assert content.snapshot is not None
    lines = [
        [each.chain, formats.usd(each.value_usd), each.state, formats.number(each.block_number),
         _instant(each.taken_at), untrusted_text(each.problem, 120) if each.problem else ""]
        for each in chain_reads(content.snapshot)
    ]  # fmt: skip
    heads = ("Chain", "Value", "State", "Block", "Read at", "What is wrong")
    table = _table(heads, lines, (0.16, 0.14, 0.1, 0.12, 0.16, 0.32), width, numbers=(1, 3))
    return [Paragraph("Chains", _SECTION), table]


def _assets(content: Content, width: float) -> list[Flowable]:
    found = holdings(content)
    lines = [_asset_line(each) for each in found.items[:MOST_ROWS]]
    heads = ("Asset", "Chain, block", "Wallet", "Amount", "Price", "Value", "Share", "Source of price, as of")
    shares = (0.11, 0.13, 0.11, 0.13, 0.09, 0.11, 0.07, 0.25)
    parts: list[Flowable] = [
        Paragraph(f"Holdings ({len(found.items):,})", _SECTION),
        _table(heads, lines, shares, width, numbers=(3, 4, 5, 6)),
    ]
    if len(found.items) > MOST_ROWS:
        parts.append(_said(f"{len(found.items) - MOST_ROWS:,} more are in the CSV and JSON exports.", _SMALL))
    return parts


def _asset_line(each: AssetRead) -> list[str]:
    symbol = untrusted_text(each.symbol, 20) if each.symbol else formats.address(each.token)
    where = f"{symbol} \u00b7 {untrusted_text(each.protocol, 24)}" if each.protocol else symbol
    source = ""
    if each.price_source:
        detail = f", {untrusted_text(each.price_detail, 70)}" if each.price_detail else ""
        source = f"{untrusted_text(each.price_source, 40)}{detail}, {_instant(each.price_taken_at)}"
    return [
        where,
        f"{each.chain}, {formats.number(each.block_number)}",
        formats.address(each.wallet),
        formats.amount(each.amount),
        formats.usd(each.price_usd),
        formats.usd(each.value_usd),
        formats.percent(each.share_pct, signed=False),
        source or "No source has a price for it",
    ]


def _activity(content: Content, width: float) -> list[Flowable]:
    parts: list[Flowable] = [Paragraph(f"Activity ({content.event_count:,}), {content.range}", _SECTION)]
    if not content.events:
        parts.append(_said("Nothing is known to have happened in this time.", _TEXT))
    lines = [
        [
            _instant(event.happened_at),
            event.kind.value.replace("_", " "),
            chain_name(event.chain_id),
            untrusted_text(event.protocol, 24) if event.protocol else "",
            "; ".join(
                _leg(leg.amount_raw, content.facts.get((event.chain_id, leg.token)), leg.token, leg.token_id)
                for leg in event.legs[:6]
            ),
            formats.address(event.tx_hash),
        ]
        for event in content.events
    ]
    if lines:
        heads = ("When", "What", "Chain", "Protocol", "Amounts", "Transaction")
        parts.append(_table(heads, lines, (0.15, 0.1, 0.13, 0.13, 0.37, 0.12), width, numbers=()))
    if content.event_count > len(content.events):
        more = content.event_count - len(content.events)
        parts.append(_said(f"The newest; {more:,} more are in the CSV and JSON exports.", _SMALL))
    read = [f"{chain_name(each.chain_id)} blocks {each.from_block:,} to {each.to_block:,}" for each in content.coverage]
    parts.append(_said("Read so far: " + ("; ".join(dict.fromkeys(read)) or "nothing yet") + ".", _SMALL))
    return parts


def _leg(amount_raw: int, about: TokenFacts | None, token: str, token_id: int | None) -> str:
    symbol = untrusted_text(about.symbol, 16) if about is not None and about.symbol else formats.address(token)
    sign = "+" if amount_raw > 0 else ""
    if token_id is not None:
        return f"{sign}{amount_raw} {symbol} #{str(token_id)[:12]}"
    if about is None or about.decimals is None:
        return f"{sign}{amount_raw} units of {symbol}"
    return f"{sign}{formats.amount(token_amount(amount_raw, about.decimals), symbol)}"


def _table(
    heads: Sequence[str], lines: Sequence[Sequence[str]], shares: Sequence[float], width: float, numbers: Sequence[int]
) -> Table:
    body = [[Paragraph(clean(head), _HEAD) for head in heads]]
    body += [
        [Paragraph(clean(text), _NUMBER if place in numbers else _CELL) for place, text in enumerate(line)]
        for line in lines
    ]
    table = Table(body, colWidths=[share * width for share in shares], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ]
        )
    )
    return table


def _said(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(clean(text), style)


def clean(text: str) -> str:
    """Return a text as a paragraph takes it: escaped, and without signs that the font does not have."""
    known = _fonts().face.charToGlyph
    return escape("".join(sign if ord(sign) in known else "?" for sign in text))


@lru_cache(maxsize=1)
def _fonts() -> TTFont:
    folder = Path(reportlab.__file__).with_name("fonts")
    plain, bold = TTFont(FONT, str(folder / "Vera.ttf")), TTFont(BOLD, str(folder / "VeraBd.ttf"))
    pdfmetrics.registerFont(plain)
    pdfmetrics.registerFont(bold)
    return plain


def _instant(moment: datetime | None) -> str:
    return formats.UNKNOWN if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _short_instant(text: str) -> str:
    return _instant(datetime.fromisoformat(text)) if text else ""


def _decimal(text: str) -> Decimal:

    return Decimal(text)
