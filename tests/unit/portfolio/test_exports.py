"""Exports as rows, JSON and PDF: nothing unknown becomes a number, and the PDF reads back."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from pypdf import PdfReader

from backend.core.settings import DEMO_CHAIN_ID
from backend.ledger.events import Leg
from backend.ledger.service import Event, Kind
from backend.portfolio.exporting.content import Content, What
from backend.portfolio.exporting.files import as_csv, as_json
from backend.portfolio.exporting.pdf import MOST_ROWS, as_pdf, clean
from backend.portfolio.figures.performance import performance
from backend.portfolio.overview import history_read
from backend.portfolio.reading import TokenFacts
from backend.portfolio.snapshots.history import Point
from backend.portfolio.snapshots.records import AssetPart, ChainPart, Snapshot, make_snapshot
from backend.portfolio.snapshots.service import History

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOKEN, WALLET = "0x" + "11" * 20, "0x" + "aa" * 20
USER = UUID(int=7)


def holding(number: int = 0, **more: Any) -> AssetPart:
    values: dict[str, Any] = {
        "chain_id": 1,
        "token": f"0x{number + 1:040x}",
        "wallet": WALLET,
        "symbol": "=EVIL()",
        "decimals": 18,
        "amount_raw": 12 * 10**17,
        "price_usd": Decimal("2.5"),
        "price_source": "DefiLlama",
        "price_detail": "pool 0x12",
        "price_taken_at": NOW,
        "value_usd": Decimal("3"),
        "category": "token",
        **more,
    }
    return AssetPart(**values)


def taken(*parts: AssetPart, chain_id: int = 1) -> Snapshot:
    chain = ChainPart(
        chain_id=chain_id, value_usd=None, block_number=19_000_001, block_hash="0xabc", taken_at=NOW, state="fresh"
    )
    return make_snapshot(USER, NOW, [chain], parts, is_complete=True)


def event(**more: Any) -> Event:
    leg = Leg(token=TOKEN, amount_raw=-5 * 10**17, price_usd=Decimal(4), price_source="pools", priced_at=NOW)
    values: dict[str, Any] = {
        "id": UUID(int=9), "wallet": WALLET, "chain_id": 1, "kind": Kind.SWAP, "happened_at": NOW, "block_number": 5,
        "block_hash": "0x5", "tx_hash": "0x" + "77" * 32, "tx_index": 0, "number": 0, "source": "chain",
        "legs": (leg,), "protocol": "Uniswap V3", "fee_wei": 10**15, "fee_price_usd": Decimal(2000), **more,
    }  # fmt: skip
    return Event(**values)


FACTS = {(1, TOKEN): TokenFacts("TKN", 18)}


async def pages(*events: Event) -> AsyncIterator[Any]:
    yield list(events), FACTS


async def text_of(chunks: AsyncIterator[bytes]) -> str:
    return b"".join([chunk async for chunk in chunks]).decode("utf-8-sig")


def content(what: What, **more: Any) -> Content:
    return Content(what=what, range="30d", made_at=NOW, **more)


def course(values: Sequence[int | None]) -> History:
    points = [
        Point(
            starts_at=NOW + timedelta(hours=place),
            taken_at=None if value is None else NOW + timedelta(hours=place, minutes=2),
            value_usd=None if value is None else Decimal(value),
            samples=0 if value is None else 1,
        )
        for place, value in enumerate(values)
    ]
    return History("hour", NOW, points)


async def test_holdings_as_csv_are_safe_and_say_source_block_and_time() -> None:
    parts = [holding(), holding(1, price_usd=None, price_source=None, price_taken_at=None, value_usd=None)]
    text = await text_of(as_csv(content("assets", snapshot=taken(*parts)), pages()))
    first, second = csv.DictReader(io.StringIO(text))
    assert first["symbol"] == "'=EVIL()" and first["amount"] == "1.2" and first["amountRaw"] == "12" + "0" * 17
    assert (first["priceSource"], first["priceAsOf"], first["blockNumber"]) == (
        "DefiLlama",
        "2026-11-20T12:00:00.000Z",
        "19000001",
    )
    assert (second["priceUsd"], second["valueUsd"], second["sharePct"]) == ("", "", "")


async def test_activity_has_a_row_for_each_leg_and_money_stays_a_number() -> None:
    events = [event(), event(id=UUID(int=10), legs=(), kind=Kind.CALL, fee_wei=None)]
    text = await text_of(as_csv(content("activity"), pages(*events)))
    swap, call = csv.DictReader(io.StringIO(text))
    assert (swap["kind"], swap["direction"], swap["amount"], swap["valueUsd"], swap["feeUsd"]) == (
        "swap",
        "out",
        "-0.5",
        "-2",
        "2",
    )
    assert (call["kind"], call["amount"], call["feeUsd"], call["txHash"]) == ("call", "", "", "0x" + "77" * 32)


async def test_json_keeps_every_digit() -> None:
    huge = event(legs=(Leg(token=TOKEN, amount_raw=2**200),))
    found = orjson.loads(await text_of(as_json(content("activity"), pages(huge, event()))))
    assert [each["amountRaw"] for each in found["activity"]] == [str(2**200), str(-5 * 10**17)]
    assert (found["export"], found["isDemo"], found["coverage"]) == ("activity", False, [])
    empty = orjson.loads(await text_of(as_json(content("activity"), pages())))
    assert empty["activity"] == []
    assets = orjson.loads(await text_of(as_json(content("assets", snapshot=taken(holding())), pages())))
    assert assets["assets"]["items"][0]["priceUsd"] == "2.5"


def read_pdf(made: bytes) -> tuple[PdfReader, str]:
    reader = PdfReader(io.BytesIO(made))
    return reader, "\n".join(page.extract_text() for page in reader.pages)


def report(**more: Any) -> Content:
    days = [
        Point(
            starts_at=NOW - timedelta(days=back),
            taken_at=NOW - timedelta(days=back, hours=-1),
            value_usd=Decimal(100),
            complete_share=Decimal(1),
        )
        for back in (2, 1)
    ]
    return content(
        "report",
        history=history_read("30d", course([100, 110, None, 90])),
        performance=performance("30d", days, NOW),
        events=[event()],
        event_count=3,
        facts=FACTS,
        **more,
    )


def test_the_report_reads_back_with_sources_and_times() -> None:
    made = as_pdf(report(snapshot=taken(holding(symbol="TKN"))))
    _, text = read_pdf(made)
    for said in (
        "Portfolio report",
        "As of 2026-11-20 12:00 UTC, complete",
        "Total value",
        "$3.00",
        "Allocation",
        "100.00%",
        "Source: hourly snapshots",
        "DefiLlama",
        "19,000,001",
        "-0.5 TKN".replace("-", "\u2212"),
        "2 more are in the CSV and JSON exports",
        "Note",
    ):
        assert said.replace(" ", "") in text.replace(" ", "").replace("\n", ""), (said, text)
    assert "Demo market" not in text
    # The line and the bars are drawn, not pictures.
    assert all(not page.images for page in read_pdf(made)[0].pages)


def test_a_report_of_the_demo_market_says_so_on_every_page() -> None:
    parts = [holding(number, chain_id=DEMO_CHAIN_ID) for number in range(120)]
    reader, _ = read_pdf(as_pdf(report(snapshot=taken(*parts, chain_id=DEMO_CHAIN_ID), is_demo=True)))
    assert len(reader.pages) > 2
    assert all("Demo market" in page.extract_text() for page in reader.pages)


def test_what_a_contract_calls_itself_is_text_and_unknown_is_a_dash() -> None:
    evil = holding(symbol="<b>x</b>&\u4e2d", price_usd=None, price_source=None, value_usd=None)
    _, text = read_pdf(as_pdf(content("assets", snapshot=taken(evil))))
    assert "<b>x</b>&?" in text and "\u2014" in text and "No source has a price" in text.replace("\n", " ")
    assert clean("a<\u4e2d") == "a&lt;?"


def test_nothing_yet_makes_a_report_too() -> None:
    nothing = content("report", history=history_read("30d", History("hour", None, [])), performance=None)
    _, text = read_pdf(as_pdf(nothing))
    assert "There is no snapshot yet" in text and "Less than two snapshots" in text and "Nothing is known" in text


def test_a_report_of_many_holdings_names_how_many_are_elsewhere() -> None:
    parts = [holding(number, symbol=f"T{number}") for number in range(MOST_ROWS + 5)]
    _, text = read_pdf(as_pdf(content("assets", snapshot=taken(*parts))))
    assert "5 more are in the CSV and JSON exports" in text.replace("\n", " ")
