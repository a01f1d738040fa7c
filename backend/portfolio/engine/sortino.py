"""Sortino ratio: what was earned above a target, for each unit of falling short of it.

S = mean(r_i - t) / sqrt(sum of min(r_i - t, 0)^2 / n) x sqrt(periods a year), over all n returns; no unit. t is the
target of one period. Source: Sortino and van der Meer, "Downside risk", Journal of Portfolio Management 17 (1991);
Red Rock Capital, "Sortino: a sharper ratio" (why n counts all returns).
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from backend.portfolio.engine.returns import DAYS_A_YEAR, known
from backend.portfolio.engine.sharpe import LEAST_SPREAD, safe_return


def downside_deviation(
    returns: ArrayLike, target_annual: float = 0.0, periods_a_year: float = DAYS_A_YEAR
) -> float | None:
    """Return the yearly root mean square of what falls short of the target, as a fraction."""
    series = known(returns)
    if series is None:
        return None
    short = np.minimum(series - safe_return(target_annual, periods_a_year), 0)
    return math.sqrt(float(np.mean(short * short)) * periods_a_year)


def sortino(returns: ArrayLike, target_annual: float = 0.0, periods_a_year: float = DAYS_A_YEAR) -> float | None:
    """Return the yearly Sortino ratio, None when a return is unknown or none falls short of the target."""
    series = known(returns)
    downside = downside_deviation(returns, target_annual, periods_a_year)
    if series is None or downside is None or downside < LEAST_SPREAD:
        return None
    excess = float(np.mean(series)) - safe_return(target_annual, periods_a_year)
    return excess * periods_a_year / downside
