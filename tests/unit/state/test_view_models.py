"""Small pictures and words that pages show."""

import re

from hypothesis import given
from hypothesis import strategies as st

from state.sign_in_state import safe_next
from state.view_models import sparkline_path


def ys(path: str) -> list[float]:
    return [float(pair.split(",")[1]) for pair in re.findall(r"[\d.]+,[\d.]+", path)]


def test_two_points_make_a_line_and_fewer_do_not() -> None:
    assert sparkline_path([]) == ""
    assert sparkline_path([1.0]) == ""
    assert sparkline_path([1.0, 2.0]) == "M0.0,30.0L120.0,2.0"


def test_a_price_that_hardly_moves_is_drawn_flat() -> None:
    swing = ys(sparkline_path([1.0, 1.0001, 0.9999, 1.0]))
    assert max(swing) - min(swing) < 2
    assert ys(sparkline_path([0.0, 0.0])) == [16.0, 16.0]


@given(st.lists(st.floats(min_value=0, max_value=1e12), min_size=2, max_size=60))
def test_a_line_stays_in_its_box(values: list[float]) -> None:
    assert all(2 <= y <= 30 for y in ys(sparkline_path(values)))


def test_after_signing_in_one_stays_on_this_site() -> None:
    assert safe_next("/alerts/?tab=live") == "/alerts/?tab=live"
    for foreign in ("//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", "/a\nb"):
        assert safe_next(foreign) == "/"
