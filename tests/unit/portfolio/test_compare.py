"""Two snapshots beside each other: what came of price and of amount adds up; unknown stays unknown."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from backend.portfolio.snapshots.compare import compare
from backend.portfolio.snapshots.records import make_snapshot
from tests.integration.portfolio.snapshots.conftest import asset, chain

USER, NOW = UUID(int=7), datetime(2026, 5, 20, tzinfo=UTC)


def held(amount: int, price: str | None, chain_id: int = 1):
    value = None if price is None else str(amount * Decimal(price))
    return asset(value, chain_id, amount_raw=amount, decimals=0, price_usd=None if price is None else Decimal(price))


def compared(before, after, *, before_chain=None, after_chain=None):
    then = make_snapshot(USER, NOW - timedelta(days=1), [before_chain or chain(1)], before, is_complete=True)
    now = make_snapshot(USER, NOW, [after_chain or chain(1)], after, is_complete=True)
    return compare(then, now)


@pytest.mark.parametrize(
    ("before", "after", "by_price", "by_amount"),
    [
        ((10, "2"), (10, "3"), 10, 0),
        ((10, "2"), (15, "3"), 10, 15),
        ((10, "2"), (4, "3"), 4, -12),
        ((-10, "2"), (-4, "3"), -4, 12),
        ((-10, "2"), (5, "3"), 0, 35),
        ((0, "2"), (5, "3"), 0, 15),
    ],
)
def test_price_and_amount_add_up(before, after, by_price, by_amount):
    found = compared([held(*before)], [held(*after)])
    (change,) = found.assets
    assert (change.by_price_usd, change.by_amount_usd) == (by_price, by_amount)
    assert change.change_usd == found.change_usd == by_price + by_amount


def test_what_is_gone_was_sold_where_the_chain_was_read_and_is_unknown_elsewhere():
    (sold,) = compared([held(10, "2")], []).assets
    assert (sold.change_usd, sold.by_price_usd, sold.by_amount_usd) == (-20, 0, -20)
    away = compared([held(10, "2")], [], after_chain=chain(1, state="unknown"))
    assert not away.is_complete
    (unknown,) = away.assets
    assert (unknown.after.value_usd, unknown.change_usd, unknown.by_price_usd) == (None, None, None)


def test_without_a_price_nothing_is_said():
    (change,) = compared([held(10, None)], [held(10, "3")]).assets
    assert (change.change_usd, change.by_price_usd, change.by_amount_usd) == (None, None, None)
