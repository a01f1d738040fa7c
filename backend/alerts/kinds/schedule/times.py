"""What a cron expression may be. Pure; when it is due says backend/core/cron.py."""

import re

from croniter import croniter

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
