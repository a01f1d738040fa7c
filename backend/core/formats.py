"""How numbers, addresses and times read, in every page, message and export (English; other locales come later)."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from backend.core.money import plain

UNKNOWN = "—"
MINUS = "\u2212"


def usd(value: Decimal | None) -> str:
    """Return dollars with cents (`$1,234.50`), more places below a dollar, `—` when unknown."""
    if value is None:
        return UNKNOWN
    sign, magnitude = (MINUS if value < 0 else ""), abs(value)
    small = _significant(magnitude, 4)
    if magnitude == 0 or Decimal(small) >= 1:
        return f"{sign}${magnitude.quantize(Decimal('0.01'), ROUND_HALF_EVEN):,}"
    return f"{sign}${small}"


# What an amount in a currency begins with, and how many places its smallest coin has; others begin with their code.
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "CA$", "AUD": "A$", "INR": "₹"}
_COINS = {"JPY": 0}


def money(value: Decimal | None, currency: str) -> str:
    """Return an amount of money to its smallest coin (`€1,234.50`, `CHF 10.00`, `¥1,235`), `—` when unknown."""
    if value is None:
        return UNKNOWN
    places = _COINS.get(currency, 2)
    rounded = abs(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    sign = MINUS if value < 0 and rounded else ""
    return f"{sign}{_SIGNS.get(currency, f'{currency} ')}{rounded:,}"


def usd_short(value: Decimal | None) -> str:
    """Return dollars for tiles and axes: `$1.25M`, `$310.4K`, `$999.00`."""
    if value is None:
        return UNKNOWN
    sign, magnitude = (MINUS if value < 0 else ""), abs(value)
    for limit, suffix in ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 4, "K")):
        if magnitude >= limit:
            scale = limit if suffix != "K" else Decimal(1000)
            return f"{sign}${_trim(magnitude / scale, 2)}{suffix}"
    return usd(value)


def amount(value: Decimal | None, symbol: str = "") -> str:
    """Return a token amount with up to six significant decimals and its symbol: `1,250.5 UNI`."""
    if value is None:
        return UNKNOWN
    magnitude = abs(value)
    places = 2 if magnitude >= 1000 else 4 if magnitude >= 1 else None
    text = _significant(magnitude, 6) if places is None else _trim(magnitude, places)
    sign = MINUS if value < 0 else ""
    return f"{sign}{text} {symbol}".rstrip()


def percent(value: Decimal | None, *, signed: bool = True) -> str:
    """Return a percentage with two decimals and, unless told otherwise, its sign: `+2.31%`."""
    if value is None:
        return UNKNOWN
    rounded = abs(value).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    sign = MINUS if value < 0 and rounded else "+" if signed and value > 0 and rounded else ""
    return f"{sign}{rounded:,}%"


def gwei(value_wei: int | None) -> str:
    """Return a fee in gwei from wei: `12.4 gwei`."""
    return UNKNOWN if value_wei is None else f"{_significant(Decimal(value_wei) / 10**9, 4)} gwei"


def address(value: str) -> str:
    """Return a shortened address or hash: `0x1234…abcd`."""
    return value if len(value) <= 13 else f"{value[:6]}\u2026{value[-4:]}"


def number(value: int | None) -> str:
    """Return an integer with thousands separators, `—` when unknown."""
    return UNKNOWN if value is None else f"{value:,}"


def byte_size(size: int) -> str:
    """Return a size in its largest unit of 1,000 with up to one decimal: `12 B`, `3.4 MB`."""
    scaled, unit = Decimal(size), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if scaled < 1000:
            break
        scaled, unit = scaled / 1000, larger
    return f"{_trim(scaled, 1)} {unit}"


def duration(seconds: int) -> str:
    """Return a duration in its largest whole unit: `5 minutes`, `1 hour`, `7 days`."""
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {name}{'s' if count != 1 else ''}"
    return f"{seconds} second{'s' if seconds != 1 else ''}"


def iso(moment: datetime | None) -> str:
    """Return an instant as ISO 8601 in UTC with `Z`, which the browser turns into local and relative time."""
    return "" if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def untrusted_text(text: str, limit: int = 32) -> str:
    """Return a chain-supplied symbol or name fit to show: printable, one line, at most `limit` characters."""
    cleaned = "".join(ch for ch in text if ch.isprintable()).strip()
    return cleaned[:limit] or "?"


def _trim(value: Decimal, places: int) -> str:
    text = f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _significant(value: Decimal, digits: int) -> str:
    if value == 0:
        return "0"
    places = digits - 1 - value.adjusted()
    return plain(value.quantize(Decimal(1).scaleb(-max(places, 0)), ROUND_HALF_EVEN))
