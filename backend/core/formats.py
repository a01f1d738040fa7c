"""How numbers, addresses and times read, in every page, message and export (English; other locales come later)."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal

from backend.core.money import plain

UNKNOWN = "—"
MINUS = "\u2212"
# The usual context has 28 digits: with it abs() rounds in silence, and quantize() refuses, what some tokens have.
_EXACT = Context(prec=200, rounding=ROUND_HALF_EVEN)
# What nobody could read digit by digit is shown as a magnitude; whatever shows it has the digits on hover.
MOST_AMOUNT, MOST_MONEY, MAGNITUDE_DIGITS = Decimal(10) ** 15, Decimal(10) ** 20, 6
_RAISED = str.maketrans("0123456789", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")


def usd(value: Decimal | None) -> str:
    """Return dollars with cents (`$1,234.50`), more places below a dollar, `—` when unknown."""
    if value is None:
        return UNKNOWN
    sign, magnitude = (MINUS if value < 0 else ""), value.copy_abs()
    if magnitude >= MOST_MONEY:
        return f"{sign}${_magnitude(magnitude)}"
    small = _significant(magnitude, 4)
    if magnitude == 0 or Decimal(small) >= 1:
        return f"{sign}${_rounded(magnitude, 2):,}"
    return f"{sign}${small}"


# What an amount in a currency begins with, and how many places its smallest coin has; others begin with their code.
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "CA$", "AUD": "A$", "INR": "₹"}
_COINS = {"JPY": 0}


def money(value: Decimal | None, currency: str) -> str:
    """Return an amount of money to its smallest coin (`€1,234.50`, `CHF 10.00`, `¥1,235`), `—` when unknown.

    What nobody could own (tokens with absurd prices) is shown as its magnitude, a power of ten.
    """
    if value is None:
        return UNKNOWN
    rounded = _rounded(value.copy_abs(), _COINS.get(currency, 2))
    text = f"{rounded:,}" if rounded < MOST_MONEY else _magnitude(rounded)
    sign = MINUS if value < 0 and rounded else ""
    return f"{sign}{_SIGNS.get(currency, f'{currency} ')}{text}"


def money_short(value: Decimal | None, currency: str) -> str:
    """Return money for axes: `€1.25M`, `$310.4K`, `CHF 999.00`."""
    if value is None:
        return UNKNOWN
    sign, magnitude = (MINUS if value < 0 else ""), value.copy_abs()
    scaled = _scaled(magnitude)
    return money(value, currency) if scaled is None else f"{sign}{_SIGNS.get(currency, f'{currency} ')}{scaled}"


def usd_short(value: Decimal | None) -> str:
    """Return dollars for tiles and axes: `$1.25M`, `$310.4K`, `$999.00`."""
    if value is None:
        return UNKNOWN
    sign, magnitude = (MINUS if value < 0 else ""), value.copy_abs()
    scaled = _scaled(magnitude)
    return usd(value) if scaled is None else f"{sign}${scaled}"


def amount(value: Decimal | None, symbol: str = "") -> str:
    """Return a token amount with up to six significant decimals and its symbol: `1,250.5 UNI`.

    From 10^15 on it is its magnitude, a power of ten.
    """
    if value is None:
        return UNKNOWN
    magnitude = value.copy_abs()
    places = 2 if magnitude >= 1000 else 4 if magnitude >= 1 else None
    if magnitude >= MOST_AMOUNT:
        text = _magnitude(magnitude)
    else:
        text = _significant(magnitude, 6) if places is None else _trim(magnitude, places)
    sign = MINUS if value < 0 else ""
    return f"{sign}{text} {symbol}".rstrip()


def percent(value: Decimal | None, *, signed: bool = True) -> str:
    """Return a percentage with two decimals and, unless told otherwise, its sign: `+2.31%`."""
    if value is None:
        return UNKNOWN
    rounded = _rounded(value.copy_abs(), 2)
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


def _scaled(magnitude: Decimal) -> str | None:
    """Return a number in thousands, millions or billions; None when it is too small or too large for that."""
    for limit, suffix in ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 4, "K")):
        if limit <= magnitude < MOST_MONEY:
            scale = limit if suffix != "K" else Decimal(1000)
            return f"{_trim(magnitude / scale, 2)}{suffix}"
    return None


def _rounded(value: Decimal, places: int) -> Decimal:
    return _EXACT.quantize(value, Decimal(1).scaleb(-places))


def _trim(value: Decimal, places: int) -> str:
    text = f"{_rounded(value, places):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _significant(value: Decimal, digits: int) -> str:
    if value == 0:
        return "0"
    return plain(_rounded(value, max(digits - 1 - value.adjusted(), 0)))


def _magnitude(value: Decimal) -> str:
    """Return a large number to six digits, times a power of ten."""
    digits = Context(prec=MAGNITUDE_DIGITS, rounding=ROUND_HALF_EVEN).plus(value)
    power = digits.adjusted()
    return f"{plain(digits.scaleb(-power))} \u00d7 10{str(power).translate(_RAISED)}"
