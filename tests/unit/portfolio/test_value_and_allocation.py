"""Value, change, allocation, concentration and stable share: parts are the whole to the last unit, unknown stays so."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.portfolio.engine import allocation
from backend.portfolio.engine.change import change
from backend.portfolio.engine.concentration import concentration
from backend.portfolio.engine.stable_share import stable_share_pct
from backend.portfolio.engine.valuation import Holding, Valued, total, value_usd, valued
from backend.portfolio.holdings import AssetKey

ETHER = Holding("0xa", AssetKey(1, "0xeth"), 15 * 10**17, 18, Decimal("2000.10"), "native")
DOLLAR = Holding("0xa", AssetKey(1, "0xusdc"), 2_500_000, 6, Decimal("0.9998"), "stablecoin")
SPAM = Holding("0xb", AssetKey(10, "0xspam"), 10**30, 18, None)


def worth(usd: str, key: int = 0, **fields: str) -> Valued:
    """A holding that is worth so many dollars."""
    raw = int(Decimal(usd).scaleb(18))
    holding = Holding("0xa", AssetKey(1, f"0x{key}"), raw, 18, Decimal(1))
    return valued(replace(holding, **fields))


def test_value_is_amount_times_price() -> None:
    assert valued(ETHER).value_usd == Decimal("3000.15")
    assert valued(DOLLAR).value_usd == Decimal("2.4995")


@pytest.mark.parametrize(("amount_raw", "decimals"), [(2**256 - 1, 0), (2**256 - 1, 36), (1, 36), (7, 0)])
def test_no_number_of_decimals_loses_a_unit(amount_raw: int, decimals: int) -> None:
    price = Decimal("123456789.123456789012345678")
    truth = Fraction(amount_raw, 10**decimals) * Fraction(price)
    assert abs(Fraction(value_usd(amount_raw, decimals, price)) - truth) <= Fraction(1, 2 * 10**18)


@pytest.mark.parametrize(
    ("fields", "missing"),
    [({"amount_raw": None}, "amount"), ({"price_usd": None}, "price"), ({"decimals": None}, "decimals")],
)
def test_what_is_missing_makes_the_total_incomplete_and_is_named(fields: dict[str, None], missing: str) -> None:
    unknown = valued(replace(ETHER, **fields))
    assert (unknown.value_usd, unknown.missing) == (None, missing)
    whole = total([unknown, valued(DOLLAR)])
    assert not whole.is_complete
    assert whole.value_usd is None
    assert whole.known_usd == Decimal("2.4995")
    assert [each.holding.asset for each in whole.unknown] == [ETHER.asset]


def test_nothing_held_is_worth_nothing_at_any_price() -> None:
    assert valued(replace(SPAM, amount_raw=0)) == Valued(replace(SPAM, amount_raw=0), Decimal(0))


def test_change_is_of_what_is_known_at_both_times() -> None:
    then = [valued(ETHER), valued(DOLLAR), valued(SPAM)]
    now = [valued(replace(ETHER, price_usd=Decimal("1000.05"))), valued(replace(DOLLAR, price_usd=None)), valued(SPAM)]
    found = change(then, now)
    assert found.usd == Decimal("-1500.075")
    assert found.pct == Decimal(-50)
    assert [each.holding.asset for each in found.unknown] == [SPAM.asset, DOLLAR.asset]
    assert not found.is_complete


def test_what_came_and_went_changes_the_value() -> None:
    found = change([worth("100", 1)], [worth("30", 2)])
    assert (found.usd, found.pct, found.is_complete) == (Decimal(-70), Decimal(-70), True)
    assert change([], [worth("30")]).pct is None


def test_shares_sum_to_a_hundred_where_rounding_would_not() -> None:
    parts = allocation.by_asset([worth("1", 1), worth("1", 2), worth("1", 3)]).parts
    assert [part.share_pct for part in parts] == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]


def test_a_debt_has_a_value_and_no_share() -> None:
    found = allocation.by_protocol([worth("100", 1), worth("50", 2, protocol="pool"), worth("-30", 3, protocol="aave")])
    assert found.whole.value_usd == 120
    assert [(part.key, part.total.known_usd, part.share_pct) for part in found.parts] == [
        (None, Decimal(100), Decimal("66.67")),
        ("pool", Decimal(50), Decimal("33.33")),
        ("aave", Decimal(-30), None),
    ]


def test_an_unknown_part_is_named_in_the_whole_and_in_its_part() -> None:
    found = allocation.by_chain([valued(ETHER), valued(SPAM)])
    assert found.whole.unknown == (valued(SPAM),)
    assert [(part.key, part.total.is_complete, part.share_pct) for part in found.parts] == [
        (1, True, Decimal(100)),
        (10, False, None),
    ]


def test_concentration_of_equal_parts_and_of_one() -> None:
    four = concentration([Decimal(25)] * 4)
    assert four is not None and (four.hhi, four.effective_parts) == (Decimal("0.25"), Decimal(4))
    one = concentration([Decimal(7), Decimal(0), Decimal(-3)])
    assert one is not None and one.hhi == 1
    assert concentration([Decimal(0)]) is None


def test_concentration_as_the_merger_guidelines_show_it() -> None:
    """US Horizontal Merger Guidelines, footnote: shares of 30, 30, 20 and 20 % make 2,600 points."""
    found = concentration([Decimal(30), Decimal(30), Decimal(20), Decimal(20)])
    assert found is not None and found.hhi * 10_000 == 2_600


def test_stable_share() -> None:
    stable = worth("25", 1, category="stablecoin")
    assert stable_share_pct([stable, worth("75", 2), worth("-50", 3), valued(SPAM)]) == Decimal(25)
    assert stable_share_pct([valued(SPAM)]) is None


# ---- properties -----------------------------------------------------------------------------------------------

AMOUNTS = st.integers(-(10**40), 2**256 - 1) | st.none()
HOLDINGS = st.builds(
    Holding,
    st.sampled_from(["0xa", "0xb", "0xc"]),
    st.builds(AssetKey, st.integers(1, 4), st.sampled_from(["0x1", "0x2", "0x3"])),
    AMOUNTS,
    st.integers(0, 36) | st.none(),
    st.decimals(0, 10**9, places=12) | st.none(),
    st.sampled_from(["stablecoin", "native", None]),
    st.sampled_from(["aave", None]),
)
BREAKDOWNS = (
    allocation.by_asset,
    allocation.by_chain,
    allocation.by_protocol,
    allocation.by_category,
    allocation.by_wallet,
)


@settings(deadline=None)
@given(st.lists(HOLDINGS, max_size=25))
def test_parts_sum_to_the_whole_to_the_last_unit(holdings: list[Holding]) -> None:
    values = [valued(holding) for holding in holdings]
    whole = total(values)
    exact = sum((Fraction(each.value_usd) for each in values if each.value_usd is not None), Fraction(0))
    assert Fraction(whole.known_usd) == exact
    for breakdown in BREAKDOWNS:
        found = breakdown(values)
        assert found.whole.known_usd == whole.known_usd
        assert sum(Fraction(part.total.known_usd) for part in found.parts) == exact
        assert sorted(map(repr, found.whole.unknown)) == sorted(map(repr, whole.unknown))
        assert sum(len(part.total.unknown) for part in found.parts) == len(whole.unknown)
        shares = [part.share_pct for part in found.parts if part.share_pct is not None]
        assert not shares or sum(shares) == 100
        positive = sum(Fraction(part.total.known_usd) for part in found.parts if part.total.known_usd > 0)
        for part in found.parts:
            if part.share_pct is not None:
                assert abs(Fraction(part.share_pct) - 100 * Fraction(part.total.known_usd) / positive) < Fraction(
                    1, 100
                )


@settings(deadline=None)
@given(st.lists(st.decimals(0, 10**12, places=6), min_size=1, max_size=20), st.integers(1, 1000))
def test_concentration_knows_no_scale_and_no_order(values: list[Decimal], scale: int) -> None:
    found = concentration(values)
    assert found == concentration([value * scale for value in reversed(values)])
    if found is not None:
        positive = sum(value > 0 for value in values)
        assert Fraction(1, positive) - Fraction(1, 10**17) <= Fraction(found.hhi) <= 1


@settings(deadline=None)
@given(st.lists(HOLDINGS, max_size=10), st.lists(HOLDINGS, max_size=10))
def test_change_there_and_back_is_none(then: list[Holding], now: list[Holding]) -> None:
    before, after = [valued(each) for each in then], [valued(each) for each in now]
    assert change(before, after).usd == change(after, before).usd.copy_negate()
    assert change(before, before).usd == 0
