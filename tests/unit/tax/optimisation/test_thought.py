"""A sale that is only thought of: all rules, what it changes of the year, and words where it cannot be."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from backend.core.errors import InvalidInputError
from backend.tax.engine.jurisdictions.base import Term
from backend.tax.engine.methods import Method
from backend.tax.engine.results import Rule
from backend.tax.optimisation.reading import Standing
from backend.tax.optimisation.schemas import WhatIfWrite
from backend.tax.optimisation.thought import think
from tests.unit.tax.given import buy, on, sell, transfer
from tests.unit.tax.optimisation.given import NOW, priced, standing

LOTS = [buy("a", on("2023-01-01"), 1, 100), buy("b", on("2023-06-01"), 1, 300)]
PER_WALLET = datetime(2025, 6, 1, 12, tzinfo=UTC)


def said(amount: object, **more: object) -> WhatIfWrite:
    return WhatIfWrite(asset="X", amount=Decimal(str(amount)), **more)  # type: ignore[arg-type]


def refused(given: Standing, wish: WhatIfWrite, now: datetime = NOW) -> dict:
    with pytest.raises(InvalidInputError) as error:
        think(given, wish, now)
    return error.value.details


def test_a_sale_takes_what_the_method_takes_and_says_what_changes() -> None:
    given = standing(LOTS)
    found = think(given, said("1.5"), NOW)
    assert [(each.lot_id, each.amount, each.cost, each.gain, each.term) for each in found.lines] == [
        ("a", 1, 100, 150, Term.LONG), ("b", Decimal("0.5"), 150, -25, Term.SHORT)
    ]  # fmt: skip
    assert (found.proceeds, found.cost, found.gain, found.price_source) == (375, 250, 125, "a source (a pool)")
    assert found.price_taken_at == NOW
    changed = {each.name: (each.before, each.after) for each in found.changes}
    assert changed["net_capital_gain"] == (0, 125)
    assert changed["disposals"] == (0, 1)
    assert "income" not in changed
    assert think(given, said("1.5"), NOW) == found  # nothing was kept of it


def test_a_price_of_one_s_own_goes_before() -> None:
    found = think(standing(LOTS), said(1, price=Decimal(50)), NOW)
    assert (found.gain, found.price_source, found.price_taken_at) == (-50, "your price", None)
    assert think(standing(LOTS, prices={}), said(1, price=Decimal(0)), NOW).proceeds == 0


def test_what_is_wrong_is_said_beside_its_field() -> None:
    given = standing(LOTS)
    assert refused(given, said(3)) == {"amount": "you hold 2 there"}
    assert refused(given, said("1e-19")) == {"amount": "18 decimal places at most"}
    assert "give one" in refused(standing(LOTS, prices={}), said(1))["price"]
    assert "you hold" in refused(given, WhatIfWrite(asset="Q", amount=Decimal(1)))["asset"]
    assert "specific identification" in refused(given, said(1, lot_id="b"))["lotId"]
    specific = standing(LOTS, methods={1: Method.SPECIFIC})
    assert "holds it" in refused(specific, said(2, lot_id="b"))["lotId"]
    assert "holds it" in refused(standing(LOTS, "DE"), said(1, wallet="nowhere"))["wallet"]


def test_a_lot_can_be_chosen_with_specific_identification() -> None:
    found = think(standing(LOTS, methods={1: Method.SPECIFIC}), said(1, lot_id="b"), NOW)
    assert [each.lot_id for each in found.lines] == ["b"]


def test_where_lots_count_per_wallet_one_wallet_sells() -> None:
    events = [*LOTS, transfer("t", on("2023-07-01"), "0.5", "w", "v")]
    given = standing(events, "DE", today=date(2025, 6, 1))
    assert [each.lot_id for each in think(given, said("0.5"), PER_WALLET).lines] == ["a"]  # w has the most
    assert think(given, said("0.5", wallet="v"), PER_WALLET).lines[0].amount == Decimal("0.5")
    assert refused(given, said("0.6", wallet="v"), PER_WALLET) == {"amount": "you hold 0.5 there"}


def test_pools_and_rules_about_buying_back() -> None:
    canada = standing([*LOTS, buy("c", on("2024-01-20"), 1, 600)], "CA", prices={"X": priced(10)})
    found = think(canada, said(1), NOW)
    assert [each.rule for each in found.lines] == [Rule.POOL]
    assert found.disallowed > 0


def test_in_france_the_worth_of_everything_held_decides() -> None:
    found = think(standing(LOTS, "FR"), said(1), NOW)
    assert (found.cost, found.gain) == (200, 50)  # 400 x 250 / 500
    found = think(standing([*LOTS, buy("z", on("2023-07-01"), 1, 5, asset="Z")], "FR"), said(1), NOW)
    assert (found.cost, found.gain) == (None, None)
    assert "prices are missing" in found.notes[0]


def test_losses_of_earlier_years_count() -> None:
    events = [buy("z", on("2022-01-01"), 1, 9000, asset="Z"), sell("y", on("2022-02-01"), 1, 1000, asset="Z"), *LOTS]
    found = think(standing(events), said(1, price=Decimal(10_000)), NOW)
    changed = {each.name: (each.before, each.after) for each in found.changes}
    assert changed["net_capital_gain"] == (-2000, 7900)  # 8,000 less 3,000 of 2022 and 3,000 of 2023
