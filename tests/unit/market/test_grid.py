"""Which observation belongs to which instant of a history."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from backend.market.engine.grid import Observation, Step, instants, is_final, nearest

HOUR = 3_600


@given(st.integers(0, 10**9), st.integers(0, 10**7), st.sampled_from(list(Step)))
def test_instants_are_full_hours_or_days_within_the_range(start: int, length: int, step: Step) -> None:
    found = instants(start, start + length, step)
    assert all(at % step.seconds == 0 and start <= at <= start + length for at in found)
    assert len(found) in (length // step.seconds, length // step.seconds + 1)


@given(st.lists(st.integers(0, 40 * HOUR), max_size=30), st.integers(1, 2 * HOUR))
def test_nearest_is_what_a_plain_search_finds(times: list[int], tolerance: int) -> None:
    observations = [Observation(at, Decimal(place + 1)) for place, at in enumerate(times)]
    wanted = list(range(0, 40 * HOUR, HOUR))
    found = nearest(wanted, observations, tolerance)
    for instant in wanted:
        within = [abs(at - instant) for at in times if abs(at - instant) <= tolerance]
        assert (instant in found) == bool(within)
        if within:
            assert abs(found[instant].taken_at - instant) == min(within)


def test_final_is_what_no_later_observation_can_change() -> None:
    assert not is_final(0, Step.HOUR, Step.HOUR.tolerance_seconds)
    assert is_final(0, Step.HOUR, Step.HOUR.tolerance_seconds + 600)
    assert not is_final(0, Step.DAY, 21_600)
