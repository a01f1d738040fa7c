"""Active hours: days, midnight, and the two nights a year on which clocks are changed."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.alerts.engine.hours import Hours, hours_of, minute_of

BERLIN = "Europe/Berlin"
WORKDAYS = frozenset(range(1, 6))


def at(text: str, zone: str = BERLIN, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-25T07:59:59", False),
        ("2026-11-25T08:00:00", True),
        ("2026-11-25T21:59:59", True),
        ("2026-11-25T22:00:00", False),
        ("2026-11-28T12:00:00", False),  # a Saturday
    ],
)
def test_a_span_of_the_day(moment, expected):
    assert Hours(WORKDAYS, minute_of("08:00"), minute_of("22:00"), BERLIN).covers(at(moment)) is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-27T22:30:00", True),  # Friday night …
        ("2026-11-28T05:59:00", True),  # … goes on into Saturday
        ("2026-11-28T22:30:00", False),  # Saturday's does not begin
        ("2026-11-30T03:00:00", False),  # of Sunday's night, which is no workday's
    ],
)
def test_a_span_over_midnight_belongs_to_the_day_it_begins_on(moment, expected):
    assert Hours(WORKDAYS, minute_of("22:00"), minute_of("06:00"), BERLIN).covers(at(moment)) is expected


def test_an_hour_that_comes_twice_counts_twice_and_one_left_out_never():
    hours = Hours(frozenset(range(1, 8)), minute_of("02:00"), minute_of("03:00"), BERLIN)
    first, second = at("2026-10-25T02:30:00", fold=0), at("2026-10-25T02:30:00", fold=1)
    assert second - first == 3600
    assert hours.covers(first) and hours.covers(second)
    before = at("2026-03-29T01:59:59")
    assert not any(hours.covers(before + seconds) for seconds in range(0, 4000, 10))


@given(st.integers(0, 2**31), st.integers(0, 1439), st.integers(0, 1439))
def test_a_span_and_the_rest_of_the_day_make_up_every_moment(moment, begin, end):
    every = frozenset(range(1, 8))
    inside, outside = Hours(every, begin, end, BERLIN), Hours(every, end, begin, BERLIN)
    assert inside.covers(moment) != outside.covers(moment) or begin == end


def test_stored_hours_read_back_and_nonsense_is_refused():
    stored = {"days": [1, 5], "from": "08:00", "to": "24:00", "timeZone": BERLIN}
    assert hours_of(stored) == Hours(frozenset([1, 5]), 480, 0, BERLIN)
    for text in ("8:00", "08:60", "25:00", "24:01", "ab:cd", "0800", "08:00 "):
        with pytest.raises(ValueError, match=r".*"):
            minute_of(text)
