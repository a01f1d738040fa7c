"""The home of tax in words: signs, shares, steps that are done, and settings as a form has them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from backend.tax.books import IssueKind, TaxSettings
from backend.tax.engine.methods import Method
from backend.tax.home.glance import glance
from backend.tax.home.service import Home
from backend.tax.review.service import OpenSummary
from backend.tax.settings.service import options
from state import tax_home_rows as rows
from state import tax_settings_rows as settings_rows
from state.tax_settings_rows import MethodRow
from tests.unit.tax.forms.books import book_of
from tests.unit.tax.given import buy, income, on, sell

AT = datetime(2026, 11, 1, tzinfo=UTC)
BUILT = ("home", "import", "review", "reports")
EVENTS = [
    buy("b", on("2024-01-01"), 10, 1000),
    sell("s1", on("2025-02-01"), 1, 300),
    sell("s2", on("2025-05-01"), 1, 50),
    income("i", on("2025-05-02"), 1, 40),
]


def home(**more: Any) -> Home:
    seen = glance(*book_of(EVENTS), 2025, date(2026, 11, 26))
    settled = OpenSummary(0, {}, Decimal(0), 0, AT, True)
    given = Home(TaxSettings(), "United States", Method.FIFO, {2025: "2025"}, seen, settled, 1, 0, 4, 4, 0, AT, AT, 7)
    return replace(given, **more)


def test_gains_and_losses_have_signs_and_their_share_of_the_tallest() -> None:
    months = rows.months_of(home())
    assert [(each.gain, each.gain_height, each.loss_height) for each in months if each.gain != "$0.00"] == [
        ("+$200.00", "100.0%", "0%"),
        ("\u2212$50.00", "0%", "25.0%"),
    ]
    assert (months[4].income, months[4].income_height) == ("$40.00", "20.0%")
    assert "most in February (+$200.00), least in May (\u2212$50.00)" in rows.summary_of(home())
    assert [each.gain for each in rows.parts_of(home())] == ["+$150.00"]


def test_figures_say_where_they_are_from() -> None:
    tiles = rows.tiles_of(home())
    assert [tile.value for tile in tiles] == ["+$150.00", "$0.00", "+$150.00", "$40.00", "$350.00", "$200.00"]
    assert all("version 7 of your book" in tile.source and "2026-11-01" in tile.as_of for tile in tiles)


@pytest.mark.parametrize(
    ("more", "done"),
    [
        ({}, ["wallets", "review"]),
        ({"imports": 2, "reports": 1}, ["wallets", "import", "review", "reports"]),
        ({"wallets": 0, "transactions": 0}, []),
        ({"open": OpenSummary(0, {}, Decimal(0), 0, AT, False)}, ["wallets"]),
        ({"open": OpenSummary(3, {IssueKind.MISSING_PRICE: 3}, Decimal(9), 1, AT, True)}, ["wallets"]),
    ],
)
def test_a_step_is_done_when_it_is(more: dict[str, Any], done: list[str]) -> None:
    steps = rows.steps_of(home(**more), BUILT.__contains__)
    assert [step.key for step in steps] == ["wallets", "import", "review", "reports"]
    assert [step.key for step in steps if step.is_done] == done


def test_steps_lead_only_to_pages_that_are_there() -> None:
    assert [step.key for step in rows.steps_of(home(), ("home", "settings").__contains__)] == ["wallets"]


def test_what_rests_on_open_questions() -> None:
    assert rows.stake_of(home()) == ""
    some = OpenSummary(3, {IssueKind.MISSING_PRICE: 3}, Decimal(9), 1, AT, True)
    assert rows.stake_of(home(open=some)) == "$9.00 of the figures rest on them, and of 1 nobody knows how much."
    assert rows.stake_of(home(open=replace(some, unknown=0))) == "$9.00 of the figures rest on them."


def test_places_say_what_their_law_is() -> None:
    places = {each.code: each for each in options()}
    assert "begins on 6 April" in settings_rows.place_note(places["UK"])
    assert settings_rows.per_wallet_note(places["US"]) == "The law counts each wallet apart since 1 January 2025."
    assert settings_rows.per_wallet_note(places["DE"]) == "The law counts each wallet apart."
    assert settings_rows.per_wallet_note(places["CA"]) == "The law counts all wallets as one."
    ways = {code: [each.value for each in settings_rows.wallet_options(places[code])] for code in ("US", "CA", "CH")}
    assert ways == {"US": ["", "apart"], "CA": [""], "CH": ["", "apart", "together"]}
    assert settings_rows.allowed_of(places["US"])[0].value == "fifo"
    assert any("averages are for funds only" in each.why for each in settings_rows.refused_of(places["US"]))


def test_methods_go_there_and_back() -> None:
    shown = settings_rows.method_rows({2025: Method.HIFO, 2024: Method.FIFO})
    assert shown == [MethodRow("0", "2024", "fifo"), MethodRow("1", "2025", "hifo")]
    assert settings_rows.years_of(shown) == {"2024": "fifo", "2025": "hifo"}


def test_the_first_step_that_is_not_done_is_next() -> None:
    def upcoming(**more: Any) -> list[str]:
        return [step.key for step in rows.steps_of(home(**more), (*BUILT, "settings").__contains__) if step.is_next]

    assert upcoming() == ["import"]
    assert upcoming(imports=1, most_forms=2) == ["settings"]
    assert upcoming(imports=1, most_forms=2, forms=1) == ["settings"]
    assert upcoming(imports=1, most_forms=2, forms=2) == ["reports"]
    assert upcoming(imports=1, reports=1) == []


def test_a_year_without_official_forms_asks_for_none() -> None:
    assert "settings" not in [step.key for step in rows.steps_of(home(), (*BUILT, "settings").__contains__)]
