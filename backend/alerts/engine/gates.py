"""Once and cool-down: which of a rule's matches become alerts, decided by block time in the order of the stream.

The decision is a pure function of what is stored, so deciding again after a crash, on any part of the stream, changes
nothing: an alert that is stored is known and fires no more, and what was held back is held back again.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Gate:
    """What holds a rule back; `last_triggered_at` is the block time (Unix seconds) of its newest counting alert."""

    once: bool
    cooldown_seconds: int
    enabled: bool
    last_triggered_at: float | None
    hysteresis: bool = False

    @property
    def is_open(self) -> bool:
        """Whether nothing ever holds this rule back but being paused."""
        return not self.once and self.cooldown_seconds == 0 and not self.hysteresis


@dataclass(frozen=True, slots=True)
class Candidate:
    """An event that matched the rule. One whose block is already orphaned is recorded, but moves no gate.

    `went_back_at` is the time of the newest reading before it that had gone back far enough from the threshold.
    """

    event_id: str
    taken_at: float
    is_orphaned: bool = False
    went_back_at: float | None = None


def decide(gate: Gate, candidates: Sequence[Candidate], known: AbstractSet[str]) -> tuple[list[int], Gate]:
    """Return the places of the candidates that become alerts, and the gate after them.

    `known` are the ids of events that already have an alert of this rule that was not withdrawn.

    - A paused rule fires nothing; a once rule that fired is paused by it.
    - With a cool-down, an event fires when it is at least that much younger than the newest alert; an older event
      never fires, since the user has been told of a newer one.
    - With hysteresis, an event fires when a reading between the newest alert and it had gone back far enough.
    """
    fired = []
    for place, candidate in enumerate(candidates):
        if not gate.enabled or candidate.event_id in known or not _is_due(gate, candidate):
            continue
        fired.append(place)
        if not candidate.is_orphaned:
            newest = max(candidate.taken_at, gate.last_triggered_at or candidate.taken_at)
            gate = replace(gate, last_triggered_at=newest, enabled=not gate.once)
    return fired, gate


def _is_due(gate: Gate, candidate: Candidate) -> bool:
    last = gate.last_triggered_at
    if last is None:
        return True
    if gate.hysteresis and (candidate.went_back_at is None or candidate.went_back_at <= last):
        return False
    return gate.once or gate.cooldown_seconds == 0 or candidate.taken_at - last >= gate.cooldown_seconds


def rearm_level(test: str, threshold: Decimal, percent: Decimal) -> tuple[bool, Decimal]:
    """Return how far a value must go back from a threshold: (whether down to it, or up to it; that value)."""
    way = abs(threshold) * percent / 100
    above = test in ("gt", "gte")
    return above, threshold - way if above else threshold + way
