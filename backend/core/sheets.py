"""Files of rows: CSV that spreadsheets open safely, and JSON, both in chunks."""

import csv
import io
import re
from collections.abc import AsyncIterator, Sequence

import orjson

from backend.core.schemas import ApiModel

_ROWS_PER_CHUNK = 200
# What makes a spreadsheet take a cell for a formula (OWASP, CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")


def safe_cell(value: object) -> str:
    """Return a value as text that no spreadsheet runs as a formula; None is empty, a plain number stays one."""
    text = "" if value is None else str(value)
    if _NUMBER.fullmatch(text):
        return text
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


async def csv_file(columns: Sequence[str], rows: AsyncIterator[Sequence[object]]) -> AsyncIterator[bytes]:
    """Yield a CSV file (UTF-8 with byte-order mark, CRLF, header) in chunks, every cell safe for spreadsheets."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow(columns)
    waiting = 0
    async for row in rows:
        writer.writerow([safe_cell(value) for value in row])
        waiting += 1
        if waiting >= _ROWS_PER_CHUNK:
            yield _drained(buffer)
            waiting = 0
    yield _drained(buffer)


async def json_file(items: AsyncIterator[ApiModel]) -> AsyncIterator[bytes]:
    """Yield a JSON array of what the API answers, in chunks."""
    parts: list[bytes] = []
    before = b"["
    async for item in items:
        parts.append(before + orjson.dumps(item.model_dump(mode="json", by_alias=True)))
        before = b",\n"
        if len(parts) >= _ROWS_PER_CHUNK:
            yield b"".join(parts)
            parts = []
    yield b"".join(parts) + (b"]\n" if before != b"[" else b"[]\n")


def _drained(buffer: io.StringIO) -> bytes:
    data = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return data
