"""Whether what was uploaded can be a file of transactions at all; what it is called. Pure."""

from uuid import UUID

from backend.core.errors import InvalidInputError
from backend.tax.files.reading import read_file
from backend.tax.imports.schemas import MAX_FILE_BYTES

_MOST_NAME = 200


def checked_file(content: bytes) -> bytes:
    """Return a file that may be read. Raises InvalidInputError that says what to do with one that is too large."""
    if len(content) > MAX_FILE_BYTES:
        raise refused_file(f"This file is larger than {MAX_FILE_BYTES // 1024**2} MB. Export it in parts, by year say.")
    return content


def refused_file(problem: str) -> InvalidInputError:
    """Return the error that says why a file cannot be read."""
    return InvalidInputError(problem, {"file": problem})


def file_name_of(text: str) -> str:
    """Return a file's name without its path and without what cannot be printed; never empty."""
    name = text.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(ch for ch in name if ch.isprintable()).strip()
    return name[-_MOST_NAME:] or "transactions.csv"


def why_no_table(content: bytes, user_id: UUID) -> str:
    """Return why a file has no columns that could be read."""
    read = read_file(content, "generic", account="", user_id=user_id)
    return read.problems[0].reason if read.problems else "There are no columns in this file. Upload a CSV file."
