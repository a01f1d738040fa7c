"""What reading a file gives: which file it is, what each line says, what is wrong with it. Records only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from backend.tax.transactions import TaxTransaction


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A source of files: what it is called, and which export to download there."""

    title: str
    hint: str


@dataclass(frozen=True, slots=True)
class Detected:
    """Which file it seems to be. `columns` are its headings, each once; `is_sure` False asks the user to look.

    `source` is a key of SOURCES; `generic` with no sure header means that its columns need a mapping.
    """

    source: str
    title: str
    columns: tuple[str, ...]
    delimiter: str
    encoding: str
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file below its header: its cells by column (as corrected), and what it was read as, in words.

    Both are made when they are asked for (`tell` gives them together): few of a long file are looked at.
    """

    line: int
    transaction_ids: tuple[UUID, ...]
    tell: Callable[[], tuple[Mapping[str, str], str]]

    @property
    def cells(self) -> Mapping[str, str]:
        """The cells by column."""
        return self.tell()[0]

    @property
    def says(self) -> str:
        """What the line was read as."""
        return self.tell()[1]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Something about a line (the first is 1) that the user should know, and what to do about it.

    `is_fatal`: nothing was read of the line. Otherwise it was left out on purpose, or read with a doubt.
    """

    line: int
    column: str | None
    reason: str
    is_fatal: bool


@dataclass(frozen=True, slots=True)
class FileRead:
    """All of a file: its columns, rows, transactions and problems, each in the order of the file."""

    columns: tuple[str, ...]
    rows: Sequence[Row]
    transactions: tuple[TaxTransaction, ...]
    problems: tuple[RowProblem, ...]


class CellError(ValueError):
    """A cell, or a whole line (`meaning` None), that cannot be read; its text says what to do."""

    def __init__(self, meaning: str | None, reason: str) -> None:
        super().__init__(reason)
        self.meaning = meaning
        self.reason = reason
