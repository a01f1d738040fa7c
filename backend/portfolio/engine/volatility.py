"""Volatility: the spread of returns, made yearly.

sigma = sqrt(sum of (r_i - mean)^2 / (n - 1)) x sqrt(periods a year), a fraction a year.
Source: Hull, Options, Futures and Other Derivatives, "estimating volatility from historical data" (of simple returns
here, as GIPS asks for the standard deviation); the square root of time takes returns as independent.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from backend.portfolio.engine.returns import DAYS_A_YEAR, known


def volatility(returns: ArrayLike, periods_a_year: float = DAYS_A_YEAR) -> float | None:
    """Return the yearly volatility as a fraction, None when a return is unknown or there are fewer than two."""
    series = known(returns)
    return None if series is None else float(np.std(series, ddof=1)) * math.sqrt(periods_a_year)
