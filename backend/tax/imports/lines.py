"""What the lines of a file become: read, and told apart by whether they are new. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.core.errors import InvalidInputError
from backend.tax.files.reading import read_file
from backend.tax.files.records import FileRead, Row, RowProblem

MOST_SAID = 500
COUNTS_ONCE = "Another source tells the same: it counts once."


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is kept: see the table tax_import_lines."""

    read: Row
    status: str
    problems: Sequence[RowProblem]

    @property
    def line(self) -> int:
        """Its number in the file, from 1 on."""
        return self.read.line

    @property
    def transaction_ids(self) -> Sequence[UUID]:
        """The transactions that it is a part of."""
        return self.read.transaction_ids

    def row(self) -> dict[str, Any]:
        """Return it as the repository writes it."""
        cells, says = self.read.tell()
        return {
            "line": self.line,
            "status": self.status,
            "cells": dict(cells),
            "says": (f"{says} {COUNTS_ONCE}" if self.status == "double" else says)[:MOST_SAID],
            "problems": [{"column": p.column, "reason": p.reason, "isFatal": p.is_fatal} for p in self.problems],
            "transaction_ids": [str(each) for each in self.transaction_ids],
        }


def read_import(content: bytes, row: Mapping[Any, Any]) -> FileRead:
    """Return a file read as its import (a row of tax_imports) says.

    Raises InvalidInputError when the import names a column or meaning that there is not.
    """
    try:
        return read_file(
            content,
            row["source"],
            account=row["account"],
            user_id=row["user_id"],
            import_id=row["id"],
            timezone=row["timezone"],
            mapping=row["mapping"],
            corrections={int(line): cells for line, cells in row["corrections"].items()},
        )
    except ValueError as error:
        raise InvalidInputError(str(error), {"mapping": str(error)}) from None


def transaction_ids(read: FileRead) -> list[UUID]:
    """Return what a file becomes, each once."""
    return list(dict.fromkeys(each.id for each in read.transactions))


def lines_of(read: FileRead, known: set[UUID], doubles: AbstractSet[UUID] = frozenset()) -> list[Line]:
    """Return the lines of a file; `known` are those of its transactions that are there already, of `doubles` another
    source tells the same.
    """
    problems: dict[int, list[RowProblem]] = {}
    for problem in read.problems:
        problems.setdefault(problem.line, []).append(problem)
    lines = [_line(row, problems.pop(row.line, ()), known, doubles) for row in read.rows]
    if problems:  # of lines that could not even be cut into cells
        strays = [Row(line, (), _nothing) for line in problems]
        lines += [_line(row, problems[row.line], known, doubles) for row in strays]
        lines.sort(key=lambda line: line.line)
    return lines


def counts_of(lines: Sequence[Line], ids: Sequence[UUID], known: set[UUID]) -> dict[str, int]:
    """Return the counts that an import shows: of lines, and `added` of transactions."""
    by_status = Counter(line.status for line in lines)
    return {
        "lines": len(lines),
        "fresh": by_status["new"],
        "known": by_status["known"],
        "doubled": by_status["double"],
        "refused": by_status["refused"],
        "skipped": by_status["skipped"],
        "warned": sum(1 for line in lines if line.problems and line.status != "refused"),
        "added": sum(1 for each in ids if each not in known),
    }


def lines_to_keep(lines: Sequence[Line], known: set[UUID]) -> list[Line]:
    """Return what stays of a file that is imported: what was left out, and what other files have brought too."""
    return [
        line
        for line in lines
        if line.status == "refused" or any(each in known for each in line.transaction_ids) or line.problems
    ]


def _line(row: Row, problems: Sequence[RowProblem], known: set[UUID], doubles: AbstractSet[UUID]) -> Line:
    return Line(row, _status(row, problems, known, doubles), problems)


def _nothing() -> tuple[Mapping[str, str], str]:
    return {}, ""


def _status(row: Row, problems: Sequence[RowProblem], known: set[UUID], doubles: AbstractSet[UUID]) -> str:
    if any(problem.is_fatal for problem in problems):
        return "refused"
    if not row.transaction_ids:
        return "skipped"
    if all(each in known for each in row.transaction_ids):
        return "known"
    return "double" if all(each in known or each in doubles for each in row.transaction_ids) else "new"
