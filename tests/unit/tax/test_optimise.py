"""What could be done: the same rules on other input."""

from datetime import UTC, date, datetime
from decimal import Decimal

from backend.ledger.engine.lots import LotChoice
from backend.tax.engine.calculate import Settings
from backend.tax.engine.methods import Method
from backend.tax.engine.optimise import Price, compare_methods, harvest, positions, what_if
from tests.unit.tax.given import buy, leg, raw, run, sell, swap


def on(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(hour=12, tzinfo=UTC)


LOTS = [buy("a", on("2023-03-01"), 1, 100), buy("b", on("2023-06-01"), 1, 300), buy("c", on("2023-09-01"), 1, 200)]


def test_methods_side_by_side() -> None:
    events = [*LOTS, sell("s", on("2023-12-01"), 1, 250, choices=(LotChoice("c", raw(1)),))]
    found = compare_methods(events, Settings(jurisdiction="US", methods={1: Method.SPECIFIC}), 2023)
    assert {method: result.amount("net_gain") for method, result in found.items()} == {
        Method.FIFO: 150, Method.LIFO: 50, Method.HIFO: -50, Method.LOFO: 150
    }  # fmt: skip
    assert [*compare_methods(events, Settings(jurisdiction="UK"), 2023)] == [Method.SECTION_104]


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
    settings = Settings(jurisdiction="US", methods={1: Method.HIFO})
    (found,) = what_if(LOTS, settings, sale)
    assert [part.lot.id for part in found.parts if part.lot] == ["b", "c"]
    assert found.gain == 0
    (canadian,) = what_if([*LOTS, buy("d", on("2024-01-20"), 1, 600)], Settings(jurisdiction="CA"), sale)
    assert canadian.disallowed > 0
