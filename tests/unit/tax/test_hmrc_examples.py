"""HMRC's DeFi examples (CRYPTO61671 to 61679) as the spreadsheets of hmrc_examples have them, with HMRC's results."""

import re
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest

from backend.tax.engine.events import Kind, Leg, TaxEvent
from tests.unit.tax.given import gains, raw, run, tax_data

# By example: gains in the order of disposals.
EXPECTED = {
    "CRYPTO22251": ["258000"],
    "CRYPTO22252": ["462.5"],
    "CRYPTO22253": ["165", "20"],
    "CRYPTO22255": ["92500"],
    "CRYPTO61671": ["-50"],
    "CRYPTO61672": ["-50"],
    "CRYPTO61673": ["-35"],
    "CRYPTO61675": ["11"],
    "CRYPTO61676": ["1050"],
}


def rows_of(example: str) -> list[list[str]]:
    with zipfile.ZipFile(tax_data() / "hmrc_examples" / f"{example}.xlsx") as book:
        shared = re.findall(r"<si>(.*?)</si>", book.read("xl/sharedStrings.xml").decode(), re.DOTALL)
        strings = [unescape("".join(re.findall(r"<t[^>]*>(.*?)</t>", each, re.DOTALL))) for each in shared]
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    rows = []
    for row in re.findall(r"<row.*?</row>", sheet, re.DOTALL):
        cells: dict[str, str] = {}
        for column, rest in re.findall(r'<c r="([A-Z]+)\d+"([^>]*?(?:/>|>.*?</c>))', row, re.DOTALL):
            value = re.search(r"<v>(.*?)</v>", rest)
            if value:
                cells[column] = strings[int(value.group(1))] if 't="s"' in rest else value.group(1)
        rows.append([cells.get(column, "") for column in "ABCDEFGHIJKL"])
    return rows


def event_of(number: int, row: list[str]) -> TaxEvent | None:
    kind, bought, asset, worth, sold, sold_asset, sold_worth, *_ = row
    if kind != "Trade":
        return None
    at = datetime(1899, 12, 30, tzinfo=UTC) + timedelta(seconds=round(float(row[11]) * 86400))
    base = {"id": f"{number:02}", "at": at, "wallet": "w"}
    if sold_asset == "GBP":
        return TaxEvent(**base, kind=Kind.BUY, into=(Leg(asset, raw(bought), Decimal(sold)),))
    if asset == "GBP":
        return TaxEvent(**base, kind=Kind.SELL, out=(Leg(sold_asset, raw(sold), Decimal(bought)),))
    into = Leg(asset, raw(bought), Decimal(worth) if worth else None)
    out = Leg(sold_asset, raw(sold), Decimal(sold_worth) if sold_worth else None)
    return TaxEvent(**base, kind=Kind.SWAP, out=(out,), into=(into,))


@pytest.mark.parametrize("example", EXPECTED)
def test_example(example: str) -> None:
    events = [event_of(number, row) for number, row in enumerate(rows_of(example))]
    done = run([event for event in events if event is not None], "UK")
    assert [*gains(done).values()] == [Decimal(each) for each in EXPECTED[example]]
