"""How files come: encodings, delimiters, notations, zones, lines above the header, and sources told apart."""

import ast
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import backend.tax.files
from backend.tax.engine.registry import all_jurisdictions
from backend.tax.files.assets import asset_of, currency_of
from backend.tax.files.kinds import meaning_of
from backend.tax.files.numbers import decimal_mark, number
from backend.tax.files.reading import SOURCES, detect
from backend.tax.files.records import CellError
from backend.tax.files.sheet import Line, Sheet
from backend.tax.files.table import Table
from backend.tax.files.times import TimeStyle, day_is_first, moment, zone_named
from tests.unit.tax.files.given import GENERIC, all_told, at, fatal, generic, read, sample

LINE = "2024-01-01 10:00:00,buy,EUR,1000.5,BTC,0.02,,,,,,,Füße 東京"
TOLD = ["2024-01-01 10:00:00 buy -1000.5 fiat:EUR +0.02 BTC"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_ends_of_lines(encoding: str, end: str):
    content = end.join([GENERIC, LINE, ""]).encode(encoding)
    found = detect(content, "x.csv")
    assert found.is_sure and found.columns[0] == "timestamp"
    done = read(content)
    assert all_told(done) == TOLD and done.transactions[0].note == "Füße 東京"


def test_the_encoding_of_excel_in_western_europe():
    content = "\n".join([GENERIC, "2024-01-01,,,,ETH,1,,,,,,,Füße “5 €"]).encode("cp1252")
    assert read(content).transactions[0].note == "Füße “5 €"
    assert read(content.replace("“".encode("cp1252"), b"\x81")).transactions[0].note.startswith("Füße")


def test_a_mark_that_was_written_twice_is_no_part_of_a_heading():
    assert detect(f"\ufeff\ufeff{GENERIC}".encode(), "x").columns[0] == "timestamp"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str):
    content = "\n".join([GENERIC, LINE]).replace(",", delimiter)
    assert detect(content.encode(), "x").delimiter == delimiter
    assert all_told(read(content)) == TOLD
    assert all_told(read(f"sep={delimiter}\r\n{content}")) == TOLD


def test_a_german_spreadsheet():
    content = "\n".join(
        [
            GENERIC.replace(",", ";"),
            "01.02.2024 10:00;buy;EUR;1.000,50 €;BTC;0,02;EUR;1,5;;;;;",
            "02.02.2024 10:00;buy;EUR;1.000;BTC;2;;;;;;;",
        ]
    )
    assert all_told(read(content)) == [
        "2024-02-01 10:00:00 buy -1000.5 fiat:EUR +0.02 BTC fee 1.5 fiat:EUR",
        "2024-02-02 10:00:00 buy -1000 fiat:EUR +2 BTC",  # a thousand: the file shows its decimal mark above
    ]


def test_lines_above_the_header_and_quoted_newlines():
    content = f'My export\nUser,me\n\n{GENERIC}\n2024-01-01,,,,ETH,1,,,,,,,"two\nlines"\n2024-01-02,,,,ETH,1,,,,,,,\n'
    done = read(content)
    assert [each.line for each in done.transactions] == [5, 7]
    assert done.transactions[0].note == "two\nlines" and done.rows[0].cells["note"] == "two\nlines"


def test_the_zone_of_a_file_is_that_of_times_without_one():
    lines = (
        "2024-07-01 10:00,,,,ETH,1,,,,,,,",
        "2024-07-01T10:00Z,,,,ETH,1,,,,,,,",
        "2024-11-03 01:30,,,,ETH,1,,,,,,,",
    )
    done = generic(*lines, timezone="America/New_York")  # the last is of an hour that was there twice: the first
    assert [each.happened_at for each in done.transactions] == [
        at("2024-07-01 14:00"),
        at("2024-07-01 10:00"),
        at("2024-11-03 05:30"),
    ]


def test_an_unclosed_quote_is_said():
    done = read(f'{GENERIC}\n2024-01-01,,,,ETH,1,,,,,,,"open\n' + "x" * 200_000)
    assert [(each.line, each.is_fatal) for each in done.problems] == [(2, True)] and "quote" in done.problems[0].reason


def test_another_source_than_that_of_the_file_is_said_with_what_is_missing():
    done = read(sample("gemini.csv"), "kraken")
    assert done.transactions == () and done.rows == ()
    assert "ledgers.csv" in done.problems[0].reason and "refid" in done.problems[0].reason


def test_a_file_of_nobody_needs_a_mapping_and_its_name_is_a_hint():
    found = detect(b"Day,What\n1,2\n", "my_Kraken_file.csv")
    assert (found.source, found.columns, found.is_sure) == ("kraken", ("Day", "What"), False)
    assert detect(b"Day,What\n1,2\n", "x.csv").source == "generic"


def test_every_source_says_what_to_download():
    assert set(SOURCES) == {
        "binance",
        "bitcoin_tax",
        "bitstamp",
        "bittrex",
        "blockfi",
        "blockpit",
        "bitbank",
        "coincheck",
        "coinledger",
        "pionex",
        "uphold",
        "coinbase",
        "coinbase_pro",
        "cointracker",
        "cointracking",
        "crypto_com",
        "gemini",
        "koinly",
        "kraken",
        "kucoin",
        "nexo",
        "rotki",
        "generic",
    }
    assert all(each.title and len(each.hint) > 20 for each in SOURCES.values())


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("1234.5", ".", "1234.5"),
        ("1,234.5", ".", "1234.5"),
        ("1.234,5", ",", "1234.5"),
        ("1'234.50", ".", "1234.5"),
        ("1 234,5", ",", "1234.5"),
        ("$1,234.56", ".", "1234.56"),
        ("€ 5", ".", "5"),
        ("(12.5)", ".", "-12.5"),
        ("\u22123", ".", "-3"),
        ("-$1,000.00", ".", "-1000"),
        ("1e-18", ".", "1e-18"),
        ("-3.605E-05", ".", "-0.00003605"),
        ("1,55444E+13", ",", "15544400000000"),
        ("12,34,567.8", ".", "1234567.8"),
        ("1,234,567", ".", "1234567"),
        ("0,5", None, "0.5"),
        ("1.234.567,8", None, "1234567.8"),
        (".5", ".", "0.5"),
        ("1,234", ",", "1.234"),
        ("1.234", ",", "1234"),
        ("0.000000000000000000000000000001", ".", "1e-30"),
        ("+7", ".", "7"),
        ("115792089237316195423570985008687907853269984665640564039457584007913129639935", ".", str(2**256 - 1)),
    ],
)
def test_numbers(text: str, mark: str, value: str):
    assert number(text, mark) == Decimal(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", " ", "-", "--", "null", "N/A"])
def test_cells_that_say_nothing(text: str):
    assert number(text) is None


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("abc", "."),
        ("1,234", None),
        ("1.234", None),
        ("0,5", "."),
        ("12,34", "."),
        ("1,23,4", "."),
        ("1.2.3", "."),
        ("=1+1", "."),
        ("1e999", "."),
        ("9" * 79, "."),
        ("1e-200", "."),
        ("--5", "."),
        ("1 ETH", "."),
        ("0x10", "."),
        ("1.5.", "."),
    ],
)
def test_what_is_no_number_or_two(text: str, mark: str):
    with pytest.raises(ValueError, match=r"no number|two ways|more than|does not fit"):
        number(text, mark)  # type: ignore[arg-type]


def test_the_decimal_mark_that_a_file_shows():
    assert decimal_mark(["1", "2"], ",") == "."
    assert decimal_mark(["1.5"], ";") == "."
    assert decimal_mark(["0,5", "1.234"], ";") == ","
    assert decimal_mark(["1,234", "0.5"], ",") == "."
    assert decimal_mark(["1,234"], ",") is None
    assert decimal_mark(["1.234"], ",") == "." and decimal_mark(["1.234"], ";") is None
    assert decimal_mark(["0,5", "0.5"], ",") is None
    assert decimal_mark(["hello, world"], ",") == "."


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("2024-01-31 18:05:01", "2024-01-31 18:05:01"),
        ("2024-01-31T18:05:01.123456Z", "2024-01-31 18:05:01.123456"),
        ("2024-01-31 18:05:01 UTC", "2024-01-31 18:05:01"),
        ("2024-01-31 18:05:01 +0200", "2024-01-31 16:05:01"),
        ("2024-01-31 18:05:01-08:00", "2024-02-01 02:05:01"),
        ("2024-01-31", "2024-01-31 12:00"),
        ("2024/01/31 18:05", "2024-01-31 18:05"),
        ("31.01.2024 18:05", "2024-01-31 18:05"),
        ("31/01/2024 18:05", "2024-01-31 18:05"),
        ("31.01.2024 18:05 -0800", "2024-02-01 02:05"),
        ("31.01.2024 18:05 +05:30", "2024-01-31 12:35"),
        ("01/31/2024", "2024-01-31 12:00"),
        ("12/25/2019, 7:00:00 AM", "2019-12-25 07:00"),
        ("1/31/2024 12:05 PM", "2024-01-31 12:05"),
        ("1/31/2024 12:05 am", "2024-01-31 00:05"),
        ("Jan. 28, 2022, 12:13 AM", "2022-01-28 00:13"),
        ("10 Mar 2021 10:40:20", "2021-03-10 10:40:20"),
        ("Tue May 26 2020 18:06:28 GMT+0000", "2020-05-26 18:06:28"),
        ("Tue May 26 2020 18:06:28 GMT+0200 (Central European Summer Time)", "2020-05-26 16:06:28"),
        ("1658912400", "2022-07-27 09:00"),
        ("1658912400000", "2022-07-27 09:00"),
        ("1534321653.7196", "2018-08-15 08:27:33.719600"),
        ("January 5th, 2021", "2021-01-05 12:00"),
        ("5/5/2023", "2023-05-05 12:00"),
        ("2024-01-31 18:05:01 UTC+08:00", "2024-01-31 10:05:01"),
        ("2024-01-31  18:05", "2024-01-31 18:05"),
        ("2024-1-3 8:05", "2024-01-03 08:05"),
    ],
)
def test_times(text: str, then: str):
    assert moment(text, TimeStyle()) == at(then)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("soon", "no date"),
        ("2024-13-01", "there is not"),
        ("2023-02-29", "there is not"),
        ("31/31/2024", "there is not"),
        ("5/9/2023", "order of its dates"),
        ("2024-01-31 25:00", "time of day"),
        ("2024-01-31 13:00 PM", "time of day"),
        ("2024-01-31 10:00 EST", "time zone"),
        ("1999-01-01", "between"),
        ("44197.5", "no date"),
        ("20240131", "no date"),
        ("3 März 2021", "no date|English"),
        ("5 Smarch 2021", "English"),
        ("", "no date"),
        ("24-01-31", "no date"),
    ],
)
def test_what_is_no_time(text: str, advice: str):
    with pytest.raises(ValueError, match=advice):
        moment(text, TimeStyle())


def test_a_date_alone_is_the_same_day_in_every_place():
    """Midnight UTC would be 31 December in Toronto: another tax year. Noon is 1 January from Vancouver to Sydney."""
    head = "timestamp,type,received_asset,received_amount\n"
    from_sheet = [f"2024-01-0{day}{clock}" for day in (1, 2) for clock in (" 00:00:00", " 00:00")]
    for texts in (["2024-01-01"], ["1 Jan 2024"], ["01.01.2024", "02.01.2024"], from_sheet):
        done = read(head + "".join(f"{each},buy,ETH,1\n" for each in texts))
        assert done.problems == ()
        moments = [each.happened_at for each in done.transactions]
        assert {moment.hour for moment in moments} == {12}
        for zone in {rules.timezone for rules in all_jurisdictions().values()} | {"America/Los_Angeles"}:
            assert moments[0].astimezone(ZoneInfo(zone)).date().isoformat() == "2024-01-01", zone
    clocks = ["2024-01-01 00:00:00", "2024-01-02 08:00:00"]  # a file that knows times means them
    done = read(head + "".join(f"{each},buy,ETH,1\n" for each in clocks))
    assert done.transactions[0].happened_at == at("2024-01-01")
    said = read(f"{head}2024-01-01T00:00:00Z,buy,ETH,1\n")
    assert said.transactions[0].happened_at == at("2024-01-01")


def test_the_order_of_day_and_month():
    assert day_is_first(["5/9/2023", "13/9/2023"]) is True
    assert day_is_first(["5/9/2023", "9/13/2023"]) is False
    assert day_is_first(["5/9/2023"]) is None and day_is_first(["13/9/2023", "9/13/2023"]) is None
    assert moment("5/9/2023", TimeStyle(day_first=True)) == at("2023-09-05 12:00")
    assert moment("24-01-31 10:00", TimeStyle(short_years=True)) == at("2024-01-31 10:00")
    with pytest.raises(ValueError, match="no time zone"):
        zone_named("../../etc/passwd")


@pytest.mark.parametrize(
    ("text", "asset"),
    [
        ("eth", "ETH"),
        (" BTC ", "BTC"),
        ("usd", "fiat:USD"),
        ("€", "fiat:EUR"),
        ("fiat:mnt", "fiat:MNT"),
        ("MNT", "MNT"),
        ("\u200bETH", "ETH"),
        ("1inch", "1INCH"),
        ("$x", "$X"),
        ("USD₮0", "USD₮0"),
        ("1:0x" + "AB" * 20, "1:0x" + "ab" * 20),
        ("eip155:137/erc20:0x" + "ab" * 20, "137:0x" + "ab" * 20),
        ("1:0x" + "ab" * 20 + ":7", "1:0x" + "ab" * 20 + ":7"),
    ],
)
def test_assets(text: str, asset: str):
    assert asset_of(text).asset == asset


@pytest.mark.parametrize("text", ["", "a b", "=CMD()", "<b>", "x" * 41, "fiat:EURO", "…", "a,b", "a;b", 'a"b'])
def test_what_is_no_asset(text: str):
    with pytest.raises(ValueError, match=r"no asset|no currency"):
        asset_of(text)


def test_currencies():
    assert currency_of("eur") == currency_of("€") == "EUR"
    with pytest.raises(ValueError, match="no currency"):
        currency_of("ETH")


def test_a_word_that_is_near_several_is_not_guessed():
    with pytest.raises(ValueError, match="did you mean"):
        meaning_of("transfer i")  # in, or between own wallets
    assert meaning_of("stake") != meaning_of("staking")


def test_a_line_knows_which_cell_it_cannot_read():
    sheet = Sheet(Table([], ","), 1, ("When", "Sum"), {"at": 0, "amount": 1})
    line = Line(2, ["", "x"], sheet)
    with pytest.raises(CellError, match="empty") as empty:
        line.at()
    with pytest.raises(CellError, match="no number") as wrong:
        line.amount("amount")
    assert (empty.value.meaning, wrong.value.meaning) == ("at", "amount")
    assert sheet.column("amount") == "Sum" and line.text("nowhere") == ""


def test_amounts_are_never_rounded_by_decimal_itself():
    """`-x` and `abs(x)` of a Decimal round to 28 digits: the package has its own."""
    allowed = {
        ("reading.py", "-each[0]"),
        ("rows.py", "-len(self)"),
        ("times.py", "-offset"),
        ("numbers.py", "-MOST_DIGITS"),
    }
    found: set[tuple[str, str]] = set()
    for path in Path(next(iter(backend.tax.files.__path__))).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            minus = (
                isinstance(node, ast.UnaryOp)
                and isinstance(node.op, ast.USub)
                and not isinstance(node.operand, ast.Constant)
            )
            if minus or (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("abs", "sum")
            ):
                found.add((path.name, ast.unparse(node)))
    assert {each for each in found if not each[1].startswith("sum((1 for")} <= allowed


def test_digits_beyond_those_of_decimal_are_kept():
    long = "123456789012345678.123456789012345678"
    ledgers = (
        "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance\n"
        f"a,1,2024-01-01 10:00:00,trade,,currency,XETH,-{long},0,0\n"
        f"a2,1,2024-01-01 10:00:00,trade,,currency,SHIB,{long},{long},0\n"
    )
    told = f"2024-01-01 10:00:00 swap -{long} ETH +{long} SHIB fee {long} SHIB"
    assert all_told(read(ledgers, "kraken")) == [told]
    assert all_told(generic(f"2024-01-01,spend,ETH,{long},,,,,{long},USD,,,")) == [
        f"2024-01-01 12:00:00 spend -{long} ETH={long} USD"
    ]
    assert fatal(generic(f"2024-01-01,spend,ETH,{'9' * 79},,,,,,,,,")) == [(2, "sent_amount")]
