"""rotki's own accounting cases, as far as they are rules of tax: rotki/golden_cases.json.

Where it counts whole proceeds as a gain for want of a purchase, we say that the gain is unknown.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from backend.tax.engine.events import Fee, Kind, Leg, TaxEvent
from backend.tax.engine.methods import Method
from tests.unit.tax.given import raw, run, tax_data, total_gain

CHF_IN_EUR = Decimal("1.001")  # as the case says


def case_of(name: str) -> dict[str, Any]:
    found = json.loads((tax_data() / "rotki" / "golden_cases.json").read_text())["cases"]
    return next(case for case in found if case["name"] == name)


def events_of(case: dict[str, Any], *, fees: bool) -> list[TaxEvent]:
    return [event_of(number, trade, fees) for number, trade in enumerate(case["trades"])]


def event_of(number: int, trade: dict[str, Any], fees: bool) -> TaxEvent:
    base: dict[str, Any] = {"id": f"{number:02}", "at": datetime.fromtimestamp(trade["ts"], UTC), "wallet": "w"}
    (bought, amount), (sold, paid) = trade["buy"], trade["sell"]
    if fees and "fee" in trade:
        asset, units = trade["fee"]
        price = Decimal(paid) / Decimal(amount)
        in_money = asset == "EUR"
        worth = Decimal(units) if in_money else Decimal(units) * price
        base["fees"] = (Fee(worth),) if in_money else (Fee(worth, asset, raw(units)),)
    money = {"EUR": Decimal(1), "CHF": CHF_IN_EUR}
    if sold in money:
        return TaxEvent(**base, kind=Kind.BUY, into=(Leg(bought, raw(amount), Decimal(paid) * money[sold]),))
    if bought in money:
        return TaxEvent(**base, kind=Kind.SELL, out=(Leg(sold, raw(paid), Decimal(amount)),))
    worth = Decimal(paid) * Decimal(trade["prices_eur"][sold])
    into = (Leg(bought, raw(amount), worth),)
    return TaxEvent(**base, kind=Kind.SWAP, out=(Leg(sold, raw(paid), worth),), into=into)


def test_gains_without_fees() -> None:
    for name, key in (
        ("selling_crypto_bought_with_crypto", "FIFO,include_fees_in_cost_basis=False"),
        ("sell_fiat_for_crypto", "no_taxfree_period"),
        ("direct_profit_currency_fiat_trades", "no_taxfree_period"),
    ):
        case = case_of(name)
        wanted = Decimal(case["expected"][key]["trade_taxable"])
        assert abs(total_gain(run(events_of(case, fees=False), "DE")) - wanted) < Decimal("1e-12"), name


def test_fees_are_a_part_of_the_cost() -> None:
    case = case_of("buy_event_rates")
    wanted = [Decimal(case["expected"][f"unit_cost_{which}"]) for which in ("first", "second")]
    for event, cost in zip(events_of(case, fees=True), wanted, strict=True):
        done = run([event], "DE", Method.FIFO)
        spent = sum((each.cost or Decimal(0) for each in done.outcome.disposals), Decimal(0))
        left = sum((each.cost or Decimal(0) for each in done.outcome.held), Decimal(0))
        assert (spent + left) / 5 == cost


def test_what_nobody_bought_has_no_gain() -> None:
    case = case_of("no_corresponding_buy_for_sell")
    done = run(events_of(case, fees=True), "DE")
    assert done.outcome.disposals[0].gain is None
    assert done.outcome.missing()[0].proceeds == Decimal("2519.60")
