"""Each place's rules, on small cases whose figures can be done by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from backend.tax.engine.calendar import anniversary, held_over_a_year
from backend.tax.engine.events import Fee, IncomeKind, Kind, Leg, TaxEvent
from backend.tax.engine.methods import Method
from backend.tax.engine.registry import jurisdiction
from tests.unit.tax.given import buy, day, gains, income, leg, on, raw, run, sell, swap, total_gain, year

# --- the calendar


@pytest.mark.parametrize(
    ("acquired", "last_short", "first_long"),
    [
        ("2021-03-15", "2022-03-15", "2022-03-16"),
        ("2019-06-01", "2020-06-01", "2020-06-02"),  # 366 days
        ("2020-02-29", "2021-02-28", "2021-03-01"),
        ("2020-02-28", "2021-02-28", "2021-03-01"),
        ("2023-02-28", "2024-02-29", "2024-03-01"),  # Rev. Rul. 66-7: from the first of the month after
        ("2023-12-31", "2024-12-31", "2025-01-01"),
    ],
)
def test_more_than_a_year_counts_from_the_day_after(acquired: str, last_short: str, first_long: str) -> None:
    assert not held_over_a_year(date.fromisoformat(acquired), date.fromisoformat(last_short))
    assert held_over_a_year(date.fromisoformat(acquired), date.fromisoformat(first_long))


def test_an_anniversary_of_a_leap_day() -> None:
    assert anniversary(date(2020, 2, 29)) == date(2021, 2, 28)
    assert anniversary(date(2020, 2, 29), 4) == date(2024, 2, 29)
    assert anniversary(date(2023, 2, 28)) == date(2024, 2, 28)


@pytest.mark.parametrize(
    ("code", "number", "first", "last", "label"),
    [
        ("US", 2024, "2024-01-01", "2024-12-31", "2024"),
        ("UK", 2023, "2023-04-06", "2024-04-05", "2023/24"),
        ("AU", 2024, "2024-07-01", "2025-06-30", "2024-25"),
        ("IN", 2099, "2099-04-01", "2100-03-31", "2099/00"),
    ],
)
def test_tax_years(code: str, number: int, first: str, last: str, label: str) -> None:
    rules = jurisdiction(code)
    assert [each.isoformat() for each in rules.year_days(number)] == [first, last]
    assert rules.label(number) == label
    assert [rules.year_of(each) for each in rules.year_days(number)] == [number, number]


# --- United Kingdom


def test_uk_fee_paid_in_the_token_is_a_disposal_and_a_cost() -> None:
    """HMRC CRYPTO22280: 10,000 tokens for 20,000; 1,000 sold for 5,000 and 1 paid as the fee, worth 5."""
    sale = TaxEvent(
        id="s", at=day(1), kind=Kind.SELL, wallet="w", out=(leg("X", 1000, 5000),),
        fees=(Fee(Decimal(5), "X", raw(1)),),
    )  # fmt: skip
    done = run([buy("a", day(0), 10_000, 20_000), sale], "UK")
    assert gains(done) == {"s": Decimal(5000) + 5 - 5 - 1001 * 2}


def test_uk_a_swap_moves_two_pools_and_its_fee_belongs_to_both() -> None:
    events = [
        buy("a", day(0), 10, 100, asset="A"), buy("b", day(0), 10, 400, asset="B"),
        swap("s", day(90), [leg("A", 4, 200)], [leg("B", 5, 200)], fee=10),
    ]  # fmt: skip
    done = run(events, "UK")
    assert gains(done) == {"s": Decimal(200) - 5 - 40}
    assert {each.asset: each.cost for each in done.outcome.held} == {"A": 60, "B": 605}


def test_uk_day_30_is_in_and_day_31_is_out() -> None:
    for days, gain in ((30, 10), (31, 20)):
        done = run([buy("a", day(0), 1, 10), sell("s", day(100), 1, 30), buy("b", day(100 + days), 1, 20)], "UK")
        assert gains(done) == {"s": gain}


def test_uk_company_looks_nine_days_back_and_not_ahead() -> None:
    for days, gain in ((-9, 10), (-10, 15), (5, 20)):
        done = run(
            [buy("a", day(0), 1, 10), sell("s", day(100), 1, 30), buy("b", day(100 + days), 1, 20)], "UK_COMPANY"
        )
        assert gains(done) == {"s": gain}


def test_uk_a_loss_of_the_day_and_charity_are_apart() -> None:
    events = [buy("a", day(0), 10, 100), sell("s", day(50), 3, 60), sell("d", day(50), 1, 20, kind=Kind.DONATION)]
    done = run(events, "UK")
    assert [(each.is_taxable, each.gain) for each in done.outcome.disposals] == [(False, 10), (True, 30)]
    assert year(done, 2021)["net_gain"] == 30


def test_uk_allowance_and_losses_carried_down_to_it() -> None:
    events = [buy("a", on("2023-05-01"), 10, 0), sell("s", on("2024-05-01"), 10, 10_000)]
    result = run(events, "UK").assess(2024, {"losses": Decimal(20_000)})
    assert (result.amount("allowance"), result.amount("losses_used"), result.amount("taxable_gain")) == (3000, 7000, 0)
    assert result.carried == {"losses": 13_000}
    assert result.amount("net_gain_from_30_october") == 0
    assert [jurisdiction("UK").allowance(each) for each in (2019, 2022, 2023, 2025)] == [12_000, 12_300, 6_000, 3_000]  # type: ignore[attr-defined]


def test_uk_wraps_move_the_pool_s_cost() -> None:
    events = [buy("a", day(0), 10, 100), swap("w", day(5), [leg("X", 4)], [leg("Y", 8)], kind=Kind.WRAP)]
    done = run([*events, sell("s", day(60), 8, 90, asset="Y")], "UK")
    assert gains(done) == {"s": 50}
    assert [(each.asset, each.cost) for each in done.outcome.held] == [("X", 60)]


# --- Germany


def test_de_one_year_by_the_calendar() -> None:
    events = [
        buy("a", on("2023-02-28"), 2, 1000), sell("s", on("2024-02-28"), 1, 2000), sell("t", on("2024-02-29"), 1, 2000)
    ]  # fmt: skip
    found = year(run(events, "DE"), 2024)
    assert (found["gain_within_year"], found["gain_free"], found["taxable_gain"]) == (1500, 1500, 1500)


@pytest.mark.parametrize(("number", "gain", "taxable"), [
    (2023, "599.99", "0"), (2023, "600", "600"), (2024, "999.99", "0"), (2024, "1000", "1000"),
])  # fmt: skip
def test_de_limit_is_all_or_nothing(number: int, gain: str, taxable: str) -> None:
    events = [buy("a", on(f"{number}-01-02"), 1, 0), sell("s", on(f"{number}-05-01"), 1, gain)]
    assert year(run(events, "DE"), number)["taxable_gain"] == Decimal(taxable)


def test_de_losses_are_carried_and_income_has_its_own_limit() -> None:
    events = [
        buy("a", on("2022-01-02"), 1, 3000), sell("s", on("2022-05-01"), 1, 1000),
        income("i", on("2022-06-01"), 1, "255.99"), income("j", on("2023-06-01"), 1, 256),
        buy("b", on("2023-01-02"), 1, 0, wallet="v"), sell("t", on("2023-05-01"), 1, 5000, wallet="v"),
    ]  # fmt: skip
    first, second = run(events, "DE").assess_all(2022, 2023)
    assert (first.amount("taxable_other_income"), first.carried) == (0, {"losses": 2000})
    assert (second.amount("taxable_other_income"), second.amount("taxable_gain")) == (256, 3000)


def test_de_lots_stay_in_their_wallet() -> None:
    events = [
        buy("a", day(0), 1, 10, wallet="a"),
        buy("b", day(1), 1, 90, wallet="b"),
        sell("s", day(2), 1, 100, wallet="b"),
    ]
    assert gains(run(events, "DE")) == {"s": 10}


# --- Canada


def test_ca_half_counts_and_net_capital_losses_are_carried() -> None:
    events = [
        buy("a", on("2021-01-01"), 1, 1000), sell("s", on("2021-06-01"), 1, 400), buy("b", on("2022-01-01"), 1, 100),
        sell("t", on("2022-06-01"), 1, 500),
    ]  # fmt: skip
    first, second = run(events, "CA").assess_all(2021, 2022)
    assert first.carried == {"net_capital_losses": 300}
    assert (second.amount("taxable_capital_gain"), second.amount("losses_used"), second.amount("taxable_gain")) == (
        200, 200, 0)  # fmt: skip
    assert second.carried == {"net_capital_losses": 100}


def test_ca_superficial_loss_waits_for_what_is_bought_next() -> None:
    events = [buy("a", day(0), 10, 100), sell("s", day(50), 10, 40), buy("b", day(80), 10, 50)]
    done = run(events, "CA")
    assert done.outcome.disposals[0].disallowed == 60
    assert [each.cost for each in done.outcome.held] == [110]
    late = run([*events[:2], buy("b", day(81), 10, 50)], "CA")
    assert late.outcome.disposals[0].disallowed == 0


def test_ca_a_loss_is_superficial_only_as_far_as_units_are_held_30_days_on() -> None:
    events = [
        buy("a", day(0), 10, 100), sell("s", day(50), 10, 40), buy("b", day(60), 10, 50), sell("t", day(70), 7, 70)
    ]  # fmt: skip
    assert run(events, "CA").outcome.disposals[0].disallowed == 18  # min(10, 10, 3) / 10 of 60


# --- Australia


def test_au_losses_first_then_the_discount() -> None:
    events = [
        buy("a", on("2022-07-01"), 1, 100), buy("b", on("2023-09-01"), 1, 100, asset="Y"),
        buy("c", on("2023-09-01"), 1, 500, asset="Z"), sell("s", on("2024-01-01"), 1, 1100),
        sell("t", on("2024-02-01"), 1, 250, asset="Y"), sell("u", on("2024-02-01"), 1, 100, asset="Z"),
    ]  # fmt: skip
    found = year(run(events, "AU"), 2023)
    assert (found["gains_with_discount"], found["gains_without_discount"], found["capital_losses"]) == (1000, 150, 400)
    assert (found["discount"], found["net_capital_gain"]) == (375, 375)


def test_au_12_months_without_the_days_themselves() -> None:
    for at, discounted in (("2024-07-01", 0), ("2024-07-02", 50)):
        found = year(run([buy("a", on("2023-07-01"), 1, 0), sell("s", on(at), 1, 100)], "AU"), 2024)
        assert found["discount"] == discounted


# --- France


def worth(event: TaxEvent, portfolio: object) -> TaxEvent:
    return replace(event, portfolio_value=None if portfolio is None else Decimal(str(portfolio)))


def test_fr_the_example_of_the_administration() -> None:
    """BOI-RPPM-PVBMC-30-20: bought for 1,000; 450 of 1,200 sold gain 75, then all of 1,300 gains 675."""
    events = [
        buy("a", on("2019-01-02"), 1, 1000),
        worth(sell("s", on("2019-03-01"), "0.1", 450), 1200),
        worth(sell("t", on("2019-12-01"), "0.1", 1300), 1300),
    ]
    done = run(events, "FR")
    assert gains(done) == {"s": 75, "t": 675}
    assert year(done, 2019)["taxable_gain"] == 750
    assert [each.cost for each in done.outcome.held] == [0]


def test_fr_exchanges_are_neutral_and_costs_lessen_the_price_only() -> None:
    events = [
        buy("a", on("2023-01-02"), 1, 2000),
        swap("x", on("2023-02-01"), [leg("X", 1, 5000)], [leg("Y", 10, 5000)], fee=5),
        worth(sell("s", on("2023-03-01"), 2, 1000, asset="Y", fee=10), 2500),
    ]  # fmt: skip
    done = run(events, "FR")
    assert gains(done) == {"s": 1000 - 10 - 800}
    assert [each.cost for each in done.outcome.held] == [1200]


def test_fr_unknown_portfolio_and_small_sales() -> None:
    unknown = run([buy("a", day(0), 1, 100), worth(sell("s", day(9), 1, 150), None)], "FR")
    assert gains(unknown) == {"s": None}
    assert unknown.assess(2022).unknown == 1
    for price, taxable in ((305, 0), (306, 206)):
        found = year(run([buy("a", day(0), 1, 100), worth(sell("s", day(9), 1, price), price)], "FR"), 2022)
        assert found["taxable_gain"] == taxable


def test_france_computes_nothing_before_its_article_was_law() -> None:
    early = [buy("a", on("2017-01-01"), 1, 100), worth(sell("s", on("2018-06-01"), 1, 900), 900)]
    assert year(run(early, "FR"), 2018)["taxable_gain"] == 0
    assert "holds from 2019" in run(early, "FR").assess(2018).notes[0]
    late = [buy("a", on("2017-01-01"), 1, 100), worth(sell("s", on("2019-06-01"), 1, 900), 900)]
    assert year(run(late, "FR"), 2019)["taxable_gain"] == 800


# --- Switzerland, Ireland, Japan, Spain, India


def test_ch_gains_are_free_and_income_is_not() -> None:
    found = year(run([income("i", day(0), 1, 10), sell("s", day(9), 1, 150)], "CH"), 2022)
    assert (found["gain_free"], found["taxable_gain"], found["income"]) == (140, 0, 10)


def test_ie_what_was_bought_in_four_weeks_is_sold_first() -> None:
    events = [
        buy("a", on("2022-03-05"), 1, 900), buy("b", on("2022-05-10"), 1, 800), buy("c", on("2022-06-02"), 1, 1600),
        sell("s", on("2022-06-06"), 2, 5000),
    ]  # fmt: skip
    done = run(events, "IE")
    assert [part.lot.id for part in done.outcome.disposals[0].parts] == ["c", "b"]  # type: ignore[union-attr]
    assert gains(run([*events[:3], sell("s", on("2022-07-15"), 1, 2000)], "IE")) == {"s": 1100}
    assert year(done, 2022)["taxable_gain"] == 2600 - 1270


def test_ie_a_loss_that_is_bought_back_counts_against_that_only() -> None:
    events = [
        buy("a", on("2021-01-05"), 10, 1000), sell("s", on("2022-05-10"), 10, 400), buy("b", on("2022-06-07"), 5, 100),
        sell("t", on("2022-09-01"), 5, 350),
    ]  # fmt: skip
    done = run(events, "IE")
    first, second = done.outcome.disposals
    assert (first.gain, first.disallowed, first.allowed_gain) == (-600, 300, -300)
    assert (second.gain, second.allowed_gain) == (250, 0)
    late = run([*events[:2], buy("b", on("2022-06-08"), 5, 100)], "IE")
    assert late.outcome.disposals[0].disallowed == 0


def test_jp_total_and_moving_average() -> None:
    events = [
        buy("a", on("2022-01-10"), 4, 400), sell("s", on("2022-03-01"), 2, 500), buy("b", on("2022-06-01"), 4, 1200),
        sell("t", on("2023-06-01"), 3, 900),
    ]  # fmt: skip
    assert gains(run(events, "JP")) == {"s": 100, "t": 300}  # 1,600 / 8 = 200 each
    moving = gains(run(events, "JP", Method.AVERAGE))
    assert moving["s"] == 300  # 100 each
    assert moving["t"] == 900 - Decimal(1400) * 3 / 6
    found = year(run([*events, income("i", on("2022-07-01"), 1, 50)], "JP"), 2022)
    assert found["miscellaneous_income"] == found["net_gain"] + 50


def test_jp_beyond_what_came_in_the_year_is_missing() -> None:
    done = run([buy("a", on("2022-01-10"), 1, 100), sell("s", on("2022-03-01"), 3, 900)], "JP")
    assert gains(done) == {"s": None}
    assert done.outcome.missing()[0].amount_raw == raw(2)


def test_es_losses_live_four_years_and_the_oldest_goes_first() -> None:
    events = []
    for number, gain in ((2018, -100), (2019, -50), (2022, 120), (2024, 500)):
        events += [
            buy(f"b{number}", on(f"{number}-01-02"), 1, 1000), sell(f"s{number}", on(f"{number}-02-02"), 1, 1000 + gain)
        ]  # fmt: skip
    results = {each.year: each for each in run(events, "ES").assess_all(2018, 2024)}
    assert results[2019].carried == {"losses_2018": 100, "losses_2019": 50}
    assert (results[2022].amount("losses_used"), results[2022].carried) == (120, {"losses_2019": 30})
    assert (results[2024].amount("losses_used"), results[2024].amount("taxable_gain")) == (0, 500)


def test_in_no_loss_is_set_off_and_no_cost_but_the_purchase_counts() -> None:
    events = [
        buy("a", on("2023-05-01"), 2, 200, fee=7), sell("s", on("2023-06-01"), 1, 300, fee=9),
        sell("t", on("2023-06-02"), 1, 40),
    ]  # fmt: skip
    found = year(run(events, "IN"), 2023)
    assert (found["taxable_gain"], found["tax"], found["losses_lost"]) == (200, 60, 60)


def test_income_is_a_cost_later_and_each_kind_is_kept() -> None:
    done = run([income("i", day(0), 2, 30, income=IncomeKind.MINING), sell("s", day(1), 2, 50)])
    assert [(each.kind, each.value) for each in done.outcome.incomes] == [(IncomeKind.MINING, 30)]
    assert total_gain(done) == 20


def test_borrowed_units_cost_their_worth_and_repaying_disposes_of_them() -> None:
    """HMRC CRYPTO61676: what was borrowed at 5,250 is given back when it is worth 6,300."""
    loan = TaxEvent(id="b", at=day(0), kind=Kind.BORROW, wallet="w", into=(leg("X", 525, 5250),))
    done = run([loan, sell("r", day(140), 525, 6300, kind=Kind.REPAY)], "UK")
    assert gains(done) == {"r": 1050}


def test_days_are_those_of_the_place() -> None:
    late = datetime(2024, 4, 5, 23, 30, tzinfo=UTC)  # 00:30 on the 6th in London
    done = run([buy("a", day(0), 1, 10), sell("s", late, 1, 30)], "UK")
    assert year(done, 2023)["disposals"] == 0
    assert year(done, 2024)["disposals"] == 1
    assert done.outcome.disposals[0].at - late == timedelta(0)
    utc = run([buy("a", day(0), 1, 10), sell("s", late, 1, 30)], "UK", timezone="UTC")
    assert year(utc, 2023)["disposals"] == 1


def test_ca_the_window_begins_30_days_before() -> None:
    for days, denied in ((30, 50), (31, 0)):
        events = [buy("a", day(0), 5, 100), buy("b", day(100 - days), 5, 100), sell("s", day(100), 5, 50)]
        assert run(events, "CA").outcome.disposals[0].disallowed == denied


def test_ie_a_ring_fenced_loss_counts_once() -> None:
    events = [
        buy("a", on("2021-01-05"), 10, 1000), sell("s", on("2022-05-10"), 10, 800), buy("b", on("2022-06-07"), 10, 100),
        sell("t", on("2022-09-01"), 5, 200), sell("u", on("2022-09-02"), 5, 200),
    ]  # fmt: skip
    assert [each.allowed_gain for each in run(events, "IE").outcome.disposals] == [0, 0, 100]


def test_last_in_goes_by_the_date_of_purchase_not_of_arrival() -> None:
    gift = TaxEvent(
        id="g", at=day(20), kind=Kind.GIFT_IN, wallet="w", into=(leg("X", 1, 9),), basis=Decimal(1), acquired_at=day(-9)
    )  # fmt: skip
    done = run([buy("a", day(0), 1, 5), gift, sell("s", day(30), 1, 10)], method=Method.LIFO)
    assert gains(done) == {"s": 5}


def test_a_wrap_into_fewer_units_loses_no_cost() -> None:
    events = [
        TaxEvent(id="1", at=day(0), kind=Kind.BUY, wallet="w", into=(Leg("X", 9, Decimal(90)),)),
        TaxEvent(id="2", at=day(1), kind=Kind.BUY, wallet="w", into=(Leg("X", 1, Decimal(5)),)),
        TaxEvent(id="3", at=day(2), kind=Kind.BUY, wallet="w", into=(Leg("X", 2, Decimal(7)),)),
        TaxEvent(
            id="4", at=day(3), kind=Kind.WRAP, wallet="w", out=(Leg("X", 12, None),), into=(Leg("Y", 3, None),),
            fees=(Fee(Decimal(3)),),
        ),
    ]  # fmt: skip
    for place in ("US", "CA", "UK"):
        held = run(events, place).outcome.held
        assert sum(each.amount_raw for each in held) == 3
        assert sum((each.cost for each in held if each.cost is not None), Decimal(0)) == 105


def test_liquidity_as_a_wrap_shares_the_basis_by_worth_and_back() -> None:
    events = [
        buy("a", day(0), 10, 100, asset="A"), buy("b", day(0), 10, 50, asset="B"),
        swap("in", day(5), [leg("A", 10, 300), leg("B", 10, 100)], [leg("LP", 4, 400)], kind=Kind.WRAP),
        swap("out", day(9), [leg("LP", 4, 400)], [leg("A", 8, 100), leg("B", 20, 300)], kind=Kind.WRAP),
    ]  # fmt: skip
    costs = {"A": Decimal(0), "B": Decimal(0)}
    for each in run(events).outcome.held:
        assert each.cost is not None
        costs[each.asset] += each.cost
    assert costs == {"A": Decimal("37.5"), "B": Decimal("112.5")}


@pytest.mark.parametrize("place", ["US", "CA", "UK", "DE"])
def test_two_tokens_become_one_indivisible_position_and_come_back(place: str) -> None:
    """A Uniswap V3 position is one unit: the basis of both tokens is in it."""
    into = swap("in", day(5), [leg("A", 10, 300), leg("B", 10, 100)], [], kind=Kind.WRAP)
    into = replace(into, into=(Leg("NFT", 1, Decimal(400)),))
    out = replace(
        swap("out", day(9), [], [leg("A", 5, 100), leg("B", 5, 300)], kind=Kind.WRAP), out=(Leg("NFT", 1, None),)
    )
    bought = [
        buy("a", day(0), 6, 70, asset="A"), buy("c", day(1), 4, 30, asset="A"), buy("b", day(0), 10, 50, asset="B")
    ]  # fmt: skip
    (held,) = run([*bought, into], place).outcome.held
    assert (held.asset, held.amount_raw, held.cost) == ("NFT", 1, 150)
    done = run([*bought, into, out], place)
    assert {each.asset: each.cost for each in done.outcome.held} == {"A": Decimal("37.5"), "B": Decimal("112.5")}


def test_an_unknown_cost_goes_into_an_indivisible_position() -> None:
    into = swap("in", day(5), [leg("A", 1, 3), leg("B", 1, 1)], [], kind=Kind.WRAP)
    into = replace(into, into=(Leg("NFT", 1, None),))
    done = run([buy("b", day(0), 1, 50, asset="B"), into])
    assert [(each.asset, each.cost) for each in done.outcome.held] == [("NFT", None)]
