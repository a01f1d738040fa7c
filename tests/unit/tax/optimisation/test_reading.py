"""What the page and the API are told: methods, losses, terms, prices; unknown stays unknown."""

from datetime import date
from decimal import Decimal

from backend.ledger.engine.lots import LotChoice
from backend.tax.engine.methods import Method
from backend.tax.engine.optimise import compare_methods
from backend.tax.optimisation.reading import read_optimisation, years_of
from backend.tax.optimisation.schemas import OptimisationRead
from tests.unit.tax.given import buy, on, raw, sell
from tests.unit.tax.optimisation.given import priced, standing

LOTS = [buy("a", on("2023-03-01"), 1, 100), buy("b", on("2023-06-01"), 1, 300), buy("c", on("2023-09-01"), 1, 200)]
SOLD = [*LOTS, sell("s", on("2023-12-01"), 1, 250)]


def read(events: list, place: str = "US", year: int = 2023, **more: object) -> OptimisationRead:
    given = standing(events, place, **more)
    compared = compare_methods(given.book.events, given.book.engine, year)
    return read_optimisation(given, year, "history", compared)


def test_methods_with_their_difference_to_the_one_in_force() -> None:
    found = read(SOLD, methods={1: Method.HIFO})
    shown = {each.method: (each.headline, each.difference, each.is_current) for each in found.methods if each.figures}
    assert shown == {
        Method.FIFO: (150, 200, False), Method.LIFO: (50, 100, False), Method.HIFO: (-50, 0, True),
        Method.LOFO: (150, 200, False),
    }  # fmt: skip
    assert (found.headline_name, found.headline_title) == ("net_capital_gain", "Net capital gain or loss")
    assert found.can_change_by_year
    refused = {each.method: each.reason for each in found.methods if not each.is_allowed}
    assert "averages are for funds only" in refused[Method.AVERAGE]
    assert found.open_issues == 0 and found.book_version == 7


def test_every_place_has_its_headline() -> None:
    for place in ("US", "UK", "UK_COMPANY", "DE", "CA", "AU", "FR", "CH", "IE", "JP", "ES", "IN"):
        found = read(SOLD, place)
        assert found.headline_title != found.headline_name
        assert all(each.headline is not None for each in found.methods if each.figures), place
        assert [each.is_current for each in found.methods].count(True) == 1, place


def test_losses_terms_and_holdings_at_prices_now() -> None:
    found = read(LOTS)
    assert [(each.lot_id, each.loss, each.worth, each.days_to_long) for each in found.harvest] == [("b", 50, 250, 122)]
    assert (found.harvest_total, found.harvest_loss) == (1, 50)
    assert [(each.lot_id, each.days_to_long) for each in found.soon_long] == [("a", 30), ("b", 122), ("c", 214)]
    (held,) = found.holdings
    assert (held.symbol, held.amount, held.cost, held.worth, held.gain) == ("XTOKEN", 3, 600, 750, 150)
    (price,) = found.prices
    assert (price.price, price.source, price.detail, found.unpriced) == (250, "a source", "a pool", 0)


def test_without_a_price_nothing_is_a_loss_and_nothing_is_zero() -> None:
    found = read([*LOTS, buy("d", on("2023-09-02"), 1, 5, asset="Z")])
    z = next(each for each in found.holdings if each.asset == "Z")
    assert (z.worth, z.gain) == (None, None)
    assert found.unpriced == 1
    assert [each.price for each in found.prices] == [250, None]
    assert any("Not every price is known" in note for note in found.notes)
    found = read([buy("a", on("2023-03-01"), 1, None), buy("b", on("2023-03-02"), 1, 300)])
    assert (found.holdings[0].cost, found.holdings[0].gain, found.holdings[0].worth) == (None, None, 500)


def test_amounts_are_in_whole_tokens_of_the_book_s_own_places() -> None:
    (held,) = read([buy("a", on("2023-03-01"), 1, 100, asset="Y")], prices={"Y": priced(40_000)}).holdings
    assert (held.amount, held.worth) == (Decimal("0.01"), 400)


def test_years_go_from_the_first_event_to_today() -> None:
    given = standing([buy("a", on("2021-03-01"), 1, 1)], "UK")
    assert years_of(given.done, given.book, date(2024, 2, 1)) == [2023, 2022, 2021, 2020]
    empty = standing([], "UK")
    assert years_of(empty.done, empty.book, date(2024, 2, 1)) == [2023]
    assert read([]).holdings == []


def test_in_france_the_portfolio_has_the_cost_and_holdings_have_units() -> None:
    found = read(SOLD, "FR")
    assert found.harvest == []
    assert [(each.asset, each.amount, each.worth, each.gain) for each in found.holdings] == [("X", 2, 500, None)]
    assert "whole portfolio" in found.notes[0]


def test_chosen_lots_stay_chosen_where_specific_identification_holds() -> None:
    events = [*LOTS, sell("s", on("2023-12-01"), 1, 250, choices=(LotChoice("c", raw(1)),))]
    found = read(events, methods={1: Method.SPECIFIC})
    shown = {each.method: each.headline for each in found.methods if each.figures}
    assert (shown[Method.SPECIFIC], shown[Method.FIFO]) == (50, 150)
