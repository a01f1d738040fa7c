"""The statistics of real prices, against pandas, empyrical-reloaded and quantstats, to 1e-9."""

from collections.abc import Callable
from datetime import UTC, datetime

import empyrical
import numpy as np
import pandas as pd
import pytest
from quantstats import stats

from backend.portfolio.engine.benchmark import aligned_returns, compare
from backend.portfolio.engine.correlation import correlation_matrix
from backend.portfolio.engine.drawdown import max_drawdown
from backend.portfolio.engine.expected_shortfall import historical_shortfall
from backend.portfolio.engine.returns import annual_return, simple_returns
from backend.portfolio.engine.sharpe import safe_return, sharpe
from backend.portfolio.engine.sortino import downside_deviation, sortino
from backend.portfolio.engine.value_at_risk import historical_var, parametric_var
from backend.portfolio.engine.volatility import volatility
from tests.unit.portfolio.reference import SYMBOLS, daily_closes, sp500_closes

SAFE_ANNUAL = 0.04
SAFE = safe_return(SAFE_ANNUAL, 365)


@pytest.fixture(params=SYMBOLS)
def prices(request: pytest.FixtureRequest) -> pd.Series:
    closes = daily_closes(request.param)
    return pd.Series(list(closes.values()), index=pd.DatetimeIndex(list(closes)))


def same(value: float | None, peer: float) -> None:
    assert value == pytest.approx(peer, rel=1e-9, abs=1e-12)


PAIRS: dict[str, tuple[Callable[[np.ndarray], float | None], Callable[[pd.Series], float]]] = {
    "volatility, empyrical": (volatility, lambda r: empyrical.annual_volatility(r, annualization=365)),
    "volatility, quantstats": (volatility, lambda r: stats.volatility(r, periods=365)),
    "sharpe, empyrical": (
        lambda r: sharpe(r, SAFE_ANNUAL),
        lambda r: empyrical.sharpe_ratio(r, risk_free=SAFE, annualization=365),
    ),
    "sharpe, quantstats": (lambda r: sharpe(r, SAFE_ANNUAL), lambda r: stats.sharpe(r, rf=SAFE_ANNUAL, periods=365)),
    "sortino, empyrical": (
        lambda r: sortino(r, SAFE_ANNUAL),
        lambda r: empyrical.sortino_ratio(r, required_return=SAFE, annualization=365),
    ),
    "sortino, quantstats": (sortino, lambda r: stats.sortino(r, periods=365)),
    "downside, empyrical": (downside_deviation, lambda r: empyrical.downside_risk(r, annualization=365)),
    "year, empyrical": (annual_return, lambda r: empyrical.annual_return(r, annualization=365)),
    "historical VaR, empyrical": (
        lambda r: -(historical_var(r) or 0),
        lambda r: empyrical.value_at_risk(r, cutoff=0.05),
    ),
    "parametric VaR, quantstats": (
        lambda r: -(parametric_var(r) or 0),
        lambda r: stats.value_at_risk(r, confidence=0.95),
    ),
    "shortfall, empyrical": (
        lambda r: -(historical_shortfall(r) or 0),
        lambda r: empyrical.conditional_value_at_risk(r, cutoff=0.05),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_same_as_the_peer(name: str, prices: pd.Series) -> None:
    ours, theirs = PAIRS[name]
    returns = simple_returns(prices.tolist())
    series = pd.Series(returns, index=prices.index[1:])
    same(ours(returns), float(theirs(series)))


def test_drawdown_as_empyrical_and_quantstats_find_it(prices: pd.Series) -> None:
    moments = [stamp.to_pydatetime().replace(tzinfo=UTC) for stamp in prices.index]
    found = max_drawdown(list(zip(moments, prices.tolist(), strict=True)))
    assert found is not None
    returns = prices.pct_change().dropna()
    same(found.fraction, empyrical.max_drawdown(returns))
    same(found.fraction, float(stats.max_drawdown(prices)))
    falls = prices / prices.cummax() - 1
    assert found.trough_at == falls.idxmin().to_pydatetime().replace(tzinfo=UTC)
    assert found.peak_at == prices[: falls.idxmin()].idxmax().to_pydatetime().replace(tzinfo=UTC)


@pytest.mark.parametrize("symbol", ["ETHUSDT", "AAVEUSDT", "UNIUSDT"])
@pytest.mark.parametrize("benchmark", ["BTC", "S&P 500"])
def test_against_a_benchmark_as_the_peers_do(symbol: str, benchmark: str) -> None:
    theirs = sp500_closes() if benchmark == "S&P 500" else daily_closes("BTCUSDT")
    year = 252 if benchmark == "S&P 500" else 365
    _days, ours, others = aligned_returns(daily_closes(symbol), theirs)
    found = compare(ours, others, 0.0, year)
    assert found is not None and found.periods > 500
    same(found.beta, empyrical.beta(ours, others))
    same(found.correlation, float(np.corrcoef(ours, others)[0, 1]))
    stamps = pd.date_range(datetime(2020, 1, 1), periods=len(ours))  # noqa: DTZ001
    greeks = stats.greeks(pd.Series(ours, index=stamps), pd.Series(others, index=stamps), periods=year)
    same(found.beta, float(greeks["beta"]))
    same(found.alpha_annual, float(greeks["alpha"]))
    tracking = (pd.Series(ours) - pd.Series(others)).std() * np.sqrt(year)
    same(found.tracking_error_annual, float(tracking))
    same(found.information_ratio, float((ours - others).mean() * year / tracking))


def test_correlation_as_pandas_has_it() -> None:
    """Series of different length: what is missing at the start is unknown."""
    frame = pd.DataFrame({symbol: pd.Series(daily_closes(symbol)) for symbol in SYMBOLS}).sort_index()
    returns = np.column_stack([simple_returns([None if np.isnan(p) else p for p in frame[s]]) for s in SYMBOLS])
    assert np.isnan(returns).any()
    peer = frame.pct_change(fill_method=None).corr(min_periods=30).to_numpy()
    assert correlation_matrix(returns) == pytest.approx(peer, abs=1e-9)
    # without the first row of pct_change, and only days that all know
    known = returns[np.isfinite(returns).all(axis=1)]
    assert correlation_matrix(known) == pytest.approx(np.corrcoef(known.T), abs=1e-9)
