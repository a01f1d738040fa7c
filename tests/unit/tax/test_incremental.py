"""A changed history comes to what a whole calculation of it comes to: every place, every method, any change."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.ledger.engine.lots import LotChoice, LotNotHeldError
from backend.tax.engine.calculate import Calculation, Settings, calculate
from backend.tax.engine.events import Fee, InvalidEventError, Kind, Leg, TaxEvent
from backend.tax.engine.incremental import Incremental
from backend.tax.engine.jurisdictions.base import MethodRefusedError
from backend.tax.engine.methods import Method
from backend.tax.engine.registry import all_jurisdictions
from tests.unit.tax.given import buy, day, leg, raw, sell, swap
from tests.unit.tax.test_laws_of_matching import histories

YEARS = (2021, 2028)
CHOICES = [
    *(Settings(jurisdiction=place.code, methods={1: method})
      for place in all_jurisdictions().values() for method in place.methods),
    Settings(jurisdiction="US", wash_sales=True, methods={1: Method.HIFO}),
    Settings(jurisdiction="US", per_wallet=True, methods={1: Method.LIFO}),
    Settings(jurisdiction="US", methods={2022: Method.LIFO, 2024: Method.HIFO, 2026: Method.FIFO}),
    Settings(jurisdiction="AU", methods={2022: Method.LIFO, 2023: Method.FIFO, 2024: Method.LOFO}),
]  # fmt: skip


def all_of(done: Calculation) -> list:
    """Everything that a calculation says, lots and days too."""
    disposals = [
        (each.event_ids, each.kind, each.asset, each.wallet, each.at, each.day, each.amount_raw, each.proceeds_e18,
         each.spent_e18, each.is_taxable, [
             (part.amount_raw, part.cost_e18, part.proceeds_e18, part.rule, part.disallowed_e18, part.lot and (
                 part.lot.id, part.lot.acquired_at, part.lot.day, part.lot.amount_raw, part.lot.cost_e18,
                 part.lot.wallet, part.lot.is_replacement))
             for part in each.parts])
        for each in done.outcome.disposals
    ]  # fmt: skip
    incomes = [(each.event_id, each.kind, each.asset, each.day, each.value_e18) for each in done.outcome.incomes]
    return [disposals, incomes, done.outcome.held, done.timezone]


def same(kept: Incremental, events: list[TaxEvent]) -> None:
    whole = calculate(events, kept.settings)
    assert all_of(kept.calculation()) == all_of(whole)
    assert kept.assess_all(*YEARS) == whole.assess_all(*YEARS)


def spread(events: list[TaxEvent]) -> list[TaxEvent]:
    """The events with a third and a fourth asset, some at one instant, the others stretched over more years."""
    names = {"X": "XYZ", "Y": "YXW"}
    made = []
    for number, event in enumerate(events):
        of = {asset: name[number % 3] for asset, name in names.items()}
        into = tuple(replace(each, asset=of[each.asset]) for each in event.into)
        out = tuple(replace(each, asset=of[each.asset]) for each in event.out)
        at = event.at + timedelta(days=70 * (number // 4))
        made.append(
            replace(event, into=into, out=out, at=at, sequence=event.sequence // 3, portfolio_value=Decimal(9999))
        )
    return made


@settings(max_examples=150, deadline=None)
@given(histories(size=20), st.sampled_from(CHOICES), st.data())
def test_any_change_comes_to_what_the_whole_comes_to(events: list[TaxEvent], chosen: Settings, data) -> None:
    events = spread(events)
    in_it = {event.id: event for event in events[: data.draw(st.integers(0, len(events)), "in it at first")]}
    kept = Incremental(in_it.values(), chosen)
    same(kept, list(in_it.values()))
    for _ in range(3):
        before, was = kept.copy(), list(in_it.values())
        put = data.draw(st.lists(st.sampled_from(events), max_size=2, unique_by=lambda each: each.id), "put")
        put = [replace(each, at=each.at + timedelta(days=data.draw(st.sampled_from([0, 0, 40])))) for each in put]
        others = sorted(set(in_it) - {each.id for each in put})
        remove = data.draw(st.lists(st.sampled_from(others), max_size=2, unique=True), "remove") if others else []
        kept.change(put, remove)
        in_it = {id_: event for id_, event in in_it.items() if id_ not in remove}
        in_it.update((event.id, event) for event in put)
        same(kept, list(in_it.values()))
        same(before, was)


def test_only_the_assets_of_a_change_are_matched_again() -> None:
    """What another asset's disposals took is the same object as before: nothing of it was done again."""
    bought = [buy("a", day(0), 2, 10), buy("b", day(1), 2, 20, asset="Y")]
    events = [*bought, sell("s", day(9), 1, 30), sell("t", day(9), 1, 90, asset="Y")]
    kept = Incremental(events, Settings(jurisdiction="US"))
    (x,), (y,) = kept.disposals_of("s"), kept.disposals_of("t")
    kept.change([buy("b", day(1), 2, 60, asset="Y")])
    assert kept.disposals_of("s") == [x]
    assert kept.disposals_of("t") != [y]
    assert [each.gain for each in kept.disposals_of("t")] == [60]
    assert kept.assess_all(2022, 2022)[0].amount("net_gain") == 25 + 60


def test_a_wrap_joins_assets_and_its_removal_parts_them() -> None:
    wrap = swap("w", day(2), [leg("X", 1, None)], [leg("Y", 1, None)], kind=Kind.WRAP)
    events = [buy("a", day(0), 1, 10), wrap, sell("s", day(3), 1, 50, asset="Y")]
    kept = Incremental(events, Settings(jurisdiction="US"))
    kept.change([buy("a", day(0), 1, 20)])
    assert [each.gain for each in kept.disposals_of("s")] == [30]
    kept.change(remove=["w"])
    assert [each.gain for each in kept.disposals_of("s")] == [None]
    kept.change([wrap])
    same(kept, [buy("a", day(0), 1, 20), *events[1:]])


def test_a_change_that_cannot_be_changes_nothing() -> None:
    events = [buy("a", day(0), 2, 10), buy("b", day(1), 2, 20),
              sell("s", day(5), 1, 30, choices=(LotChoice("b", raw(1)),))]  # fmt: skip
    kept = Incremental(events, Settings(jurisdiction="US", methods={1: Method.SPECIFIC}))
    for put, remove, error in (
        ([], ["b"], LotNotHeldError),
        ([], ["unknown"], KeyError),
        ([buy("c", day(0).replace(tzinfo=None), 1, 1)], [], InvalidEventError),
        ([buy("a", day(0), 1, 1)], ["a"], InvalidEventError),
        ([buy("c", day(0), 1, 1), buy("c", day(1), 1, 1)], [], InvalidEventError),
    ):
        with pytest.raises(error):
            kept.change(put, remove)
        same(kept, events)
    with pytest.raises(MethodRefusedError):
        Incremental(events, Settings(jurisdiction="UK", methods={1: Method.FIFO}))


def test_a_history_that_reaches_a_day_of_change_lays_out_other_assets_anew() -> None:
    """A purchase in 2025 of anything splits every asset's lots by wallet; without it they are all one again."""
    events = [buy("a", day(0), 2, 10), buy("b", day(1), 2, 20, wallet="v")]
    late = buy("c", day(0) + timedelta(days=365 * 4), 1, 1, asset="Y")
    kept = Incremental(events, Settings(jurisdiction="US"))
    assert {each.wallet for each in kept.calculation().outcome.held} == {None}
    kept.change([late])
    assert {each.wallet for each in kept.calculation().outcome.held} == {"w", "v"}
    same(kept, [*events, late])
    kept.change(remove=["c"])
    same(kept, events)


def test_matching_a_wrap_again_begins_with_nothing_carried() -> None:
    """The second token is worth nothing and comes to no unit: its cost must not wait for the next time."""
    one = Leg("NFT", 1, None)
    wrap = swap("w", day(2), [leg("X", 1, 5), leg("Y", 1, 0)], [one], kind=Kind.WRAP)
    events = [buy("a", day(0), 1, 10), buy("b", day(0), 1, 7, asset="Y"), wrap]
    kept = Incremental(events, Settings(jurisdiction="US"))
    for cost in (20, 30):
        kept.change([buy("a", day(0), 1, cost)])
        same(kept, [buy("a", day(0), 1, cost), *events[1:]])


def test_an_asset_that_is_new_to_a_portfolio_takes_its_share_of_all() -> None:
    events = [buy("a", day(0), 1, 100), sell("s", day(5), Decimal("0.5"), 90, portfolio_value=Decimal(200))]
    kept = Incremental(events, Settings(jurisdiction="FR"))
    more = buy("b", day(1), 1, 60, asset="NEW")
    kept.change([more])
    same(kept, [*events, more])
    assert [each.cost for each in kept.disposals_of("s")] == [72]


def test_a_history_ends_with_what_moves_units() -> None:
    """A fee in money after the day on which lots go by wallet moves nothing: all wallets are still one."""
    events = [buy("a", day(0), 2, 10), buy("b", day(1), 2, 20, wallet="v")]
    paid = TaxEvent(id="c", at=day(365 * 4), kind=Kind.FEE, wallet="w", fees=(Fee(Decimal(1)),))
    kept = Incremental([*events, paid], Settings(jurisdiction="US"))
    assert {each.wallet for each in kept.calculation().outcome.held} == {None}
    same(kept, [*events, paid])
