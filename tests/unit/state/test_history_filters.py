"""Filters live in the address; what is malformed there is no filter, never an error."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from state.history_filters import Filters, chips_of, filters_of, heads_of

RULE = "018f0000-0000-7000-8000-000000000001"


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def test_address_round_trip() -> None:
    filters = Filters("whale", RULE, "0x" + "ab" * 20, "withdrawn", "2026-01-02", "2026-02-03", "-value")
    assert filters_of(query_of(filters.address())) == filters


NAMES = st.sampled_from(["type", "rule", "token", "status", "from", "to", "sort"])
ODD = st.sampled_from(["9999-12-31", "0001-01-01", "\u00b2", "99999999", "-1", "2026-W01-1"])


@given(st.dictionaries(NAMES, st.text(max_size=80) | ODD))
def test_any_address_is_survived(query: dict[str, str]) -> None:
    filters = filters_of(query)
    assert filters_of(query_of(filters.address())) == filters
    filters.query()


def test_days_are_whole_days_in_utc() -> None:
    filters = filters_of({"from": "2026-01-02", "to": "2026-01-02"})
    assert filters.since_moment == datetime(2026, 1, 2, tzinfo=UTC)
    assert filters.until_moment == datetime(2026, 1, 3, tzinfo=UTC)
    assert filters.query() == {"since": "2026-01-02T00:00:00Z", "until": "2026-01-03T00:00:00Z"}


def test_pressing_a_chip_twice_changes_nothing() -> None:
    start = Filters(type="price", token="WETH", sort="rule")
    chip = next(chip for chip in chips_of(start) if chip.text == "Withdrawn")
    assert not chip.active
    pressed = filters_of(query_of(chip.href))
    assert pressed == replace(start, status="withdrawn")
    again = next(chip for chip in chips_of(pressed) if chip.text == "Withdrawn")
    assert again.active
    assert filters_of(query_of(again.href)) == start


def test_pressing_a_column_sorts_by_it_and_pressing_again_turns_it_round() -> None:
    heads = {head.key: head for head in heads_of(Filters(type="whale"))}
    assert filters_of(query_of(heads["value"].first_to)) == Filters(type="whale", sort="-value")
    assert filters_of(query_of(heads["value"].other_to)) == Filters(type="whale", sort="value")
    assert filters_of(query_of(heads["when"].first_to)) == Filters(type="whale")
    assert heads["chain"].sort == heads["chain"].first_to == ""
