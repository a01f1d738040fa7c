"""When messages to people wait: quiet hours by the clock on the wall, digests, grouping."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.notifications.engine.holding import Hold, HoldingRules, hold

NIGHT = HoldingRules("Europe/Berlin", time(22), time(7))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-01-10T20:59:59", None),  # 21:59:59 in Berlin
        ("2026-01-10T21:00:00", "2026-01-11T06:00:00"),
        ("2026-01-11T03:00:00", "2026-01-11T06:00:00"),
        ("2026-01-11T06:00:00", None),
        ("2026-07-10T20:00:00", "2026-07-11T05:00:00"),  # summer time
        ("2026-03-28T23:00:00", "2026-03-29T05:00:00"),  # the night that is an hour short
        ("2026-10-24T21:00:00", "2026-10-25T06:00:00"),  # the night that is an hour long
    ],
)
def test_quiet_hours_are_those_of_the_users_clock(now: str, until: str | None) -> None:
    held = hold(NIGHT, "price", "r", at(now))
    assert held == (Hold(at(until), "quiet", "quiet") if until else None)


def test_quiet_hours_within_a_day() -> None:
    noon = HoldingRules("UTC", time(12), time(13))
    assert hold(noon, "price", "r", at("2026-01-10T12:30:00")) == Hold(at("2026-01-10T13:00:00"), "quiet", "quiet")
    assert hold(noon, "price", "r", at("2026-01-10T13:30:00")) is None


def test_an_end_that_the_clock_skips_or_shows_twice_is_later_than_now() -> None:
    skipped = HoldingRules("Europe/Berlin", time(22), time(2, 30))
    held = hold(skipped, "price", "r", at("2026-03-29T00:30:00"))
    assert held is not None and held.until == at("2026-03-29T01:30:00")
    twice = HoldingRules("Europe/Berlin", time(22), time(2, 30))
    late = hold(twice, "price", "r", at("2026-10-25T01:10:00"))  # 2:10 for the second time
    assert late is not None and late.until == at("2026-10-25T01:30:00")


def test_critical_kinds_pass_everything() -> None:
    rules = HoldingRules("UTC", time(0), time(23, 59), frozenset({"protocol_risk"}), "daily", time(8), 60)
    assert hold(rules, "protocol_risk", "r", at("2026-01-10T12:00:00")) is None
    assert hold(rules, "price", "r", at("2026-01-10T12:00:00")) is not None


def test_digests_go_at_the_full_hour_and_once_a_day() -> None:
    hourly = HoldingRules("Asia/Kolkata", digest="hourly")  # half an hour off UTC
    assert hold(hourly, "gas", "r", at("2026-01-10T10:10:00")) == Hold(at("2026-01-10T10:30:00"), "digest", "digest")
    daily = HoldingRules("America/New_York", digest="daily", digest_at=time(9))
    assert hold(daily, "gas", "r", at("2026-01-10T13:59:00")) == Hold(at("2026-01-10T14:00:00"), "digest", "digest")
    assert hold(daily, "gas", "r", at("2026-01-10T14:00:00")) == Hold(at("2026-01-11T14:00:00"), "digest", "digest")


def test_a_digest_that_falls_into_quiet_hours_waits_for_their_end() -> None:
    rules = HoldingRules("UTC", time(22), time(7), digest="daily", digest_at=time(3))
    assert hold(rules, "gas", "r", at("2026-01-10T10:00:00")) == Hold(at("2026-01-11T07:00:00"), "quiet", "digest")


def test_alerts_of_a_rule_wait_for_each_other() -> None:
    rules = HoldingRules(group_seconds=30)
    assert hold(rules, "gas", "a", at("2026-01-10T10:00:00")) == Hold(at("2026-01-10T10:00:30"), "group", "rule:a")
    assert hold(HoldingRules(), "gas", "a", at("2026-01-10T10:00:00")) is None


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "Asia/Tehran"])
MINUTES = st.integers(0, 1439).map(lambda minutes: time(minutes // 60, minutes % 60))


@given(
    zone=ZONES,
    start=MINUTES,
    end=MINUTES,
    digest=st.sampled_from(["off", "hourly", "daily"]),
    when=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 - made UTC below
    seconds=st.integers(0, 3600),
)
def test_nothing_waits_longer_than_two_days_and_never_ends_in_quiet_hours(
    zone: str, start: time, end: time, digest: str, when: datetime, seconds: int
) -> None:
    now = when.replace(tzinfo=UTC)
    rules = HoldingRules(zone, start, end, frozenset(), digest, time(8), seconds)  # type: ignore[arg-type]
    held = hold(rules, "gas", "r", now)
    moment = held.until if held else now
    assert now <= moment <= now + timedelta(hours=50)
    if start != end:
        wall = moment.astimezone(ZoneInfo(zone)).time().replace(tzinfo=None)
        quiet = start <= wall < end if start < end else wall >= start or wall < end
        # Only an end that the clock skips that night may read as still quiet.
        assert not quiet or (held is not None and held.why == "quiet")
