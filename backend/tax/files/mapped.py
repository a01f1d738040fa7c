"""A user's mapping of columns: any file is read as the generic format. Pure."""

from collections.abc import Mapping, Sequence
from typing import Literal

from backend.tax.files.generic import MEANINGS

OPTIONS: Mapping[str, tuple[str, ...]] = {"decimal_mark": (".", ","), "date_order": ("day_first", "month_first")}


def checked(mapping: Mapping[str, str]) -> None:
    """Raise ValueError for a meaning or an option that there is not."""
    for meaning, value in mapping.items():
        if meaning in OPTIONS:
            if value not in OPTIONS[meaning]:
                raise ValueError(f"{meaning} is one of {', '.join(OPTIONS[meaning])}")
        elif meaning not in MEANINGS:
            raise ValueError(f"There is no meaning {meaning[:40]}: there are {', '.join(MEANINGS)}")


def columns_of(mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the part of a mapping that names columns, empty where it holds options only."""
    return {("at" if meaning == "timestamp" else meaning): column for meaning, column in mapping.items()
            if meaning not in OPTIONS and column}  # fmt: skip


def places_in(mapping: Mapping[str, str], columns: Sequence[str]) -> dict[str, int] | None:
    """Return where the mapped columns stand, None where one is missing."""
    if any(column not in columns for column in mapping.values()):
        return None
    return {meaning: columns.index(column) for meaning, column in mapping.items()}


def decimal_mark_of(mapping: Mapping[str, str]) -> Literal[".", ","] | None:
    """Return the decimal mark that the user says, None where nothing is said."""
    mark = mapping.get("decimal_mark")
    return "." if mark == "." else "," if mark == "," else None


def day_first_of(mapping: Mapping[str, str]) -> bool | None:
    """Return whether the user says that days stand before months, None where nothing is said."""
    order = mapping.get("date_order")
    return None if order is None else order == "day_first"
