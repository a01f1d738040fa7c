"""Expected shortfall: the mean loss of the worst periods, those in which the value at risk is reached or exceeded.

Historical: minus the mean of the k lowest returns, k = floor((n - 1) x (1 - c)) + 1. Parametric: -(mean - std x
phi(z) / (1 - c)) with phi the normal density at the quantile z of 1 - c. A fraction of the value, positive is a loss.
Source: Acerbi and Tasche, "On the coherence of expected shortfall", Journal of Banking & Finance 26 (2002); McNeil,
Frey and Embrechts, Quantitative Risk Management, example 2.14 (normal).
"""

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from backend.portfolio.engine.returns import known
from backend.portfolio.engine.value_at_risk import CONFIDENCE


def historical_shortfall(returns: ArrayLike, confidence: float = CONFIDENCE) -> float | None:
    """Return the historical expected shortfall, None when a return is unknown or there are fewer than two."""
    series = known(returns)
    if series is None:
        return None
    worst = int((len(series) - 1) * (1 - confidence)) + 1
    return -float(np.mean(np.sort(series)[:worst]))


def parametric_shortfall(returns: ArrayLike, confidence: float = CONFIDENCE) -> float | None:
    """Return the expected shortfall of a normal distribution with the returns' mean and spread."""
    series = known(returns)
    if series is None:
        return None
    normal, tail = NormalDist(), 1 - confidence
    spread = float(np.std(series, ddof=1))
    return -(float(np.mean(series)) - spread * normal.pdf(normal.inv_cdf(tail)) / tail)
