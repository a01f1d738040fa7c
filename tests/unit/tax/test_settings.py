"""What may be chosen for taxes: the law's reasons stand next to the field."""

from typing import Any

import pytest

from backend.core.errors import InvalidInputError
from backend.tax.books import TaxSettings
from backend.tax.engine.methods import Method
from backend.tax.engine.registry import all_jurisdictions
from backend.tax.settings.schemas import FilerWrite, TaxSettingsChange
from backend.tax.settings.service import checked, options
from backend.tax.settings.tax_numbers import hint_of, tax_id_problem
from state.tax_settings_rows import years_in, years_text

USUAL = TaxSettings()


def choose(before: TaxSettings = USUAL, **said: Any) -> TaxSettings:
    return checked(before, TaxSettingsChange(**said))


def refused(before: TaxSettings = USUAL, **said: Any) -> dict[str, Any]:
    with pytest.raises(InvalidInputError) as raised:
        choose(before, **said)
    return raised.value.details


def test_what_is_left_out_stays():
    before = TaxSettings(methods={2024: Method.HIFO}, wash_sales=True, excluded_wallets=frozenset({"Kraken"}))
    assert choose(before) == before
    assert choose(before, currency="EUR").methods == {2024: Method.HIFO}
    assert choose(before, methods={}).methods == {}
    assert choose(before, wash_sales=None).wash_sales is True
    assert choose(TaxSettings(timezone="Europe/Berlin"), timezone=None).timezone is None
    assert choose(TaxSettings(timezone="Europe/Berlin"), timezone="").timezone is None


def test_the_law_says_why_a_method_is_refused():
    details = refused(jurisdiction="UK", methods={2024: Method.FIFO})
    assert set(details) == {"methods"}
    assert "does not allow fifo" in details["methods"] and "section_104" in details["methods"]


def test_each_field_has_its_own_reason():
    details = refused(jurisdiction="DE", currency="XXX", timezone="Berlin", wash_sales=True)
    assert set(details) == {"currency", "timezone", "wash_sales"}
    assert "wash sale" in details["wash_sales"] and "EUR" in details["currency"]
    assert set(refused(jurisdiction="CA", per_wallet=True)) == {"per_wallet"}
    assert "Choose one of: " in refused(jurisdiction="XX")["jurisdiction"]


def test_another_place_brings_its_currency_and_drops_what_it_does_not_know():
    before = TaxSettings(methods={2024: Method.HIFO}, wash_sales=True, per_wallet=True, timezone="America/New_York")
    moved = choose(before, jurisdiction="CA")
    assert (moved.currency, moved.methods, moved.wash_sales, moved.per_wallet) == ("CAD", {}, False, None)
    assert moved.timezone is None
    assert choose(before, jurisdiction="CA", currency="EUR").currency == "EUR"
    assert choose(before, jurisdiction="IN").currency == "USD"  # there are no rates for rupees
    assert choose(before, jurisdiction="US") == before


def test_wallets_are_named_as_transactions_name_them():
    chosen = choose(excluded_wallets=["0xABCDEF" + "0" * 34, " Kraken ", "Kraken"])
    assert chosen.excluded_wallets == {"0xabcdef" + "0" * 34, "Kraken"}
    with pytest.raises(ValueError, match="name a wallet"):
        TaxSettingsChange(excluded_wallets=["\n"])


def test_every_place_says_what_it_allows_and_why_not():
    found = {each.code: each for each in options()}
    assert found.keys() == all_jurisdictions().keys()
    for place in found.values():
        assert {each.method for each in place.methods} == set(Method)
        assert place.methods[0].refused is None
        assert all(each.refused is None or place.name in each.refused for each in place.methods)
        for each in place.methods:
            said = {"jurisdiction": place.code, "methods": {2024: each.method}}
            if each.refused is None:
                assert choose(**said).methods == {2024: each.method}
            else:
                assert refused(**said) == {"methods": each.refused}
    assert found["UK"].year_starts == "04-06"


def test_years_filed_separately_are_for_places_that_know_them():
    assert choose(separate_years=[2024, 2022, 2024]).separate_years == (2022, 2024)
    assert choose(TaxSettings(separate_years=(2024,)), separate_years=[]).separate_years == ()
    assert set(refused(jurisdiction="DE", separate_years=[2024])) == {"separate_years"}
    assert choose(TaxSettings(separate_years=(2024,)), jurisdiction="CA").separate_years == ()


@pytest.mark.parametrize(
    ("text", "years", "again"),
    [
        ("", [], ""),
        ("2024", [2024], "2024"),
        (" 2022, 2024-2026,2023 ", [2022, 2023, 2024, 2025, 2026], "2022-2026"),
        ("2020; 2022 \u2013 2023", [2020, 2022, 2023], "2020, 2022-2023"),
        ("24", None, None),
        ("2025-2023", None, None),
        ("2000-3000", None, None),
        ("2024 or so", None, None),
    ],
)
def test_years_are_written_as_people_do(text: str, years: list[int] | None, again: str | None):
    assert years_in(text) == years
    if years is not None:
        assert years_text(years) == again


@pytest.mark.parametrize(
    ("place", "number", "is_right"),
    [
        ("US", "123-45-6789", True),
        ("US", "12-3456789", True),
        ("US", "123-45-678", False),
        ("UK", "12345 67890", True),
        ("UK_COMPANY", "1234567890", True),
        ("DE", "12 345 678 901", True),
        ("DE", "181/815/08155", True),
        ("IN", "abcde1234f", True),
        ("IN", "1234567890", False),
        ("CH", "756.1234.5678.97", True),
        ("JP", "\u0661\u0662\u0663\u0664", False),
        ("US", "1" * 9 + " " * 40, False),
    ],
)
def test_tax_numbers_have_the_shape_of_their_place(place: str, number: str, is_right: bool):
    assert (tax_id_problem(place, number) == "") is is_right


def test_a_number_is_shown_by_its_last_four_signs_alone():
    assert hint_of("123-45-6789") == "\u2022\u2022\u2022\u20226789"
    assert "123-45-6789" not in repr(FilerWrite(tax_id="123-45-6789"))  # type: ignore[arg-type]
