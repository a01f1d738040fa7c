"""Statistics of returns against published examples, slow obvious versions, and what must not matter to them."""

import math
import random
import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.portfolio.engine.benchmark import aligned_returns, compare
from backend.portfolio.engine.correlation import correlation_matrix
from backend.portfolio.engine.drawdown import Drawdown, max_drawdown
from backend.portfolio.engine.expected_shortfall import historical_shortfall, parametric_shortfall
from backend.portfolio.engine.returns import annual_return, growth_index, simple_returns
from backend.portfolio.engine.sharpe import safe_return, sharpe
from backend.portfolio.engine.sortino import downside_deviation, sortino
from backend.portfolio.engine.value_at_risk import historical_var, parametric_var
from backend.portfolio.engine.volatility import volatility

START = datetime(2024, 1, 1, tzinfo=UTC)
STATISTICS: tuple[Callable[[Sequence[float]], float | None], ...] = (
    volatility,
    sharpe,
    sortino,
    historical_var,
    parametric_var,
    historical_shortfall,
    parametric_shortfall,
)


def index(*values: str | float | None) -> list[tuple[datetime, Decimal | float | None]]:
    return [
        (START + timedelta(days=number), Decimal(value) if isinstance(value, str) else value)
        for number, value in enumerate(values)
    ]


def days(*numbers: int) -> list[datetime]:
    return [START + timedelta(days=number) for number in numbers]


@pytest.mark.parametrize("statistic", STATISTICS)
def test_an_unknown_return_makes_the_statistic_unknown(statistic: Callable[[Sequence[float]], float | None]) -> None:
    assert statistic([0.01, math.nan, -0.02, 0.03]) is None
    assert statistic([0.01]) is None
    assert statistic([]) is None
    assert statistic([0.01, -0.02, 0.03]) is not None


def test_returns_of_prices() -> None:
    found = simple_returns([Decimal(100), Decimal(110), None, Decimal(50), Decimal(0), Decimal(5)])
    assert found[0] == pytest.approx(0.1)
    assert np.isnan(found[[1, 2, 4]]).all()
    assert found[3] == -1
    rows = simple_returns([[1.0, 2.0], [2.0, None], [1.0, 3.0]])
    assert rows[:, 0].tolist() == [1, -0.5]
    assert np.isnan(rows[:, 1]).all()
    assert growth_index([0.1, -0.5]).tolist() == pytest.approx([1, 1.1, 0.55])


def test_growth_a_year() -> None:
    assert annual_return([0.1, 0.2], 1) == pytest.approx(math.sqrt(1.32) - 1)
    assert annual_return([0.1, -1.0], 1) == -1
    assert annual_return([math.nan]) is None


def test_volatility_as_hull_shows_it() -> None:
    """Hull, "estimating volatility from historical data", table 15.1: 20 daily returns, 0.01216 a day, 19.3 % a year.

    Its returns are logarithms; the spread is computed alike.
    """
    prices = [20.00, 20.10, 19.90, 20.00, 20.50, 20.25, 20.90, 20.90, 20.90, 20.75]
    prices += [20.75, 21.00, 21.10, 20.90, 20.90, 21.25, 21.40, 21.40, 21.25, 21.75, 22.00]
    logs = np.diff(np.log(prices))
    found = volatility(logs, 252)
    assert found is not None
    assert round(found / math.sqrt(252), 5) == 0.01216
    assert round(found, 3) == 0.193


def test_sortino_as_red_rock_shows_it() -> None:
    """Rollinger and Hoffman, "Sortino: a sharper ratio": eight years, target 0, deviation 2.264 %, ratio 4.417."""
    years = [0.17, 0.15, 0.23, -0.05, 0.12, 0.09, 0.13, -0.04]
    deviation, ratio = downside_deviation(years, 0, 1), sortino(years, 0, 1)
    assert deviation is not None and ratio is not None
    assert (round(deviation, 5), round(ratio, 3)) == (0.02264, 4.417)


def test_sharpe_by_hand() -> None:
    """Returns of 2, 4 and 6 % above a safe rate of 1 %: mean excess 3 %, spread 2 %."""
    assert sharpe([0.02, 0.04, 0.06], 0.01, 1) == pytest.approx(1.5)
    assert safe_return(0.0365, 365) == pytest.approx(1.0365 ** (1 / 365) - 1)


def test_returns_that_are_all_alike_have_no_ratio() -> None:
    assert sharpe([0.01] * 50) is None
    assert sortino([0.01, 0.02]) is None
    assert volatility([0.01] * 50) == pytest.approx(0, abs=1e-12)


def test_drawdown_says_when() -> None:
    found = max_drawdown(index("100", "120", "90", "100", "60", "130", "100"))
    peak, trough, recovered = days(1, 4, 5)
    assert found == Drawdown(-0.5, peak, trough, recovered)


def test_drawdown_that_is_not_made_good_and_none_at_all() -> None:
    peak, trough = days(0, 1)
    assert max_drawdown(index("10", "8", "9")) == Drawdown(pytest.approx(-0.2), peak, trough, None)
    assert max_drawdown(index("1", "1", "2")) is None
    assert max_drawdown(index("1", None, "0.5")) is None
    everything = max_drawdown(index("1", "0", "0"))
    assert everything is not None and everything.fraction == -1


def test_the_peak_is_the_last_day_at_the_top() -> None:
    found = max_drawdown(index("10", "10", "5", "10"))
    assert found is not None
    assert [found.peak_at, found.recovered_at] == days(1, 3)


def test_value_at_risk_by_hand() -> None:
    """Returns of -5, -4 … 15 %: 5 % of 20 steps is the second lowest."""
    returns = [number / 100 for number in range(-5, 16)]
    assert historical_var(returns) == pytest.approx(0.04)
    assert historical_shortfall(returns) == pytest.approx(0.045)


def test_parametric_risk_of_the_normal_distribution() -> None:
    """Mean 0 and spread 1: 1.645 at 95 %, and beyond it 2.063 on average (McNeil, Frey and Embrechts, table 2.1)."""
    one, other = -1 / math.sqrt(2), 1 / math.sqrt(2)
    assert parametric_var([one, other]) == pytest.approx(1.6449, abs=5e-5)
    assert parametric_shortfall([one, other]) == pytest.approx(2.0627, abs=5e-5)
    assert parametric_shortfall([one, other], 0.99) == pytest.approx(2.6652, abs=5e-5)


def test_beta_of_twice_the_benchmark_is_two() -> None:
    theirs = [0.01, -0.02, 0.03, 0.005]
    found = compare([2 * each + 0.001 for each in theirs], theirs, 0, 365)
    assert found is not None
    assert found.beta == pytest.approx(2)
    assert found.alpha_annual == pytest.approx(0.365)
    assert found.correlation == pytest.approx(1)
    assert found.tracking_error_annual == pytest.approx(statistics.stdev(theirs) * math.sqrt(365))


def test_a_benchmark_that_stands_still_and_one_that_is_followed_exactly() -> None:
    still = compare([0.01, 0.02], [0.0, 0.0])
    assert still is not None and (still.beta, still.alpha_annual, still.correlation) == (None, None, None)
    same = compare([0.01, 0.02], [0.01, 0.02])
    assert same is not None and (same.tracking_error_annual, same.information_ratio) == (0, None)
    assert compare([0.01, math.nan], [0.0, 0.1]) is None
    with pytest.raises(ValueError, match="same periods"):
        compare([0.01, 0.02], [0.01, 0.02, 0.03])


def test_weekends_of_the_exchange_are_one_return() -> None:
    monday = date(2024, 1, 1)
    ours = {monday + timedelta(days=number): Decimal(100 + number) for number in range(8)}
    theirs = {day: 50.0 for day in ours if day.weekday() < 5}
    theirs[monday + timedelta(days=1)] = None
    known, returns, others = aligned_returns(ours, theirs)
    assert [(day - monday).days for day in known] == [0, 2, 3, 4, 7]
    assert returns.tolist() == pytest.approx([0.02, 1 / 102, 1 / 103, 3 / 104])
    assert others.tolist() == [0] * 4


def test_correlation_of_too_few_common_days_is_unknown() -> None:
    rows = np.array([[0.01, -0.01, 0.5, np.nan], [0.02, -0.02, 0.5, 0.1], [-0.01, 0.01, 0.5, -0.3]])
    found = correlation_matrix(rows, least_periods=3)
    assert found[0, 1] == pytest.approx(-1)
    assert np.isnan(found[[0, 0, 3, 2], [2, 3, 3, 2]]).all()
    assert np.isnan(correlation_matrix(rows)).all()


# ---- properties -----------------------------------------------------------------------------------------------

RETURNS = st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=60)


@settings(deadline=None)
@given(RETURNS)
def test_the_slow_obvious_versions_say_the_same(returns: list[float]) -> None:
    close = pytest.approx
    assert volatility(returns) == close(statistics.stdev(returns) * math.sqrt(365), abs=1e-12)
    ordered = sorted(returns)
    place = (len(returns) - 1) * 0.05
    low = math.floor(place)
    cut = ordered[low] + (ordered[low + 1] - ordered[low]) * (place - low)
    assert historical_var(returns) == close(-cut, abs=1e-12)
    values = growth_index(returns).tolist()
    deepest = min(now / max(values[: number + 1]) - 1 for number, now in enumerate(values))
    found = max_drawdown(index(*values))
    assert (found.fraction if found else 0.0) == close(deepest, abs=1e-12)
    if statistics.stdev(returns) > 1e-9:
        assert sharpe(returns, 0, 1) == close(statistics.mean(returns) / statistics.stdev(returns), rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(RETURNS, st.randoms(use_true_random=False))
def test_order_does_not_matter_but_to_drawdown(returns: list[float], shuffle: random.Random) -> None:
    mixed = returns[:]
    shuffle.shuffle(mixed)
    for statistic in STATISTICS:
        one, other = statistic(mixed), statistic(returns)
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert one == pytest.approx(other, rel=1e-6, abs=1e-9)


@settings(deadline=None)
@given(RETURNS)
def test_shortfall_is_never_less_than_value_at_risk(returns: list[float]) -> None:
    for shortfall, var in ((historical_shortfall, historical_var), (parametric_shortfall, parametric_var)):
        worst, bad = shortfall(returns), var(returns)
        assert worst is not None and bad is not None
        assert worst >= bad - 1e-12


@settings(deadline=None)
@given(RETURNS, st.floats(0.01, 1000))
def test_drawdown_knows_no_unit(returns: list[float], scale: float) -> None:
    values = growth_index(returns)
    one, other = max_drawdown(index(*values.tolist())), max_drawdown(index(*(values * scale).tolist()))
    if one is not None and one.fraction < -1e-9:
        assert other is not None
        assert other.fraction == pytest.approx(one.fraction, rel=1e-9)
        assert one.peak_at < one.trough_at and (one.recovered_at is None or one.recovered_at > one.trough_at)


@settings(deadline=None)
@given(st.integers(2, 6), st.integers(0, 2**32 - 1), st.floats(0, 0.6))
def test_correlation_is_that_of_each_pair_alone(assets: int, seed: int, holes: float) -> None:
    generator = np.random.default_rng(seed)
    rows = generator.normal(0, 0.05, (40, assets)) + generator.normal(0, 0.05, (40, 1))
    rows[generator.random(rows.shape) < holes] = np.nan
    found = correlation_matrix(rows, least_periods=5)
    for one in range(assets):
        for other in range(assets):
            both = np.isfinite(rows[:, one]) & np.isfinite(rows[:, other])
            if both.sum() < 5:
                assert np.isnan(found[one, other])
            else:
                truth = statistics.correlation(rows[both, one].tolist(), rows[both, other].tolist())
                assert found[one, other] == pytest.approx(truth, abs=1e-12)
