"""The small picture of a series that mails carry: PNG, since mail programs throw SVG away.

Drawn with Pillow, at four times its size and then made smaller, which is how Pillow gets smooth lines.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain.service import recent_base_fees
from backend.core.clock import utc_now
from backend.core.formats import gwei, usd
from backend.market.service import price_series

WIDTH, HEIGHT = 504, 132
HOURS_BACK = 24
MOST_POINTS = 160
_SCALE = 4
_PAPER, _LINE, _FILL, _WORDS, _RULE = "#ffffff", "#1d4ed8", "#e0e7ff", "#4b5563", "#e3e6eb"
_TOP, _BOTTOM, _SIDE = 26, 22, 10


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and what it shows, for those who do not see it."""

    png: bytes
    description: str


def may_have_picture(payload: Mapping[str, Any]) -> bool:
    """Return whether a message is about something that has a series."""
    event = payload.get("event")
    if not isinstance(event, Mapping) or not isinstance(payload.get("chainId"), int):
        return False
    is_price = event.get("price_usd") is not None and bool(event.get("token"))
    return is_price or str(event.get("metric") or "").startswith("gas.")


async def picture_of(session: AsyncSession, payload: Mapping[str, Any]) -> Picture | None:
    """Return the picture of what an alert is about: a token's price or a chain's base fee; None for other kinds.

    None too when there are fewer than three readings: a line through two says nothing.
    """
    event = payload.get("event") or {}
    chain_id = payload.get("chainId")
    if not isinstance(chain_id, int) or not isinstance(event, Mapping):
        return None
    since = utc_now() - timedelta(hours=HOURS_BACK)
    if event.get("price_usd") is not None and event.get("token"):
        series = await price_series(session, chain_id, str(event["token"]), since, MOST_POINTS)
        values = [point.price_usd for point in series]
        spoken = [usd(Decimal(str(value))) for value in (values[0], values[-1])] if values else []
        times = [point.taken_at for point in series]
    elif str(event.get("metric") or "").startswith("gas."):
        fees = [fee for fee in await recent_base_fees(session, chain_id, MOST_POINTS) if fee.base_fee_wei is not None]
        values = [(fee.base_fee_wei or 0) / 1e9 for fee in fees]
        spoken = [gwei(fee.base_fee_wei) for fee in (fees[0], fees[-1])] if fees else []
        times = [fee.taken_at for fee in fees]
    else:
        return None
    if len(values) < 3:
        return None
    first, last = spoken
    described = f"From {first} to {last} between {times[0]:%d %b %H:%M} and {times[-1]:%d %b %H:%M} UTC"
    seconds = [(moment - times[0]).total_seconds() for moment in times]
    return Picture(draw(list(zip(seconds, values, strict=True)), first, last, described), described)


def draw(points: Sequence[tuple[float, float]], first: str, last: str, below: str) -> bytes:
    """Return a PNG of a line through (time, value), oldest first, with what stands at its ends and below."""
    size = (WIDTH * _SCALE, HEIGHT * _SCALE)
    image = Image.new("RGB", size, _PAPER)
    pen = ImageDraw.Draw(image)
    places = _places(points)
    floor = (HEIGHT - _BOTTOM) * _SCALE
    pen.polygon([(places[0][0], floor), *places, (places[-1][0], floor)], fill=_FILL)
    pen.line([(_SIDE * _SCALE, floor), ((WIDTH - _SIDE) * _SCALE, floor)], fill=_RULE, width=_SCALE)
    pen.line(places, fill=_LINE, width=2 * _SCALE, joint="curve")
    x, y = places[-1]
    pen.ellipse([x - 3 * _SCALE, y - 3 * _SCALE, x + 3 * _SCALE, y + 3 * _SCALE], fill=_LINE)
    words, small = ImageFont.load_default(13 * _SCALE), ImageFont.load_default(11 * _SCALE)
    pen.text((_SIDE * _SCALE, 5 * _SCALE), first, fill=_WORDS, font=words)
    pen.text(((WIDTH - _SIDE) * _SCALE, 5 * _SCALE), last, fill=_LINE, font=words, anchor="ra")
    pen.text((_SIDE * _SCALE, (HEIGHT - _BOTTOM + 4) * _SCALE), below, fill=_WORDS, font=small)
    out = io.BytesIO()
    image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def _places(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return where points lie on the sheet; a series that never moved lies in the middle."""
    start, end = points[0][0], points[-1][0]
    low, high = min(value for _, value in points), max(value for _, value in points)
    wide, tall = (WIDTH - 2 * _SIDE) * _SCALE, (HEIGHT - _TOP - _BOTTOM - 6) * _SCALE
    found = []
    for moment, value in points:
        along = (moment - start) / (end - start) if end > start else 0.5
        up = (value - low) / (high - low) if high > low else 0.5
        found.append((_SIDE * _SCALE + along * wide, (_TOP + 3) * _SCALE + (1 - up) * tall))
    return found
