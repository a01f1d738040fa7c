"""Billing periods: where one ends, counted from the anchor so that the 31st comes back after a short month."""

import calendar
from datetime import UTC, datetime, timedelta

DAY = 86_400
_FIXED_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}


def add_intervals(anchor: int, interval: str, count: int) -> int:
    """Return the Unix time `count` intervals (day, week, month, year) after `anchor`.

    A day that the month does not have becomes its last one, as Stripe does it.
    """
    start = datetime.fromtimestamp(anchor, UTC)
    if interval in _FIXED_DAYS:
        return int((start + timedelta(days=_FIXED_DAYS[interval] * count)).timestamp())
    month_index = start.year * 12 + start.month - 1 + _MONTHS[interval] * count
    year, month = divmod(month_index, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return int(start.replace(year=year, month=month + 1, day=min(start.day, last_day)).timestamp())


def period_end(anchor: int, start: int, interval: str, interval_count: int = 1) -> int:
    """Return the end of the period that begins at `start`, in the series that `anchor` fixes."""
    steps = 0
    while True:
        steps += interval_count
        end = add_intervals(anchor, interval, steps)
        if end > start:
            return end
