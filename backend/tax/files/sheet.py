"""A table under the headings of one format: cells by what they mean, read by the conventions of the file. Pure."""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase

from backend.tax.files.assets import Asset, asset_of
from backend.tax.files.numbers import Mark, number
from backend.tax.files.records import CellError
from backend.tax.files.table import Table
from backend.tax.files.times import TimeStyle, moment

_TOTALS = frozenset({"total", "totals", "sum", "subtotal", "grand total", "summe", "total:", "totals:"})


def heading(text: str) -> str:
    """Return a heading in lower case, spaces and underscores the same, to compare it."""
    return " ".join(text.replace("\ufeff", "").replace("_", " ").strip(" \t\r\n\"'").split()).casefold()


def places_of(columns: Mapping[str, str], headings: Sequence[str]) -> dict[str, int] | None:
    """Return where each meaning stands, None if one that must be there is not.

    `columns`: meaning (with `?` at its end if it may be missing) -> headings it may have, split by `|`, `*` for any
    text; `#2` after a name is the second column of that name.
    """
    names = [heading(each) for each in headings]
    found: dict[str, int] = {}
    for meaning, text in columns.items():
        place = next((at for each in text.split("|") if (at := _place(each, names)) is not None), None)
        if place is not None:
            found[meaning.rstrip("?")] = place
        elif not meaning.endswith("?"):
            return None
    return found


def _place(name: str, names: Sequence[str]) -> int | None:
    name, _, nth = name.partition("#")
    if "*" in name:
        places = [at for at, each in enumerate(names) if fnmatchcase(each, name)]
    else:
        places = [at for at, each in enumerate(names) if each == name]
    index = int(nth or 1) - 1
    return places[index] if index < len(places) else None


@dataclass(slots=True)
class Sheet:
    """The records below a header. `places` says where a meaning stands, `columns` how a column is shown.

    `own_names` undoes an exchange's names of assets; `assets` and `currencies` remember what was read already, `starts`
    and `ends` on which lines every record begins and ends.
    """

    table: Table
    header_line: int
    columns: tuple[str, ...]
    places: dict[str, int]
    mark: Mark | None = "."
    times: TimeStyle = field(default_factory=TimeStyle)
    own_names: Callable[[str], str] | None = None
    assets: dict[str, Asset] = field(default_factory=dict)
    currencies: dict[str, str] = field(default_factory=dict)
    starts: "array[int]" = field(default_factory=lambda: array("L"))
    ends: "array[int]" = field(default_factory=lambda: array("L"))

    def lines(self) -> Iterator["Line"]:
        """Yield every line below the header, with as many cells as there are columns at least."""
        del self.starts[:], self.ends[:]
        width, table = len(self.columns), self.table
        for number_, cells in table.records(self.header_line):
            self.starts.append(number_)
            self.ends.append(table.reached)
            stripped = list(map(str.strip, cells))
            if len(stripped) < width:
                stripped.extend([""] * (width - len(stripped)))
            yield Line(number_, stripped, self)

    def column(self, meaning: str | None) -> str | None:
        """Return how the column of a meaning is called in the file."""
        place = self.places.get(meaning) if meaning else None
        return self.columns[place] if place is not None and place < len(self.columns) else meaning


class Line:
    """One record: its cells by meaning. What cannot be read raises CellError."""

    __slots__ = ("_places", "cells", "number", "sheet")

    def __init__(self, number_: int, cells: list[str], sheet: Sheet) -> None:
        self.number = number_
        self.cells = cells
        self.sheet = sheet
        self._places = sheet.places

    def text(self, meaning: str) -> str:
        """Return a cell without spaces around it, empty where there is no such column."""
        place = self._places.get(meaning)
        return "" if place is None else self.cells[place]

    def need(self, meaning: str) -> str:
        """Return a cell that must not be empty."""
        text = self.text(meaning)
        if not text:
            raise CellError(meaning, "is empty, and must not be")
        return text

    def maybe(self, meaning: str) -> Decimal | None:
        """Return a number, None for an empty cell."""
        text = self.text(meaning)
        return self.number_of(text, meaning) if text else None

    def number_of(self, text: str, meaning: str) -> Decimal | None:
        """Return the number of a cell's text, None for a dash and the like."""
        try:
            return number(text, self.sheet.mark)
        except ValueError as error:
            raise CellError(meaning, str(error)) from None

    def amount(self, meaning: str) -> Decimal:
        """Return a number that must be there."""
        value = self.maybe(meaning)
        if value is None:
            raise CellError(meaning, "is empty: an amount is needed")
        return value

    def at(self, meaning: str = "at") -> datetime:
        """Return a time, in UTC, that must be there."""
        text = self.need(meaning)
        try:
            return moment(text, self.sheet.times)
        except ValueError as error:
            raise CellError(meaning, str(error)) from None

    def asset(self, meaning: str) -> Asset:
        """Return the asset of a cell that must not be empty."""
        text = self.need(meaning)
        known = self.sheet.assets.get(text)
        if known is None:
            try:
                known = self.sheet.assets[text] = asset_of(text, self.sheet.own_names)
            except ValueError as error:
                raise CellError(meaning, str(error)) from None
        return known

    def named(self, text: str, meaning: str | None = None) -> Asset:
        """Return the asset of a text that a cell holds beside others."""
        try:
            return asset_of(text, self.sheet.own_names)
        except ValueError as error:
            raise CellError(meaning, str(error)) from None

    def numbered(self, text: str, meaning: str | None = None) -> Decimal:
        """Return the number of a text that a cell holds beside others."""
        try:
            value = number(text, self.sheet.mark)
        except ValueError as error:
            raise CellError(meaning, str(error)) from None
        if value is None:
            raise CellError(meaning, "holds no amount")
        return value

    @property
    def is_total(self) -> bool:
        """Whether it is a line of totals: it says so, and has no time."""
        first = self.cells[0] or next((cell for cell in self.cells if cell), "")
        return first.casefold() in _TOTALS and self.text("at").casefold() in (_TOTALS | {""})

    @property
    def is_header_again(self) -> bool:
        """Whether it repeats the header: files of several years put together."""
        sheet = self.sheet
        return len(self.cells) >= 2 and all(
            heading(self.cells[place]) == heading(sheet.columns[place].removesuffix(" 2").removesuffix(" 3"))
            for place in sheet.places.values()
            if place < len(self.cells)
        )  # fmt: skip
