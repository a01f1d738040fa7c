"""Correlation matrix: how alike the returns of each two assets move, from -1 to 1.

rho = cov(a, b) / (std(a) x std(b)) over the periods that both know (pairwise complete), Pearson's coefficient; no
unit. Computed by four products of matrices: with M = 1 where a return is known, and X the returns less their column's
mean (0 where unknown), n = M'M, sums = X'M, squares = (X*X)'M and products = X'X hold all that each pair needs.
"""

import numpy as np
from numpy.typing import ArrayLike

from backend.portfolio.engine.returns import Returns

# With fewer common periods a coefficient says nothing (its 95 % interval for 0.5 at 30 is 0.17 to 0.73).
LEAST_PERIODS = 30
# What moves less than this part of its size did not move: that is the rounding of floats.
_ROUNDING = 1e-12


def correlation_matrix(returns: ArrayLike, least_periods: int = LEAST_PERIODS) -> Returns:
    """Return the matrix of columns of returns (rows are periods, NaN is unknown).

    NaN stands where two columns share fewer than `least_periods`, or where one did not move.
    """
    series = np.asarray(returns, dtype=np.float64)
    mask = np.isfinite(series)
    if mask.all():
        return _complete(series, least_periods)
    present = mask.astype(np.float64)
    count = np.maximum(present.sum(axis=0), 1)
    filled = np.where(mask, series, 0.0)
    centred = np.where(mask, series - filled.sum(axis=0) / count, 0.0)
    pairs = present.T @ present
    sums = centred.T @ present
    squares = (centred * centred).T @ present
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = centred.T @ centred - sums * sums.T / pairs
        spread = squares - sums * sums / pairs
        scale = (filled * filled).sum(axis=0)[:, None]
        moved = spread > np.maximum(_ROUNDING * squares, _ROUNDING**2 * scale)
        matrix = covariance / np.sqrt(spread * spread.T)
    return _tidy(matrix, (pairs >= max(least_periods, 2)) & moved & moved.T)


def _complete(series: Returns, least_periods: int) -> Returns:
    centred = series - series.mean(axis=0) if len(series) else series
    length = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    size = np.sqrt(np.einsum("ij,ij->j", series, series))
    moved = length > _ROUNDING * size
    unit = centred / np.where(moved, length, 1.0)
    return _tidy(unit.T @ unit, np.outer(moved, moved) & (len(series) >= max(least_periods, 2)))


def _tidy(matrix: Returns, is_known: np.ndarray) -> Returns:
    """Rounding may leave a hair above 1; a series is wholly like itself."""
    matrix = np.clip(matrix, -1, 1)
    np.fill_diagonal(matrix, 1.0)
    return np.where(is_known, matrix, np.nan)
