"""A portfolio of 1,000 assets: valued, broken down, its lots matched, and all figures of a year of daily prices.

Peers in the same run, on the same numbers: pandas with floats for values, break-downs and correlation, and with it
quantstats, then empyrical, for the statistics. What peers also compute must be equal to 1e-9, or the run fails.
"""

import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import empyrical
import numpy as np
import pandas as pd
from quantstats import stats

from backend.ledger.engine.lots import Lot
from backend.ledger.engine.matching import Method
from backend.ledger.engine.realised import Sale, match_sales
from backend.portfolio.engine import allocation
from backend.portfolio.engine.benchmark import compare
from backend.portfolio.engine.change import change
from backend.portfolio.engine.concentration import concentration
from backend.portfolio.engine.correlation import correlation_matrix
from backend.portfolio.engine.drawdown import max_drawdown
from backend.portfolio.engine.expected_shortfall import historical_shortfall, parametric_shortfall
from backend.portfolio.engine.money_weighted import Flow, money_weighted
from backend.portfolio.engine.profit import realised_profit, unrealised_profit
from backend.portfolio.engine.returns import annual_return, simple_returns
from backend.portfolio.engine.roi import return_on_investment
from backend.portfolio.engine.sharpe import sharpe
from backend.portfolio.engine.sortino import sortino
from backend.portfolio.engine.stable_share import stable_share_pct
from backend.portfolio.engine.time_weighted import Point, time_weighted
from backend.portfolio.engine.valuation import Holding, total, valued
from backend.portfolio.engine.value_at_risk import historical_var, parametric_var
from backend.portfolio.engine.volatility import volatility
from backend.portfolio.holdings import AssetKey
from benchmarks.harness import report

ASSETS, DAYS, RUNS = 1_000, 366, 9
START = datetime(2025, 1, 1, tzinfo=UTC)
BREAKDOWNS = {
    "asset": allocation.by_asset,
    "chain_id": allocation.by_chain,
    "protocol": allocation.by_protocol,
    "category": allocation.by_category,
    "wallet": allocation.by_wallet,
}


@dataclass(frozen=True)
class Portfolio:
    """What is given: holdings now and a day ago, prices (a row a day), points with flows, lots and sales.

    Prices of a year are floats, as they are read for statistics; everything else is exact.
    """

    holdings: list[Holding]
    holdings_then: list[Holding]
    prices: list[list[float]]
    points: list[Point]
    benchmarks: dict[str, list[Decimal]]
    ledger: list[list[Lot | Sale]]


def main() -> None:
    """Measure ours and the peers, and compare what they say."""
    warnings.filterwarnings("ignore")
    portfolio = _portfolio()
    frame, history, benchmarks = _frames(portfolio)
    ours, figures = _best(partial(_ours, portfolio))
    values_ms, values = _best(partial(_pandas_values, frame, history))
    returns = pd.Series(figures["returns"], index=history.index[1:])
    peers = {
        "quantstats": _best(partial(_quantstats, returns, benchmarks)),
        "empyrical-reloaded": _best(partial(_empyrical, returns, benchmarks)),
    }
    _compare(figures, values, *(found for _, found in peers.values()))
    notes = {"assets": ASSETS, "days": DAYS - 1, "events": 4 * ASSETS, "runs": RUNS}
    with_quantstats = values_ms + peers["quantstats"][0]
    peer = "pandas with floats + quantstats, without lots, TWR and XIRR"
    report("valuation.assets1000_ms", ours, "ms", peer, with_quantstats, better="lower", target=150, **notes)
    statistics_ms, _ = _best(partial(_statistics, figures["returns"], figures["benchmark_returns"]))
    for name, (peer_ms, _) in peers.items():
        report("valuation.statistics_ms", statistics_ms, "ms", name, peer_ms, better="lower")
    matrix = figures["matrix_returns"]
    matrix_ms, _ = _best(partial(correlation_matrix, matrix))
    peer_ms, _ = _best(pd.DataFrame(matrix).corr)
    report("valuation.correlation1000_ms", matrix_ms, "ms", "pandas", peer_ms, better="lower")
    holes = matrix.copy()
    holes[: DAYS // 3, ::2] = np.nan
    matrix_ms, _ = _best(partial(correlation_matrix, holes))
    peer_ms, _ = _best(pd.DataFrame(holes).corr)
    report("valuation.correlation1000_holes_ms", matrix_ms, "ms", "pandas", peer_ms, better="lower")


def _best(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the median milliseconds of some runs, and what the last one returned."""
    taken, result = [], None
    for _ in range(RUNS):
        begin = time.perf_counter()
        result = work()
        taken.append((time.perf_counter() - begin) * 1e3)
    return sorted(taken)[RUNS // 2], result


def _portfolio() -> Portfolio:
    """A made-up portfolio: random walks that move together, five chains, three wallets, flows every two weeks."""
    random = np.random.default_rng(7)
    market = random.normal(0.0005, 0.03, (DAYS, 1))
    walks = np.exp(np.cumsum(0.6 * market + random.normal(0, 0.03, (DAYS, ASSETS)), axis=0))
    first = random.lognormal(1, 3, ASSETS)
    prices = (walks * first).tolist()
    holdings, before, ledger = [], [], []
    categories = ("stablecoin", "native", "lp", None, None, None)
    for place in range(ASSETS):
        raw = int(random.integers(10**9, 10**15)) * 10**6 + 1
        key = AssetKey(1 + place % 5, f"0x{place:040x}")
        category, protocol = categories[place % 6], ("aave" if place % 7 == 0 else None)
        wallet = f"0x{'abc'[place % 3]}"
        holdings.append(Holding(wallet, key, raw, 18, _exact(prices[-1][place]), category, protocol))
        before.append(Holding(wallet, key, raw, 18, _exact(prices[-2][place]), category, protocol))
        ledger.append(_events(raw, [_exact(row[place]) for row in prices]))
    flows = [Decimal(int(each)) for each in random.integers(-2_000, 5_000, DAYS)]
    index = np.exp(np.cumsum(market[:, 0] + random.normal(0, 0.01, DAYS))) * 1e6
    points = [
        Point(START + timedelta(days=day), _exact(value), flows[day] if day % 14 == 0 else Decimal(0))
        for day, value in enumerate(index.tolist())
    ]
    benchmarks = {
        name: [_exact(price) for price in np.exp(np.cumsum(market[:, 0] + noise)).tolist()]
        for name, noise in ((name, random.normal(0, 0.01, DAYS)) for name in ("BTC", "ETH", "S&P 500"))
    }
    return Portfolio(holdings, before, prices, points, benchmarks, ledger)


def _exact(price: float) -> Decimal:
    return Decimal(repr(price))


def _events(raw: int, prices: Sequence[Decimal]) -> list[Lot | Sale]:
    """Three purchases and a sale, of which the holding is left."""
    third = raw // 2
    bought: list[Lot | Sale] = [
        Lot(str(day), START + timedelta(days=day), third, prices[day] * third / 10**18) for day in (10, 90, 200)
    ]
    return [
        *bought,
        Sale("sale", START + timedelta(days=300), 3 * third - raw, prices[300] * (3 * third - raw) / 10**18),
    ]


def _ours(portfolio: Portfolio) -> dict[str, Any]:
    values = [valued(holding) for holding in portfolio.holdings]
    whole = total(values)
    parts = {name: breakdown(values) for name, breakdown in BREAKDOWNS.items()}
    known = [each.value_usd for each in values if each.value_usd is not None]
    outcomes = [match_sales(events, Method.FIFO) for events in portfolio.ledger]
    held = zip(outcomes, portfolio.holdings, strict=True)
    figures: dict[str, Any] = {
        "value": whole.known_usd,
        "parts": parts,
        "change": change([valued(each) for each in portfolio.holdings_then], values).pct,
        "hhi": concentration(known),
        "stable": stable_share_pct(values),
        "realised": realised_profit(part for outcome in outcomes for part in outcome.realised),
        "unrealised": [unrealised_profit(outcome.left, each.decimals, each.price_usd).usd for outcome, each in held],
    }
    start, end = portfolio.points[0], portfolio.points[-1]
    linked = time_weighted(portfolio.points)
    flows = [Flow(each.at, -each.flow_usd) for each in portfolio.points[1:-1] if each.flow_usd]
    ends = [Flow(start.at, -(start.value_usd or 0) - start.flow_usd), Flow(end.at, end.value_usd or Decimal(0))]
    figures["time_weighted"] = linked.fraction
    figures["money_weighted"] = money_weighted([*flows, *ends])
    figures["roi"] = return_on_investment(start.value_usd, end.value_usd, [each.flow_usd for each in portfolio.points])
    returns = np.array([float(period.fraction or 0) for period in linked.periods])
    others = {name: simple_returns(prices) for name, prices in portfolio.benchmarks.items()}
    figures["returns"], figures["benchmark_returns"] = returns, others
    figures |= _statistics(returns, others)
    figures["matrix_returns"] = simple_returns(portfolio.prices)
    figures["correlation"] = correlation_matrix(figures["matrix_returns"])
    return figures


def _statistics(returns: np.ndarray, others: dict[str, np.ndarray]) -> dict[str, Any]:
    growth = np.concatenate(([1.0], np.cumprod(1 + returns))).tolist()
    index = [(START + timedelta(days=day), value) for day, value in enumerate(growth)]
    fall = max_drawdown(index)
    return {
        "year": annual_return(returns),
        "volatility": volatility(returns),
        "sharpe": sharpe(returns),
        "sortino": sortino(returns),
        "drawdown": None if fall is None else fall.fraction,
        "var": historical_var(returns),
        "var_normal": parametric_var(returns),
        "shortfall": historical_shortfall(returns),
        "shortfall_normal": parametric_shortfall(returns),
        "compared": {name: compare(returns, theirs) for name, theirs in others.items()},
    }


def _frames(portfolio: Portfolio) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, pd.Series]]:
    """The same numbers as pandas takes them; the making of the frames is not measured."""
    rows = [
        (
            f"{each.asset.chain_id}:{each.asset.token}",
            each.asset.chain_id,
            each.protocol or "",
            each.category or "",
            each.wallet,
            float(each.amount_raw or 0) / 1e18,
            float(each.price_usd or 0),
            float(then.price_usd or 0),
        )
        for each, then in zip(portfolio.holdings, portfolio.holdings_then, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=[*BREAKDOWNS, "amount", "price", "price_then"])
    days = pd.date_range("2025-01-01", periods=DAYS)
    history = pd.DataFrame(portfolio.prices, index=days)
    benchmarks = {
        name: pd.Series([float(price) for price in prices], index=days).pct_change().dropna()
        for name, prices in portfolio.benchmarks.items()
    }
    return frame, history, benchmarks


def _pandas_values(frame: Any, history: Any) -> dict[str, Any]:
    value, then = frame["amount"] * frame["price"], frame["amount"] * frame["price_then"]
    priced = frame.assign(value=value)
    whole = value.sum()
    return {
        "value": whole,
        "parts": {name: priced.groupby(name)["value"].sum().sort_values(ascending=False) for name in BREAKDOWNS},
        "shares": {name: priced.groupby(name)["value"].sum() / whole * 100 for name in BREAKDOWNS},
        "change": (whole / then.sum() - 1) * 100,
        "hhi": ((value / whole) ** 2).sum(),
        "stable": value[frame["category"] == "stablecoin"].sum() / whole * 100,
        "correlation": history.pct_change().corr(min_periods=30),
    }


def _quantstats(returns: Any, benchmarks: dict[str, Any]) -> dict[str, Any]:
    greeks = {name: stats.greeks(returns, theirs, periods=365) for name, theirs in benchmarks.items()}
    return {
        "volatility": stats.volatility(returns, periods=365),
        "sharpe": stats.sharpe(returns, periods=365),
        "sortino": stats.sortino(returns, periods=365),
        "drawdown": stats.max_drawdown(returns),
        "var_normal": -stats.value_at_risk(returns, confidence=0.95),
        "beta": {name: each["beta"] for name, each in greeks.items()},
        "alpha": {name: each["alpha"] for name, each in greeks.items()},
    }


def _empyrical(returns: Any, benchmarks: dict[str, Any]) -> dict[str, Any]:
    return {
        "year": empyrical.annual_return(returns, annualization=365),
        "volatility": empyrical.annual_volatility(returns, annualization=365),
        "sharpe": empyrical.sharpe_ratio(returns, annualization=365),
        "sortino": empyrical.sortino_ratio(returns, annualization=365),
        "drawdown": empyrical.max_drawdown(returns),
        "var": -empyrical.value_at_risk(returns, cutoff=0.05),
        "shortfall": -empyrical.conditional_value_at_risk(returns, cutoff=0.05),
        "beta": {name: empyrical.beta(returns, theirs) for name, theirs in benchmarks.items()},
    }


def _compare(figures: dict[str, Any], values: dict[str, Any], *peers: dict[str, Any]) -> None:
    """Raise AssertionError where a peer says something else."""
    _same("value", float(figures["value"]), values["value"])
    _same("change", float(figures["change"]), values["change"])
    _same("hhi", float(figures["hhi"].hhi), values["hhi"])
    _same("stable", float(figures["stable"]), values["stable"])
    for name, breakdown in figures["parts"].items():
        ours = sorted(float(part.total.known_usd) for part in breakdown.parts)
        for one, other in zip(ours, sorted(values["parts"][name]), strict=True):
            _same(name, one, other)
    assert np.allclose(figures["correlation"], values["correlation"].to_numpy(), rtol=0, atol=1e-9)
    for peer in peers:
        for name, value in peer.items():
            if name in ("beta", "alpha"):
                for benchmark, theirs in value.items():
                    compared = figures["compared"][benchmark]
                    _same(name, compared.beta if name == "beta" else compared.alpha_annual, float(theirs))
            else:
                _same(name, figures[name], float(value))


def _same(name: str, ours: float, theirs: float) -> None:
    assert math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12), f"{name}: {ours!r}, the peer says {theirs!r}"


if __name__ == "__main__":
    main()
