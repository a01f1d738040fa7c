"""When a scheduled export is due, also where clocks change; what is refused; and links that cannot be forged."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from pydantic import ValidationError

from backend.core.clock import utc_now
from backend.core.settings import Settings
from backend.portfolio.scheduled_exports.links import PATH, file_link, run_of_token
from backend.portfolio.scheduled_exports.schemas import ScheduleWrite

BERLIN = "Europe/Berlin"


def schedule(**values: object) -> ScheduleWrite:
    return ScheduleWrite.model_validate({"name": "Report", "every": "daily", "at": "08:00", **values})


def due(wanted: ScheduleWrite, after: str, count: int = 3) -> list[str]:
    found, at = [], datetime.fromisoformat(after).replace(tzinfo=UTC)
    for _ in range(count):
        at = wanted.next_after(at)
        found.append(f"{at:%m-%d %H:%M}")
    return found


def test_the_wall_clock_counts_in_summer_and_in_winter() -> None:
    # In Berlin clocks went forward on 29 March 2026 and back on 25 October.
    assert due(schedule(timeZone=BERLIN), "2026-03-27T12:00") == ["03-28 07:00", "03-29 06:00", "03-30 06:00"]
    assert due(schedule(timeZone=BERLIN), "2026-10-23T12:00") == ["10-24 06:00", "10-25 07:00", "10-26 07:00"]


def test_a_time_that_a_day_leaves_out_comes_all_the_same_and_one_that_comes_twice_once() -> None:
    night = schedule(timeZone=BERLIN, at="02:30")
    assert due(night, "2026-03-28T00:00") == [
        "03-28 01:30",
        "03-29 01:00",
        "03-30 00:30",
    ]
    assert due(night, "2026-10-24T12:00") == [
        "10-25 00:30",
        "10-26 01:30",
        "10-27 01:30",
    ]


def test_weeks_and_months() -> None:
    sunday = schedule(every="weekly", weekday=7, at="23:15")
    assert due(sunday, "2026-11-20T00:00") == ["11-22 23:15", "11-29 23:15", "12-06 23:15"]
    last = schedule(every="monthly", monthDay=31)
    assert due(last, "2026-01-15T00:00", 4) == ["01-31 08:00", "02-28 08:00", "03-31 08:00", "04-30 08:00"]
    assert due(schedule(every="monthly", monthDay=15), "2026-01-15T08:00", 2) == ["02-15 08:00", "03-15 08:00"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"every": "weekly"}, "day of the week"),
        ({"every": "monthly"}, "1 to 28"),
        ({"every": "monthly", "monthDay": 30}, "1 to 28"),
        ({"at": "24:00"}, "match"),
        ({"at": "8:00"}, "match"),
        ({"timeZone": "Mars/Base"}, "no such time zone"),
        ({"timeZone": "../etc"}, "no such time zone"),
        ({"channel": "webhook"}, "address of the webhook"),
        ({"name": " "}, "Give it a name"),
        ({"format": "xls"}, "csv"),
    ],
)
def test_what_cannot_be_scheduled_is_refused_in_words(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        schedule(**values)


def test_a_link_names_one_file_and_is_good_for_its_time_only() -> None:
    settings = Settings(_env_file=None, environment="test")  # pyright: ignore
    user, run = UUID(int=1), UUID(int=2)
    token = file_link(settings, user, run, utc_now() + timedelta(days=7)).split(PATH)[1]
    assert run_of_token(settings, token) == (user, run)
    other = file_link(settings, user, UUID(int=3), utc_now() + timedelta(days=7)).split(PATH)[1]
    assert run_of_token(settings, token[:60] + other[60:]) is None
    assert run_of_token(settings, token[:-4] + "AAAA") is None
    assert run_of_token(settings, "x") is None and run_of_token(settings, "\u00e9" * 80) is None
    old = file_link(settings, user, run, utc_now() - timedelta(seconds=1)).split(PATH)[1]
    assert run_of_token(settings, old) is None
