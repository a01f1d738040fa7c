"""What could be done: the same rules on other input."""

from datetime import UTC, date, datetime
from decimal import Decimal

from backend.ledger.engine.lots import LotChoice
from backend.tax.engine.calculate import Settings
from backend.tax.engine.events import TaxEvent
from backend.tax.engine.incremental import Incremental
from backend.tax.engine.methods import Method
from backend.tax.engine.optimise import Price, compare_methods, harvest, positions, what_if
from tests.unit.tax.given import buy, leg, raw, run, sell, swap


def on(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(hour=12, tzinfo=UTC)


LOTS = [buy("a", on("2023-03-01"), 1, 100), buy("b", on("2023-06-01"), 1, 300), buy("c", on("2023-09-01"), 1, 200)]


def net_gains(events: list[TaxEvent], chosen: Settings, year: int, *, from_year: bool = False) -> dict[Method, object]:
    found = compare_methods(events, chosen, year, from_year=from_year)
    return {each.method: each.result.amount("net_gain") for each in found if each.result is not None}


def test_methods_side_by_side() -> None:
    events = [*LOTS, sell("s", on("2023-12-01"), 1, 250, choices=(LotChoice("c", raw(1)),))]
    assert net_gains(events, Settings(jurisdiction="US", methods={1: Method.SPECIFIC}), 2023) == {
        Method.FIFO: 150, Method.LIFO: 50, Method.HIFO: -50, Method.LOFO: 150, Method.SPECIFIC: 50
    }  # fmt: skip
    assert [*net_gains(events, Settings(jurisdiction="UK"), 2023)] == [Method.SECTION_104]


def test_what_is_no_method_here_says_why() -> None:
    found = {each.method: each for each in compare_methods(LOTS, Settings(jurisdiction="US"), 2023)}
    assert [*found] == [*Method.__members__.values()][:5] + [each for each in Method if each not in [*Method][:5]]
    assert (found[Method.SPECIFIC].result, found[Method.SPECIFIC].is_allowed) == (None, True)
    assert "No lots are chosen" in found[Method.SPECIFIC].reason
    assert not found[Method.AVERAGE].is_allowed
    assert "averages are for funds only" in found[Method.AVERAGE].reason


def test_a_method_from_a_year_on_leaves_earlier_years_as_they_are() -> None:
    """In 2022 the sale takes the first lot as filed; a whole history of the highest would have left it for 2023."""
    before = [
        buy("a", on("2022-01-05"), 1, 100),
        buy("b", on("2022-01-06"), 1, 300),
        sell("s", on("2022-05-01"), 1, 200),
    ]
    events = [*before, buy("c", on("2023-01-05"), 1, 250), sell("t", on("2023-05-01"), 1, 200)]
    chosen = Settings(jurisdiction="US")
    assert net_gains(events, chosen, 2023) == {Method.FIFO: -100, Method.LIFO: -50, Method.HIFO: -50, Method.LOFO: -50}
    assert net_gains(events, chosen, 2023, from_year=True) == {
        Method.FIFO: -100, Method.LIFO: -50, Method.HIFO: -100, Method.LOFO: -50
    }  # fmt: skip
    highest = Settings(jurisdiction="US", methods={2020: Method.HIFO})
    assert net_gains(events, highest, 2023, from_year=True)[Method.FIFO] == 100
    japan = Settings(jurisdiction="JP")
    assert net_gains(events, japan, 2023, from_year=True) == net_gains(events, japan, 2023)


def test_losses_carried_into_the_year_count() -> None:
    events = [buy("a", on("2021-01-05"), 1, 9000), sell("s", on("2021-05-01"), 1, 1000),
              buy("b", on("2023-01-05"), 1, 1000), sell("t", on("2023-05-01"), 1, 3000)]  # fmt: skip
    found = compare_methods(events, Settings(jurisdiction="US"), 2023)[0].result
    assert found is not None
    assert found.amount("short_term_gain") == 2000
    assert found.amount("net_short_term") == 0  # 8,000 of loss less 3,000 of 2021 and 3,000 of 2022: 2,000 left


def test_positions_say_what_they_are_worth_and_when_they_are_long() -> None:
    done = run([*LOTS, buy("y", on("2023-09-01"), 1, None, asset="Y"), buy("z", on("2023-09-01"), 1, 5, asset="Z")])
    found = {each.held.lot_id: each for each in positions(done, {"X": Price(Decimal(250), 18)}, date(2024, 2, 29))}
    assert (found["a"].worth, found["a"].gain) == (250, 150)
    assert (found["a"].long_from, found["a"].days_to_long) == (date(2024, 3, 2), 2)
    assert found["b"].gain == -50
    assert (found["y"].worth, found["y"].gain, found["z"].gain) == (None, None, None)
    late = positions(done, {}, date(2025, 1, 1))
    assert {each.days_to_long for each in late} == {0}


def test_long_is_the_place_s_own_word() -> None:
    lot, today = [buy("a", on("2023-02-28"), 1, 100)], date(2024, 1, 1)
    places = ("US", "DE", "AU", "UK", "IE")
    assert [positions(run(lot, place), {}, today)[0].long_from for place in places] == [
        date(2024, 3, 1), date(2024, 2, 29), date(2024, 3, 1), None, None
    ]  # fmt: skip


def test_losses_to_harvest_and_what_spoils_them() -> None:
    events = [*LOTS, swap("d", on("2024-01-20"), [leg("Z", 1, 9)], [leg("X", 1, 400)])]
    done = run(events)
    today = date(2024, 2, 1)
    found = harvest(done, events, positions(done, {"X": Price(Decimal(250), 18)}, today), today)
    assert [(each.position.held.lot_id, each.loss, each.blocked_by) for each in found] == [
        ("d", 150, ()), ("b", 50, ("d",))
    ]  # fmt: skip
    assert {each.free_from for each in found} == {date(2024, 3, 3)}
    assert "section 1091" in found[0].rule
    british = run(events, "UK")
    (pool,) = harvest(british, events, positions(british, {"X": Price(Decimal(1), 18)}, today), today)[:1]
    assert (pool.blocked_by, pool.free_from) == ((), date(2024, 3, 3))
    german = run(events, "DE")
    free = harvest(german, events, positions(german, {"X": Price(Decimal(250), 18)}, today), today)
    assert {(each.rule, each.blocked_by, each.free_from) for each in free} == {("", (), None)}


def test_a_sale_that_is_only_thought_of_follows_all_rules() -> None:
    sale = sell("if", on("2024-02-01"), 2, 500)
    history = Incremental(LOTS, Settings(jurisdiction="US", methods={1: Method.HIFO}))
    (found,), after = what_if(history, sale)
    assert [part.lot.id for part in found.parts if part.lot] == ["b", "c"]
    assert found.gain == 0
    assert after.assess_all(2024, 2024)[0].amount("proceeds") == 500
    assert history.assess_all(2024, 2024)[0].amount("proceeds") == 0
    canada = Incremental([*LOTS, buy("d", on("2024-01-20"), 1, 600)], Settings(jurisdiction="CA"))
    (canadian,), _ = what_if(canada, sale)
    assert canadian.disallowed > 0
