"""The door of reading files: `detect` says which file it is, `read_file` reads it. Pure.

Nothing is guessed in silence: what cannot be read is a problem of its line, with what to do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from types import MappingProxyType
from uuid import UUID

from backend.core.garbage import no_search_for_cycles
from backend.tax.files.formats import Format, Match, Source, best_match
from backend.tax.files.mapped import checked, columns_of, day_first_of, decimal_mark_of, places_in
from backend.tax.files.numbers import decimal_mark
from backend.tax.files.readings import Readings
from backend.tax.files.records import Detected, FileRead, RowProblem, SourceInfo
from backend.tax.files.rows import Rows
from backend.tax.files.sheet import Sheet
from backend.tax.files.sources import ALL_SOURCES
from backend.tax.files.sources.generic import GENERIC, GENERIC_FORMAT
from backend.tax.files.table import (
    DELIMITERS,
    HEADER_RECORDS,
    NotATableError,
    Table,
    decoded,
    lines_of,
    once_each,
    probable_delimiter,
    said_delimiter,
)
from backend.tax.files.times import TimeStyle, day_is_first, is_midnight, zone_named

_BY_KEY = {source.key: source for source in ALL_SOURCES}
SOURCES: Mapping[str, SourceInfo] = MappingProxyType({source.key: source.info for source in ALL_SOURCES})
_ENOUGH_POINTS = 10_000  # numbers with a point and no comma: more of them show nothing new
_SURE_STRANGERS = 2  # headings that a format does not know: exchanges add some over the years


def detect(content: bytes, file_name: str) -> Detected:
    """Return which file it seems to be: its source, headings, delimiter and encoding. Never raises.

    A file that is no table has no columns; one that no source is known for is `generic`, not sure: it needs a mapping.
    """
    try:
        text, encoding = decoded(content)
    except NotATableError:
        return Detected(
            source=GENERIC.key, title=GENERIC.info.title, columns=(), delimiter=",", encoding="", is_sure=False
        )  # fmt: skip
    header = _header(lines_of(text), ALL_SOURCES)
    match = header.match
    source = match.source if match else _named_in(file_name)
    return Detected(
        source=source.key,
        title=source.info.title,
        columns=once_each(header.cells),
        delimiter=header.table.delimiter,
        encoding=encoding,
        is_sure=match is not None and match.strangers <= _SURE_STRANGERS,
    )


def read_file(
    content: bytes,
    source: str,
    *,
    account: str,
    user_id: UUID,
    import_id: UUID | None = None,
    timezone: str = "UTC",
    mapping: Mapping[str, str] | None = None,
    corrections: Mapping[int, Mapping[str, str]] | None = None,
) -> FileRead:
    """Return everything that a file of a source says. Never raises for what stands in the file.

    `account` names the wallet of lines that name none. `timezone` is that of times without a zone, where the source
    does not always write UTC. `mapping` is meaning (of `generic.MEANINGS`) -> column, and may hold the OPTIONS of
    `mapped`; `corrections` are cells by line and column. Ids are the same with and without corrections.
    Raises ValueError for a source, zone, meaning or column that there is not.
    """
    if source not in _BY_KEY:
        raise ValueError(f"There is no source {source[:40]}")
    checked(mapping or {})
    job = _Job(_BY_KEY[source], account, user_id, import_id, zone_named(timezone), mapping or {})
    try:
        text, _ = decoded(content)
    except NotATableError as error:
        return _nothing((), 1, str(error))
    lines = lines_of(text)
    known = job.read(lines, {}).ids() if corrections else None
    return job.read(lines, corrections or {}, known).result()


@dataclass(frozen=True, slots=True)
class _Header:
    """The record that has the headings, and what it fits."""

    table: Table
    line: int  # its last line
    cells: list[str]
    match: Match | None


@dataclass(frozen=True, slots=True)
class _Done:
    sheet: Sheet | None
    readings: Readings
    columns: tuple[str, ...]

    def ids(self) -> dict[tuple[int, ...], list[UUID]]:
        return self.readings.ids_by_lines()

    def result(self) -> FileRead:
        if self.sheet is not None and self.sheet.table.broken is not None:
            self.readings.refuse_line(self.sheet.table.broken[0], None, self.sheet.table.broken[1])
        order = sorted(range(len(self.readings.problems)), key=lambda at: (self.readings.problems[at].line, at))
        return FileRead(
            columns=self.columns,
            rows=() if self.sheet is None else Rows(self.sheet, self.readings),
            transactions=tuple(self.readings.transactions),
            problems=tuple(self.readings.problems[at] for at in order),
        )


@dataclass(frozen=True, slots=True)
class _Job:
    """What a file is read for, and how."""

    source: Source
    account: str
    user_id: UUID
    import_id: UUID | None
    zone: tzinfo
    mapping: Mapping[str, str]

    def read(
        self, lines: list[str], corrections: Mapping[int, Mapping[str, str]],
        known: Mapping[tuple[int, ...], list[UUID]] | None = None,
    ) -> _Done:  # fmt: skip
        """Return what is read of lines, as corrected."""
        info = self.source.info
        out = Readings(self.user_id, self.source.key, info.title, self.account, self.import_id, known)
        mapped = columns_of(self.mapping)
        header = _mapped_header(lines, mapped) if mapped else _header(lines, (self.source,))
        if header.match is None:
            out.refuse_line(header.line, None, _no_header(self.source, mapped))
            return _Done(None, out, once_each(header.cells))
        sheet = self._sheet(header, corrections)
        with no_search_for_cycles():
            header.match.format.read(sheet, out)
            out.in_order_of_lines()
        return _Done(sheet, out, sheet.columns)

    def _sheet(self, header: _Header, corrections: Mapping[int, Mapping[str, str]]) -> Sheet:
        match = header.match
        assert match is not None
        columns = once_each(header.cells)
        header.table.corrections = {line: _by_place(cells, columns) for line, cells in corrections.items()}
        sheet = Sheet(header.table, header.line, columns, match.places, own_names=match.source.own_names)
        numbers, dates, only_days = _telling(sheet, match.format)
        sheet.mark = decimal_mark_of(self.mapping) or decimal_mark(numbers, header.table.delimiter)
        day_first = day_first_of(self.mapping)
        if day_first is None:
            day_first = match.format.day_first
        if day_first is None:
            day_first = day_is_first(dates)
        zone = match.format.zone
        sheet.times = TimeStyle(zone or self.zone, day_first, match.format.short_years, only_days and zone is None)
        return sheet


def _by_place(cells: Mapping[str, str], columns: tuple[str, ...]) -> dict[int, str]:
    unknown = [column for column in cells if column not in columns]
    if unknown:
        raise ValueError(f"There is no column {unknown[0][:40]}")
    return {columns.index(column): text for column, text in cells.items()}


def _telling(sheet: Sheet, format_: Format) -> tuple[set[str], set[str], bool]:
    """Return the numbers and dates of a file that may show its conventions, in one pass: few in most files.

    And whether all of its times are midnight: then they are dates.
    """
    number_places = [sheet.places[each] for each in format_.numbers if each in sheet.places]
    date_places = [sheet.places[each] for each in format_.dates if each in sheet.places]
    numbers: set[str] = set()
    dates: set[str] = set()
    points = 0
    only_days = True
    for _, cells in sheet.table.records(sheet.header_line):
        width = len(cells)
        for place in number_places:
            if place < width:
                text = cells[place]
                if "," in text or (points < _ENOUGH_POINTS and "." in text):
                    numbers.add(text)
                    points += "," not in text
        for place in date_places:
            if place < width:
                text = cells[place]
                if text[4:5] != "-":
                    dates.add(text)
                only_days = only_days and is_midnight(text)
    return numbers, dates, only_days


def _tables(lines: list[str]) -> list[Table]:
    said = said_delimiter(lines)
    return [Table(lines, delimiter) for delimiter in ((said,) if said else DELIMITERS)]


def _header(lines: list[str], sources: Sequence[Source]) -> _Header:
    """Return the record among the first that fits a format of the sources best, else the widest one."""
    best: _Header | None = None
    for table in _tables(lines):
        for _, cells in table.records(most=HEADER_RECORDS):
            match = best_match(cells, sources)
            if match and (best is None or best.match is None or match.score > best.match.score):
                best = _Header(table, table.reached, cells, match)
    return best or _widest(lines)


def _widest(lines: list[str]) -> _Header:
    table = Table(lines, said_delimiter(lines) or probable_delimiter(lines))
    found = [(table.reached, cells) for _, cells in table.records(most=HEADER_RECORDS)]
    line, cells = max(found, key=lambda each: (sum(1 for cell in each[1] if cell.strip()), -each[0]), default=(1, []))
    return _Header(table, line, cells, None)


def _mapped_header(lines: list[str], mapped: Mapping[str, str]) -> _Header:
    """Return the first record that has all columns of a mapping."""
    for table in _tables(lines):
        for _, cells in table.records(most=HEADER_RECORDS):
            places = places_in(mapped, once_each(cells))
            if places is not None and len(cells) > 1:
                return _Header(table, table.reached, cells, Match(GENERIC, GENERIC_FORMAT, places, 0, 0))
    return _widest(lines)


def _no_header(source: Source, mapped: Mapping[str, str]) -> str:
    if mapped:
        return "The file has no line with all the columns of the mapping: choose them again."
    wanted = " or ".join(f"{each.name} ({', '.join(_needed(each))})" for each in source.formats)
    return f"No line has the headings of {source.info.title}: {wanted}. Choose another source, or map the columns."


def _needed(format_: Format) -> list[str]:
    return [text.split("|")[0] for name, text in format_.columns.items() if not name.endswith("?")]


def _named_in(file_name: str) -> Source:
    """Return the source that a file's name names; the generic one if it names none."""
    name = file_name.casefold()
    return next((each for each in ALL_SOURCES if each.key.replace("_", "") in name.replace("_", "")), GENERIC)


def _nothing(columns: tuple[str, ...], line: int, reason: str) -> FileRead:
    return FileRead(columns, (), (), (RowProblem(line, None, reason, is_fatal=True),))
