"""What must hold for any file: the order of its rows, and lines split in two, make no difference to the report."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.tax.through import Told, through

PLACES = st.sampled_from([("US", "USD"), ("UK", "GBP"), ("CA", "CAD"), ("DE", "EUR"), ("JP", "JPY"), ("IE", "EUR")])
YEARS = (2023, 2024)
NEARLY = Decimal("1e-12")


@st.composite
def rows(draw: st.DrawFn) -> list[tuple[str, str, str, int, int]]:
    """Rows of (time, type, asset, amount in quarters, cents): sales never beyond what came, fees in money."""
    found, held = [], {"X": 0, "Y": 0}
    for number in range(draw(st.integers(2, 10))):
        at = f"{draw(st.sampled_from(YEARS))}-{draw(st.integers(1, 12)):02}-{draw(st.integers(1, 28)):02}"
        clock = draw(st.sampled_from(["", " 08:00:00", " 23:30:00"]))
        found.append((f"{at}{clock}", number))
    result = []
    for at, _ in sorted(found):
        asset = draw(st.sampled_from(["X", "Y"]))
        kind = draw(st.sampled_from(["buy", "sell", "staking"]))
        if kind == "sell" and not held[asset]:
            kind = "buy"
        amount = draw(st.integers(1, held[asset] if kind == "sell" else 12))
        held[asset] += -amount if kind == "sell" else amount
        result.append((at, kind, asset, amount, draw(st.integers(0, 100_000))))
    return result


def line(row: tuple[str, str, str, int, int], currency: str, share: Decimal = Decimal(1)) -> str:
    at, kind, asset, quarters, cents = row
    amount, money = Decimal(quarters) / 4 * share, Decimal(cents) / 100 * share
    match kind:
        case "buy":
            return f"{at},buy,{currency},{money},{asset},{amount},{currency},{share},,,A"
        case "sell":
            return f"{at},sell,{asset},{amount},{currency},{money},{currency},{share},,,A"
        case _:
            return f"{at},staking,,,{asset},{amount},,,{money},{currency},A"


def without_names(told: Told) -> list[dict[str, Any]]:
    """Disposals without the ids of what happened twice, which count what was before."""
    kept = ("asset", "disposedOn", "amount", "proceeds", "costBasis", "gain", "disallowed", "term")
    return [{name: each[name] for name in kept} for each in told.report["disposals"]]


def reports(lines: Sequence[str], place: str) -> list[Told]:
    return [through(lines, year, place) for year in (2022, *YEARS)]


@settings(max_examples=25, deadline=None)
@given(rows(), PLACES, st.randoms(use_true_random=False))
def test_the_order_of_the_rows(told: list[tuple[str, str, str, int, int]], place: tuple[str, str], random: Any) -> None:
    lines = [line(row, place[1]) for row in told]
    shuffled = list(lines)
    random.shuffle(shuffled)
    for one, other in zip(reports(lines, place[0]), reports(shuffled, place[0]), strict=True):
        assert one.read.problems == other.read.problems == ()
        assert without_names(one) == without_names(other)
        assert one.report["figures"] == other.report["figures"] and one.report["carried"] == other.report["carried"]


@settings(max_examples=25, deadline=None)
@given(rows(), PLACES)
def test_a_row_or_two_halves_of_it(told: list[tuple[str, str, str, int, int]], place: tuple[str, str]) -> None:
    whole = [line(row, place[1]) for row in told]
    halves = [line(row, place[1], Decimal("0.5")) for row in told for _ in range(2)]
    for one, other in zip(reports(whole, place[0]), reports(halves, place[0]), strict=True):
        figures = {
            each["name"]: Decimal(each["exact"]) for each in one.report["figures"] if each["name"] != "disposals"
        }
        again = {each["name"]: Decimal(each["exact"]) for each in other.report["figures"]}
        if figures.get("denied_losses") or again.get("denied_losses"):
            # Canada: least(S, P, B) / S of each loss is denied, and B is what is held after both halves were sold.
            return
        # A sale in two halves can be a gain and a loss: only what they come to together is the same.
        for name in figures.keys() - {"gains", "losses"}:
            assert abs(figures[name] - again[name]) < NEARLY, name
