"""The circuit breaker of one provider: closed, open, half-open.

Not purgatory: it cannot be opened at once for a lie, cannot be given the reopening time a 429 asks for, counts
cancelled calls as failures, and lets every waiting call through when half-open.
"""

import time
from collections.abc import Callable
from enum import Enum


class BreakerState(Enum):
    """Closed lets calls through, open none, half-open exactly one that decides."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """Opens after `threshold` failures in a row, for 1, 2, 4, … up to `longest_seconds` while probes keep failing."""

    def __init__(
        self,
        threshold: int = 3,
        first_seconds: float = 1.0,
        longest_seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threshold = threshold
        self._first_seconds = first_seconds
        self._longest_seconds = longest_seconds
        self._clock = clock
        self._failures = 0
        self._openings = 0
        self._open_until: float | None = None
        self._probing = False

    @property
    def state(self) -> BreakerState:
        """The state now."""
        if self._open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock() < self._open_until else BreakerState.HALF_OPEN

    @property
    def reopens_in_seconds(self) -> float:
        """How long until a probe is let through; 0 when one would be now."""
        return 0.0 if self._open_until is None else max(0.0, self._open_until - self._clock())

    def try_enter(self) -> bool:
        """Return True when a call may go; in half-open that call is the probe, and others wait for its outcome."""
        state = self.state
        if state is BreakerState.CLOSED:
            return True
        if state is BreakerState.HALF_OPEN and not self._probing:
            self._probing = True
            return True
        return False

    def succeeded(self) -> None:
        """The call went well: close."""
        self._failures = self._openings = 0
        self._open_until = None
        self._probing = False

    def failed(self) -> None:
        """The call failed: count it, and open when it was one too many or the probe."""
        self._failures += 1
        if self._probing or self._failures >= self._threshold:
            self._open(min(self._first_seconds * 2**self._openings, self._longest_seconds))

    def abandoned(self) -> None:
        """The call was cancelled, which says nothing about the provider."""
        self._probing = False

    def trip(self, seconds: float, *, doubling: bool = False) -> None:
        """Open at once for `seconds`: the provider lied or asked for quiet. `doubling`: longer each time in a row."""
        self._open(min(seconds * 2**self._openings, 5 * self._longest_seconds) if doubling else seconds)

    def _open(self, seconds: float) -> None:
        self._openings += 1
        self._failures = 0
        self._probing = False
        self._open_until = self._clock() + seconds
