"""What the page of optimisation says: unknown as a dash, signs, words about the term, and forms that are refused."""

from decimal import Decimal

from backend.tax.engine.optimise import compare_methods
from backend.tax.optimisation.reading import read_optimisation
from backend.tax.optimisation.schemas import OptimisationRead, WhatIfWrite
from backend.tax.optimisation.thought import think
from state import tax_optimisation_rows as rows
from state.tax_optimisation_state import _said, _year
from tests.unit.tax.given import buy, on, sell
from tests.unit.tax.optimisation.given import NOW, standing

LOTS = [
    buy("a", on("2023-03-01"), 1, 100),
    buy("b", on("2023-06-01"), 1, 300),
    buy("z", on("2023-07-01"), 1, 5, asset="Z"),
]
SOLD = [*LOTS, sell("s", on("2023-12-01"), 1, 250)]


def read(events: list, place: str = "US", year: int = 2023) -> OptimisationRead:
    given = standing(events, place)
    return read_optimisation(given, year, "history", compare_methods(given.book.events, given.book.engine, year))


def test_methods_say_how_far_they_are_from_the_one_in_force() -> None:
    found = {each.key: each for each in rows.method_rows(read(SOLD))}
    assert (found["fifo"].headline, found["fifo"].difference, found["fifo"].is_current) == (
        "$150.00", "The one in force", True
    )  # fmt: skip
    assert (found["hifo"].headline, found["hifo"].difference) == ("\u2212$50.00", "\u2212$200.00")
    assert found["lofo"].difference == "The same"
    assert (found["specific"].headline, found["specific"].unknown) == ("", "")
    assert "No lots are chosen" in found["specific"].means
    refused = {each.value: each.text for each in rows.refused_rows(read(SOLD))}
    assert refused["Average cost"].startswith("Units are identified")


def test_every_figure_stands_under_every_method() -> None:
    found = read(SOLD)
    assert rows.figure_heads(found)[0] == "First in, first out (FIFO)"
    figures = {each.title: each.cells for each in rows.figure_rows(found)}
    assert figures["Disposals"] == ["1", "1", "1", "1"]
    assert figures["Gains less losses"] == ["$150.00", "\u2212$50.00", "\u2212$50.00", "$150.00"]


def test_losses_and_terms_in_words() -> None:
    (loss,) = rows.harvest_rows(read(LOTS))
    assert (loss.gain, loss.tone, loss.term, loss.amount) == ("\u2212$50.00", "loss", "Long in 122 days", "1")
    assert loss.notes == []  # what is true of every loss is said once, above them
    assert [note.split(" ")[0] for note in rows.harvest_notes(read(LOTS))] == ["Bought", "Free"]
    again = rows.harvest_rows(read([*LOTS, buy("again", on("2024-01-20"), 1, 300)]))
    assert [each.notes for each in again] == [[], ["1 purchase within the window before may spoil it already."]]
    assert [rows.term_words(days) for days in (None, 0, 1)] == [
        "Makes no difference here",
        "Long term",
        "Long in 1 day",
    ]
    unknown = next(each for each in rows.soon_rows(read(LOTS)) if each.asset == "Z")
    assert (unknown.worth, unknown.gain, unknown.tone) == ("—", "—", "neutral")


def test_years_and_scopes_are_addresses() -> None:
    found = read([buy("old", on("2012-03-01"), 1, 1), *SOLD])
    assert [(each.text, each.active) for each in rows.year_chips(found)][:2] == [("2024", False), ("2023", True)]
    assert len(rows.year_options(found)) == 13 - rows.SHOWN_YEARS
    assert [each.href for each in rows.scope_chips(found)] == [
        "/tax/optimisation/?year=2023", "/tax/optimisation/?year=2023&scope=year"
    ]  # fmt: skip
    assert rows.scope_chips(read(SOLD, "UK")) == []


def test_a_sale_in_words() -> None:
    given = standing(LOTS)
    found = think(given, WhatIfWrite(asset="X", amount=Decimal("1.5")), NOW)
    assert [(each.acquired, each.gain, each.term) for each in rows.line_rows(found)] == [
        ("2023-03-01", "+$150.00", "Short term"), ("2023-06-01", "\u2212$25.00", "Short term")
    ]  # fmt: skip
    assert [tile.value for tile in rows.tiles_of(found)] == ["$375.00", "$250.00", "+$125.00"]
    changes = {each.title: (each.before, each.after) for each in rows.change_rows(found.changes, "USD")}
    assert changes["Disposals"] == ("0", "1")
    pool = rows.line_rows(think(standing(LOTS, "UK"), WhatIfWrite(asset="X", amount=Decimal(1)), NOW))
    assert [each.acquired for each in pool] == ["From the pool"]


def test_what_the_form_says_is_checked_beside_its_field() -> None:
    said, errors = _said("X", "", "1,000.5", "", "")
    assert said is not None and (said.amount, said.price, said.wallet) == (Decimal("1000.5"), None, None)
    for amount, price, field in (("", "", "amount"), ("0", "", "amount"), ("1", "-1", "price"), ("1", "x", "price")):
        said, errors = _said("X", "w", amount, price, "")
        assert said is None and [*errors] == [field], (amount, price)
    assert _said("", "", "1", "", "")[1].keys() == {"form"}
    assert [_year(text) for text in ("2024", "24", "x", "٢٠٢٤")] == [2024, None, None, None]
