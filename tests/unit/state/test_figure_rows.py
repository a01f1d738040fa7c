"""What the pages of figures and positions show: words and places worked out by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from backend.core.formats import MINUS
from backend.portfolio.figures.schemas import BenchmarkRead, ComparisonPoint, MonthRead, PerformanceRead
from backend.portfolio.schemas import PositionRead, PriceRangeRead
from state import performance_rows as figures
from state import position_rows as positions


def months(**made: str | None) -> list[MonthRead]:
    return [
        MonthRead(month=name[1:].replace("_", "-"), return_pct=None if pct is None else Decimal(pct), is_whole=True)
        for name, pct in made.items()
    ]


def test_a_year_links_its_months():
    rows = figures.year_rows(months(m2025_12="5", m2026_01="10", m2026_02="-10"))
    assert [row.year for row in rows] == ["2026", "2025"]
    assert [cell.text for cell in rows[0].months[:3]] == ["+10.00%", f"{MINUS}10.00%", ""]
    assert (rows[0].whole.text, rows[0].whole.tone) == (f"{MINUS}1.00%*", "loss"), "1.1 · 0.9, of two months"
    unknown = figures.year_rows(months(m2026_01="10", m2026_02=None))
    assert (unknown[0].whole.text, unknown[0].months[1].text) == ("—", "—")


def benchmark(name: Any, pct: float | None, problem: str | None = None) -> BenchmarkRead:
    known = pct is not None
    return BenchmarkRead(
        benchmark=name,
        name=name.upper(),
        source="s" if known else None,
        as_of=datetime(2026, 5, 2, tzinfo=UTC) if known else None,
        is_filling=False,
        from_day=date(2026, 5, 1) if known else None,
        return_pct=pct,
        problem=problem,
    )


def test_what_is_never_known_has_one_row():
    unknown = PerformanceRead(range="30d", days=1, days_known=1, problems=["why"])
    reads = [benchmark("btc", 5), benchmark("sp500", None, "none")]
    rows = figures.compare_rows([("30d", unknown, reads), ("90d", unknown, reads)])
    assert [(row.name, row.span) for row in rows] == [
        ("Portfolio", "Any"),
        ("BTC", "30 d"),
        ("BTC", "90 d"),
        ("SP500", "Any"),
    ]
    assert (rows[0].made, rows[0].why, rows[1].made, rows[3].why) == ("—", "why", "+5.00%", "none")
    known = unknown.model_copy(update={"time_weighted_pct": Decimal(3)})
    rows = figures.compare_rows([("30d", unknown, reads), ("90d", known, reads)])
    assert [(row.name, row.span) for row in rows if row.is_ours] == [("Portfolio", "30 d"), ("Portfolio", "90 d")]


def test_lines_are_empty_when_nothing_is_known():
    point = ComparisonPoint(day=date(2026, 5, 1), portfolio_pct=None, btc_pct=None, eth_pct=None, sp500_pct=None)
    reads = [benchmark(name, None) for name in ("btc", "eth", "sp500")]
    assert figures.lines_view("30d", [point], reads).rows == []
    known = figures.lines_view("30d", [point.model_copy(update={"btc_pct": 1.23456})], reads)
    assert known.summary == "Return against benchmarks, 30 d: Portfolio —, BTC +1.23%, ETH —, SP500 —"
    assert known.rows == [[datetime(2026, 5, 1, tzinfo=UTC).timestamp(), None, 1.23, None, None]]


def priced(low: str, high: str, price: str | None) -> PriceRangeRead:
    return PriceRangeRead(
        token0="0x" + "1" * 40,
        token1="0x" + "2" * 40,
        symbol0="WETH",
        symbol1="USDC",
        lower_price=Decimal(low),
        upper_price=Decimal(high),
        price=None if price is None else Decimal(price),
        is_in_range=None if price is None else Decimal(low) <= Decimal(price) < Decimal(high),
    )


@pytest.mark.parametrize(
    ("price", "at", "state"),
    [
        ("100", "25.00%", "In range"),
        ("200", "50.00%", "In range"),
        ("400", "75.00%", "Out of range"),
        ("1e9", "98.00%", "Out of range"),
    ],
)
def test_the_price_stands_where_it_is_by_its_logarithm(price: str, at: str, state: str):
    bar = positions.range_bar(priced("100", "400", price))
    assert (bar.at, bar.state, bar.unit, bar.has_price) == (at, state, "USDC per WETH", True)


def test_a_small_price_is_said_the_other_way_round():
    bar = positions.range_bar(priced("0.0002", "0.0005", "0.00025"))
    assert (bar.lower, bar.price, bar.upper, bar.unit) == ("2,000", "4,000", "5,000", "WETH per USDC")
    assert positions.range_bar(None).shown is False
    assert positions.range_bar(priced("100", "400", None)).has_price is False


def test_an_id_stays_while_the_price_moves():
    def position(**identifiers: str) -> PositionRead:
        return PositionRead(
            chain_id=1,
            chain="One",
            wallet="0xAb",
            protocol="Uniswap V3",
            kind="lp",
            identifiers={"token_id": "5", **identifiers},
            parts=[],
            value_usd=None,
            fees_usd=None,
            health_factor=None,
            problem=None,
            block_number=1,
            block_hash="0x",
            taken_at=None,
        )

    first = position(in_range="yes", sqrt_price_x96="1")
    assert first.id == position(in_range="no", sqrt_price_x96="2").id != position(pool="0x1").id
    assert first.model_dump(by_alias=True)["id"] == first.id
