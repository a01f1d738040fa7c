"""Money, periods and cards of the test payments: golden cases and properties."""

import calendar
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.test_payments.engine.amounts import SMALLEST_CHARGE, change_of_price, prorated, settle
from backend.test_payments.engine.cards import CARDS, expiry_problem, find_card
from backend.test_payments.engine.periods import DAY, add_intervals, period_end

AMOUNTS = st.integers(0, 10_000_000)
TIMES = st.integers(1_600_000_000, 2_000_000_000)
LENGTHS = st.integers(1, 366 * DAY)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


# --- proration


@pytest.mark.parametrize(
    ("amount", "passed", "length", "expected"),
    [
        (2_500, 0, 30 * DAY, 2_500),
        (2_500, 15 * DAY, 30 * DAY, 1_250),
        (2_500, 30 * DAY, 30 * DAY, 0),
        (5_000, 10 * DAY, 30 * DAY, 3_333),
        (5_000, 20 * DAY, 30 * DAY, 1_667),
        (1, 1, 2, 1),  # a half cent goes away from zero
    ],
)
def test_proration_by_the_second(amount: int, passed: int, length: int, expected: int):
    start = at("2026-11-01")
    assert prorated(amount, start + passed, start, start + length) == expected
    assert prorated(-amount, start + passed, start, start + length) == -expected


@given(AMOUNTS, TIMES, LENGTHS, st.integers(-DAY, 400 * DAY))
def test_a_share_is_between_nothing_and_all(amount: int, start: int, length: int, offset: int):
    assert 0 <= prorated(amount, start + offset, start, start + length) <= amount


@given(AMOUNTS, TIMES, LENGTHS, st.floats(0, 1), st.floats(0, 1))
def test_less_time_never_costs_more(amount: int, start: int, length: int, one: float, other: float):
    early, late = sorted((start + int(one * length), start + int(other * length)))
    assert prorated(amount, late, start, start + length) <= prorated(amount, early, start, start + length)


@given(AMOUNTS, AMOUNTS, TIMES, LENGTHS, st.floats(0, 1))
def test_there_and_back_costs_nothing(old: int, new: int, start: int, length: int, part: float):
    moment = start + int(part * length)
    there = change_of_price(old, new, moment, start, start + length)
    back = change_of_price(new, old, moment, start, start + length)
    assert there.total + back.total == 0
    assert there.credit <= 0 <= there.debit


@given(AMOUNTS, AMOUNTS, AMOUNTS, TIMES, LENGTHS, st.floats(0, 1))
def test_two_steps_cost_what_one_costs(one: int, two: int, three: int, start: int, length: int, part: float):
    moment, end = start + int(part * length), start + length
    steps = change_of_price(one, two, moment, start, end).total + change_of_price(two, three, moment, start, end).total
    assert steps == change_of_price(one, three, moment, start, end).total


def test_a_period_without_length_is_refused():
    with pytest.raises(ValueError, match="after it starts"):
        prorated(100, 5, 5, 5)


# --- balances


@given(st.integers(-1_000_000, 1_000_000), st.integers(-1_000_000, 1_000_000))
def test_no_cent_is_lost_and_none_is_owed_twice(total: int, balance: int):
    settled = settle(total, balance)
    assert total + balance == settled.amount_due + settled.ending_balance
    assert settled.amount_due == 0 or settled.amount_due >= SMALLEST_CHARGE
    assert settled.ending_balance < SMALLEST_CHARGE
    if total < 0 and balance <= 0:
        assert settled.ending_balance == total + balance  # it all becomes credit
        assert settled.amount_due == 0


@pytest.mark.parametrize(
    ("total", "balance", "due", "after"),
    [(2_500, 0, 2_500, 0), (2_500, -1_000, 1_500, 0), (2_500, -3_000, 0, -500), (-700, 0, 0, -700), (49, 0, 0, 49)],
)
def test_credit_is_used_first(total: int, balance: int, due: int, after: int):
    assert (settle(total, balance).amount_due, settle(total, balance).ending_balance) == (due, after)


# --- periods


@pytest.mark.parametrize(
    ("anchor", "interval", "count", "expected"),
    [
        ("2026-01-31T10:00", "month", 1, "2026-02-28T10:00"),
        ("2026-01-31T10:00", "month", 2, "2026-03-31T10:00"),
        ("2028-01-31T10:00", "month", 1, "2028-02-29T10:00"),
        ("2024-02-29T10:00", "year", 1, "2025-02-28T10:00"),
        ("2024-02-29T10:00", "year", 4, "2028-02-29T10:00"),
        ("2026-12-15T00:00", "month", 1, "2027-01-15T00:00"),
        ("2026-03-01T00:00", "week", 2, "2026-03-15T00:00"),
        ("2026-03-01T00:00", "day", 3, "2026-03-04T00:00"),
    ],
)
def test_intervals(anchor: str, interval: str, count: int, expected: str):
    assert add_intervals(at(anchor), interval, count) == at(expected)


def test_the_31st_comes_back_after_a_short_month():
    anchor = at("2026-01-31")
    ends = [anchor]
    for _ in range(12):
        ends.append(period_end(anchor, ends[-1], "month"))
    assert [datetime.fromtimestamp(end, UTC).day for end in ends] == [
        31,
        28,
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
        31,
    ]


@given(TIMES, st.sampled_from(["day", "week", "month", "year"]), st.integers(1, 3), st.integers(0, 20))
def test_periods_follow_each_other_without_gaps(anchor: int, interval: str, every: int, number: int):
    start = add_intervals(anchor, interval, number * every)
    end = period_end(anchor, start, interval, every)
    assert end == add_intervals(anchor, interval, (number + 1) * every)
    assert start < end


@given(TIMES)
def test_a_month_is_a_month(anchor: int):
    start, end = (datetime.fromtimestamp(each, UTC) for each in (anchor, add_intervals(anchor, "month", 1)))
    assert end.time() == start.time()
    assert end.day == min(start.day, calendar.monthrange(end.year, end.month)[1])


# --- cards


def test_only_test_cards_are_known():
    assert find_card("4242-4242 4242 4242") is CARDS["4242424242424242"]
    assert find_card("4111111111111111") is None
    assert find_card("") is None


@pytest.mark.parametrize(
    ("month", "year", "problem"),
    [
        (11, 2026, False),
        (12, 26, False),
        (10, 2026, True),
        (13, 30, True),
        (0, 30, True),
        (1, 2099, True),
        (1, 25, True),
    ],
)
def test_expiry(month: int, year: int, problem: bool):
    assert (expiry_problem(month, year, 2026, 11) is not None) is problem
