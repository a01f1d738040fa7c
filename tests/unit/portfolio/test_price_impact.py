"""What a swap loses, against the pools' own integer arithmetic."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.portfolio.engine.price_impact import PoolSide, cheapest_side, left_of, lost_fraction

FEE = Decimal("0.003")


def v2_out(amount_in: int, reserve_in: int, reserve_out: int) -> int:
    """UniswapV2Library.getAmountOut."""
    with_fee = amount_in * 997
    return with_fee * reserve_out // (reserve_in * 1000 + with_fee)


@given(st.integers(10**6, 10**24), st.integers(10**18, 10**26), st.integers(10**18, 10**26))
def test_it_is_what_a_v2_pool_pays(amount: int, reserve_in: int, reserve_out: int) -> None:
    left = left_of(Decimal(amount), PoolSide(Decimal(reserve_in), FEE))
    paid = Decimal(v2_out(amount, reserve_in, reserve_out)) * reserve_in / reserve_out
    assert abs(left - paid) <= Decimal(reserve_in) / reserve_out + Decimal("1e-20") * amount


def test_by_hand() -> None:
    side = PoolSide(Decimal(1000), Decimal(0))
    assert lost_fraction(Decimal(0), [side]) == 0
    assert lost_fraction(Decimal(1000), [side]) == Decimal("0.5")
    assert lost_fraction(Decimal(250), [side]) == Decimal("0.2")
    assert lost_fraction(Decimal(100), []) == 0
    assert lost_fraction(Decimal(0), [PoolSide(Decimal(5), FEE)] * 2) == Decimal("0.005991")
    assert lost_fraction(Decimal(10), [PoolSide(Decimal(0), FEE)]) == 1
    with pytest.raises(ValueError, match="negative"):
        lost_fraction(Decimal(-1), [side])


@given(st.decimals(1, 10**9, places=2), st.decimals(1, 10**9, places=2), st.decimals(1, 10**9, places=2))
def test_more_loses_more_and_a_deeper_pool_less(amount: Decimal, more: Decimal, depth: Decimal) -> None:
    side = PoolSide(depth, FEE)
    assert FEE <= lost_fraction(amount, [side]) <= lost_fraction(amount + more, [side])
    assert lost_fraction(amount, [PoolSide(depth + more, FEE)]) <= lost_fraction(amount, [side])


def test_a_small_trade_takes_the_cheap_fee_and_a_large_one_the_depth() -> None:
    cheap, deep = PoolSide(Decimal(10_000), Decimal("0.0005")), PoolSide(Decimal(10**8), FEE)
    assert cheapest_side(Decimal(10), [deep, cheap]) == 1
    assert cheapest_side(Decimal(100_000), [deep, cheap]) == 0
    assert cheapest_side(Decimal(10), [cheap, cheap]) == 0
