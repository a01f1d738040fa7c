"""How many alerts of an hour and of a day a plan tells of: the first, in the order of the stream. Pure.

The others are kept silent. Hours and days are those of UTC, by block time.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

HOUR_SECONDS, DAY_SECONDS = 3600, 86_400


class Period(NamedTuple):
    """An hour or a day: its length, and its number of that length since 1970."""

    seconds: int
    number: int

    @property
    def begins(self) -> int:
        """Its first second (Unix time)."""
        return self.seconds * self.number

    @property
    def ends(self) -> int:
        """The first second after it (Unix time)."""
        return self.begins + self.seconds

    @property
    def name(self) -> Literal["hour", "day"]:
        """`day` or `hour`."""
        return "day" if self.seconds == DAY_SECONDS else "hour"


@dataclass(frozen=True, slots=True)
class Usage:
    """How many alerts the plan (a tier) tells of in a period, and how many it has told of."""

    most: int
    used: int
    tier: str = ""

    @property
    def room(self) -> int:
        """How many more fit."""
        return max(0, self.most - self.used)


def periods_of(taken_at: float) -> tuple[Period, Period]:
    """Return the day and the hour that a Unix time lies in, the longer one first."""
    return Period(DAY_SECONDS, int(taken_at // DAY_SECONDS)), Period(HOUR_SECONDS, int(taken_at // HOUR_SECONDS))


def held_by(keys: Sequence[Sequence[Hashable]], usage: Mapping[Any, Usage]) -> list[Any]:
    """Return for each alert, in stream order, the first of its keys that is used up; None: it is told.

    `keys` say for each what it takes a place in, the longest period first. A key without a quota takes none.
    """
    left = {key: each.room for key, each in usage.items()}
    found = []
    for each in keys:
        mine = [key for key in each if key in left]
        full = next((key for key in mine if left[key] == 0), None)
        found.append(full)
        if full is None:
            for key in mine:
                left[key] -= 1
    return found
