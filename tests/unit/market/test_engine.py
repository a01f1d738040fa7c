"""Price maths against exact fractions, and the book's choices against cases worked out by hand."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.chain.decode import PoolChange
from backend.core.money import engine_decimal
from backend.market.engine.book import Anchors, Price, PriceBook, describe_source
from backend.market.engine.pools import (
    ConcentratedState,
    PairState,
    PoolSpec,
    PoolState,
    liquidity_usd,
    price_in_other,
)

WETH, USDC, UNI, JUNK = ("0x" + digit * 40 for digit in "1234")
ANCHORS = Anchors(WETH, (USDC,))


def spec(
    token0: str, token1: str, decimals0: int, decimals1: int, address: str = "0xp1", fee_ppm: int = 3000
) -> PoolSpec:
    return PoolSpec(address, "Uniswap V2", token0, token1, decimals0, decimals1, 3000)


def exact(state: PoolState) -> Fraction:
    """token1 per token0 in smallest units, by the whitepapers."""
    if isinstance(state, PairState):
        return Fraction(state.reserve1, state.reserve0)
    return Fraction(state.sqrt_price_x96**2, 2**192)


def relative_error(value: Decimal, truth: Fraction) -> Fraction:
    return abs(Fraction(value) - truth) / truth


RESERVES = st.integers(1, 2**112 - 1)
PAIRS = st.builds(PairState, RESERVES, RESERVES)
# The contract's own limits: MIN_SQRT_RATIO and MAX_SQRT_RATIO.
ROOTS = st.integers(4295128739, 1461446703485210103287273052203988822378723970342 - 1)
POOLS = st.builds(
    ConcentratedState, ROOTS, st.integers(1, 2**128 - 1), st.just(0), st.none() | RESERVES, st.none() | RESERVES
)


@settings(deadline=None)
@given(PAIRS | POOLS, st.integers(0, 30), st.integers(0, 30))
def test_price_is_the_exact_fraction(state: PoolState, decimals0: int, decimals1: int) -> None:
    pool = spec(WETH, USDC, decimals0, decimals1)
    truth = exact(state) * Fraction(10) ** (decimals0 - decimals1)
    assert relative_error(price_in_other(pool, state, WETH), truth) < Fraction(1, 10**90)
    assert relative_error(price_in_other(pool, state, USDC), 1 / truth) < Fraction(1, 10**90)


@settings(deadline=None)
@given(PAIRS | POOLS, st.integers(0, 24), st.integers(0, 24))
def test_liquidity_is_twice_the_thinner_side(state: PoolState, decimals0: int, decimals1: int) -> None:
    pool = spec(WETH, USDC, decimals0, decimals1)
    ratio = exact(state) * Fraction(10) ** (decimals0 - decimals1)
    sides: list[Fraction] = []
    for concentration in (10, 1):
        if isinstance(state, PairState):
            depth0, depth1 = Fraction(state.reserve0), Fraction(state.reserve1)
        else:
            depth0 = Fraction(state.liquidity * 2**96 // state.sqrt_price_x96)
            depth1 = Fraction(state.liquidity * state.sqrt_price_x96 // 2**96)
            if state.balance0 is not None:
                depth0 = min(depth0, Fraction(concentration * state.balance0))
            if state.balance1 is not None:
                depth1 = min(depth1, Fraction(concentration * state.balance1))
        truth = 2 * min(depth0 / Fraction(10) ** decimals0 * ratio, depth1 / Fraction(10) ** decimals1)
        value = Fraction(liquidity_usd(pool, state, USDC, Decimal(1), concentration))
        assert abs(value - truth) <= truth / 10**80
        sides.append(truth)
    assert sides[1] <= sides[0]


@settings(deadline=None)
@given(PAIRS, st.integers(0, 18), st.integers(0, 18))
def test_a_booked_price_is_the_exact_one_to_15_digits_and_18_places(state: PairState, d0: int, d1: int) -> None:
    book = PriceBook(ANCHORS, floor_usd=Decimal(0))
    book.put(spec(WETH, USDC, d0, d1), state)
    truth = exact(state) * Fraction(10) ** (d0 - d1)
    price = book.prices().get(WETH)
    if price is None:
        assert truth < Fraction(1, 10**18) or truth >= 10**40 or state.reserve1 * 2 >= 10**40
        return
    assert price.price_usd == engine_decimal(price.price_usd)
    assert abs(Fraction(price.price_usd) - truth) <= max(truth / (2 * 10**14), Fraction(1, 10**18))


def test_a_swap_moves_price_and_balances_and_liquidity_counts_only_in_range() -> None:
    state = ConcentratedState(2**96, 1000, 0, 500, 600)
    state = state.after(PoolChange(pool="p", kind="v3", delta_liquidity=50, tick_range=(-10, 10), delta_balance0=7))
    assert (state.liquidity, state.balance0, state.balance1) == (1050, 507, 600)
    state = state.after(PoolChange(pool="p", kind="v3", delta_liquidity=50, tick_range=(0, 10)))
    assert state.liquidity == 1100, "the lower tick is in the range"
    state = state.after(PoolChange(pool="p", kind="v3", delta_liquidity=-40, tick_range=(-10, 0)))
    assert state.liquidity == 1100, "the upper tick is not"
    state = state.after(
        PoolChange(pool="p", kind="v3", sqrt_price_x96=2**97, liquidity=9, tick=13863, delta_balance1=-100)
    )
    assert state == ConcentratedState(2**97, 9, 13863, 507, 500)


@dataclass
class Case:
    """A book with WETH/USDC at $2,000, $2m deep."""

    book: PriceBook

    def uni_usdc(self, usd: int, price: int) -> None:
        self.book.put(spec(UNI, USDC, 18, 6, "0xuniusdc"), PairState(usd * 10**18 // price, usd * 10**6))

    def uni_weth(self, usd: int, price: Fraction) -> None:
        uni, weth = Fraction(usd) / price, Fraction(usd, 2000)
        self.book.put(spec(UNI, WETH, 18, 18, "0xuniweth"), PairState(int(uni * 10**18), int(weth * 10**18)))

    def price(self, token: str) -> Price | None:
        return self.book.prices().get(token)


@pytest.fixture
def case() -> Case:
    book = PriceBook(ANCHORS)
    book.put(spec(USDC, WETH, 6, 18, "0xwethusdc"), PairState(1_000_000 * 10**6, 500 * 10**18))
    return Case(book)


def test_native_and_stable(case: Case) -> None:
    native, stable = case.price(WETH), case.price(USDC)
    assert native is not None and stable is not None
    assert (native.price_usd, native.liquidity_usd) == (2000, 2_000_000)
    assert (stable.price_usd, stable.path) == (1, ())


def test_the_deepest_path_wins_and_is_as_deep_as_its_thinnest_pool(case: Case) -> None:
    case.uni_usdc(100_000, 10)
    case.uni_weth(5_000_000, Fraction(11))
    price = case.price(UNI)
    assert price is not None and price.price_usd == 11
    assert price.liquidity_usd == 2_000_000, "through WETH it is no deeper than WETH's own pool"
    assert [pool.address for pool in price.path] == ["0xuniweth", "0xwethusdc"]


def test_the_pool_in_use_stays_until_another_is_clearly_deeper(case: Case) -> None:
    case.uni_usdc(100_000, 10)
    case.uni_weth(90_000, Fraction(11))
    assert case.book.prices()[UNI].price_usd == 10
    case.uni_weth(120_000, Fraction(11))
    assert case.book.prices()[UNI].price_usd == 10, "20 % deeper is not enough"
    case.uni_weth(130_000, Fraction(11))
    assert case.book.prices()[UNI].price_usd == 11
    case.uni_usdc(120_000, 10)
    assert case.book.prices()[UNI].price_usd == 11


def test_below_the_floor_there_is_no_price(case: Case) -> None:
    case.uni_usdc(4_999, 10)
    assert case.price(UNI) is None
    case.uni_usdc(5_000, 10)
    assert case.price(UNI) is not None


def test_liquidity_squeezed_into_a_tick_is_worth_what_is_held(case: Case) -> None:
    """$1,000 of real tokens that look like millions at the current tick price nothing."""
    root = 2**96 // 10**6  # 1 UNI (18) = 1e-12 * 1e12 = 1 USDC (6)
    squeezed = ConcentratedState(root, 10**24, 0, 500 * 10**18, 500 * 10**6)
    pool = spec(UNI, USDC, 18, 6, "0xsqueezed")
    assert liquidity_usd(pool, ConcentratedState(root, 10**24, 0, None, None), USDC, Decimal(1)) > 10**11
    case.book.put(pool, squeezed)
    assert case.price(UNI) is None
    case.uni_usdc(100_000, 10)
    case.book.put(pool, ConcentratedState(root, 10**24, 0, 5_500 * 10**18, 5_500 * 10**6))
    price = case.price(UNI)
    assert price is not None and price.price_usd == 10, "eleven thousand held count at most tenfold"


def test_pools_without_an_anchor_or_a_price_are_left_out(case: Case) -> None:
    assert not case.book.is_useful(UNI, JUNK) and case.book.is_useful(UNI, WETH)
    case.book.put(spec(JUNK, WETH, 18, 18, "0xempty"), PairState(0, 0))
    assert case.price(JUNK) is None
    assert not case.book.apply("0xnowhere", PoolChange(pool="0xnowhere", kind="uniswap_v2", reserve0=1, reserve1=1))
    case.book.apply("0xwethusdc", PoolChange(pool="0xwethusdc", kind="uniswap_v2", reserve0=0, reserve1=0))
    assert case.price(WETH) is None


def test_a_source_says_pool_path_and_assumption(case: Case) -> None:
    case.uni_weth(500_000, Fraction(11))
    symbols = {WETH: "WETH", USDC: "USDC", UNI: "UNI"}
    prices = case.book.prices()
    assert describe_source(prices[USDC], symbols) == "USDC taken as exactly $1"
    assert describe_source(prices[WETH], symbols) == "Uniswap V2 WETH/USDC 0.3% pool 0xwethusdc (USDC = $1)"
    assert describe_source(prices[UNI], symbols) == (
        "Uniswap V2 UNI/WETH 0.3% pool 0xuniweth via Uniswap V2 WETH/USDC 0.3% (USDC = $1)"
    )
    long = dict.fromkeys(symbols, "W" * 64)
    assert all(len(describe_source(price, long)) <= 120 for price in prices.values())
