"""Liquidity of which only the entry is known: by hand, by the formulas, and against the contracts' integers."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from backend.portfolio.engine.entered_liquidity import Entry, amounts_at, liquidity_of, loss
from backend.portfolio.engine.impermanent_loss import loss_v2
from backend.portfolio.engine.uniswap.liquidity_amounts import amounts_for_liquidity
from backend.portfolio.engine.uniswap.range_price import price_of_sqrt, price_of_tick
from backend.portfolio.engine.uniswap.sqrt_price_math import Q96
from backend.portfolio.engine.uniswap.tick_math import sqrt_ratio_at_tick
from backend.portfolio.liquidity.losses import together
from backend.portfolio.liquidity.reading import liquidity_read
from backend.portfolio.liquidity.schemas import LiquidityAdd, LossRead

PRICES = st.decimals("0.0001", 10_000, places=6)


def row(**fields: Any) -> Any:
    given: dict[str, Any] = {
        "id": "018f0000-0000-7000-8000-000000000001",
        "label": "",
        "chain_id": 1,
        "pool": "0x" + "1" * 40,
        "version": "v2",
        "is_known_factory": True,
        "fee_ppm": None,
        **{f"{name}{place}": f"0x{place}" for name in ("token", "symbol") for place in (0, 1)},
        "decimals0": 18,
        "decimals1": 6,
        "entry_at": "2026-01-01T00:00:00Z",
        "entry_price": Decimal(1000),
        "lower_price": None,
        "upper_price": None,
        "amount0": Decimal(1),
        "amount1": None,
        "price_now": Decimal(4000),
        "price0_usd": Decimal(4000),
        "price1_usd": Decimal(1),
        "price0_source": "s",
        "price1_source": "s",
        "block_number": 1,
        "block_hash": "0x",
        "read_at": "2026-02-01T00:00:00Z",
        "problem": None,
    }
    return SimpleNamespace(**(given | fields))


def test_by_hand_when_the_price_fours():
    """1 ETH and 1,000 dollars become 0.5 ETH and 2,000: 4,000 instead of 5,000, a fifth lost."""
    read = liquidity_read(row())
    assert (read.amount0, read.amount1) == (1, 1000)
    assert (read.il_pct, read.hold_usd, read.position_usd, read.il_usd) == (-20, 5000, 4000, -1000)
    assert liquidity_read(row(amount0=None, amount1=Decimal(1000))).hold_usd == 5000
    alone = liquidity_read(row(amount0=None))
    assert (alone.il_pct, alone.hold_usd, alone.il_usd, alone.problem) == (-20, None, None, None)
    unknown = liquidity_read(row(price0_usd=None))
    assert (unknown.il_pct, unknown.il_usd) == (-20, None) and unknown.problem
    unread = liquidity_read(row(price_now=None))
    assert (unread.il_pct, unread.is_in_range, unread.hold_usd) == (None, None, None)


def test_a_range_that_the_price_left_holds_one_token():
    entry = Entry(Decimal(100), Decimal(81), Decimal(121))
    liquidity = liquidity_of(entry, Decimal(1), None)
    held0, held1 = amounts_at(entry, Decimal(144), liquidity)
    assert held0 == 0
    assert held1 == pytest.approx(liquidity * 2), "√121 - √81"
    read = liquidity_read(
        row(version="v3", entry_price=Decimal(100), lower_price=Decimal(81), upper_price=Decimal(121))
    )
    assert (read.is_in_range, read.il_pct is not None and read.il_pct < -90) == (False, True)
    with pytest.raises(ValueError, match="other token"):
        liquidity_of(Entry(Decimal(130), Decimal(81), Decimal(121)), Decimal(1), None)
    with pytest.raises(ValueError, match="one token"):
        liquidity_of(entry, Decimal(1), Decimal(1))


@settings(deadline=None)
@given(PRICES, PRICES, PRICES, st.decimals("1.001", 100, places=3), st.booleans())
def test_loss_is_what_the_amounts_say(price: Decimal, now: Decimal, low: Decimal, width: Decimal, is_v3: bool):
    entry = Entry(price, low, low * width) if is_v3 else Entry(price)
    put0, put1 = amounts_at(entry, price, Decimal(1))
    held0, held1 = amounts_at(entry, now, Decimal(1))
    expected = (held0 * now + held1) / (put0 * now + put1) - 1
    assert float(loss(entry, now)) == pytest.approx(float(expected), abs=1e-12)
    if not is_v3:
        assert abs(loss(entry, now) - loss_v2(now / price)) < Decimal("1e-20")
    one = (put0, None) if put0 > 0 else (None, put1)
    assert float(liquidity_of(entry, *one)) == pytest.approx(1, rel=1e-9)


@settings(deadline=None)
@given(st.integers(-100_000, 100_000), st.integers(-100_000, 100_000), st.integers(60, 50_000))
def test_amounts_are_those_of_the_contracts_integers(at: int, low: int, width: int):
    """With 10^30 of liquidity the integers' rounding is far below what is compared."""
    liquidity = 10**30
    exact = amounts_for_liquidity(
        sqrt_ratio_at_tick(at), sqrt_ratio_at_tick(low), sqrt_ratio_at_tick(low + width), liquidity
    )
    entry = Entry(price_of_tick(at, 0, 0), price_of_tick(low, 0, 0), price_of_tick(low + width, 0, 0))
    ours = amounts_at(entry, entry.price, Decimal(liquidity))
    for mine, theirs in zip(ours, exact, strict=True):
        assert float(mine) == pytest.approx(theirs, rel=1e-12, abs=1e13)


def test_ends_of_a_range_that_are_one_are_refused():
    fields = {"chain_id": 1, "pool": "0x", "entry_price": "1", "entry_at": "2026-01-01T00:00:00Z"}
    with pytest.raises(ValidationError, match="ends above"):
        LiquidityAdd(**fields, lower_price="1", upper_price="1." + "0" * 60 + "1")  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="two ends"):
        LiquidityAdd(**fields, lower_price="1")  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="one token"):
        LiquidityAdd(**fields, amount0="1", amount1="2")  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="and now"):
        LiquidityAdd(**{**fields, "entry_at": "2999-01-01T00:00:00Z"})  # type: ignore[arg-type]


def test_prices_in_whole_tokens():
    assert price_of_sqrt(Q96, 18, 18) == 1
    assert price_of_sqrt(2 * Q96, 18, 6) == Decimal("4e12")
    assert price_of_tick(0, 6, 18) == Decimal("1e-12")
    assert float(price_of_tick(6932, 0, 0)) == pytest.approx(2, rel=1e-4), "1.0001^6932"


def test_the_worst_comes_first_and_the_unknown_last():
    def item(key: str, pct: str | None, usd: str | None) -> LossRead:
        return LossRead(
            origin="added",
            key=key,
            name=key,
            protocol="",
            chain_id=1,
            chain="",
            wallet=None,
            value_usd=None,
            hold_usd=None if usd is None else Decimal(100),
            il_pct=None if pct is None else Decimal(pct),
            il_usd=None if usd is None else Decimal(usd),
            fees_usd=None,
            net_usd=None,
            is_in_range=None,
            entered_at=None,
            as_of=None,
            block_number=None,
            problem=None,
        )

    found = together([item("a", "-1", "-1"), item("b", None, None), item("c", "-5", "-5"), item("d", "-9", None)])
    assert [each.key for each in found.items] == ["d", "c", "a", "b"]
    assert (found.il_usd, found.hold_usd, found.il_pct, found.known, found.unknown) == (-6, 200, -3, 2, 2)
    assert together([]).il_usd is None
