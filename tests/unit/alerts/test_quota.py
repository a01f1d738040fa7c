"""Which alerts of an hour and a day are told: the first ones, whatever comes with them."""

from hypothesis import given
from hypothesis import strategies as st

from backend.accounts.entitlements import TIERS, Cap, cap
from backend.alerts.engine.quota import DAY_SECONDS, HOUR_SECONDS, Period, Usage, held_by, periods_of


def test_hours_and_days_begin_with_their_first_second() -> None:
    hours = [periods_of(seconds)[1] for seconds in (0, 3599.999, 3600, 1_714_600_000)]
    assert hours == [Period(HOUR_SECONDS, number) for number in (0, 0, 1, 476_277)]
    days = [periods_of(seconds)[0] for seconds in (86_399.9, 86_400)]
    assert days == [Period(DAY_SECONDS, 0), Period(DAY_SECONDS, 1)]
    assert (days[1].begins, days[1].ends, days[1].name, hours[2].begins, hours[2].name) == (
        86_400, 172_800, "day", 3600, "hour",
    )  # fmt: skip


@given(
    st.lists(st.sampled_from(["a", "b", "unlimited", None]), max_size=40),
    st.integers(0, 20),
    st.integers(0, 20),
    st.integers(0, 25),
)
def test_the_first_ones_are_told_and_no_more_than_fit(
    keys: list[str | None], most: int, used_a: int, used_b: int
) -> None:
    usage = {"a": Usage(most, used_a), "b": Usage(most, used_b)}
    held = held_by([() if key is None else (key,) for key in keys], usage)
    for key, each in usage.items():
        mine = [found is not None for found, of in zip(held, keys, strict=True) if of == key]
        assert mine == sorted(mine), "after the first silent one all are silent"
        assert mine.count(False) == min(len(mine), each.room)
    assert not any(found for found, of in zip(held, keys, strict=True) if of not in usage)


@given(st.lists(st.integers(0, 3), max_size=60).map(sorted), st.integers(1, 6), st.integers(1, 12))
def test_what_is_told_fits_the_hour_and_the_day(hours: list[int], an_hour: int, a_day: int) -> None:
    usage = {"day": Usage(a_day, 0), **{hour: Usage(an_hour, 0) for hour in range(4)}}
    held = held_by([("day", hour) for hour in hours], usage)
    told = [hour for hour, found in zip(hours, held, strict=True) if found is None]
    assert len(told) <= a_day and all(told.count(hour) <= an_hour for hour in range(4))
    for place, found in enumerate(held):
        before = [hour for hour, each in zip(hours[:place], held, strict=False) if each is None]
        if found == "day":
            assert len(before) == a_day, "the day is said before the hour"
        elif found is not None:
            assert before.count(found) == an_hour and len(before) < a_day


def test_a_day_is_less_than_all_of_its_hours_full() -> None:
    for tier in TIERS:
        hour, day = cap(tier, Cap.ALERTS_PER_HOUR), cap(tier, Cap.ALERTS_PER_DAY)
        assert hour is not None and day is not None and hour < day < 24 * hour
