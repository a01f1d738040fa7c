"""Bytes of a delimited file as records of cells: encoding, delimiter, quoted newlines, corrections. Pure.

Lines are kept as text and cut into cells whenever they are asked for: a hundred thousand rows as lists of strings
would be most of the memory of an import.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

DELIMITERS = (",", ";", "\t", "|")
HEADER_RECORDS = 40  # a header stands among the first records, below the lines that tell of the account
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)  # fmt: skip
_OTHER_FILES = (
    (b"PK\x03\x04", "This is a spreadsheet or a ZIP, not a CSV file: open it and save the sheet as CSV."),
    (b"%PDF", "This is a PDF, not a CSV file: download the CSV export instead."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel file: open it and save the sheet as CSV."),
    (b"\x1f\x8b", "This file is compressed: unpack it first."),
)
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


class NotATableError(ValueError):
    """The file is no table of text; the text says what to do."""


def decoded(content: bytes) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding. Raises NotATableError for what is no text."""
    for start, reason in _OTHER_FILES:
        if content.startswith(start):
            raise NotATableError(reason)
    if not content.strip(b" \t\r\n\x00"):
        raise NotATableError("The file is empty.")
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None) or _without_mark(content)
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, UnicodeError):
        encoding = "latin-1"
        text = content.decode(encoding)
    # No database keeps a NUL in a text: what is damaged is shown as damaged.
    return text.lstrip("\ufeff").replace("\x00", "\ufffd"), encoding


def _without_mark(content: bytes) -> str:
    sample = content[:4096]
    for place, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(sample) > 3 and sample[place::2].count(0) * 10 > len(sample) * 4:
            return name
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"  # what Excel writes in western Europe
    return "utf-8"


@dataclass(slots=True)
class Table:
    """The lines of a text, cut into records of cells. `reached` is the last line of the record yielded last."""

    lines: Sequence[str]
    delimiter: str
    corrections: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    broken: tuple[int, str] | None = None  # the line where cutting ended, and why
    reached: int = 0

    def records(self, start: int = 0, most: int | None = None) -> Iterator[tuple[int, list[str]]]:
        """Yield (number of its first line, cells) of every record from a line on that is not empty, as corrected."""
        reader = csv.reader(iter(self.lines[start:]) if start else iter(self.lines), delimiter=self.delimiter)
        corrections, count, before = self.corrections, 0, start
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self.broken = (before + 1, f"The file cannot be cut into cells here ({error}): is a quote not closed?")
                return
            line, before = before + 1, start + reader.line_num
            if not any(map(str.strip, cells)):
                continue
            if line in corrections:
                cells = _corrected(cells, corrections[line])
            self.reached = before
            yield line, cells
            count += 1
            if most is not None and count >= most:
                return

    def cells_at(self, line: int, last: int) -> list[str]:
        """Return the cells of the record that stands on lines `line` to `last`, as corrected."""
        cells = next(csv.reader(iter(self.lines[line - 1 : last]), delimiter=self.delimiter), [])
        return _corrected(cells, self.corrections[line]) if line in self.corrections else cells


def _corrected(cells: list[str], changes: Mapping[int, str]) -> list[str]:
    longest = max(changes, default=-1) + 1
    result = cells + [""] * (longest - len(cells))
    for place, text in changes.items():
        result[place] = text
    return result


def lines_of(text: str) -> list[str]:
    """Return the lines of a text with their ends (any of the three), as `csv` wants them."""
    return list(io.StringIO(text, newline=""))


def said_delimiter(lines: Sequence[str]) -> str | None:
    """Return the delimiter that Excel's first line `sep=;` names, if there is one."""
    found = _SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    return found.group(1) if found and found.group(1) in DELIMITERS else None


def probable_delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter that gives the most rows of one width above one."""

    def rating(delimiter: str) -> tuple[int, int]:
        widths = [len(cells) for _, cells in Table(lines[:HEADER_RECORDS], delimiter).records()]
        usual = max(set(widths), key=lambda each: (widths.count(each), each), default=0)
        return (widths.count(usual) if usual > 1 else 0, usual)

    return max(DELIMITERS, key=rating)


def once_each(headings: Sequence[str]) -> tuple[str, ...]:
    """Return the headings as they are shown, each once: an empty one by its place, a second of a name numbered."""
    seen: dict[str, int] = {}
    result: list[str] = []
    for place, raw in enumerate(headings, start=1):
        name = " ".join(raw.split()) or f"column {place}"
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return tuple(result)
