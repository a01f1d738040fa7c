"""The euro reference rates since 1999, as the European Central Bank publishes them: one CSV file, plain or in a ZIP.

https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip: a line a business day, newest first, `Date,USD,JPY,…,`; a
rate is what one euro buys. `N/A` stands where there was none.
"""

import csv
import io
import zipfile
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from backend.core.clock import utc_now
from backend.core.settings import Settings
from backend.market.ladder.client import Place, SourceClient
from backend.market.ladder.problems import SourceGarbageError

SOURCE = "European Central Bank"
CURRENCIES = ("USD", "GBP", "CAD", "AUD", "JPY", "CHF")
FIRST_DAY = date(1999, 1, 4)
_NO_RATE = frozenset({"", "N/A"})
_SMALLEST, _LARGEST = Decimal("0.0001"), Decimal(10) ** 7
_MOST_CSV_BYTES = 32 * 1024 * 1024
_TIMEOUT_SECONDS = 30.0
_REQUESTS_PER_MINUTE = 4.0


@dataclass(frozen=True, slots=True)
class EuroRate:
    """What one euro was worth in a currency on a business day."""

    day: date
    currency: str
    per_eur: Decimal


async def fetch_rates(settings: Settings) -> list[EuroRate]:
    """Return every published rate of our currencies. Raises SourceError."""
    client = SourceClient(ecb_place(settings))
    try:
        return await client.get("", {}, parse_rates)
    finally:
        await client.close()


def ecb_place(settings: Settings) -> Place:
    """Return where the rates are."""
    return Place("ecb", settings.ecb_rates_url, _REQUESTS_PER_MINUTE, _TIMEOUT_SECONDS)


def parse_rates(body: bytes) -> list[EuroRate]:
    """Return the rates of a CSV file or of the one in a ZIP. Raises SourceGarbageError when it is something else."""
    try:
        rows = list(csv.reader(io.StringIO(_csv(body).decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error, zipfile.BadZipFile, RuntimeError, EOFError):
        raise SourceGarbageError("the answer is no file of rates") from None
    header = [name.strip().upper() for name in rows[0]] if rows else []
    if not header or header[0] != "DATE" or not set(CURRENCIES) <= set(header):
        raise SourceGarbageError("the answer is no table of rates by day")
    columns = {currency: header.index(currency) for currency in CURRENCIES}
    tomorrow = utc_now().date() + timedelta(days=1)
    rates = []
    for row in rows[1:]:
        if not any(cell.strip() for cell in row):
            continue
        day = _day(row[0])
        if not FIRST_DAY <= day <= tomorrow:
            raise SourceGarbageError("a day cannot be true")
        rates += [EuroRate(day, currency, value) for currency, value in _values(row, columns)]
    if not rates:
        raise SourceGarbageError("the answer has no rates")
    return rates


def _csv(body: bytes) -> bytes:
    if not body.startswith(b"PK"):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
        if len(names) != 1:
            raise SourceGarbageError("the archive does not hold one CSV file")
        with archive.open(names[0]) as file:
            content = file.read(_MOST_CSV_BYTES + 1)
    if len(content) > _MOST_CSV_BYTES:
        raise SourceGarbageError("the file in the archive is too large")
    return content


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise SourceGarbageError("a line has no date") from None


def _values(row: list[str], columns: dict[str, int]) -> list[tuple[str, Decimal]]:
    found = []
    for currency, column in columns.items():
        text = row[column].strip() if column < len(row) else ""
        if text in _NO_RATE:
            continue
        try:
            value = Decimal(text)
        except InvalidOperation:
            raise SourceGarbageError("a rate is no number") from None
        if not value.is_finite() or not _SMALLEST <= value <= _LARGEST:
            raise SourceGarbageError("a rate cannot be true")
        found.append((currency, value))
    return found
