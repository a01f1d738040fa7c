"""A year at a glance: its months and assets sum to its figures."""

from datetime import date
from decimal import Decimal

from backend.tax.home.glance import MOST_ASSETS, glance
from tests.unit.tax.forms.books import book_of
from tests.unit.tax.given import buy, income, on, sell

TODAY = date(2026, 11, 26)


def events():
    found = []
    for number in range(12):
        asset = f"A{number}"
        found.append(buy(f"b{number}", on("2024-02-05"), 4, 100, asset=asset))
        found.append(
            sell(f"s{number}", on(f"2025-{number + 1:02}-10"), 2, Decimal(number * 20) + Decimal("0.335"), asset=asset)
        )
    found.append(income("i", on("2025-03-01"), 1, "12.345"))
    return found


def test_months_and_assets_sum_to_the_year() -> None:
    seen = glance(*book_of(events()), 2025, TODAY)
    assert seen.result.amount("net_gain") == seen.sums.gain == Decimal("724.03")
    assert sum(month.gain for month in seen.months) == seen.sums.gain
    assert sum(each.sums.gain for each in seen.assets) == seen.sums.gain
    assert [month.first_day.month for month in seen.months] == list(range(1, 13))
    assert seen.months[2].income == Decimal("12.35") == seen.income
    assert (seen.short, seen.long) == (Decimal("-49.66"), Decimal("773.69"))


def test_small_assets_are_together() -> None:
    seen = glance(*book_of(events()), 2025, TODAY)
    assert len(seen.assets) == MOST_ASSETS + 1
    assert seen.assets[0].symbol == "A11" and (seen.assets[-1].symbol, seen.assets[-1].assets) == ("", 4)


def test_without_a_choice_it_is_the_last_year_that_is_over() -> None:
    book, done = book_of(events())
    assert glance(book, done, None, TODAY).result.year == 2025
    assert glance(book, done, 1999, TODAY).result.year == 2025, "a year that is not there"
    assert glance(book, done, 2024, TODAY).years == (2026, 2025, 2024)
    empty = glance(*book_of([]), None, TODAY)
    assert (empty.result.year, empty.years, empty.sums.count) == (2026, (2026,), 0)


def test_months_of_a_tax_year_that_begins_in_april() -> None:
    seen = glance(*book_of(events(), "UK", "GBP"), 2024, TODAY)
    months = [(month.first_day.year, month.first_day.month) for month in seen.months]
    assert months[0] == (2024, 4) and months[-1] == (2025, 4) and len(months) == 13
    assert sum(month.gain for month in seen.months) == seen.sums.gain
    assert (seen.short, seen.long) == (None, None)
