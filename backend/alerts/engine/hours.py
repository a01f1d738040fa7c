"""Active hours: on which days and at which wall-clock times a rule may fire. Pure: the zone's rules come with Python.

An instant (Unix time) is turned into the zone's wall clock, which always works, also where clocks are put forward or
back: of an hour that comes twice both count, of one that is left out none. A span over midnight (22:00 to 06:00)
belongs to the day on which it begins.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from backend.core.cron import zone

DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """Days (1 Monday … 7 Sunday) and minutes of the day, from inclusive, to exclusive; equal: the whole day."""

    days: frozenset[int]
    from_minute: int
    to_minute: int
    time_zone: str

    def covers(self, taken_at: float) -> bool:
        """Return whether a Unix time lies in these hours."""
        local = datetime.fromtimestamp(taken_at, zone(self.time_zone))
        minute, day = local.hour * 60 + local.minute, local.isoweekday()
        if self.from_minute == self.to_minute:
            return day in self.days
        if self.from_minute < self.to_minute:
            return day in self.days and self.from_minute <= minute < self.to_minute
        if minute >= self.from_minute:
            return day in self.days
        return minute < self.to_minute and (day - 2) % 7 + 1 in self.days


def minute_of(text: str) -> int:
    """Return the minute of the day of `08:30`; `24:00` is the day's end. Raises ValueError."""
    hours, colon, minutes = text.partition(":")
    if not (colon and len(hours) == len(minutes) == 2 and (hours + minutes).isascii() and (hours + minutes).isdigit()):
        raise ValueError(text)
    minute = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or minute > DAY_MINUTES:
        raise ValueError(text)
    return minute % DAY_MINUTES


@lru_cache(maxsize=4096)
def _hours(days: tuple[int, ...], begin: str, end: str, time_zone: str) -> Hours:
    return Hours(frozenset(days), minute_of(begin), minute_of(end), time_zone)


def hours_of(stored: dict[str, object]) -> Hours:
    """Return the hours of `{"days", "from", "to", "timeZone"}` as it is stored."""
    days = stored["days"]
    if not isinstance(days, list):
        raise TypeError("days are a list")
    return _hours(tuple(days), str(stored["from"]), str(stored["to"]), str(stored["timeZone"]))
