"""What real histories hold: nothing is guessed, nothing is zero that is unknown, nothing breaks."""

import gc
from datetime import timedelta
from decimal import Decimal

import pytest

from backend.ledger.engine.lots import LotChoice, LotNotHeldError
from backend.tax.engine.calculate import Settings, calculate, fingerprint
from backend.tax.engine.events import InvalidEventError, Kind, Leg, TaxEvent
from backend.tax.engine.jurisdictions.base import MethodRefusedError
from backend.tax.engine.methods import Method
from backend.tax.engine.money import money, scaled, shared
from backend.tax.engine.registry import UnknownJurisdictionError, all_jurisdictions
from backend.tax.engine.results import Rule
from tests.unit.tax.given import buy, day, gains, income, leg, run, sell, swap, transfer


def test_a_sale_before_any_purchase_has_no_gain_but_proceeds() -> None:
    done = run([sell("s", day(0), 3, 30), buy("b", day(1), 5, 10)])
    assert done.outcome.disposals[0].gain is None
    (missing,) = done.outcome.missing()
    assert (missing.event_id, missing.proceeds, missing.amount_raw) == ("s", Decimal(30), 3 * 10**18)
    assert "no basis" in missing.reason
    result = done.assess(2022)
    assert (result.unknown, result.unknown_proceeds, result.amount("net_gain")) == (1, Decimal(30), 0)
    assert [each.amount_raw for each in done.outcome.held] == [5 * 10**18]


def test_what_is_known_of_a_sale_counts_and_the_rest_is_said() -> None:
    done = run([buy("b", day(0), 1, 10), sell("s", day(1), 3, 90)])
    result = done.assess(2022)
    assert (result.amount("proceeds"), result.amount("cost"), result.amount("net_gain")) == (30, 10, 20)
    assert (result.unknown, result.unknown_proceeds) == (1, 60)


@pytest.mark.parametrize("place", ["US", "UK", "CA", "DE", "JP"])
def test_an_unknown_cost_is_never_zero(place: str) -> None:
    done = run([buy("b", day(0), 2, None), sell("s", day(1), 1, 90)], place)
    assert gains(done) == {"s": None}
    assert done.outcome.held[0].cost is None
    assert [each.reason for each in done.outcome.missing()] == [
        "nobody knows what these units cost: the gain is unknown"
    ]


def test_unknown_proceeds_and_income_are_said() -> None:
    done = run([income("i", day(0), 2, None), buy("b", day(1), 1, 1), sell("s", day(2), 1, None)], method=Method.LIFO)
    assert {each.event_id for each in done.outcome.missing()} == {"i", "s"}
    assert done.assess(2022).unknown == 2


def test_of_one_second_what_comes_in_is_there_for_what_goes_out() -> None:
    done = run([sell("a", day(0), 1, 10), buy("b", day(0), 1, 4)])
    assert gains(done) == {"a": Decimal(6)}


def test_the_sequence_of_the_source_goes_before() -> None:
    events = [
        swap("1", day(0), [leg("B", 1, 7)], [leg("C", 1, 7)], sequence=2),
        swap("2", day(0), [leg("A", 1, 7)], [leg("B", 1, 7)], sequence=1),
        buy("3", day(0), 1, 5, asset="A"),
    ]
    assert gains(run(events)) == {"2": Decimal(2), "1": Decimal(0)}


def test_dust_and_endless_supplies_are_exact() -> None:
    supply = 10**48  # 1e30 tokens of 18 decimals
    events = [
        TaxEvent(id="1", at=day(0), kind=Kind.BUY, wallet="w", into=(Leg("X", supply, Decimal("1e-18")),)),
        TaxEvent(id="2", at=day(1), kind=Kind.BUY, wallet="w", into=(Leg("X", 1, Decimal("1e12")),)),
        TaxEvent(id="3", at=day(2), kind=Kind.SELL, wallet="w", out=(Leg("X", 1, Decimal(0)),)),
        TaxEvent(id="4", at=day(3), kind=Kind.SELL, wallet="w", out=(Leg("X", supply, Decimal(5)),)),
    ]
    for method, first in ((Method.HIFO, Decimal("1e12")), (Method.LOFO, Decimal(0)), (Method.FIFO, Decimal(0))):
        done = run(events, method=method)
        assert done.outcome.disposals[0].cost == first
        assert sum((each.cost or 0 for each in done.outcome.disposals), Decimal(0)) == Decimal("1e12") + Decimal(
            "1e-18"
        )
        assert done.outcome.held == []


def test_highest_in_tells_apart_what_floats_cannot() -> None:
    dear = buy("dear", day(1), 1, Decimal(10**9) + Decimal("1e-18"))
    done = run([buy("cheap", day(0), 1, 10**9), dear, sell("s", day(2), 1, 1)], method=Method.HIFO)
    assert done.outcome.disposals[0].parts[0].lot.id == "dear"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "event",
    [
        buy("x", day(0).replace(tzinfo=None), 1, 1),
        buy("x", day(0), 1, -1),
        buy("x", day(0), 1, "NaN"),
        buy("x", day(0), 1, 1, fee="NaN"),
        buy("x", day(0), 1, 1, fee=-1),
        TaxEvent(id="x", at=day(0), kind=Kind.BUY, wallet="w", into=(Leg("X", 0, Decimal(1)),)),
        TaxEvent(id="x", at=day(0), kind=Kind.BUY, wallet="w"),
        TaxEvent(id="x", at=day(0), kind=Kind.SELL, wallet="w", into=(leg("X", 1, 1),)),
        transfer("x", day(0), 1, "a", "b", arrived=2),
    ],
)
def test_what_cannot_be_is_refused_and_named(event: TaxEvent) -> None:
    with pytest.raises((InvalidEventError, TypeError), match="x"):
        run([event])


def test_two_events_of_one_id_are_refused() -> None:
    with pytest.raises(InvalidEventError, match="event b: two events"):
        run([buy("b", day(0), 1, 1), buy("b", day(1), 1, 1)])


def test_income_says_of_what_kind_it_is() -> None:
    with pytest.raises(ValueError, match="what kind of income"):
        run([income("i", day(0), 1, 1, income=None)])


def test_a_chosen_lot_must_be_held_and_the_choice_complete() -> None:
    bought = [buy("a", day(0), 2, 10), buy("b", day(1), 2, 20)]
    chosen = sell("s", day(2), 1, 30, choices=(LotChoice("b", 10**18),))
    assert gains(run([*bought, chosen], method=Method.SPECIFIC)) == {"s": Decimal(20)}
    late = sell("s", day(0) + timedelta(hours=1), 1, 30, choices=(LotChoice("b", 10**18),))
    with pytest.raises(LotNotHeldError, match="lot b"):
        run([*bought, late], method=Method.SPECIFIC)
    with pytest.raises(LotNotHeldError, match="lot b"):
        run([*bought, chosen, sell("t", day(3), 2, 30, choices=(LotChoice("b", 2 * 10**18),))], method=Method.SPECIFIC)
    with pytest.raises(ValueError, match="not what is disposed of"):
        run([*bought, sell("s", day(2), 2, 30, choices=(LotChoice("b", 10**18),))], method=Method.SPECIFIC)
    with pytest.raises(ValueError, match="specific identification only"):
        run([*bought, chosen], method=Method.FIFO)
    assert gains(run([*bought, sell("s", day(2), 1, 30)], method=Method.SPECIFIC)) == {"s": Decimal(25)}


REFUSED = [
    ("US", Method.AVERAGE, "averages are for funds only"),
    ("UK", Method.FIFO, "then with the pool"),
    ("DE", Method.HIFO, "first in first out"),
    ("CA", Method.SPECIFIC, "one average cost"),
    ("AU", Method.AVERAGE, "asset of its own"),
    ("FR", Method.FIFO, "whole portfolio"),
    ("IE", Method.LIFO, "section 580"),
    ("JP", Method.HIFO, "total average"),
    ("ES", Method.LIFO, "V1604-18"),
    ("IN", Method.LIFO, "schedule VDA"),
    ("CH", Method.HIFO, "private wealth"),
    ("UK_COMPANY", Method.SECTION_104, "then with the pool"),
]


@pytest.mark.parametrize(("place", "method", "why"), REFUSED)
def test_a_method_that_is_not_allowed_is_refused_with_the_reason(place: str, method: Method, why: str) -> None:
    with pytest.raises(MethodRefusedError, match=why) as refused:
        run([buy("b", day(0), 1, 1)], place, method)
    assert "Allowed: " in str(refused.value)


def test_every_place_is_asked_to_refuse_something() -> None:
    assert {place for place, _, _ in REFUSED} == {*all_jurisdictions()}
    with pytest.raises(UnknownJurisdictionError, match="XX"):
        run([], "XX")


def test_choices_that_a_place_does_not_have() -> None:
    with pytest.raises(MethodRefusedError, match="all wallets as one"):
        run([], "UK", per_wallet=True)
    for place in ("US", "DE"):
        with pytest.raises(MethodRefusedError, match="each wallet apart"):
            run([], place, per_wallet=False)
    with pytest.raises(MethodRefusedError, match="no wash sale rule"):
        run([], "DE", wash_sales=True)
    with pytest.raises(MethodRefusedError, match="not to or from pools"):
        run([], "CH", methods={2020: Method.FIFO, 2021: Method.AVERAGE})


def test_nothing_comes_to_nothing_everywhere() -> None:
    for place in all_jurisdictions():
        done = run([], place)
        assert (done.outcome.disposals, done.outcome.held) == ([], [])
        assert done.assess(2023).amount("net_gain") == 0


def test_the_fingerprint_sees_every_change() -> None:
    events = [buy("b", day(0), 1, 10), sell("s", day(1), 1, 20)]
    one = Settings(jurisdiction="US")
    seen = {
        fingerprint(events, one),
        fingerprint(events, Settings(jurisdiction="US", methods={2022: Method.HIFO})),
        fingerprint(events, Settings(jurisdiction="US", wash_sales=True)),
        fingerprint(events[:1], one),
        fingerprint([buy("b", day(0), 1, 11), events[1]], one),
        fingerprint([buy("b", day(0), 1, 10, wallet="v"), events[1]], one),
        fingerprint([buy("b", day(0), 1, None), events[1]], one),
    }
    assert len(seen) == 7
    assert fingerprint([buy("b", day(0), 1, "10.00"), events[1]], one) in seen


def test_money_is_exact_and_shares_sum_to_the_whole() -> None:
    assert money(scaled(Decimal("123456789012345678901234567890.000000000000000001"))) == Decimal(
        "123456789012345678901234567890.000000000000000001"
    )
    assert shared(10, [1, 1, 1]) == [3, 3, 4]
    with pytest.raises(ValueError, match="weight"):
        shared(1, [0])
    with pytest.raises(ValueError, match="NaN"):
        scaled(Decimal("NaN"))


def test_a_calculation_leaves_its_input_as_it_was() -> None:
    events = [buy("b", day(0), 2, 10), sell("s", day(1), 1, 20)]
    before = list(events)
    first = calculate(events, Settings(jurisdiction="US"))
    second = calculate(events, Settings(jurisdiction="US"))
    assert events == before
    assert gains(first) == gains(second)
    assert first.outcome.disposals[0].parts[0].rule is Rule.LOT


def test_what_was_made_counts_as_old_for_the_search_for_cycles() -> None:
    """Else the next search goes through every lot and disposal. What somebody froze stays so."""
    events = [buy("b", day(0), 2, 10), sell("s", day(1), 1, 20)]
    assert gc.isenabled()
    for is_frozen in (False, True):
        if is_frozen:
            gc.freeze()
        try:
            made = calculate(events, Settings(jurisdiction="US")).outcome.disposals[0]
            assert any(each is made for each in gc.get_objects(generation=0 if is_frozen else 2))
            assert bool(gc.get_freeze_count()) is is_frozen
        finally:
            gc.unfreeze()
    assert gc.isenabled()


def test_of_equal_events_the_one_with_the_lower_id_is_first() -> None:
    events = [buy("b", day(0), 1, 20), buy("a", day(0), 1, 10), sell("s", day(1), 1, 30)]
    assert gains(run(events)) == gains(run([events[1], events[0], events[2]])) == {"s": Decimal(20)}
