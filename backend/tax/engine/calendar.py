"""Calendar rules of holding periods and tax years: never 365 days. Pure."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

_YEAR_AND_A_DAY, _DAY = 366, timedelta(days=1)


def anniversary(day: date, years: int = 1) -> date:
    """Return the same day of another year; of 29 February in other years the 28th (section 188(3) BGB)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def held_over_a_year(acquired: date, disposed: date) -> bool:
    """Whether something was held for more than a year, counted from the day after it was acquired.

    The year is over at the end of the day before the same day a year on (IRS Publication 544, "Holding period"; Rev.
    Rul. 66-7: what was acquired on the last day of a month is held over a year from the first of the month after).
    """
    days = (disposed - acquired).days
    if days != _YEAR_AND_A_DAY:  # shorter is never over a year, longer always; most are not asked further
        return days > _YEAR_AND_A_DAY
    begins = acquired + timedelta(days=1)
    if (begins.month, begins.day) == (2, 29):
        return disposed >= date(begins.year + 1, 3, 1)
    return disposed >= begins.replace(year=begins.year + 1)


def tax_year(day: date, starts: tuple[int, int]) -> int:
    """Return the tax year of a day, named by the calendar year in which it begins (month and day of `starts`)."""
    return day.year if (day.month, day.day) >= starts else day.year - 1


def local_day(at: datetime, zone: tzinfo) -> tuple[date, datetime, datetime]:
    """Return the day of an instant in a time zone, and from when until when (exclusive) it is that day for sure.

    On a day on which the clocks change these are the same instant: then every instant has to be asked for.
    """
    local = at.astimezone(zone)
    day = local.date()
    try:
        begin, end = (datetime.combine(each, time(), zone) for each in (day, day + _DAY))
        if begin.utcoffset() == local.utcoffset() == end.utcoffset():
            return day, begin.astimezone(UTC), end.astimezone(UTC)
    except OverflowError:  # the first day that there is, or the last
        pass
    return day, at, at
