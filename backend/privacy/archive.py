"""The file of an export: a ZIP with a JSON and a CSV file for each table, and a README that says what they are."""

import asyncio
import contextlib
import csv
import io
import tempfile
import zipfile
from typing import IO, Any, Self

import orjson

from backend.core.clock import utc_now
from backend.core.formats import iso
from backend.core.sheets import FORMULA_STARTS

_SPOOL_BYTES = 8 * 1024 * 1024
_README = """Your data
=========

Everything we hold about {who}, as of {when}.

For each kind of data there is a JSON file (one array of objects) and a CSV file (UTF-8, comma, with a header) with the
same rows. Times are in UTC. Where a CSV cell holds a list or an object it is written as JSON; a cell that a spreadsheet
might take for a formula begins with an apostrophe.

Not in here: your password and the secrets of sessions, keys and second factors, of which we keep only hashes or
encrypted copies, and earlier exports. The file was made once and is deleted from our servers on {until}.

{tables}
"""


class Archive:
    """Writes the ZIP into a temporary file; compression runs in a thread, so that the process stays responsive."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 - closed by `close`
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=3)
        self._counts: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(ValueError, OSError):  # one that was broken off cannot be closed well
            self._zip.close()
        self._file.close()

    async def add_table(self, name: str, columns: tuple[str, ...], batches: Any) -> int:
        """Write a table's two files from an asynchronous iterator of row batches; return how many rows there were."""
        count = 0
        with tempfile.TemporaryFile() as as_json, tempfile.TemporaryFile() as as_csv:
            as_json.write(b"[")
            as_csv.write(b"\xef\xbb\xbf" + _csv([list(columns)]))
            async for rows in batches:
                await asyncio.to_thread(_write, rows, columns, as_json, as_csv, count == 0)
                count += len(rows)
            as_json.write(b"\n]\n")
            await asyncio.to_thread(self._take, name, as_json, as_csv)
        self._counts[name] = count
        return count

    def _take(self, name: str, as_json: IO[bytes], as_csv: IO[bytes]) -> None:
        for ending, source in (("json", as_json), ("csv", as_csv)):
            source.seek(0)
            with self._zip.open(f"{name}.{ending}", "w", force_zip64=True) as sink:
                while chunk := source.read(1024 * 1024):
                    sink.write(chunk)

    def finish(self, who: str, until: str) -> IO[bytes]:
        """Write the README, close the ZIP and return the file, at its beginning."""
        tables = "\n".join(f"{name:<28}{count:>10,} rows" for name, count in self._counts.items())
        readme = _README.format(who=who, when=iso(utc_now()), until=until, tables=tables)
        self._zip.writestr("README.txt", readme)
        self._zip.close()
        self._file.seek(0)
        return self._file


def _write(
    rows: list[dict[str, Any]], columns: tuple[str, ...], as_json: IO[bytes], as_csv: IO[bytes], first: bool
) -> None:
    for row in rows:
        as_json.write((b"\n" if first else b",\n") + orjson.dumps(row, default=_plain))
        first = False
    as_csv.write(_csv([[_cell(row[name]) for name in columns] for row in rows]))


def _csv(rows: list[list[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return orjson.dumps(value, default=_plain).decode()
    content = str(value)
    return f"'{content}" if isinstance(value, str) and content.startswith(FORMULA_STARTS) else content


def _plain(value: Any) -> str:
    return str(value)
