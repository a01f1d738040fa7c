"""Simple returns, and how they are made yearly.

r_i = p_i / p_(i-1) - 1, a fraction a period. Statistics of returns are floats (15 digits); money is not.
Crypto trades every day: a year has 365 daily returns. A series on the days of a stock exchange has 252.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import ArrayLike, NDArray

DAYS_A_YEAR = 365

Returns = NDArray[np.float64]


def simple_returns(values: Sequence[Decimal | float | None] | Sequence[Sequence[float | None]]) -> Returns:
    """Return the fraction each value grew by over the one before; NaN where either is unknown or the first is zero.

    Rows of several values (a period each) give rows of returns. Many prices are best read as floats from the start: to
    make a float of a decimal takes longer than all the statistics.
    """
    prices = np.array(values, dtype=np.float64)  # None becomes NaN
    before, after = prices[:-1], prices[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(before > 0, after / before - 1, np.nan)


def known(returns: ArrayLike, least: int = 2) -> Returns | None:
    """Return the series as floats, None when one is unknown (NaN) or there are fewer than `least`."""
    series = np.asarray(returns, dtype=np.float64)
    return series if len(series) >= least and bool(np.isfinite(series).all()) else None


def growth_index(returns: Iterable[float]) -> Returns:
    """Return what 1 became after each period, 1 itself first."""
    factors = np.concatenate(([1.0], np.asarray(list(returns), dtype=np.float64) + 1))
    return np.multiply.accumulate(factors)


def annual_return(returns: ArrayLike, periods_a_year: float = DAYS_A_YEAR) -> float | None:
    """Return the compound growth a year, (product of (1 + r_i))^(periods a year / n) - 1, as a fraction (CAGR).

    Half a year can be made yearly so, but is then a guess: GIPS (2020, 2.A.29) forbids to show it as performance.
    """
    series = known(returns, least=1)
    if series is None or bool((series <= -1).any()):
        return None if series is None else -1.0
    return float(np.expm1(np.log1p(series).sum() * periods_a_year / len(series)))
