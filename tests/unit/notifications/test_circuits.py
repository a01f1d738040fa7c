"""A destination rests after failures in a row, is probed by one message, and works again after one success."""

from backend.notifications.circuits import Circuits


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_opens_after_failures_in_a_row_probes_once_and_closes() -> None:
    clock = Clock()
    circuits = Circuits(clock, threshold=3, rest_seconds=10)
    for _ in range(2):
        circuits.failed("a")
    assert circuits.resting() == {}
    circuits.failed("a")
    assert circuits.resting() == {"a": 0}
    clock.now += 10
    assert circuits.resting() == {"a": 1}
    circuits.started("a")
    assert circuits.resting() == {"a": 0}, "only one probe at a time"
    circuits.failed("a")
    assert circuits.resting() == {"a": 0}
    clock.now += 10
    circuits.started("a")
    circuits.succeeded("a")
    assert circuits.resting() == {}


def test_a_success_between_failures_starts_the_count_anew() -> None:
    circuits = Circuits(Clock(), threshold=2)
    circuits.failed("a")
    circuits.succeeded("a")
    circuits.failed("a")
    assert circuits.resting() == {}


def test_failing_for_counts_from_the_opening_not_from_the_last_probe() -> None:
    clock = Clock()
    circuits = Circuits(clock, threshold=1, rest_seconds=10)
    circuits.failed("a")
    clock.now += 60
    circuits.failed("a")
    circuits.failed("b")
    assert circuits.failing_for(60) == ["a"]
    assert circuits.failing_for(0) == ["a", "b"]


def test_other_destinations_are_untouched() -> None:
    circuits = Circuits(Clock(), threshold=1)
    circuits.failed("a")
    assert "b" not in circuits.resting()
