"""Time- and money-weighted returns, ROI, APY and profit against published examples and by what must hold."""

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backend.ledger.engine.lots import Lot
from backend.ledger.engine.matching import Method
from backend.ledger.engine.realised import Sale, match_sales
from backend.portfolio.engine.apy import apy_from_apr, apy_from_growth
from backend.portfolio.engine.money_weighted import SECONDS_A_YEAR, Flow, money_weighted
from backend.portfolio.engine.profit import realised_profit, unrealised_profit
from backend.portfolio.engine.roi import return_on_investment
from backend.portfolio.engine.time_weighted import Point, time_weighted

START = datetime(2024, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def point(number: float, value: str | None, flow: str = "0") -> Point:
    return Point(day(number), None if value is None else Decimal(value), Decimal(flow))


def flow(at: datetime, amount: str) -> Flow:
    return Flow(at, Decimal(amount))


# ---- time-weighted --------------------------------------------------------------------------------------------


def test_time_weighted_as_the_cfa_curriculum_shows_it() -> None:
    """CFA Program Curriculum: a share at 200, a second at 225, 5 of dividend on each every year, 235 at the end.

    The first year makes 15 %, the second 6.67 %, which is 10.76 % a year; money-weighted it was 9.39 %.
    """
    points = [point(0, "0", "200"), point(365, "230", "220"), point(730, "480", "-480")]
    found = time_weighted(points)
    assert found.fraction is not None
    assert [round(period.fraction or 0, 6) for period in found.periods] == [Decimal("0.15"), Decimal("0.066667")]
    assert math.isclose((1 + float(found.fraction)) ** 0.5 - 1, 0.1076, abs_tol=1e-4)
    paid = money_weighted([flow(day(0), "-200"), flow(day(365), "-220"), flow(day(730), "480")])
    assert paid.annual is not None
    assert math.isclose(paid.annual, 0.0939, abs_tol=5e-5)


def test_time_weighted_names_the_period_that_it_does_not_know() -> None:
    found = time_weighted([point(0, "100"), point(1, None, "5"), point(2, "120")])
    assert found.fraction is None
    assert [period.problem for period in found.periods] == ["a value is unknown", "a value is unknown"]


def test_time_without_money_makes_nothing_and_money_from_nothing_is_no_return() -> None:
    found = time_weighted([point(0, "100", "-100"), point(1, "0"), point(2, "0", "50"), point(3, "55")])
    assert found.fraction == Decimal("0.1")
    odd = time_weighted([point(0, "0"), point(1, "5")])
    assert (odd.fraction, odd.periods[0].problem) == (None, "nothing was invested")


def test_points_stand_in_the_order_of_time() -> None:
    with pytest.raises(ValueError, match="order of time"):
        time_weighted([point(1, "1"), point(1, "1")])


MONEY = st.decimals("0.01", 10**9, places=2)
GROWTH = st.decimals("0.5", 2, places=4)


@settings(deadline=None)
@given(MONEY, st.lists(st.tuples(GROWTH, MONEY), min_size=1, max_size=12))
def test_flows_do_not_matter_to_time_weighting(start: Decimal, steps: list[tuple[Decimal, Decimal]]) -> None:
    """The same growth with and without deposits has the same return."""
    with_flows, without, growth = [Point(day(0), start)], [Point(day(0), start)], Decimal(1)
    for number, (factor, deposit) in enumerate(steps, 1):
        last = with_flows[-1]
        assert last.value_usd is not None
        with_flows.append(Point(day(number), (last.value_usd + last.flow_usd) * factor, deposit))
        growth *= factor
        without.append(Point(day(number), start * growth))
    one, other = time_weighted(with_flows).fraction, time_weighted(without).fraction
    assert one is not None and other is not None
    assert abs(one - other) < Decimal("1e-15")
    assert abs(one - (growth - 1)) < Decimal("1e-15")


# ---- money-weighted -------------------------------------------------------------------------------------------


def test_money_weighted_as_excel_shows_it() -> None:
    """Microsoft Excel, XIRR: 37.3363 % (knowledge base Q116041 has the signs right)."""
    dates = [(2008, 1, 1), (2008, 3, 1), (2008, 10, 30), (2009, 2, 15), (2009, 4, 1)]
    amounts = ["-10000", "2750", "4250", "3250", "2750"]
    found = money_weighted(
        [flow(datetime(*when, tzinfo=UTC), amount) for when, amount in zip(dates, amounts, strict=True)]
    )
    assert found.annual is not None
    assert math.isclose(found.annual, 0.373362535, abs_tol=5e-9)


@pytest.mark.parametrize(
    ("amounts", "problem"),
    [
        ([], "no money moved"),
        (["0", "0"], "no money moved"),
        (["-5"], "money was only paid in, or only paid out"),
        (["5", "7"], "money was only paid in, or only paid out"),
        (["-100", "100.5", "-100"], "no rate makes the payments balance"),
    ],
)
def test_money_that_has_no_rate_says_so(amounts: list[str], problem: str) -> None:
    found = money_weighted([flow(day(365 * n), amount) for n, amount in enumerate(amounts)])
    assert (found.annual, found.whole, found.problem) == (None, None, problem)


def test_several_rates_are_all_said_and_none_is_chosen() -> None:
    """The pump of Lorie and Savage (1955): 1,600 now for 10,000 in a year that would come a year later anyway."""
    found = money_weighted([flow(day(0), "-1600"), flow(day(365), "10000"), flow(day(730), "-10000")])
    assert (found.annual, found.problem) == (None, "several rates make the payments balance")
    assert found.candidates == pytest.approx((0.25, 4.0), abs=1e-12)


def test_rates_far_away_are_found() -> None:
    gained = money_weighted([flow(day(0), "-1"), flow(day(1), "1000000")])
    assert (gained.annual, gained.problem) == (None, "the rate a year is too large to write down")
    assert gained.whole == pytest.approx(999_999, rel=1e-9)
    lost = money_weighted([flow(day(0), "-1000000"), flow(day(365), "0.000001")])
    assert lost.annual is not None
    assert math.isclose(1 + lost.annual, 1e-12, rel_tol=1e-3)


RATES = st.floats(-0.9, 5)
DATED = st.lists(st.tuples(st.integers(1, 1500), st.integers(1, 10**6)), min_size=1, max_size=12)


@settings(deadline=None)
@given(RATES, DATED, st.integers(1600, 2000))
def test_the_rate_that_made_the_money_is_found(rate: float, paid: list[tuple[int, int]], end: int) -> None:
    """Everything paid in grew at one rate: that is the rate. It does not matter in which order one tells it."""
    grown = sum(amount * (1 + rate) ** ((end - number) * 86_400 / SECONDS_A_YEAR) for number, amount in paid)
    assume(grown > 1e-3)
    flows = [flow(day(number), str(-amount)) for number, amount in paid]
    flows.append(Flow(day(end), Decimal(repr(grown))))
    found = money_weighted(flows)
    assert found.annual is not None
    assert math.isclose(found.annual, rate, rel_tol=1e-9, abs_tol=1e-9)
    again = money_weighted([Flow(each.at, each.amount_usd * 1000) for each in reversed(flows)])
    assert again.annual is not None
    assert math.isclose(again.annual, found.annual, rel_tol=1e-9, abs_tol=1e-12)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1500), st.integers(-(10**6), 10**6)), min_size=2, max_size=10))
def test_what_is_found_balances(moved: list[tuple[int, int]]) -> None:
    flows = [flow(day(number), str(amount)) for number, amount in moved]
    found = money_weighted(flows)
    if found.annual is not None:
        rates = [found.annual]
    else:
        assert found.problem
        rates = list(found.candidates)
    for rate in rates:
        if 1 + rate == 0:
            continue  # nearer to a loss of everything than a double can say
        worths = [float(each.amount_usd) * (1 + rate) ** (-(each.at - START).days / 365) for each in flows]
        # The nearest double to a rate beside -1 is so far from it, and that is to the power of the years.
        nearest = 2**-52 / (1 + rate) * max((each.at - START).days / 365 for each in flows)
        assert abs(sum(worths)) <= max(1e-6, nearest) * max(map(abs, worths))


# ---- ROI and APY ----------------------------------------------------------------------------------------------


def test_return_on_investment_counts_what_went_in_and_came_out() -> None:
    found = return_on_investment(Decimal(1000), Decimal(1400), [Decimal(500), Decimal(-200)])
    assert found is not None
    assert (found.invested_usd, found.gain_usd, found.pct) == (
        Decimal(1500),
        Decimal(100),
        Decimal("6.666666666666666667"),
    )
    assert return_on_investment(None, Decimal(1), []) is None
    nothing = return_on_investment(Decimal(0), Decimal(5), [])
    assert nothing is not None and nothing.pct is None


def test_apy_as_regulation_dd_shows_it() -> None:
    """12 CFR 1030, appendix A, part I: $1,000 earn $61.68 in 365 days, $30.37 in 182: 6.17 % and 6.18 %."""
    year, half = apy_from_growth(Decimal(1000), Decimal("1061.68"), SECONDS_A_YEAR), Decimal("30.37")
    assert year == Decimal("6.168")
    found = apy_from_growth(Decimal(1000), 1000 + half, 182 * 86_400)
    assert found is not None
    assert round(found, 2) == Decimal("6.18")


def test_apy_of_a_nominal_rate() -> None:
    """A nominal 12 % each month is 12.68 % a year; without end e^0.12 - 1."""
    assert round(apy_from_apr(Decimal(12), 12), 4) == Decimal("12.6825")
    assert math.isclose(float(apy_from_apr(Decimal(12), SECONDS_A_YEAR)), 100 * math.expm1(0.12), rel_tol=1e-8)
    with pytest.raises(ValueError, match="once a year"):
        apy_from_apr(Decimal(1), 0)


def test_apy_needs_time_and_a_start() -> None:
    assert apy_from_growth(Decimal(0), Decimal(1), 5) is None
    assert apy_from_growth(Decimal(1), Decimal(1), 0) is None
    assert apy_from_growth(Decimal(1), Decimal(0), SECONDS_A_YEAR) == -100


# ---- profit ---------------------------------------------------------------------------------------------------


def test_profit_as_ghostfolio_tests_it() -> None:
    """ghostfolio, …-novn-buy-and-sell-partially: 2 at 75.80, one sold at 85.73, one left at 87.80."""
    outcome = match_sales(
        [Lot("1", day(0), 2, Decimal("151.60")), Sale("2", day(32), 1, Decimal("85.73"))], Method.AVERAGE
    )
    realised = realised_profit(outcome.realised)
    unrealised = unrealised_profit(outcome.left, 0, Decimal("87.80"))
    assert realised.is_complete
    assert (realised.known_usd, unrealised.usd) == (Decimal("9.93"), Decimal(12))
    assert realised.known_usd + (unrealised.usd or 0) == Decimal("21.93")


def test_unknown_cost_is_no_profit() -> None:
    events = [Lot("1", day(0), 10, None), Lot("2", day(1), 10, Decimal(50)), Sale("3", day(2), 15, Decimal(150))]
    outcome = match_sales(events, Method.FIFO)
    realised = realised_profit(outcome.realised)
    assert realised.known_usd == 25
    assert [each.taken.lot_id for each in realised.unknown] == ["1"]
    assert unrealised_profit([Lot("1", day(0), 10, None)], 0, Decimal(5)).usd is None
    assert unrealised_profit([Lot("1", day(0), 10, Decimal(5))], 0, None).usd is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 10**24), MONEY), min_size=1, max_size=8), MONEY, st.data())
def test_profit_is_the_same_in_sum_whatever_lots_are_taken(
    lots: list[tuple[int, Decimal]], price: Decimal, data: st.DataObject
) -> None:
    """Realised and unrealised together are worth less cost; the method only moves profit between the two."""
    units = data.draw(st.integers(1, sum(amount for amount, _ in lots)))
    sums = set()
    for method in (Method.FIFO, Method.LIFO, Method.HIFO, Method.AVERAGE):
        events: list[Lot | Sale] = [Lot(str(n), day(n), amount, cost) for n, (amount, cost) in enumerate(lots)]
        outcome = match_sales([*events, Sale("s", day(99), units, Decimal(1000))], method)
        unrealised = unrealised_profit(outcome.left, 18, price).usd
        assert unrealised is not None
        sums.add(Fraction(realised_profit(outcome.realised).known_usd) + Fraction(unrealised))
    assert len(sums) == 1
