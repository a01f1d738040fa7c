"""How many alerts of an hour a plan tells of: the first, in the order of the stream; the others are kept silent."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Usage:
    """How many alerts the plan (a tier) tells of in an hour, and how many it has told of."""

    most: int
    used: int
    tier: str = ""

    @property
    def room(self) -> int:
        """How many more fit."""
        return max(0, self.most - self.used)


def hour_of(taken_at: float) -> int:
    """Return the number of the hour (since 1970, UTC) that a Unix time lies in."""
    return int(taken_at // HOUR_SECONDS)


def silent(keys: Sequence[Hashable | None], usage: Mapping[Any, Usage]) -> list[bool]:
    """Return which of the alerts are above the quota; `keys` say whose hour each counts in, in stream order.

    What has no key, or a key without a quota, counts nowhere.
    """
    left = {key: each.room for key, each in usage.items()}
    flags = []
    for key in keys:
        room = left.get(key)
        flags.append(room == 0)
        if room:
            left[key] = room - 1
    return flags
