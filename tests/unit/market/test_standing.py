"""When a source is demoted, for how long, and how it comes back."""

from hypothesis import given
from hypothesis import strategies as st

from backend.market.engine.standing import (
    FIRST_SECONDS,
    LEAST_OUTCOMES,
    LONGEST_SECONDS,
    Outcome,
    Standing,
    after,
)

GOOD, ODD, FAILED = Outcome.GOOD, Outcome.ODD, Outcome.FAILED


def run(outcomes: list[Outcome], now: int = 1000, standing: Standing | None = None) -> Standing:
    standing = standing or Standing()
    for outcome in outcomes:
        standing = after(standing, outcome, now)
    return standing


@given(st.lists(st.sampled_from([GOOD, GOOD, GOOD, GOOD, ODD]), max_size=200))
def test_few_good_ones_never_demote_and_the_share_is_a_share(outcomes: list[Outcome]) -> None:
    standing = run(outcomes)
    assert 0.0 <= standing.bad_share <= 1.0
    assert not run([GOOD] * len(outcomes)).is_demoted(1000)


@given(st.lists(st.sampled_from(list(Outcome)), min_size=1, max_size=100), st.integers(1, 10**6))
def test_demotion_ends_by_itself_and_is_never_longer_than_four_hours(outcomes: list[Outcome], step: int) -> None:
    standing, now = Standing(), 1000
    for outcome in outcomes:
        standing = after(standing, outcome, now)
        assert standing.demoted_until <= now + LONGEST_SECONDS
        assert not standing.is_demoted(now + LONGEST_SECONDS)
        now += step


def test_failures_in_a_row_demote_and_it_takes_longer_each_time() -> None:
    assert not run([FAILED] * (LEAST_OUTCOMES - 1)).is_demoted(1000)
    first = run([FAILED] * LEAST_OUTCOMES)
    assert first.demoted_until == 1000 + FIRST_SECONDS
    assert run([GOOD] * 50, 1001, first) == first, "while demoted, nothing counts"
    again = run([FAILED] * LEAST_OUTCOMES, 1000 + FIRST_SECONDS, first)
    assert again.demoted_until == 1000 + FIRST_SECONDS + 2 * FIRST_SECONDS


def test_a_long_good_time_makes_the_next_demotion_short_again() -> None:
    first = run([FAILED] * LEAST_OUTCOMES)
    later = first.demoted_until + FIRST_SECONDS
    again = run([FAILED] * LEAST_OUTCOMES, later, first)
    assert again.demoted_until == later + FIRST_SECONDS


def test_a_failure_now_and_then_is_forgiven() -> None:
    assert not run(([GOOD] * 9 + [FAILED]) * 30).is_demoted(1000)
    assert run([GOOD] * 100 + [ODD] * 6).is_demoted(1000), "six of the last few: 1 - 0.95^6 is above a quarter"
    assert not run([GOOD] * 100 + [ODD] * 5).is_demoted(1000)
