"""Uniswap's arithmetic and impermanent loss against exact fractions and worked examples."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.portfolio.engine.impermanent_loss import (
    AgainstHolding,
    PairPrices,
    PositionHistory,
    against_holding,
    loss_v2,
    loss_v3,
)
from backend.portfolio.engine.uniswap.fee_growth import FeeGrowth, fee_growth_inside, uncollected_fees
from backend.portfolio.engine.uniswap.liquidity_amounts import amounts_for_liquidity, liquidity_for_amounts
from backend.portfolio.engine.uniswap.sqrt_price_math import Q96, amount0_delta, amount1_delta
from backend.portfolio.engine.uniswap.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from backend.portfolio.engine.uniswap.v2_position import V2Pool, burn_amounts, liquidity_x64, split_fees

TICKS = st.integers(MIN_TICK, MAX_TICK)
PRICES = st.integers(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1)
LIQUIDITY = st.integers(0, 2**128 - 1)


# ---- ticks and amounts ----------------------------------------------------------------------------------------


def test_ticks_as_the_contracts_tests_have_them() -> None:
    """Uniswap v3-core, test/TickMath.spec.ts and its snapshot."""
    assert sqrt_ratio_at_tick(MIN_TICK) == MIN_SQRT_RATIO == 4295128739
    assert sqrt_ratio_at_tick(MIN_TICK + 1) == 4295343490
    assert sqrt_ratio_at_tick(MAX_TICK - 1) == 1461373636630004318706518188784493106690254656249
    assert sqrt_ratio_at_tick(MAX_TICK) == MAX_SQRT_RATIO
    assert sqrt_ratio_at_tick(0) == Q96
    assert sqrt_ratio_at_tick(50) == 79426470787362580746886972461
    assert sqrt_ratio_at_tick(-50) == 79030349367926598376800521322
    assert tick_at_sqrt_ratio(MAX_SQRT_RATIO - 1) == MAX_TICK - 1
    for tick in (MIN_TICK - 1, MAX_TICK + 1):
        with pytest.raises(ValueError, match="out of range"):
            sqrt_ratio_at_tick(tick)
    for price in (MIN_SQRT_RATIO - 1, MAX_SQRT_RATIO):
        with pytest.raises(ValueError, match="out of range"):
            tick_at_sqrt_ratio(price)


def test_amounts_as_the_contracts_tests_have_them() -> None:
    """Uniswap v3-core, test/SqrtPriceMath.spec.ts: prices 1 and 1.21, liquidity 10^18."""
    one, other = Q96, math.isqrt(121 * Q96 * Q96 // 100)
    assert amount0_delta(one, other, 10**18, round_up=True) == 90909090909090910
    assert amount0_delta(one, other, 10**18, round_up=False) == 90909090909090909
    assert amount1_delta(one, other, 10**18, round_up=True) == 100000000000000000
    assert amount1_delta(one, other, 10**18, round_up=False) == 99999999999999999


@settings(deadline=None)
@given(TICKS)
def test_a_tick_is_a_ten_thousandth(tick: int) -> None:
    """sqrt(1.0001^tick) to 2^-96 of absolute and 1e-9 of relative error, and its own tick again."""
    ratio = sqrt_ratio_at_tick(tick)
    assert math.isclose(math.log(ratio / Q96) * 2, tick * math.log(1.0001), rel_tol=0, abs_tol=1e-7)
    if tick < MAX_TICK:
        assert tick_at_sqrt_ratio(ratio) == tick
        assert sqrt_ratio_at_tick(tick + 1) > ratio
    if tick > MIN_TICK:
        assert tick_at_sqrt_ratio(ratio - 1) == tick - 1


@settings(deadline=None)
@given(PRICES, TICKS, TICKS, LIQUIDITY)
def test_amounts_are_the_whitepapers_rounded_for_the_pool(price: int, one: int, other: int, liquidity: int) -> None:
    low, high = sorted((sqrt_ratio_at_tick(one), sqrt_ratio_at_tick(other)))
    inside = min(max(price, low), high)
    truth0 = Fraction(liquidity * Q96 * (high - inside), high * inside)
    truth1 = Fraction(liquidity * (inside - low), Q96)
    down0, down1 = amounts_for_liquidity(price, low, high, liquidity)
    up0, up1 = amounts_for_liquidity(price, high, low, liquidity, round_up=True)
    assert 0 <= truth0 - down0 < 2 and 0 <= up0 - truth0 < 2
    assert 0 <= truth1 - down1 < 1 and 0 <= up1 - truth1 < 1


@settings(deadline=None)
@given(st.integers(-200_000, 200_000), st.integers(1, 100_000), st.integers(-300_000, 300_000), st.data())
def test_liquidity_of_amounts_costs_no_more_than_them(low: int, width: int, at: int, data: st.DataObject) -> None:
    bottom, top, price = sqrt_ratio_at_tick(low), sqrt_ratio_at_tick(low + width), sqrt_ratio_at_tick(at)
    amounts = data.draw(st.tuples(st.integers(0, 10**24), st.integers(0, 10**24)))
    liquidity = liquidity_for_amounts(price, bottom, top, *amounts)
    taken = amounts_for_liquidity(price, bottom, top, liquidity)
    assert taken[0] <= amounts[0] and taken[1] <= amounts[1]
    with pytest.raises(ValueError, match="empty"):
        liquidity_for_amounts(price, top, top, 1, 1)


# ---- fees -----------------------------------------------------------------------------------------------------

GROWTH = st.integers(0, 2**256 - 1)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 2**200)), max_size=30), GROWTH, GROWTH, GROWTH)
def test_growth_inside_is_what_was_earned_inside(
    steps: list[tuple[int, int]], start: int, lower: int, upper: int
) -> None:
    """A pool that moves between ticks: whatever the counters stood at, the difference is what came while inside."""
    tick_lower, tick_upper = -1, 2
    tick, growth, earned = 0, start, 0

    def inside() -> int:
        outside = FeeGrowth(lower, lower), FeeGrowth(upper, upper)
        return fee_growth_inside(FeeGrowth(growth, growth), *outside, tick, tick_lower, tick_upper).token1_x128

    first = inside()
    for target, fee in steps:
        # crossing a tick turns its counter round (Tick.cross)
        if (tick < tick_lower) != (target < tick_lower):
            lower = (growth - lower) % 2**256
        if (tick < tick_upper) != (target < tick_upper):
            upper = (growth - upper) % 2**256
        tick = target
        growth = (growth + fee) % 2**256
        earned += fee if tick_lower <= tick < tick_upper else 0
    assert (inside() - first) % 2**256 == earned % 2**256


def test_fees_are_what_was_owed_and_what_came_since() -> None:
    last, now = FeeGrowth(2**256 - 5, 7), FeeGrowth(2**128 - 5, 2**127 + 7)
    assert uncollected_fees(10, now, last, (100, 200)) == (110, 205)
    assert uncollected_fees(1, now, now, (2**128 - 1, 0)) == (2**128 - 1, 0)


# ---- V2 -------------------------------------------------------------------------------------------------------


def test_burning_takes_a_share_of_the_balances() -> None:
    pool = V2Pool(1_000, 4_000, 1_010, 4_000, 2_000)
    assert burn_amounts(pool, 500) == (252, 1_000)
    assert burn_amounts(pool, 0) == (0, 0)
    with pytest.raises(ValueError, match="not so many"):
        burn_amounts(pool, 2_001)


def test_the_protocols_sixth_is_minted_first() -> None:
    """The root grew from 1,000 to 1,100: a sixth of that is worth 1000 x 100 / (5 x 1100 + 1000) = 15 LP tokens."""
    pool = V2Pool(1_100, 1_100, 1_100, 1_100, 1_000, k_last=1_000**2)
    assert burn_amounts(pool, 1_000) == (1_100 * 1_000 // 1_015,) * 2


def test_half_of_what_doubled_was_earned() -> None:
    assert split_fees(liquidity_x64((100, 400)), (200, 800)) == ((100, 400), (100, 400))
    assert split_fees(liquidity_x64((100, 400)), (101, 100)) == ((101, 100), (0, 0))


@given(st.integers(1, 2**100), st.integers(1, 2**100), st.integers(1, 2**90), st.integers(1, 2**90))
def test_principal_and_fees_are_all(now0: int, now1: int, put0: int, put1: int) -> None:
    principal, fees = split_fees(liquidity_x64((put0, put1)), (now0, now1))
    assert (principal[0] + fees[0], principal[1] + fees[1]) == (now0, now1)
    assert min(*principal, *fees) >= 0
    if now0 * now1 > put0 * put1:
        root = Fraction(math.isqrt(put0 * put1 << 160), math.isqrt(now0 * now1 << 160))
        assert abs(principal[0] - now0 * root) <= 2 + now0 / 2**60


# ---- impermanent loss -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ratio", "loss_pct"),
    [("1.25", "0.6"), ("1.5", "2.0"), ("1.75", "3.8"), ("2", "5.7"), ("3", "13.4"), ("4", "20.0"), ("5", "25.5")],
)
def test_impermanent_loss_as_uniswaps_documentation_lists_it(ratio: str, loss_pct: str) -> None:
    """Uniswap docs, "Understanding returns": 1.25x is 0.6 % … 5x is 25.5 %."""
    assert round(-100 * loss_v2(Decimal(ratio)), 1) == Decimal(loss_pct)


def test_impermanent_loss_of_a_position_by_hand() -> None:
    """1 ETH and 1,000 USDC; the price goes to 4,000: 0.5 ETH and 2,000 USDC instead of 5,000 held, and 30 of fees."""
    history = PositionHistory(((10**18, 1_000 * 10**6),), (), ((0, 10 * 10**6),))
    prices = PairPrices(18, 6, Decimal(4_000), Decimal(1))
    found = against_holding(history, (5 * 10**17, 2_000 * 10**6), (5 * 10**15, 0), prices)
    assert found == AgainstHolding(Decimal(5_000), Decimal(4_000), Decimal(30))
    assert found is not None
    assert (found.il_usd, found.il_pct, found.net_usd, found.net_pct) == (-1000, -20, -970, Decimal("-19.4"))


def test_what_was_taken_out_is_not_held() -> None:
    history = PositionHistory(((100, 100), (100, 100)), ((50, 50),), ())
    found = against_holding(history, (150, 150), (0, 0), PairPrices(0, 0, Decimal(1), Decimal(2)))
    assert found == AgainstHolding(Decimal(450), Decimal(450), Decimal(0))


def test_a_price_that_is_unknown_and_matters_makes_the_loss_unknown() -> None:
    history = PositionHistory(((100, 0),), (), ())
    prices = PairPrices(0, 0, Decimal(1), None)
    assert against_holding(history, (50, 50), (0, 0), prices) is None
    assert against_holding(history, (100, 0), (0, 0), prices) is not None


RATIOS = st.decimals("0.001", 1000, places=6)


@settings(deadline=None)
@given(RATIOS)
def test_loss_is_the_same_up_and_down_and_never_a_gain(ratio: Decimal) -> None:
    loss = loss_v2(ratio)
    assert -1 < loss <= 0
    assert abs(loss - loss_v2(1 / ratio)) < Decimal("1e-20")


@settings(deadline=None)
@given(RATIOS, RATIOS, RATIOS, st.decimals("1.0001", 100, places=4))
def test_a_range_loses_more_than_no_range_and_the_widest_the_same(
    entry: Decimal, now: Decimal, lower: Decimal, width: Decimal
) -> None:
    loss = loss_v3(entry, now, lower, lower * width)
    assert loss <= Decimal("1e-40")
    wide = loss_v3(entry, now, Decimal("1e-60"), Decimal("1e60"))
    assert abs(wide - loss_v2(now / entry)) < Decimal("1e-20")
    if lower <= min(entry, now) and max(entry, now) <= lower * width:
        assert loss <= wide + Decimal("1e-20")
    assert abs(loss_v3(entry, entry, lower, lower * width)) < Decimal("1e-40")


@settings(deadline=None)
@given(
    st.integers(-50_000, 50_000), st.integers(-50_000, 50_000), st.integers(-50_000, 50_000), st.integers(60, 60_000)
)
def test_the_loss_of_integers_is_that_of_the_formula(entry: int, now: int, low: int, width: int) -> None:
    bottom, top, liquidity = sqrt_ratio_at_tick(low), sqrt_ratio_at_tick(low + width), 10**30
    put_in = amounts_for_liquidity(sqrt_ratio_at_tick(entry), bottom, top, liquidity)
    amounts = amounts_for_liquidity(sqrt_ratio_at_tick(now), bottom, top, liquidity)
    prices = [(Decimal(sqrt_ratio_at_tick(tick)) / Q96) ** 2 for tick in (entry, now, low, low + width)]
    found = against_holding(
        PositionHistory((put_in,), (), ()), amounts, (0, 0), PairPrices(0, 0, prices[1], Decimal(1))
    )
    assert found is not None and found.il_pct is not None
    assert abs(found.il_pct / 100 - loss_v3(*prices)) < Decimal("1e-15")


@pytest.mark.parametrize(
    "bad", [("0", "1", "1", "2"), ("1", "0", "1", "2"), ("1", "1", "2", "2"), ("1", "1", "0", "2")]
)
def test_prices_must_be_prices(bad: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="above zero"):
        loss_v3(*map(Decimal, bad))
    with pytest.raises(ValueError, match="above zero"):
        loss_v2(Decimal(0))
