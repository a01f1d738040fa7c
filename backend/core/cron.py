"""When a cron expression is due next, in a time zone. Pure: the zones' rules come with Python."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name. Raises ValueError or ZoneInfoNotFoundError (a KeyError) when unknown."""
    return ZoneInfo(name)


def next_due(cron: str, time_zone: str, after: datetime) -> datetime | None:
    """Return the first time after `after` at which the expression is due; None when it never is.

    A time that clocks leave out in spring comes as they are put forward; an hour that comes twice in autumn counts
    once, unless the expression is for every hour.
    """
    here = after.astimezone(zone(time_zone))
    times = croniter(cron, here)
    try:
        found: datetime = times.get_next(datetime)
        again = here.replace(tzinfo=None, second=0, microsecond=0) == found.replace(tzinfo=None)
        if again and "*" not in cron.split()[1]:
            found = times.get_next(datetime)
    except CroniterError:
        return None
    return found.astimezone(after.tzinfo)
