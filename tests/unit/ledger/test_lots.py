"""Lots against published examples, against a slow engine that moves single units, and by what must never change."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.ledger.engine.lots import Lot, LotChoice, LotNotHeldError, Taken, rescaled, total_cost
from backend.ledger.engine.matching import Method, lot_book
from backend.ledger.engine.realised import Outcome, Sale, match_sales

DAY_ONE = datetime(2022, 1, 1, tzinfo=UTC)
CENT = Decimal("0.01")


def bought(number: int, amount_raw: int, cost: str | None, day: int | None = None) -> Lot:
    at = DAY_ONE + timedelta(days=number if day is None else day)
    return Lot(str(number), at, amount_raw, None if cost is None else Decimal(cost))


def sold(number: int, amount_raw: int, proceeds: str | None, *choices: LotChoice) -> Sale:
    money = None if proceeds is None else Decimal(proceeds)
    return Sale(str(number), DAY_ONE + timedelta(days=number), amount_raw, money, choices)


def costs(outcome: Outcome) -> dict[str, Decimal | None]:
    """The cost of each sale."""
    sales: dict[str, list[Taken]] = {}
    for each in outcome.realised:
        sales.setdefault(each.sale_id, []).append(each.taken)
    return {sale: total_cost(parts) for sale, parts in sales.items()}


def gain(outcome: Outcome) -> Decimal:
    assert all(each.gain is not None for each in outcome.realised)
    return sum((each.gain for each in outcome.realised if each.gain is not None), Decimal(0))


def test_first_in_first_out_as_rp2_tests_it() -> None:
    """rp2, tests/test_accounting_method.py, FIFO."""
    events = [bought(3, 10, "100"), bought(4, 20, "220"), bought(5, 30, "360")]
    sales = [sold(60, 15, "225"), sold(61, 10, "150"), sold(62, 5, "75")]
    outcome = match_sales([*events, *sales], Method.FIFO)
    assert costs(outcome) == {"60": Decimal(155), "61": Decimal(110), "62": Decimal(55)}
    assert gain(outcome) == 130
    assert outcome.left == (bought(5, 30, "360"),)


def test_highest_in_first_out_as_rp2_tests_it() -> None:
    """rp2, tests/test_accounting_method.py, "Dynamic test (HIFO)": purchases between the sales."""
    events = [bought(1, 10, "100"), sold(2, 4, "60"), bought(3, 20, "240"), sold(4, 16, "240")]
    outcome = match_sales([*events, bought(5, 30, "330"), sold(6, 40, "600")], Method.HIFO)
    assert costs(outcome) == {"2": Decimal(40), "4": Decimal(192), "6": Decimal(438)}
    assert gain(outcome) == 230


def test_highest_in_keeps_what_is_left_of_a_dear_lot() -> None:
    """rp2 issue 156: its release 1.7.2 loses the tenth at 7 once income comes in, and finds 19.9."""
    events = [bought(1, 100, "70"), bought(2, 100, "60"), sold(3, 99, "79.2"), bought(4, 10, "5"), sold(5, 50, "40")]
    outcome = match_sales(events, Method.HIFO)
    assert costs(outcome) == {"3": Decimal("69.3"), "5": Decimal("30.1")}
    assert gain(outcome) == Decimal("19.8")


def test_highest_in_goes_by_cost_with_fees() -> None:
    """IRS FAQ on virtual currency, question 8: basis includes fees (rp2 issue 150)."""
    outcome = match_sales([bought(1, 1, "100"), bought(2, 1, "104"), sold(3, 1, "120")], Method.HIFO)
    assert costs(outcome) == {"3": Decimal(104)}


def test_highest_in_takes_what_cost_nothing_before_what_nobody_knows() -> None:
    outcome = match_sales([bought(1, 1, None), bought(2, 1, "0"), bought(3, 1, "5"), sold(4, 2, "9")], Method.HIFO)
    assert [each.taken.lot_id for each in outcome.realised] == ["3", "2"]


def test_last_in_first_out() -> None:
    outcome = match_sales([bought(1, 10, "100"), bought(2, 10, "120"), sold(3, 15, "300")], Method.LIFO)
    assert costs(outcome) == {"3": Decimal(170)}
    assert outcome.left == (Lot("1", DAY_ONE + timedelta(days=1), 5, Decimal(50)),)


def test_last_in_of_the_same_moment_is_what_came_last() -> None:
    outcome = match_sales([bought(1, 1, "100", day=7), bought(2, 1, "120", day=7), sold(8, 1, "1")], Method.LIFO)
    assert outcome.realised[0].taken.lot_id == "2"


def test_average_cost_as_acb_tests_it() -> None:
    """tsiemens/acb, README (BAR): 5 for 250 and 2 of fees, one sold for 60."""
    outcome = match_sales([bought(1, 5, "252"), sold(3, 1, "60")], Method.AVERAGE)
    assert gain(outcome) == Decimal("9.60")
    assert [(lot.amount_raw, lot.cost) for lot in outcome.left] == [(4, Decimal("201.6"))]


def test_average_cost_as_hmrc_shows_it() -> None:
    """HMRC CRYPTO22251 in essence: 100 for 1,000 and 50 for 125,000 pooled, 50 sold for 300,000."""
    outcome = match_sales([bought(1, 100, "1000"), bought(2, 50, "125000"), sold(3, 50, "300000")], Method.AVERAGE)
    assert gain(outcome) == 258_000
    assert [(lot.amount_raw, lot.cost) for lot in outcome.left] == [(100, Decimal(84_000))]


def test_first_in_goes_by_when_it_was_bought_not_when_it_came() -> None:
    """A transfer brings an older lot after a newer one was bought."""
    outcome = match_sales([bought(9, 1, "90"), bought(2, 1, "20"), sold(10, 1, "100")], Method.FIFO)
    assert outcome.realised[0].taken.lot_id == "2"


def test_chosen_lots() -> None:
    events = [bought(1, 10, "100"), bought(2, 10, "300")]
    outcome = match_sales([*events, sold(3, 12, "240", LotChoice("2", 10), LotChoice("1", 2))], Method.SPECIFIC)
    assert costs(outcome) == {"3": Decimal(320)}
    assert outcome.left == (Lot("1", DAY_ONE + timedelta(days=1), 8, Decimal(80)),)


@pytest.mark.parametrize(
    "choices",
    [(LotChoice("2", 1),), (LotChoice("1", 11),), (LotChoice("1", 6), LotChoice("1", 5)), (LotChoice("1", 0),)],
)
def test_a_chosen_lot_must_be_held(choices: tuple[LotChoice, ...]) -> None:
    book = lot_book(Method.SPECIFIC)
    book.put(bought(1, 10, "100"))
    with pytest.raises(LotNotHeldError):
        book.take(sum(choice.amount_raw for choice in choices), choices)
    assert book.lots() == [bought(1, 10, "100")]


def test_a_lot_that_is_bought_later_cannot_be_chosen() -> None:
    with pytest.raises(LotNotHeldError):
        match_sales([sold(1, 1, "10", LotChoice("2", 1)), bought(2, 1, "5")], Method.SPECIFIC)


def test_choices_must_be_the_whole_sale() -> None:
    book = lot_book(Method.SPECIFIC)
    book.put(bought(1, 10, "100"))
    with pytest.raises(ValueError, match="not what is sold"):
        book.take(5, (LotChoice("1", 4),))


@pytest.mark.parametrize("method", [Method.FIFO, Method.LIFO, Method.HIFO, Method.AVERAGE])
def test_more_sold_than_held_has_no_known_cost(method: Method) -> None:
    outcome = match_sales([bought(1, 10, "100"), sold(2, 12, "240")], method)
    parts = [(each.taken.amount_raw, each.taken.cost, each.proceeds, each.gain) for each in outcome.realised]
    assert parts == [(10, Decimal(100), Decimal(200), Decimal(100)), (2, None, Decimal(40), None)]
    assert [each.taken.is_missing for each in outcome.realised] == [False, True]
    assert outcome.left == ()


@pytest.mark.parametrize("method", [Method.FIFO, Method.HIFO, Method.AVERAGE])
def test_unknown_cost_stays_unknown(method: Method) -> None:
    outcome = match_sales([bought(1, 10, None), sold(2, 4, "40")], method)
    assert [(each.taken.cost, each.gain) for each in outcome.realised] == [(None, None)]
    assert [(lot.amount_raw, lot.cost) for lot in outcome.left] == [(6, None)]


def test_one_unknown_cost_makes_the_pool_unknown_until_it_is_empty() -> None:
    events = [bought(1, 10, "100"), bought(2, 10, None), sold(3, 20, "40"), bought(4, 1, "7"), sold(5, 1, "9")]
    outcome = match_sales(events, Method.AVERAGE)
    assert costs(outcome) == {"3": None, "5": Decimal(7)}


def test_a_wrap_keeps_cost_and_dates() -> None:
    """rotki, accounting/cost_basis/base.py, transfer_basis: 100 DAI become 95 aDAI."""
    book, wrapped = lot_book(Method.FIFO), lot_book(Method.FIFO)
    book.put(bought(1, 60, "60"))
    book.put(bought(2, 40, "44"))
    for part in rescaled(book.take(100), 95):
        assert part.lot_id is not None and part.acquired_at is not None
        wrapped.put(Lot(part.lot_id, part.acquired_at, part.amount_raw, part.cost))
    assert wrapped.lots() == [bought(1, 57, "60"), bought(2, 38, "44")]


# ---- properties -----------------------------------------------------------------------------------------------

RULES = st.sampled_from([Method.FIFO, Method.LIFO, Method.HIFO, Method.AVERAGE])
MONEY = st.decimals(0, 10**12, places=8) | st.none()
UNITS = st.integers(1, 10**30)
PURCHASES = st.tuples(st.just("buy"), UNITS, MONEY, st.integers(0, 50))
SALES = st.tuples(st.just("sell"), UNITS, MONEY, st.integers(0, 50))
HISTORIES = st.lists(PURCHASES | SALES, max_size=30)


def events_of(history: Sequence[tuple[str, int, Decimal | None, int]]) -> list[Lot | Sale]:
    return [
        Lot(str(number), DAY_ONE + timedelta(days=day), units, money)
        if kind == "buy"
        else Sale(str(number), DAY_ONE + timedelta(days=number), units, money)
        for number, (kind, units, money, day) in enumerate(history)
    ]


@settings(deadline=None)
@given(HISTORIES, RULES)
def test_units_and_costs_are_conserved(history: list[tuple[str, int, Decimal | None, int]], method: Method) -> None:
    events = events_of(history)
    outcome = match_sales(events, method)
    put_in = sum(event.amount_raw for event in events if isinstance(event, Lot))
    taken = sum(each.taken.amount_raw for each in outcome.realised if not each.taken.is_missing)
    assert put_in == taken + sum(lot.amount_raw for lot in outcome.left)
    for sale in (event for event in events if isinstance(event, Sale)):
        parts = [each for each in outcome.realised if each.sale_id == sale.id]
        assert sum(each.taken.amount_raw for each in parts) == sale.amount_raw
        if sale.proceeds is not None:
            assert sum(Fraction(each.proceeds or 0) for each in parts) == Fraction(sale.proceeds)
    spent = [event.cost for event in events if isinstance(event, Lot)]
    if None not in spent:
        used = [each.taken.cost for each in outcome.realised if not each.taken.is_missing]
        left = [lot.cost for lot in outcome.left]
        assert sum(map(Fraction, spent)) == sum(map(Fraction, used)) + sum(map(Fraction, left))  # type: ignore[arg-type]
        assert all(cost is not None and cost >= 0 for cost in (*used, *left))


SMALL = st.lists(
    st.tuples(st.sampled_from(["buy", "sell"]), st.integers(1, 6), st.integers(0, 40), st.integers(0, 9)), max_size=12
)


@settings(deadline=None)
@given(SMALL, RULES)
def test_the_same_as_moving_single_units(history: list[tuple[str, int, int, int]], method: Method) -> None:
    """The obvious engine: every unit is a thing of its own with an exact cost, sorted anew at each sale."""
    events = events_of([(kind, units, Decimal(money), day) for kind, units, money, day in history])
    shelf: list[tuple[datetime, int, Fraction]] = []
    expected: dict[str, Fraction] = {}
    for number, event in enumerate(events):
        if isinstance(event, Lot):
            assert event.cost is not None
            shelf += [(event.acquired_at, number, Fraction(event.cost) / event.amount_raw)] * event.amount_raw
            continue
        if method is Method.FIFO:
            shelf.sort()
        elif method is Method.LIFO:
            shelf.sort(reverse=True)
        elif method is Method.HIFO:
            shelf.sort(key=lambda unit: (-unit[2], unit[0], unit[1]))
        else:
            mean = sum(unit[2] for unit in shelf) / max(len(shelf), 1)
            shelf = [(at, place, Fraction(mean)) for at, place, _ in shelf]
        gone, shelf = shelf[: event.amount_raw], shelf[event.amount_raw :]
        expected[event.id] = sum((unit[2] for unit in gone), Fraction(0))
    outcome = match_sales(events, method)
    for sale_id, truth in expected.items():
        parts = [each.taken for each in outcome.realised if each.sale_id == sale_id and not each.taken.is_missing]
        cost = total_cost(parts)
        assert cost is not None
        assert abs(Fraction(cost) - truth) < Fraction(1, 10**15)
    assert sum(lot.amount_raw for lot in outcome.left) == len(shelf)


@given(st.lists(UNITS | st.integers(1, 9), min_size=1, max_size=20), UNITS | st.integers(1, 9))
def test_rescaling_gives_every_unit_and_every_cost_to_somebody(units: list[int], amount_raw: int) -> None:
    parts = [Taken(str(number), DAY_ONE, each, Decimal(number)) for number, each in enumerate(units)]
    moved = rescaled(parts, amount_raw)
    assert sum(part.amount_raw for part in moved) == amount_raw
    assert total_cost(moved) == total_cost(parts)
    fair = {str(number): Fraction(each * amount_raw, sum(units)) for number, each in enumerate(units)}
    for part in moved:
        assert part.lot_id is not None
        assert part.amount_raw > 0
        assert abs(part.amount_raw - fair[part.lot_id]) < 1


def test_what_rounding_leaves_goes_to_the_largest_remainder() -> None:
    parts = [Taken("1", DAY_ONE, 1, Decimal(1)), Taken("2", DAY_ONE, 2, Decimal(2))]
    assert [part.amount_raw for part in rescaled(parts, 10)] == [3, 7]


def test_rescaling_needs_units() -> None:
    for parts, amount_raw in (([], 5), ([Taken("1", DAY_ONE, 5, None)], 0)):
        with pytest.raises(ValueError, match="no units"):
            rescaled(parts, amount_raw)


@settings(deadline=None)
@given(st.lists(st.tuples(UNITS, st.decimals(0, 10**9, places=4)), min_size=1, max_size=10), st.data())
def test_of_one_sale_the_dearest_lots_gain_least(lots: list[tuple[int, Decimal]], data: st.DataObject) -> None:
    events: list[Lot | Sale] = [bought(n, units, str(money)) for n, (units, money) in enumerate(lots)]
    units = data.draw(st.integers(1, sum(units for units, _ in lots)))
    gains = {
        method: gain(match_sales([*events, sold(99, units, "0")], method))
        for method in (Method.FIFO, Method.LIFO, Method.HIFO, Method.AVERAGE)
    }
    assert gains[Method.HIFO] <= min(gains.values()) + Decimal("1e-15")
