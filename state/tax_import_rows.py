"""Imports of files as the page shows them: what a file is, what its lines become, which cells are to be corrected."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.core import formats
from backend.tax.imports.schemas import ImportLine, ImportRead
from components.i18n import t

MOST_TEXT = 200
_TONES = {"new": "gain", "known": "neutral", "double": "accent", "refused": "loss", "skipped": "neutral"}
_STATE_TONES = {"preview": "warn", "committed": "gain", "undone": "neutral"}


@dataclass(frozen=True, slots=True)
class ImportItem:
    """One import as the list shows it; `at` is ISO 8601, `page_to` its page (empty: there is nothing more to see)."""

    id: str
    name: str
    source: str
    at: str
    state: str
    state_label: str
    tone: str
    counts: str
    page_to: str


@dataclass(frozen=True, slots=True)
class CellText:
    """A cell of a line by its column."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line of the file: `text` are its cells in one line, `problem` what should be known of it."""

    key: str
    line: str
    status: str
    tone: str
    says: str
    text: str
    problem: str
    cells: list[CellText]


@dataclass(frozen=True, slots=True)
class FixCell:
    """A cell that can be corrected: `name` is the field's, `label` the column."""

    name: str
    label: str
    value: str
    error_id: str


@dataclass(frozen=True, slots=True)
class FixRow:
    """A line that cannot be read: why, the cells that are to blame, and the others."""

    key: str
    line: str
    reason: str
    blamed: list[FixCell]
    others: list[FixCell]


@dataclass(frozen=True, slots=True)
class MappingField:
    """A meaning and the column that is taken for it."""

    name: str
    label: str
    value: str
    is_needed: bool


def import_item(found: ImportRead) -> ImportItem:
    """Return an import as the list shows it."""
    at = found.committed_at if found.state == "committed" else found.undone_at or found.created_at
    state = "working" if found.work is not None else found.state
    return ImportItem(
        id=str(found.id),
        name=found.file_name,
        source=f"{found.account} · {found.source_title}" if found.account != found.source_title else found.account,
        at=formats.iso(at or found.created_at),
        state=found.state,
        state_label=t(f"tax_import.state_{state}"),
        tone="accent" if found.work is not None else _STATE_TONES[found.state],
        counts=_counts(found),
        page_to=f"/tax/import/?id={found.id}" if found.state != "undone" else "",
    )


def line_row(found: ImportLine) -> LineRow:
    """Return a line of the preview."""
    text = " · ".join(value for value in found.cells.values() if value.strip())
    return LineRow(
        key=str(found.line),
        line=formats.number(found.line),
        status=t(f"tax_import.line_{found.status}"),
        tone=_TONES[found.status],
        says=found.says or t("tax_import.says_nothing"),
        text=text[:MOST_TEXT],
        # Why a line is refused stands in what it says.
        problem=" ".join(each.reason for each in found.problems if not each.is_fatal),
        cells=[CellText(name, value) for name, value in found.cells.items() if value.strip()],
    )


def fix_row(found: ImportLine, columns: Sequence[str]) -> FixRow:
    """Return a refused line with a field for each of its cells, those that are to blame first."""
    fatal = [each for each in found.problems if each.is_fatal]
    to_blame = {each.column for each in fatal}
    cells = [
        (column, FixCell(cell_name(found.line, place), column, found.cells.get(column, ""), f"why-{found.line}"))
        for place, column in enumerate(columns)
    ]
    return FixRow(
        key=str(found.line),
        line=formats.number(found.line),
        reason=" ".join(dict.fromkeys(each.reason for each in fatal)),
        blamed=[cell for column, cell in cells if column in to_blame],
        # What could not even be cut into cells has none to correct.
        others=[cell for column, cell in cells if column not in to_blame] if found.cells else [],
    )


def cell_name(line: int, place: int) -> str:
    """Return what the field of a cell is called in the form."""
    return f"cell-{line}-{place}"


def place_of(name: str) -> tuple[int, int] | None:
    """Return the line and the place among the columns that a field is about; None for another field."""
    parts = name.split("-")
    is_cell = len(parts) == 3 and parts[0] == "cell" and all(part.isdecimal() and len(part) < 9 for part in parts[1:])
    return (int(parts[1]), int(parts[2])) if is_cell else None


def counted(key: str, count: int) -> str:
    """Return a text about a count: `key` for many, `key_one` for one."""
    return t(f"{key}_one" if count == 1 else key, count=formats.number(count))


def _counts(found: ImportRead) -> str:
    if found.state == "undone":
        return ""
    if found.work is not None:
        return t("tax_import.percent", percent=found.work.percent)
    if found.problem:
        return found.problem
    words = [counted("tax_import.brought" if found.state == "committed" else "tax_import.brings", found.added)]
    if found.known:
        words.append(counted("tax_import.known_lines", found.known))
    if found.doubled:
        words.append(counted("tax_import.double_lines", found.doubled))
    if found.refused:
        key = "tax_import.left_out_lines" if found.state == "committed" else "tax_import.refused_lines"
        words.append(counted(key, found.refused))
    return " · ".join(words)
