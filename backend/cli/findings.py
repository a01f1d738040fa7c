"""What `premium doctor` finds: one row each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One row: what was looked at, how it is (ok, off, missing, bad), and a sentence."""

    what: str
    state: str
    note: str

    @property
    def is_problem(self) -> bool:
        """Return True when the product cannot run like this."""
        return self.state in ("missing", "bad")
