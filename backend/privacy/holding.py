"""What the register says of a table with rows of users."""

from dataclasses import dataclass

SERVICE = "to do what you asked for"


@dataclass(frozen=True, slots=True)
class Holding:
    """A table with rows of users: the column that says whose a row is, why we hold it, what an export gives.

    `withheld` never leaves: it proves something to us or opens something (hashes, sealed secrets), or is a copy.
    """

    owner: str
    why: str
    exported: tuple[str, ...]
    withheld: tuple[str, ...] = ()
