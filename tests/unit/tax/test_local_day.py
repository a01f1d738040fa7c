"""The day of an instant in a time zone, and as of when it is known to be that day."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.tax.engine.calendar import local_day

# Clocks that change at midnight or a minute after, by half an hour, a day that was left out, a quarter of an hour.
ZONES = [
    "Europe/London", "America/St_Johns", "America/Havana", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia",
    "Asia/Kathmandu", "Africa/Casablanca", "Asia/Tokyo", "UTC",
]  # fmt: skip
HOURS = st.integers(0, 24 * 366 * 25).map(lambda hours: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(hours=hours / 2))


@pytest.mark.parametrize("name", ZONES)
@settings(max_examples=150, deadline=None)
@given(at=HOURS, share=st.integers(0, 999))
def test_it_is_the_calendar_s_day_all_the_while(name: str, at: datetime, share: int) -> None:
    zone = ZoneInfo(name)
    day, begin, end = local_day(at, zone)
    assert day == at.astimezone(zone).date()
    if begin == end:
        return
    assert begin <= at < end
    for instant in (begin, begin + (end - begin) * share // 1000, end - timedelta(microseconds=1)):
        assert instant.astimezone(zone).date() == day
    for instant in (begin - timedelta(microseconds=1), end):
        assert instant.astimezone(zone).date() != day


def test_most_days_are_known_from_midnight_to_midnight_and_changes_of_the_clock_are_not() -> None:
    zone = ZoneInfo("America/St_Johns")
    day, begin, end = local_day(datetime(2006, 7, 1, 12, tzinfo=UTC), zone)
    assert (day, end - begin) == (date(2006, 7, 1), timedelta(days=1))
    # On 29 October 2006 at 00:01 it was 23:01 of the 28th again.
    change = datetime(2006, 10, 29, 2, 30, tzinfo=UTC)
    cases = ((-1, 28, change), (0, 29, None), (1, 28, None), (59, 28, None), (60, 29, None))
    for minutes, number, known_until in cases:
        at = change + timedelta(minutes=minutes)
        day, _, end = local_day(at, zone)
        assert (day.day, end) == (number, known_until or at)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_first_day_and_the_last_have_no_neighbour(day: date) -> None:
    assert local_day(datetime.combine(day, time(12), UTC), UTC)[0] == day
