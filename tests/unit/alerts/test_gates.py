"""Once and cool-down: whatever part of the stream is delivered again, the same alerts stand."""

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from backend.alerts.engine.gates import Candidate, Gate, decide

gates = st.builds(
    Gate,
    once=st.booleans(),
    cooldown_seconds=st.sampled_from([0, 1, 12, 60]),
    enabled=st.just(True),
    last_triggered_at=st.none() | st.integers(0, 50),
)
# Event times as blocks have them: never falling within a stream, several events a block.
streams = st.lists(st.integers(0, 40), max_size=30).map(
    lambda steps: [Candidate(f"e{n}", sum(steps[: n + 1])) for n in range(len(steps))]
)


def deliver(gate: Gate, stored: dict[str, float], candidates: list[Candidate]) -> Gate:
    """Decide, and store what fired, as a transaction does."""
    fired, after = decide(gate, candidates, set(stored))
    stored.update((candidates[place].event_id, candidates[place].taken_at) for place in fired)
    return after


@given(gates, streams, st.lists(st.integers(0, 30), max_size=6))
def test_the_cut_into_batches_does_not_matter(gate, stream, cuts):
    whole: dict[str, float] = {}
    after_whole = deliver(gate, whole, stream)
    parts: dict[str, float] = {}
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    after_parts = gate
    for start, end in itertools.pairwise(edges):
        after_parts = deliver(after_parts, parts, stream[start:end])
    assert (parts, after_parts) == (whole, after_whole)


@given(gates, streams, st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=5), st.integers(0, 30))
def test_delivering_any_part_again_changes_nothing(gate, stream, repeats, crash):
    expected: dict[str, float] = {}
    final = deliver(gate, expected, stream)
    stored: dict[str, float] = {}
    state = deliver(gate, stored, stream[:crash])
    for start, length in repeats:
        state = deliver(state, stored, stream[:crash][start : start + length])
    state = deliver(state, stored, stream[max(0, crash - 5) :])
    state = deliver(state, stored, stream)
    assert (stored, state) == (expected, final)


@given(gates, streams)
def test_alerts_keep_their_distance_and_a_once_rule_fires_once(gate, stream):
    stored: dict[str, float] = {}
    deliver(gate, stored, stream)
    times = [*([] if gate.last_triggered_at is None else [gate.last_triggered_at]), *stored.values()]
    if gate.once:
        assert len(stored) == min(1, len(stream))
    elif gate.cooldown_seconds:
        assert all(b - a >= gate.cooldown_seconds for a, b in itertools.pairwise(times))
    else:
        assert list(stored) == [candidate.event_id for candidate in stream]


@given(gates, streams)
def test_nothing_is_held_back_without_a_reason(gate, stream):
    """Every event that did not fire lies within the cool-down of an alert, or after the one alert of a once rule."""
    stored: dict[str, float] = {}
    deliver(gate, stored, stream)
    times = [*([] if gate.last_triggered_at is None else [gate.last_triggered_at]), *stored.values()]
    for candidate in stream:
        if candidate.event_id not in stored:
            held_by_once = gate.once and bool(stored)
            assert held_by_once or any(candidate.taken_at - at < gate.cooldown_seconds for at in times)


def test_a_paused_rule_fires_nothing():
    gate = Gate(once=False, cooldown_seconds=0, enabled=False, last_triggered_at=None)
    assert decide(gate, [Candidate("e", 1)], set()) == ([], gate)


def test_after_a_withdrawal_a_once_rule_fires_again_and_a_cool_down_counts_from_the_alert_before():
    once = Gate(once=True, cooldown_seconds=0, enabled=True, last_triggered_at=None)
    fired, used = decide(once, [Candidate("a", 1), Candidate("b", 2)], set())
    assert (fired, used.enabled) == ([0], False)
    armed = replace(used, enabled=True, last_triggered_at=None)
    assert decide(armed, [Candidate("b", 2)], set())[0] == [0]
    cool = Gate(once=False, cooldown_seconds=60, enabled=True, last_triggered_at=0)
    assert decide(cool, [Candidate("c", 59), Candidate("d", 60)], set())[0] == [1]


def test_an_event_of_an_orphaned_block_is_recorded_but_moves_no_gate():
    gate = Gate(once=True, cooldown_seconds=0, enabled=True, last_triggered_at=None)
    fired, after = decide(gate, [Candidate("a", 1, is_orphaned=True), Candidate("b", 2)], set())
    assert (fired, after.enabled, after.last_triggered_at) == ([0, 1], False, 2)


def test_an_alert_that_is_there_is_not_made_again_when_its_once_rule_was_armed_by_hand():
    armed = Gate(once=True, cooldown_seconds=0, enabled=True, last_triggered_at=10)
    assert decide(armed, [Candidate("told", 10)], {"told"}) == ([], armed)
    assert decide(armed, [Candidate("told", 10), Candidate("new", 11)], {"told"})[0] == [1]
