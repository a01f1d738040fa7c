"""Which destinations rest: after failures in a row a destination gets one message at a time, and pauses between."""

from collections.abc import Callable
from dataclasses import dataclass

_MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    opened_at: float | None = None  # when it began to fail for good
    closed_until: float = 0.0  # nothing is sent before
    probing: bool = False


class Circuits:
    """A circuit breaker for each destination (closed, open, half-open), asked before messages are taken.

    Only failing destinations are remembered. `now` is a monotonic clock in seconds.
    """

    def __init__(self, now: Callable[[], float], threshold: int = 10, rest_seconds: float = 10.0) -> None:
        self._now = now
        self._threshold = threshold
        self._rest_seconds = rest_seconds
        self._circuits: dict[str, _Circuit] = {}

    def resting(self) -> dict[str, int]:
        """Return how many messages each failing destination may get now: 0 while open, 1 when half-open."""
        now = self._now()
        return {
            destination: 0 if circuit.probing or now < circuit.closed_until else 1
            for destination, circuit in self._circuits.items()
            if circuit.opened_at is not None
        }

    def failing_for(self, seconds: float) -> list[str]:
        """Return the destinations whose circuit has not closed for at least `seconds`."""
        limit = self._now() - seconds
        return [
            d for d, circuit in self._circuits.items() if circuit.opened_at is not None and circuit.opened_at <= limit
        ]

    def started(self, destination: str) -> None:
        """Note that a message is on its way."""
        if (circuit := self._circuits.get(destination)) and circuit.opened_at is not None:
            circuit.probing = True

    def succeeded(self, destination: str) -> None:
        """Close the circuit."""
        self._circuits.pop(destination, None)

    def failed(self, destination: str) -> None:
        """Count a failure; enough in a row, or a failed probe, open the circuit."""
        if destination not in self._circuits and len(self._circuits) >= _MOST_REMEMBERED:
            self._circuits.pop(next(iter(self._circuits)))
        circuit = self._circuits.setdefault(destination, _Circuit())
        circuit.failures += 1
        circuit.probing = False
        if circuit.failures >= self._threshold:
            circuit.opened_at = self._now() if circuit.opened_at is None else circuit.opened_at
            circuit.closed_until = self._now() + self._rest_seconds
