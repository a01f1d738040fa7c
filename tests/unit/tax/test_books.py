"""A book takes lots in the order of its method: compared with one that looks at every lot each time."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.tax.engine.books import ORDERS, Book
from backend.tax.engine.methods import Method
from backend.tax.engine.results import Lot
from tests.unit.tax.given import day

STEPS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 9), st.none() | st.integers(0, 50), st.integers(0, 12)), max_size=25
)


class SlowBook:
    """All lots in a list, sorted anew for every disposal: by the method, then the first (LIFO: the last) to come."""

    def __init__(self, method: Method) -> None:
        self.order, self.step, self.lots = ORDERS[method], -1 if method is Method.LIFO else 1, []

    def put(self, lot: Lot) -> None:
        self.lots.append((self.step * len(self.lots), lot))

    def take(self, amount_raw: int) -> list[tuple[str | None, int, int | None]]:
        parts = []
        for _, lot in sorted(self.lots, key=lambda each: (self.order(each[1]), each[0])):
            if units := min(amount_raw, lot.left_raw):
                parts.append((lot.id, units, lot.use(units)))
                amount_raw -= units
        return [*parts, (None, amount_raw, None)] if amount_raw else parts

    def left(self) -> list[tuple[str, int]]:
        ordered = sorted(self.lots, key=lambda each: (each[1].acquired_at, each[0]))
        return [(lot.id, lot.left_raw) for _, lot in ordered if lot.left_raw]


@pytest.mark.parametrize("method", ORDERS)
@settings(max_examples=100, deadline=None)
@given(steps=STEPS)
def test_lots_go_in_the_order_of_the_method_whenever_they_come(method: Method, steps: list) -> None:
    """Each step a lot comes, of an earlier, the same or a later date than those before, and some units go."""
    book, slow = Book(method), SlowBook(method)
    for number, (since, units, cost, gone) in enumerate(steps):
        for each in (book, slow):
            each.put(Lot(f"{number}", day(since), day(since).date(), units, cost))
        taken = [(part.lot and part.lot.id, part.amount_raw, part.cost_e18) for part in book.take(gone)]
        assert taken == slow.take(gone)
        assert [(lot.id, lot.left_raw) for lot in book.lots()] == slow.left()


def test_parts_of_a_lot_cost_what_all_of_it_does() -> None:
    book = Book(Method.FIFO)
    book.put(Lot("a", day(0), day(0).date(), 3, 10))
    book.put(Lot("b", day(0) + timedelta(hours=1), day(0).date(), 1, 5))
    assert [part.cost_e18 for units in (1, 1, 2) for part in book.take(units)] == [3, 3, 4, 5]
