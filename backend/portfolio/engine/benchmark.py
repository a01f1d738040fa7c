"""Against a benchmark (BTC, ETH, the S&P 500): beta, alpha, correlation, tracking error, information ratio.

With a = portfolio returns, b = benchmark returns of the same periods, f = the safe return of a period, n periods a
year: beta = cov(a, b) / var(b), no unit; alpha = n x (mean(a - f) - beta x mean(b - f)), a fraction a year (Jensen,
"The performance of mutual funds", Journal of Finance 23, 1968); correlation = cov(a, b) / (std(a) x std(b)); tracking
error = std(a - b) x sqrt(n), a fraction a year; information ratio = n x mean(a - b) / tracking error, no unit
(Grinold and Kahn, Active Portfolio Management, chapter 5). All spreads are of the sample (n - 1).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import ArrayLike

from backend.portfolio.engine.returns import DAYS_A_YEAR, Returns, known, simple_returns
from backend.portfolio.engine.sharpe import LEAST_SPREAD, safe_return


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a portfolio stood to its benchmark over `periods` returns. None: one of the two did not move."""

    periods: int
    beta: float | None
    alpha_annual: float | None
    correlation: float | None
    tracking_error_annual: float
    information_ratio: float | None


def aligned_returns(
    portfolio: Mapping[date, Decimal | float | None], benchmark: Mapping[date, Decimal | float | None]
) -> tuple[list[date], Returns, Returns]:
    """Return the days that both know, and the returns of both between those days.

    An index of a stock exchange has no weekends: a return of both then spans Friday to Monday.
    """
    days = [
        day
        for day in sorted(portfolio.keys() & benchmark.keys())
        if portfolio[day] is not None and benchmark[day] is not None
    ]
    return days, simple_returns([portfolio[day] for day in days]), simple_returns([benchmark[day] for day in days])


def compare(
    portfolio: ArrayLike,
    benchmark: ArrayLike,
    safe_rate_annual: float = 0.0,
    periods_a_year: float = DAYS_A_YEAR,
) -> Comparison | None:
    """Return the comparison of two series of returns of the same periods, None when one is unknown or under two long.

    Raises ValueError when they are not of one length.
    """
    ours, theirs = known(portfolio), known(benchmark)
    if ours is None or theirs is None:
        return None
    if len(ours) != len(theirs):
        raise ValueError("the two series are not of the same periods")
    safe = safe_return(safe_rate_annual, periods_a_year)
    spread_ours, spread_theirs = float(np.std(ours, ddof=1)), float(np.std(theirs, ddof=1))
    together = float(np.cov(ours, theirs, ddof=1)[0, 1])
    beta = None if spread_theirs < LEAST_SPREAD else together / spread_theirs**2
    alpha = None if beta is None else float(np.mean(ours) - safe - beta * (np.mean(theirs) - safe)) * periods_a_year
    both_move = min(spread_ours, spread_theirs) >= LEAST_SPREAD
    apart = ours - theirs
    tracking = float(np.std(apart, ddof=1)) * math.sqrt(periods_a_year)
    return Comparison(
        periods=len(ours),
        beta=beta,
        alpha_annual=alpha,
        correlation=together / (spread_ours * spread_theirs) if both_move else None,
        tracking_error_annual=tracking,
        information_ratio=None if tracking < LEAST_SPREAD else float(np.mean(apart)) * periods_a_year / tracking,
    )
