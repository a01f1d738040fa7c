"""How fast something may happen, counted in this process: a burst, then so many a second."""

from collections.abc import Hashable
from time import monotonic

MOST_KEYS = 10_000


class Pace:
    """Token buckets by key. A key that has not been seen for a while starts with a full bucket."""

    def __init__(self, burst: int, per_second: float) -> None:
        self._burst = float(burst)
        self._per_second = per_second
        self._left: dict[Hashable, tuple[float, float]] = {}

    def take(self, key: Hashable = "") -> bool:
        """Take one; return whether there was one to take."""
        now = monotonic()
        left, at = self._left.get(key, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        if len(self._left) >= MOST_KEYS and key not in self._left:
            self._forget_full(now)
        self._left[key] = (max(0.0, left - 1), now)
        return left >= 1

    def _forget_full(self, now: float) -> None:
        full_after = self._burst / self._per_second
        self._left = {key: (left, at) for key, (left, at) in self._left.items() if now - at < full_after}
        while len(self._left) >= MOST_KEYS:  # all of them busy: the oldest goes
            del self._left[next(iter(self._left))]
