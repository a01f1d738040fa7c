"""History by hour and day: the instants that have a point, and which observation belongs to which."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

_SETTLING_SECONDS = 600


class Step(StrEnum):
    """How far the points of a history are apart. A day begins at 00:00 UTC."""

    HOUR = "hour"
    DAY = "day"

    @property
    def seconds(self) -> int:
        """The distance of two points."""
        return 3_600 if self is Step.HOUR else 86_400

    @property
    def tolerance_seconds(self) -> int:
        """How far an observation may be from the instant it stands for, before or after it."""
        return 1_800 if self is Step.HOUR else 21_600


@dataclass(frozen=True, slots=True)
class Observation:
    """A price that a source has, and when it was that (Unix seconds)."""

    taken_at: int
    price_usd: Decimal


def instants(start: int, end: int, step: Step) -> list[int]:
    """Return the instants from `start` to `end` (both may be among them), in Unix seconds, oldest first."""
    first = -(-start // step.seconds) * step.seconds
    return list(range(first, end + 1, step.seconds))


def is_final(instant: int, step: Step, now: int) -> bool:
    """True when no observation that is still to come can belong to the instant."""
    return instant <= final_until(step, now)


def final_until(step: Step, now: int) -> int:
    """Return up to when instants are final: sources need some minutes to have what happened."""
    return now - step.tolerance_seconds - _SETTLING_SECONDS


def nearest(
    wanted: Sequence[int], observations: Sequence[Observation], tolerance_seconds: int
) -> dict[int, Observation]:
    """Return for each wanted instant the observation nearest to it (of equals the earlier), if one is near enough."""
    ordered = sorted(observations, key=lambda each: each.taken_at)
    times = [each.taken_at for each in ordered]
    found = {}
    for instant in wanted:
        place = bisect_left(times, instant)
        around = ordered[max(0, place - 1) : place + 1]
        best = min(around, key=lambda each: (abs(each.taken_at - instant), each.taken_at), default=None)
        if best is not None and abs(best.taken_at - instant) <= tolerance_seconds:
            found[instant] = best
    return found
