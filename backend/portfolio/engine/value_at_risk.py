"""Value at risk: the loss that is exceeded in one of twenty periods (at 95 %), as a fraction of the value.

Historical: minus the (1 - c) quantile of the returns, interpolated between the two next to it (Hyndman and Fan, type
7). Parametric: -(mean + z x std), z the normal quantile of 1 - c, std of the sample. For one period of the series;
positive is a loss, negative means that even the bad case earned. Source: Jorion, Value at Risk, 3rd ed., chapter 5.
"""

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from backend.portfolio.engine.returns import known

CONFIDENCE = 0.95


def historical_var(returns: ArrayLike, confidence: float = CONFIDENCE) -> float | None:
    """Return the historical value at risk, None when a return is unknown or there are fewer than two."""
    series = known(returns)
    return None if series is None else -float(np.quantile(series, 1 - confidence))


def parametric_var(returns: ArrayLike, confidence: float = CONFIDENCE) -> float | None:
    """Return the value at risk of a normal distribution with the returns' mean and spread."""
    series = known(returns)
    if series is None:
        return None
    return -(float(np.mean(series)) + NormalDist().inv_cdf(1 - confidence) * float(np.std(series, ddof=1)))
