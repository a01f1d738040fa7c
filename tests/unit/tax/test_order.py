"""The order that events count in."""

from dataclasses import replace
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.tax.engine.events import Kind, TaxEvent
from backend.tax.engine.order import feeders_first, in_order
from tests.unit.tax.given import buy, day, gains, leg, run, sell, swap, transfer


def trade(id_: str, out: str, into: str, **more: object) -> TaxEvent:
    return swap(id_, day(0), [leg(out, 1, 7)], [leg(into, 1, 7)], **more)


def test_a_chain_of_swaps_in_one_second_is_found_in_any_order_of_ids() -> None:
    for ids in permutations("123"):
        events = [
            trade(ids[0], "A", "B"),
            trade(ids[1], "B", "C"),
            trade(ids[2], "C", "D"),
            buy("0", day(0), 1, 5, asset="A"),
        ]
        assert gains(run(events)) == {ids[0]: 2, ids[1]: 0, ids[2]: 0}


def test_moves_and_wraps_feed_and_are_fed() -> None:
    """Swapped to X in w, moved to v, wrapped there to Y, sold: all in one second, ids backwards."""
    events = [
        buy("1", day(0), 1, 5, asset="A"), trade("9", "A", "X"), transfer("8", day(0), 1, "w", "v"),
        swap("7", day(0), [leg("X", 1)], [leg("Y", 1)], kind=Kind.WRAP, wallet="v"),
        sell("2", day(0), 1, 9, asset="Y", wallet="v"),
    ]  # fmt: skip
    done = run(events, "DE")
    assert gains(done) == {"9": 2, "2": 2}
    assert done.outcome.missing() == []


def test_a_circle_begins_with_the_lowest_id() -> None:
    circle = [trade("1", "A", "B"), trade("2", "B", "A")]
    assert [event.id for event in in_order(reversed(circle))] == ["1", "2"]


def test_the_sequence_of_the_source_is_believed() -> None:
    events = [trade("1", "B", "C", sequence=1), trade("2", "A", "B", sequence=2)]
    assert [event.id for event in in_order(events)] == ["1", "2"]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABCDEF"), st.sampled_from("ABCDEF")), max_size=8), st.randoms())
def test_every_event_is_there_once_and_feeders_are_first_unless_they_go_in_circles(pairs: list, random) -> None:
    events = [trade(f"{number:02}", *pair) for number, pair in enumerate(pairs)]
    shuffled = list(events)
    random.shuffle(shuffled)
    ordered = in_order(shuffled)
    assert ordered == in_order(events)
    assert sorted(event.id for event in ordered) == [event.id for event in events]
    if all(out < into for out, into in pairs):  # no circle: slow check of every pair
        for place, event in enumerate(ordered):
            for later in ordered[place + 1 :]:
                assert later.into[0].asset != event.out[0].asset


def test_many_of_one_day_take_no_square() -> None:
    """A file with days only: 20,000 swaps of one instant, each seen a few times."""
    seen = 0

    class Counted(str):
        def __hash__(self) -> int:
            nonlocal seen
            seen += 1
            return str.__hash__(self)

        def __eq__(self, other: object) -> bool:
            return str.__eq__(self, other)

    size = 20_000
    events = [replace(trade(f"{n:06}", "A", "B"), wallet=Counted(n % 100)) for n in range(size)]
    assert len(feeders_first(events)) == size
    assert seen < 40 * size
