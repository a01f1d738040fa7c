"""What the pages of figures and positions show: words and places worked out by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from backend.core.formats import MINUS
from backend.portfolio.figures.schemas import BenchmarkRead, ComparisonPoint, MonthRead, PerformanceRead
from backend.portfolio.schemas import (
    PositionAmountRead,
    PositionHistoryRead,
    PositionMoveRead,
    PositionPartRead,
    PositionRead,
    PriceRangeRead,
)
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


def position(**identifiers: str) -> PositionRead:
    return PositionRead(
        chain_id=1,
        chain="One",
        wallet="0xAb",
        protocol="Uniswap V3",
        kind="lp",
        identifiers={"token_id": "5", **identifiers},
        parts=[],
        value_usd=Decimal(900),
        fees_usd=Decimal(20),
        health_factor=None,
        problem=None,
        block_number=1,
        block_hash="0x",
        taken_at=None,
    )


def test_an_id_stays_while_the_price_moves():
    first = position(in_range="yes", sqrt_price_x96="1")
    assert first.id == position(in_range="no", sqrt_price_x96="2").id != position(pool="0x1").id
    assert first.model_dump(by_alias=True)["id"] == first.id


def test_a_known_history_is_told_and_an_unknown_one_says_so():
    amount = PositionAmountRead(
        token="0x" + "1" * 40,
        amount_raw="5",
        amount=Decimal("1.5"),
        price_usd=Decimal(600),
        price_source="s",
        value_usd=Decimal(900),
    )
    move = PositionMoveRead(
        at=datetime(2026, 5, 1, tzinfo=UTC),
        kind="put_in",
        chain_id=1,
        tx_hash="0x" + "ab" * 32,
        block_number=7,
        amounts=[amount],
        value_usd=Decimal(900),
    )
    later = move.model_copy(update={"kind": "collected", "value_usd": None})
    known = PositionHistoryRead(
        entered_at=move.at,
        put_in_usd=Decimal(900),
        taken_out_usd=Decimal(0),
        collected_usd=None,
        moves=[move, later],
        hold_usd=Decimal(1000),
        position_usd=Decimal(880),
        fees_usd=Decimal(50),
        il_usd=Decimal(-120),
        il_pct=Decimal(-12),
        net_usd=Decimal(-70),
        net_pct=Decimal(-7),
        problem=None,
    )
    told = {tile.key: (tile.value, tile.note) for tile in positions.history_tiles(position(), known)}
    assert told["positions-il"] == (f"{MINUS}$120.00", f"{MINUS}12.00%")
    assert told["positions-net"] == (f"{MINUS}$70.00", f"{MINUS}7.00%")
    assert told["positions-put_in"] == ("$900.00", "Since 2026-05-01")
    newest, oldest = positions.move_rows(known.moves, position())
    assert (newest.what, newest.value, oldest.what, oldest.value) == ("Collected", "—", "Put in", "$900.00")
    assert (oldest.amounts, oldest.tx_url[:24]) == ("1.5 0x1111…1111", "https://etherscan.io/tx/")
    part = PositionPartRead.model_construct(token=amount.token, symbol="ABC")
    (_, called) = positions.move_rows(known.moves, position().model_copy(update={"parts": [part]}))
    assert called.amounts == "1.5 ABC"
    unknown = known.model_copy(update={"moves": [], "il_usd": None, "net_usd": None, "entered_at": None})
    told = {tile.key: (tile.value, tile.note) for tile in positions.history_tiles(position(), unknown)}
    assert told["positions-il"] == told["positions-net"] == ("—", "Not known")
    assert told["positions-put_in"] == ("—", "")
