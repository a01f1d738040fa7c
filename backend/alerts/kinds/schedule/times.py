"""When a cron expression is due next, in a time zone. Pure."""

import re
from datetime import datetime

from croniter import CroniterError, croniter

from backend.alerts.engine.hours import zone

_FIELD = re.compile(r"[0-9A-Za-z*/,\-#?]{1,60}")
_FIELDS = 5
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMES = {*_MONTHS, "mon", "tue", "wed", "thu", "fri", "sat", "sun", "l"}


def checked_cron(text: str) -> str:
    """Return a cron expression of five fields in one form. Raises ValueError that says what is wrong."""
    parts = text.split()
    if len(parts) != _FIELDS or not all(_FIELD.fullmatch(part) for part in parts):
        raise ValueError("Write five fields: minute, hour, day, month, weekday, such as 0 9 * * 1-5.")
    cron = " ".join(parts)
    # Letters name months and weekdays only: those that stand for chance would mean something else with every look.
    names = set(re.findall(r"[A-Za-z]+", cron.lower()))
    if not names <= _NAMES or not croniter.is_valid(cron):
        raise ValueError("This is no cron expression. 0 9 * * 1-5 means at 9:00 from Monday to Friday.")
    return cron


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
