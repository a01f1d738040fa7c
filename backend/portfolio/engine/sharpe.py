"""Sharpe ratio: what was earned above a safe rate, for each unit of spread.

S = mean(r_i - f) / std(r_i - f) x sqrt(periods a year), std of the sample (n - 1); no unit. f is the safe return of
one period: (1 + safe rate a year)^(1 / periods a year) - 1. Source: Sharpe, "The Sharpe Ratio", Journal of Portfolio
Management 21 (1994), equation 6.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from backend.portfolio.engine.returns import DAYS_A_YEAR, known

# A spread of less than this is the rounding of returns that are all the same.
LEAST_SPREAD = 1e-15


def safe_return(safe_rate_annual: float, periods_a_year: float) -> float:
    """Return the safe return of one period, as a fraction."""
    return math.expm1(math.log1p(safe_rate_annual) / periods_a_year)


def sharpe(returns: ArrayLike, safe_rate_annual: float = 0.0, periods_a_year: float = DAYS_A_YEAR) -> float | None:
    """Return the yearly Sharpe ratio, None when a return is unknown or the returns are all the same."""
    series = known(returns)
    if series is None:
        return None
    excess = series - safe_return(safe_rate_annual, periods_a_year)
    spread = float(np.std(excess, ddof=1))
    return None if spread < LEAST_SPREAD else float(np.mean(excess)) / spread * math.sqrt(periods_a_year)
