"""The rules of the United States, wash sales too, on small cases whose figures can be done by hand."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from backend.tax.engine.calculate import Calculation, fingerprint
from backend.tax.engine.events import Kind, TaxEvent
from backend.tax.engine.explain import explain
from backend.tax.engine.incremental import Incremental
from backend.tax.engine.jurisdictions.base import Term
from backend.tax.engine.methods import Method
from backend.tax.engine.opening import Allocation, AllocationError, Pick
from backend.tax.engine.registry import jurisdiction
from tests.unit.tax.given import buy, day, gains, income, leg, on, raw, run, sell, swap, transfer, year

# --- United States


def test_us_long_and_short_and_what_is_carried() -> None:
    """Schedule D: 3,000 of a loss a year, the short-term part of it first."""
    events = [
        buy("a", on("2020-01-01"), 2, 20_000), buy("b", on("2021-06-01"), 1, 9_000),
        sell("s", on("2021-07-01"), 2, 15_000), sell("t", on("2021-08-01"), 1, 8_000),
    ]  # fmt: skip
    first, second, third = run(events).assess_all(2021, 2023)
    assert (first.amount("long_term_gain"), first.amount("short_term_gain")) == (-5_000, -1_000)
    assert first.amount("loss_deducted") == 3_000
    assert first.carried == {"long_term": Decimal(3_000)}  # 1,000 short and 2,000 long were used
    assert (second.amount("loss_deducted"), second.carried) == (3_000, {})
    assert (third.amount("net_capital_gain"), third.amount("loss_deducted")) == (0, 0)


def test_of_years_filed_separately_half_as_much_of_a_loss_counts() -> None:
    """Section 1211(b): 1,500; what is carried on is more by as much, and a year filed jointly has 3,000 again."""
    events = [buy("a", on("2020-01-01"), 1, 20_000), sell("s", on("2020-07-01"), 1, 12_000)]
    years = run(events, separate_years=(2020, 2022)).assess_all(2020, 2023)
    assert [each.amount("loss_deducted") for each in years] == [1_500, 3_000, 1_500, 2_000]
    assert [each.carried.get("short_term", 0) for each in years] == [6_500, 3_500, 2_000, 0]
    assert "at most 1,500" in years[0].notes[0] and "being married" in years[0].notes[0]
    titles = [next(each.title for each in year.figures if each.name == "loss_deducted") for year in years]
    assert ["1,500" in each for each in titles] == [True, False, True, False]
    whole = run(events)
    assert whole.assess(2020).amount("loss_deducted") == 3_000, "the place itself stays as it is"
    separate = run(events, separate_years=(2020,))
    assert fingerprint(events, whole.settings) != fingerprint(events, separate.settings)
    assert Incremental(events, separate.settings).assess_all(2020, 2020)[0].amount("loss_deducted") == 1_500


@pytest.mark.parametrize(
    ("short", "long", "left"),
    [
        (-10_000, 2_000, {"short_term": 5_000}),
        (2_000, -10_000, {"long_term": 5_000}),
        (-1_000, -1_000, {}),
        (-4_000, -1_000, {"short_term": 1_000, "long_term": 1_000}),
        (5_000, -4_000, {}),
    ],
)
def test_us_losses_are_carried_by_term(short: int, long: int, left: dict[str, int]) -> None:
    events = [
        buy("a", on("2019-01-01"), 1, 20_000), sell("s", on("2021-01-01"), 1, 20_000 + long),
        buy("b", on("2021-02-01"), 1, 20_000), sell("t", on("2021-03-01"), 1, 20_000 + short),
    ]  # fmt: skip
    assert run(events).assess(2021).carried == left


def test_us_swap_costs_lie_on_what_was_sold_from_2025_and_half_before() -> None:
    for at, gain, basis in (("2024-12-31", 495, 1505), ("2025-01-01", 490, 1500)):
        events = [buy("a", on("2024-01-01"), 1, 1000, asset="A"), swap(
            "s", on(at), [leg("A", 1, 1500)], [leg("B", 3, 1500)], fee=10)]  # fmt: skip
        done = run(events)
        assert gains(done) == {"s": gain}
        assert [each.cost for each in done.outcome.held] == [basis]


def test_us_boxes_of_form_8949() -> None:
    us: Any = jurisdiction("US")
    assert [us.box(Term.SHORT, 2024), us.box(Term.LONG, 2024), us.box(Term.SHORT, 2025), us.box(Term.LONG, 2025)] == [
        "C", "F", "I", "L"]  # fmt: skip
    assert [us.box(Term.SHORT, 2025, reported=True), us.box(Term.LONG, 2025, reported=True, basis_reported=True)] == [
        "H", "J"]  # fmt: skip


def test_us_gifts_keep_the_giver_s_basis_and_date() -> None:
    gift = TaxEvent(
        id="g", at=on("2022-01-01"), kind=Kind.GIFT_IN, wallet="w", into=(leg("X", 1, 500),), basis=Decimal(100),
        acquired_at=on("2015-01-01"),
    )  # fmt: skip
    done = run([gift, sell("s", on("2022-02-01"), 1, 600)])
    assert year(done, 2022)["long_term_gain"] == 500
    unknown = TaxEvent(id="g", at=on("2022-01-01"), kind=Kind.GIFT_IN, wallet="w", into=(leg("X", 1, 500),))
    assert gains(run([unknown, sell("s", on("2022-02-01"), 1, 600)])) == {"s": None}
    assert gains(run([unknown, sell("s", on("2022-02-01"), 1, 600)], "UK")) == {"s": 100}


def test_us_gifts_given_are_no_taxable_disposal_but_leave() -> None:
    done = run([buy("a", day(0), 3, 30), sell("g", day(1), 2, 90, kind=Kind.GIFT_OUT)])
    assert year(done, 2022)["disposals"] == 0
    assert [each.amount_raw for each in done.outcome.held] == [raw(1)]
    assert (
        year(run([buy("a", day(0), 3, 30), sell("g", day(1), 2, 90, kind=Kind.GIFT_OUT)], "UK"), 2021)["net_gain"] == 70
    )


def wallets_of(done: Calculation) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in done.outcome.held:
        found.setdefault(str(each.wallet), []).append(f"{each.lot_id}:{each.amount_raw // 10**18}")
    return found


LATER = buy("z", on("2025-02-01"), 1, 1, asset="Z", wallet="a")


def test_us_lots_go_to_wallets_on_the_first_day_of_2025() -> None:
    """Sold in b in 2024, first in first out over all wallets: the lot of a is gone, and one of b lies in a."""
    events = [
        buy("1", on("2022-01-01"), 4, 40, wallet="a"), buy("2", on("2023-01-01"), 6, 90, wallet="b"),
        sell("s", on("2024-01-01"), 5, 100, wallet="b"), LATER,
    ]  # fmt: skip
    done = run(events)
    assert gains(done) == {"s": Decimal(100) - 40 - 15}
    assert wallets_of(done) == {"a": ["2:4", "z:1"], "b": ["2:1"]}


def test_us_opening_allocation_can_be_global_or_specific() -> None:
    events = [
        buy("1", on("2022-01-01"), 4, 40, wallet="a"), buy("2", on("2023-01-01"), 4, 90, wallet="b"),
        buy("3", on("2024-01-01"), 4, 10, wallet="b"), LATER,
    ]  # fmt: skip
    assert wallets_of(run(events)) == {"a": ["1:4", "z:1"], "b": ["2:4", "3:4"]}
    dear_first = Allocation(order=Method.HIFO, wallets=("a", "b"))
    assert wallets_of(run(events, opening=dear_first)) == {"a": ["2:4", "z:1"], "b": ["1:4", "3:4"]}
    picked = Allocation(picks=(Pick("X", "3", "a", raw(3)),))
    assert wallets_of(run(events, opening=picked)) == {"a": ["1:1", "3:3", "z:1"], "b": ["1:3", "2:4", "3:1"]}
    for wrong in (Pick("X", "3", "a", raw(5)), Pick("X", "3", "b", raw(5)), Pick("X", "9", "a", raw(1))):
        with pytest.raises(AllocationError):
            run(events, opening=Allocation(picks=(wrong,)))


def test_us_lots_move_with_basis_and_date_and_go_first_in_first_out_by_purchase() -> None:
    """US per wallet: what arrived last was bought first, so it is sold first."""
    events = [
        buy("old", on("2025-01-02"), 1, 10, wallet="a"), buy("new", on("2025-03-01"), 1, 50, wallet="b"),
        transfer("t", on("2025-04-01"), 1, "a", "b"), sell("s", on("2026-02-01"), 1, 100, wallet="b"),
    ]  # fmt: skip
    done = run(events)
    assert gains(done) == {"s": Decimal(90)}
    assert year(done, 2026)["long_term_gain"] == 90


def test_a_transfer_s_fee_is_a_disposal() -> None:
    done = run([buy("b", day(0), 10, 5), transfer("t", day(1), 4, "w", "v", arrived=3)], "DE")
    assert [(each.kind, each.amount_raw, each.proceeds, each.cost) for each in done.outcome.disposals] == [
        (Kind.FEE, raw(1), Decimal(1), Decimal("0.5"))
    ]
    assert {each.wallet: each.amount_raw for each in done.outcome.held} == {"v": raw(3), "w": raw(6)}


def test_a_change_of_method_carries_the_lots() -> None:
    events = [
        buy("a", on("2021-01-01"), 2, 20), buy("b", on("2021-02-01"), 2, 100),
        sell("s", on("2021-03-01"), 1, 60), sell("t", on("2022-03-01"), 2, 120),
    ]  # fmt: skip
    done = run(events, methods={2021: Method.FIFO, 2022: Method.HIFO})
    assert gains(done) == {"s": 50, "t": 20}
    assert [each.lot_id for each in done.outcome.held] == ["a"]


# --- wash sales


def test_wash_sale_of_the_specification() -> None:
    """Sold 1,500 what cost 2,000, bought back at 1,600 five days later: 500 are disallowed, the basis is 2,100."""
    events = [buy("a", day(0), 1, 2000), sell("s", day(50), 1, 1500), buy("b", day(55), 1, 1600)]
    done = run(events, wash_sales=True)
    assert done.outcome.disposals[0].disallowed == 500
    assert [each.cost for each in done.outcome.held] == [2100]
    assert year(done, 2022)["short_term_gain"] == 0
    assert [each.cost for each in run(events).outcome.held] == [1600]
    assert gains(run(events)) == {"s": -500}


@pytest.mark.parametrize(("days", "disallowed"), [(-30, 100), (-31, 0), (30, 100), (31, 0)])
def test_the_window_of_a_wash_sale_is_30_days_on_each_side(days: int, disallowed: int) -> None:
    events = [buy("a", day(0), 1, 200), sell("s", day(100), 1, 100), buy("b", day(100 + days), 1, 90)]
    done = run(events, wash_sales=True)
    assert done.outcome.disposals[0].disallowed == disallowed
    assert [each.cost for each in done.outcome.held] == [90 + disallowed]


def test_a_wash_sale_in_part_and_each_replacement_once() -> None:
    events = [
        buy("a", day(0), 10, 1000), sell("s", day(100), 4, 300), sell("t", day(101), 6, 300), buy("b", day(110), 5, 250)
    ]  # fmt: skip
    done = run(events, wash_sales=True)
    assert [each.disallowed for each in done.outcome.disposals] == [100, 50]  # 4 of 4, then 1 of 6 (300 x 1 / 6)
    assert sum(each.cost for each in done.outcome.held) == 250 + 150  # type: ignore[misc]
    assert sum(each.amount_raw for each in done.outcome.held) == raw(5)


def test_a_replacement_is_held_for_as_long_as_what_it_replaces() -> None:
    events = [
        buy("a", day(0), 1, 200),
        sell("s", day(300), 1, 100),
        buy("b", day(310), 1, 90),
        sell("t", day(390), 1, 300),
    ]
    done = run(events, wash_sales=True)
    assert year(done, 2023)["long_term_gain"] == 300 - 190


def test_the_rest_of_the_lot_that_is_sold_replaces_nothing() -> None:
    done = run([buy("a", day(0), 10, 1000), sell("s", day(5), 4, 300)], wash_sales=True)
    assert done.outcome.disposals[0].disallowed == 0


def test_what_was_bought_before_wallets_were_split_still_replaces() -> None:
    events = [
        buy("a", on("2024-01-01"), 1, 200), buy("b", on("2024-12-20"), 1, 90), sell("s", on("2025-01-05"), 1, 100)
    ]  # fmt: skip
    done = run(events, wash_sales=True)
    assert done.outcome.disposals[0].disallowed == 100
    assert [each.cost for each in done.outcome.held] == [190]


def test_what_was_earned_replaces_nothing_wherever_it_moves() -> None:
    events = [
        buy("a", on("2025-01-01"), 1, 200, wallet="v"), income("i", on("2025-03-01"), 1, 90),
        transfer("t", on("2025-03-02"), 1, "w", "u"), sell("s", on("2025-03-05"), 1, 100, wallet="v"),
    ]  # fmt: skip
    assert run(events, wash_sales=True).outcome.disposals[0].disallowed == 0
    bought = [events[0], buy("i", on("2025-03-01"), 1, 90), *events[2:]]
    assert run(bought, wash_sales=True).outcome.disposals[0].disallowed == 100


def test_us_a_lot_stays_in_the_wallet_it_came_to_where_that_has_room() -> None:
    events = [buy("1", on("2022-01-01"), 4, 40, wallet="b"), buy("2", on("2023-01-01"), 4, 90, wallet="a"), LATER]
    assert wallets_of(run(events)) == {"a": ["2:4", "z:1"], "b": ["1:4"]}


def test_what_a_separate_return_deducts_is_said_with_the_amount() -> None:
    def note(loss: int) -> str:
        events = [buy("a", on("2023-01-01"), 1, 10_000), sell("s", on("2023-03-01"), 1, 10_000 - loss)]
        return run(events).assess(2023).notes[0]

    assert note(2500).endswith("here 1,500.00, and 1,000.00 more is carried.")
    assert note(9000).endswith("here 1,500.00, and 1,500.00 more is carried.")
    assert note(1500).endswith("(section 1211(b)).")


@pytest.mark.parametrize(
    ("price", "gain", "term"), [(12_000, 2_000, Term.LONG), (7_000, -1_000, Term.SHORT), (9_000, 0, None)]
)
def test_a_gift_that_had_lost_worth_has_two_bases(price: int, gain: int, term: Term | None) -> None:
    """Publication 551's example: the giver's basis 10,000, worth 8,000 when given. Its parts and moves keep both."""
    gift = TaxEvent(
        id="g", at=on("2024-06-01"), kind=Kind.GIFT_IN, wallet="w", into=(leg("X", 4, 8000),), basis=Decimal(10_000),
        acquired_at=on("2022-01-01"),
    )  # fmt: skip
    moved = transfer("t", on("2025-02-01"), 3, "w", "v")
    sold = [
        sell("s", on("2025-03-01"), 1, Decimal(price) / 4),
        sell("v", on("2025-03-02"), 3, Decimal(price) * 3 / 4, wallet="v"),
    ]
    done = run([gift, moved, *sold])
    assert [each.gain for each in done.outcome.disposals] == [Decimal(gain) / 4, Decimal(gain) * 3 / 4]
    if term is not None:
        assert {done.rules.term(part, each.day) for each in done.outcome.disposals for part in each.parts} == {term}
    words = " ".join(explain(done, done.outcome.disposals[0], {}))
    assert ("worth less than it had cost" in words) is (gain <= 0)


def test_a_gift_that_was_worth_as_much_has_one_basis() -> None:
    gift = TaxEvent(
        id="g", at=on("2024-06-01"), kind=Kind.GIFT_IN, wallet="w", into=(leg("X", 1, 10_000),), basis=Decimal(10_000),
        acquired_at=on("2022-01-01"),
    )  # fmt: skip
    (sold,) = run([gift, sell("s", on("2024-07-01"), 1, 7_000)]).outcome.disposals
    assert (sold.gain, sold.parts[0].lot.day) == (-3000, on("2022-01-01").date())  # type: ignore[union-attr]
    given = replace(gift, into=(leg("X", 1, 8_000),))
    (german,) = run([given, sell("s", on("2024-07-01"), 1, 7_000)], "DE").outcome.disposals
    assert german.gain == -3000
