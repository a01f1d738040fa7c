"""Uniswap's formulas against first principles."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.demo.uniswap_math import (
    Q96,
    amount_in_to_reach,
    amount_out,
    position_amounts,
    sqrt_price_x96,
    tick_of,
    virtual_reserves,
)

RESERVES = st.floats(1e6, 1e24)


@given(RESERVES, st.floats(0.2, 5.0), st.floats(0.5, 2.0), st.sampled_from([500, 3_000, 10_000]))
def test_no_other_arbitrage_earns_more(reserve_in: float, rate: float, mispricing: float, fee_ppm: int) -> None:
    reserve_out = reserve_in * rate
    fair = rate * mispricing
    best = amount_in_to_reach(reserve_in, reserve_out, fair, fee_ppm)

    def profit(amount: float) -> float:
        return amount_out(amount, reserve_in, reserve_out, fee_ppm) - fair * amount

    if best == 0.0:
        assert profit(reserve_in * 1e-6) <= 0
    else:
        assert profit(best) >= profit(best * 0.9)
        assert profit(best) >= profit(best * 1.1)
        assert profit(best) >= 0


@given(st.integers(10**6, 10**30), st.integers(10**6, 10**30))
def test_square_root_price_gives_the_reserves_back(amount0: int, amount1: int) -> None:
    root = sqrt_price_x96(amount0, amount1)
    if root > 10**15:
        assert math.isclose((root / Q96) ** 2, amount1 / amount0, rel_tol=1e-12)
        reserve0, reserve1 = virtual_reserves(10**18, root)
        assert math.isclose(reserve1 / reserve0, amount1 / amount0, rel_tol=1e-12)


@pytest.mark.parametrize(("price", "spacing", "tick"), [(1.0, 10, 0), (1.0001**65, 60, 60), (0.5, 60, -6_960)])
def test_ticks_are_rounded_down_to_the_spacing(price: float, spacing: int, tick: int) -> None:
    assert tick_of(price * 1.0000001, spacing) == tick


def test_a_position_over_all_prices_holds_the_virtual_reserves() -> None:
    amount0, amount1 = position_amounts(10**24, 3 * 10**15, -887_220, 887_220)
    assert math.isclose(amount0, 10**24, rel_tol=1e-12)
    assert math.isclose(amount1, 3 * 10**15, rel_tol=1e-9)
