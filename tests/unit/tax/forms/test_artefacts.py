"""All files of a year: what is in them, that they agree, that the same input gives the same bytes."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from pypdf import PdfReader

from backend.tax.engine.events import Fee, Kind, Leg, TaxEvent
from backend.tax.forms import artefacts as door
from backend.tax.forms.artefacts import artefacts
from backend.tax.forms.irs_template import read_template
from backend.tax.forms.records import CSV, Artefact, Holder, TemplateError, TotalsDifferError
from backend.tax.forms.totals_check import check, check_data
from backend.tax.forms.year import tax_year
from tests.unit.tax.forms.books import book_of
from tests.unit.tax.given import UNIT, buy, income, leg, on, sell, swap

PLACES = {
    "US": ("USD", "form-8949-statement.pdf"), "UK": ("GBP", "sa108.pdf"), "UK_COMPANY": ("GBP", "chargeable-gains.pdf"),
    "DE": ("EUR", "anlage-so.pdf"), "CA": ("CAD", "schedule-3.pdf"), "AU": ("AUD", "cgt-schedule.pdf"),
    "FR": ("EUR", "form-2086.pdf"), "CH": ("CHF", "capital-gains.pdf"), "JP": ("JPY", "capital-gains.pdf"),
}  # fmt: skip


def history() -> list[TaxEvent]:
    return [
        buy("b1", on("2022-08-01"), 4, "1000.005", fee="3.333"),
        buy("b2", on("2024-08-02"), 3, "2000.1"),
        income("i1", on("2024-08-03"), "0.5", "123.456"),
        sell("s1", on("2024-08-10"), 1, "700.777", fee="1.111", portfolio_value=Decimal(4000)),
        swap("w1", on("2024-09-01"), [leg("X", 2, "900.333")], [leg("Y", 7, "900.333")]),
        sell("s2", on("2024-10-05"), 5, "555.5", asset="Y", portfolio_value=Decimal(3000)),
        sell("gift", on("2024-11-01"), "0.25", 50, kind=Kind.GIFT_OUT),
        sell("lost", on("2024-11-05"), 1, 70, asset="Z"),
    ]


def made(place: str = "US", **more: Any) -> dict[str, Artefact]:
    book, done = book_of(history(), place, PLACES[place][0], **more)
    return {each.name: each for each in artefacts(book, done, 2024, Holder("A. Person"), {})}


def rows(artefact: Artefact) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(artefact.content.decode())))


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


@pytest.fixture(scope="module")
def files() -> Iterator[dict[str, Artefact]]:
    yield made()


@pytest.mark.parametrize("place", PLACES)
def test_every_place_has_its_files(place: str) -> None:
    files = made(place)
    name = PLACES[place][1]
    assert {"disposals.csv", "income.csv", "lots-left.csv", "cointracker.csv", "koinly.csv", "audit.zip", name} <= set(
        files
    )
    assert ("turbotax.csv" in files) == (place == "US")
    text = text_of(files[name].content)
    assert "A. Person" in text and "no tax advice" in text and "Income" in text
    assert "Not in any figure: unknown" in text


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("UK", ["13.1", "13.2", "13.4", "Section 104 pool"]),
        ("DE", ["Veräußerungspreis", "Sales after more than a year (free)"]),
        ("CA", ["Crypto-assets", "12700", "Outlays and"]),
        ("AU", ["18 H", "18 A", "Discount"]),
        ("FR", ["3AN", "220 Total price", "4,000.00"]),
        ("US", ["Part I, short-term, box C", "Line", "10 (h)"]),
    ],
)
def test_a_schedule_has_the_words_of_its_form(place: str, expected: list[str]) -> None:
    text = text_of(made(place)[PLACES[place][1]].content)
    for words in expected:
        assert words in text, words


def test_proceeds_on_sa108_are_before_the_costs_of_disposal() -> None:
    text = text_of(made("UK")["sa108.pdf"].content)
    totals = {"13.2": "", "13.3": ""}
    lines = text.split("\n")
    for place, line in enumerate(lines):
        if line in totals:
            totals[line] = lines[place + 2]
    figures = {
        each["name"]: Decimal(each["amount"]) for each in json.loads(_inside(made("UK"), "year.json"))["figures"]
    }
    assert Decimal(totals["13.2"].replace(",", "")) == figures["proceeds"] + Decimal("1.11")
    assert Decimal(totals["13.3"].replace(",", "")) == figures["cost"] + Decimal("1.11")


def test_form_2086_computes_each_cession() -> None:
    text = text_of(made("FR")["form-2086.pdf"].content)
    # 1,000.005 + 3.333 + 2,000.1 + 123.456 of cost; 700.777 of 4,000 goes with the first
    assert "3,126.89" in text and "547.81" in text


def test_files_for_programs(files: dict[str, Artefact]) -> None:
    turbotax = rows(files["turbotax.csv"])
    assert list(turbotax[0]) == ["Currency Name", "Purchase Date", "Cost Basis", "Date Sold", "Proceeds"]
    assert turbotax[0] == {
        "Currency Name": "1 XYZ", "Purchase Date": "08/01/2022", "Cost Basis": "250.83", "Date Sold": "08/10/2024",
        "Proceeds": "699.67",
    }  # fmt: skip
    taxact = rows(files["taxact.csv"])
    assert (taxact[0]["Reporting Category"], taxact[0]["Long/Short"]) == ("F", "Long")
    koinly = {row["Description"].split(",")[0]: row for row in rows(files["koinly.csv"])}
    assert koinly["swap"]["Sent Amount"] == "2" and koinly["swap"]["Received Currency"] == "Y"
    assert (koinly["income"]["Label"], koinly["income"]["Net Worth Amount"]) == ("staking", "123.456")
    assert koinly["buy"]["Date"] == "2024-08-02 12:00:00 UTC" and koinly["buy"]["Sent Amount"] == "2000.1"
    cointracker = rows(files["cointracker.csv"])
    assert {row["Tag"] for row in cointracker} == {"", "staked", "gift"}
    assert cointracker[0]["Date"] == "08/02/2024 12:00:00"
    sale = next(row for row in cointracker if row["Sent Quantity"] == "1" and row["Received Currency"] == "USD")
    assert (sale["Received Quantity"], sale["Fee Amount"], sale["Fee Currency"]) == ("700.777", "1.111", "USD")
    lots = {(row["symbol"], row["amount"]) for row in rows(files["lots-left.csv"])}
    assert lots == {("XYZ", "0.75"), ("XYZ", "3"), ("XYZ", "0.5"), ("Y", "2")}


def test_what_is_not_taxed_or_not_known_is_listed_and_not_counted(files: dict[str, Artefact]) -> None:
    listed = {row["events"]: row for row in rows(files["disposals.csv"])}
    assert (listed["gift"]["is_taxable"], listed["gift"]["counts"]) == ("no", "no")
    assert (listed["lost"]["gain"], listed["lost"]["cost"], listed["lost"]["counts"]) == ("", "", "no")
    assert listed["s1"]["counts"] == "yes"


def test_several_legs_and_fees_are_rows_of_their_own() -> None:
    event = TaxEvent(
        id="lp", at=on("2024-03-03"), kind=Kind.SWAP, wallet="w", out=(leg("X", 1, 10), leg("Y", 2, 20)),
        into=(leg("LP", 1, 30),),
        fees=(Fee(Decimal(1), "G", UNIT), Fee(Decimal("0.5"))),
    )  # fmt: skip
    move = TaxEvent(
        id="t",
        at=on("2024-03-04"),
        kind=Kind.TRANSFER,
        wallet="w",
        to_wallet="v",
        out=(Leg("LP", UNIT, None),),
        into=(Leg("LP", UNIT, None),),
    )
    events = [
        buy("x", on("2024-01-01"), 1, 5),
        buy("y", on("2024-01-01"), 2, 5, asset="Y"),
        buy("g", on("2024-01-01"), 1, 1, asset="G"),
        event,
        move,
    ]
    book, done = book_of(events)
    koinly = rows({each.name: each for each in artefacts(book, done, 2024, Holder(), {})}["koinly.csv"])[3:]
    sides = [
        (
            row["Sent Amount"],
            row["Sent Currency"],
            row["Received Amount"],
            row["Received Currency"],
            row["Fee Currency"],
        )
        for row in koinly
    ]
    assert sides == [
        ("1", "XYZ", "1", "LP", "G"),
        ("2", "Y", "", "", "USD"),
        ("1", "LP", "", "", ""),
        ("", "", "1", "LP", ""),
    ]


def test_the_archive_says_the_hash_of_everything(files: dict[str, Artefact]) -> None:
    with zipfile.ZipFile(io.BytesIO(files["audit.zip"].content)) as packed:
        names = packed.namelist()
        assert {each.date_time for each in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert set(names) == set(files) - {"audit.zip"} | {"README.txt", "year.json", "explanations.txt"}
        readme = packed.read("README.txt").decode()
        for name in names:
            if name != "README.txt":
                assert f"{sha256(packed.read(name)).hexdigest()}  {name}" in readme
        words = packed.read("explanations.txt").decode()
        assert "of lot b1, acquired 2022-08-01 (first in, first out)" in words
        report = json.loads(packed.read("year.json"))
    assert report["unknown"] == 1 and report["missing"][0]["event"] == "lost"
    assert report["disposals"][0]["lots"][0]["lot"] == "b1" and report["disposals"][0]["lots"][0]["term"] == "long"


def test_the_same_again_is_the_same_to_the_last_byte(files: dict[str, Artefact]) -> None:
    book, done = book_of(list(reversed(history())), "US", "USD")
    again = artefacts(replace(book, as_of=datetime(2030, 1, 1, tzinfo=UTC)), done, 2024, Holder("A. Person"), {})
    assert {each.name: each.content for each in again} == {name: each.content for name, each in files.items()}


@pytest.mark.parametrize("name", ["disposals.csv", "turbotax.csv", "taxact.csv", "hr-block.csv", "income.csv"])
def test_a_file_that_differs_by_a_cent_stops_everything(files: dict[str, Artefact], name: str) -> None:
    book, done = book_of(history())
    year = tax_year(book, done, 2024, Holder())
    check(year, files.values())
    column = {"disposals.csv": "699.67", "income.csv": "123.46"}.get(name, "699.67").encode()
    assert column in files[name].content
    wrong = files[name].content.replace(column, str(Decimal(column.decode()) + Decimal("0.01")).encode(), 1)
    with pytest.raises(TotalsDifferError, match=name):
        check(year, [Artefact(name, "", CSV, wrong)])


def test_data_that_differ_stop_everything(files: dict[str, Artefact]) -> None:
    book, done = book_of(history())
    report = json.loads(_inside(files, "year.json"))
    check_data(tax_year(book, done, 2024, Holder()), json.dumps(report).encode())
    for figure in report["figures"]:
        if figure["name"] == "net_gain":
            figure["amount"] = str(Decimal(figure["amount"]) + Decimal("0.01"))
    with pytest.raises(TotalsDifferError, match=r"year\.json: gains less losses"):
        check_data(tax_year(book, done, 2024, Holder()), json.dumps(report).encode())


def test_nothing_is_handed_out_when_files_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    real = door.csv_files.taxact
    monkeypatch.setattr(door.csv_files, "taxact", lambda year: real(year).replace(b"699.67", b"700.67"))
    with pytest.raises(TotalsDifferError, match=r"taxact\.csv"):
        made()


def test_a_year_without_anything_is_said_to_be_empty() -> None:
    book, done = book_of([])
    files = {each.name: each for each in artefacts(book, done, 2024, Holder(), {})}
    assert "Nothing was sold or exchanged in this year" in text_of(files["form-8949-statement.pdf"].content)
    assert rows(files["disposals.csv"]) == []


def test_names_of_strangers_are_harmless() -> None:
    book, done = book_of(history())
    book = replace(book, symbols={"X": "=cmd|' /C calc'!A0\n\u202e(x) \\", "Y": "\u5e01\U0001f600"})
    files = {each.name: each for each in artefacts(book, done, 2024, Holder("O\u2019Ne\u00edl (x) \u5e01"), {})}
    assert "??" in text_of(files["form-8949-statement.pdf"].content)
    assert all(not cell.startswith("=") for row in rows(files["disposals.csv"]) for cell in row.values())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a PDF"),
        (b"<html>", "not a PDF"),
        (b"%PDF-1.7\n%%EOF", "damaged|cannot be read"),
        (b"%PDF-1.7" + b"0" * 4_000_001, "larger than 1 MB"),
    ],
)
def test_what_is_no_form_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason):
        read_template(content, "f8949", 2024)


def test_another_pdf_is_refused(files: dict[str, Artefact]) -> None:
    with pytest.raises(TemplateError, match="no fields to fill in"):
        read_template(files["form-8949-statement.pdf"].content, "f8949", 2024)


def _inside(files: dict[str, Artefact], name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(files["audit.zip"].content)) as packed:
        return packed.read(name)
