"""The S&P 500 from a CSV file of daily closes, as FRED publishes its series `SP500`: a date and a number a line.

A close is of 16:00 in New York, hence before the UTC midnight that ends its day. Days without trading have no line, or
one without a number.
"""

import csv
import io
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from backend.core.clock import now_seconds
from backend.market.engine.grid import Observation, Step
from backend.market.ladder.client import SourceClient
from backend.market.ladder.platforms import NO_CHAIN, SP500
from backend.market.ladder.port import Key
from backend.market.ladder.problems import SourceGarbageError

KEEP_SECONDS = 3_600
_CLOSE = time(16, 0)
_NEW_YORK = ZoneInfo("America/New_York")
_NO_VALUE = frozenset({"", ".", "N/A", "NA"})
_SMALLEST, _LARGEST = Decimal(1), Decimal(10) ** 7


class StockIndex:
    """Implements HistorySource for the S&P 500 by day; in index points, which stand for dollars in a benchmark."""

    name = "sp500"
    label = "S&P 500 (FRED)"

    def __init__(self, client: SourceClient) -> None:
        self._client = client
        self._kept: tuple[float, list[Observation]] | None = None

    def covers(self, key: Key) -> bool:
        """True for the index alone."""
        return key == (NO_CHAIN, SP500)

    async def history(self, key: Key, start: int, end: int, step: Step) -> list[Observation]:
        """Return its closes, for days only: nobody publishes it by the hour for nothing. Raises SourceError."""
        if not self.covers(key) or step is not Step.DAY:
            return []
        if self._kept is None or now_seconds() - self._kept[0] >= KEEP_SECONDS:
            self._kept = now_seconds(), await self._client.get("", {}, parse_closes)
        width = step.tolerance_seconds
        return [each for each in self._kept[1] if start - width <= each.taken_at <= end + width]


def parse_closes(body: bytes) -> list[Observation]:
    """Return the closes of a CSV file with a header. Raises SourceGarbageError when it is something else."""
    try:
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise SourceGarbageError("the answer is no CSV") from None
    if len(rows) < 2 or len(rows[0]) != 2 or rows[0][0].strip().lower() not in ("observation_date", "date"):
        raise SourceGarbageError("the answer is no series of dates and values")
    now = now_seconds()
    closes = []
    for row in rows[1:]:
        if not row or (len(row) == 2 and row[1].strip() in _NO_VALUE):
            continue
        try:
            day, value = date.fromisoformat(row[0]), Decimal(row[1])
        except (IndexError, ValueError, InvalidOperation):
            raise SourceGarbageError("a line is no date and value") from None
        if not value.is_finite() or not _SMALLEST <= value <= _LARGEST:
            raise SourceGarbageError("a value cannot be true")
        taken_at = int(datetime.combine(day, _CLOSE, _NEW_YORK).timestamp())
        if taken_at <= now:
            closes.append(Observation(taken_at, value))
    if not closes:
        raise SourceGarbageError("the answer has no values")
    return closes
