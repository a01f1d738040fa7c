"""Maximum drawdown: the deepest fall from a peak, when it was, and when it was made good.

drawdown_t = index_t / max(index_1 ... index_t) - 1, a fraction from -1 to 0; the maximum drawdown is the lowest.
The index is one that flows do not move (linked time-weighted returns), or a price. Source: Magdon-Ismail and Atiya,
"Maximum drawdown", Risk 17 (2004).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The fall as a fraction (negative), its peak and trough, and when the peak was reached again (None: not yet)."""

    fraction: float
    peak_at: datetime
    trough_at: datetime
    recovered_at: datetime | None


def drawdowns(values: Sequence[float]) -> list[float]:
    """Return how far each value is below the highest until then, as a fraction; all above zero, none unknown."""
    series = np.array(values, dtype=np.float64)
    return (series / np.maximum.accumulate(series) - 1).tolist() if len(series) else []


def max_drawdown(index: Sequence[tuple[datetime, Decimal | float | None]]) -> Drawdown | None:
    """Return the deepest fall, the first of equal ones; None when it never fell, or when a value is unknown."""
    if len(index) < 2 or any(value is None for _, value in index):
        return None
    values = np.array([float(value) for _, value in index if value is not None])
    if not np.isfinite(values).all() or (values < 0).any() or values[0] <= 0:
        return None
    peaks = np.maximum.accumulate(values)
    falls = values / peaks - 1
    trough = int(np.argmin(falls))
    if falls[trough] == 0:
        return None
    peak = int(np.flatnonzero(values[: trough + 1] == peaks[trough])[-1])
    later = np.flatnonzero(values[trough:] >= peaks[trough])
    recovered = index[trough + int(later[0])][0] if len(later) else None
    return Drawdown(float(falls[trough]), index[peak][0], index[trough][0], recovered)
