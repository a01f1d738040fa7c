"""Rounded lines: each within a cent, sums that do not drift, figures that are the lines'."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.tax.engine.money import scaled
from backend.tax.forms.lines import lines_of, totals
from backend.tax.forms.rounding import CENT_E18, WHOLE_E18, Carried, nearest, rounded_year
from tests.unit.tax.forms.books import book_of
from tests.unit.tax.given import buy, income, sell

AMOUNTS = st.lists(st.integers(-(10**22), 10**22), max_size=60)


@given(AMOUNTS, st.sampled_from([CENT_E18, WHOLE_E18]))
def test_a_sum_of_rounded_amounts_is_the_rounded_sum(amounts: list[int], unit: int) -> None:
    carried = Carried(unit)
    rounded = [carried.round(amount) for amount in amounts]
    assert sum(rounded) == nearest(sum(amounts), unit)
    for amount, given_ in zip(amounts, rounded, strict=True):
        assert given_ % unit == 0 and abs(given_ - amount) <= unit


@given(st.integers(-(10**24), 10**24))
def test_half_is_rounded_away_from_zero(amount: int) -> None:
    rounded = nearest(amount, CENT_E18)
    assert rounded % CENT_E18 == 0 and abs(rounded - amount) <= CENT_E18 // 2
    assert nearest(-amount, CENT_E18) == -rounded
    assert nearest(CENT_E18 // 2, CENT_E18) == CENT_E18


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 700), st.integers(1, 10**8), st.integers(0, 10**8)), min_size=1, max_size=25),
    st.sampled_from(["US", "DE", "AU", "UK", "CA", "IE"]),
    st.booleans(),
)
def test_lines_figures_and_engine_agree(trades: list[tuple[int, int, int]], place: str, is_washed: bool) -> None:
    start = datetime(2023, 8, 1, 12, tzinfo=UTC)
    events = []
    for number, (days, cost, proceeds) in enumerate(trades):
        events.append(buy(f"b{number}", start + timedelta(days=number), 3, Decimal(cost) / 7919))
        events.append(sell(f"s{number}", start + timedelta(days=days, hours=1), "1.7", Decimal(proceeds) / 7907))
    book, done = book_of(events, place, wash_sales=is_washed and place == "US")
    for year in (2023, 2024, 2025):
        rounded = rounded_year(done, year)
        sums = totals(lines_of(book, done, rounded))
        exact = rounded.exact
        assert sums.gain == sums.proceeds - sums.cost + sums.adjustment
        for name, found in (("proceeds", sums.proceeds), ("cost", sums.cost), ("net_gain", sums.gain)):
            assert scaled(rounded.result.amount(name)) == scaled(found)
            assert abs(found - exact.amount(name)) <= Decimal("0.04")
        if place == "US":
            short, long = rounded.result.amount("short_term_gain"), rounded.result.amount("long_term_gain")
            assert short + long == sums.gain


def test_a_loss_that_does_not_count_leaves_nothing_behind() -> None:
    start = datetime(2024, 1, 1, 12, tzinfo=UTC)
    events = []
    for number in range(50):
        events.append(buy(f"b{number}", start + timedelta(days=number), 1, "10.0033"))
        events.append(sell(f"s{number}", start + timedelta(days=number, hours=2), 1, "7.0077"))
    events.append(buy("last", start + timedelta(days=51), 1, 5))
    book, done = book_of(events, wash_sales=True)
    lines = lines_of(book, done, rounded_year(done, 2024))
    denied = [line for line in lines if line.adjustment]
    assert len(denied) == 50 and all(line.gain == 0 for line in denied)


def test_what_nobody_knows_is_in_no_sum() -> None:
    book, done = book_of(
        [sell("s", datetime(2024, 5, 1, tzinfo=UTC), 1, 100), income("i", datetime(2024, 1, 1, tzinfo=UTC), 1, None)]
    )
    rounded = rounded_year(done, 2024)
    lines = lines_of(book, done, rounded)
    assert [(line.proceeds, line.cost, line.gain, line.counts) for line in lines] == [(100, None, None, False)]
    assert totals(lines).count == 0 and rounded.result.unknown == 2
