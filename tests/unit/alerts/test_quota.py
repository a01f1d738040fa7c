"""Which alerts of an hour are told: the first ones, whatever comes with them."""

from hypothesis import given
from hypothesis import strategies as st

from backend.alerts.engine.quota import Usage, hour_of, silent


def test_an_hour_begins_with_its_first_second() -> None:
    assert [hour_of(seconds) for seconds in (0, 3599.999, 3600, 1_714_600_000)] == [0, 0, 1, 476_277]


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
    flags = silent(keys, usage)
    for key, each in usage.items():
        mine = [flag for flag, of in zip(flags, keys, strict=True) if of == key]
        assert mine == sorted(mine), "after the first silent one all are silent"
        assert mine.count(False) == min(len(mine), each.room)
    assert not any(flag for flag, of in zip(flags, keys, strict=True) if of not in usage)
