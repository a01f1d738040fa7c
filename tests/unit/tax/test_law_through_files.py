"""Worked examples of tax offices, from a file in the generic format to the report's JSON."""

from dataclasses import replace
from decimal import Decimal

import pytest

from backend.tax.assembling.assemble import assemble
from backend.tax.books import TaxSettings
from backend.tax.engine.calculate import calculate
from backend.tax.engine.methods import Method
from backend.tax.transactions import ChosenLot
from tests.unit.tax.through import HEADER, Rates, Told, through

D = Decimal
WITH_MORE = f"{HEADER},to_wallet,fee_value,id"


def bought(day: str, amount: object, paid: object, currency: str, asset: str = "X", wallet: str = "A") -> str:
    return f"{day},buy,{currency},{paid},{asset},{amount},,,,,{wallet}"


def sold(day: str, amount: object, got: object, currency: str, asset: str = "X", wallet: str = "A") -> str:
    return f"{day},sell,{asset},{amount},{currency},{got},,,,,{wallet}"


def gains(told: Told) -> list[Decimal]:
    return [D(each["gain"]) for each in told.disposals]


@pytest.mark.parametrize(
    ("place", "year", "gain"),
    [
        ("UK", 2023, 2000),  # s43, CRYPTO22300: no income; the original keeps its cost here
        ("AU", 2023, 2000),  # ATO, "Crypto chain splits": Alex sells 2 of 10 Bitcoin Cash for 2,000
        ("DE", 2024, 2000),  # letter of 10 May 2022, no. 66 to 68
        ("JP", 2024, 2000),
        ("US", 2024, 1200),  # Rev. Rul. 2019-24: income at its worth, which is its basis
    ],
)
def test_what_comes_of_a_chain_split(place: str, year: int, gain: int) -> None:
    currency = {"UK": "GBP", "AU": "AUD", "DE": "EUR", "JP": "JPY", "US": "USD"}[place]
    lines = [f"2017-08-01,fork,,,BCH,10,,,4000,{currency},A", sold("2024-03-02", 2, 2000, currency, "BCH")]
    assert gains(through(lines, year, place)) == [gain]
    received = through(lines, 2017, place).figure("income")
    assert received == (4000 if place == "US" else 0)
    nobody_knows = [lines[0].replace(",4000,", ",,"), lines[1]]
    assert [each.kind.value for each in through(nobody_knows, year, place).made.issues] == (
        ["missing_price"] if place == "US" else []
    )


@pytest.mark.parametrize(
    ("place", "at", "day", "year"),
    [
        ("AU", "2024-06-30T23:30Z", "2024-07-01", 2024),
        ("AU", "2024-06-30T13:30Z", "2024-06-30", 2023),
        ("JP", "2024-12-31T15:00Z", "2025-01-01", 2025),
        ("JP", "2024-12-31T14:59:59Z", "2024-12-31", 2024),
        ("DE", "2024-12-31T23:30Z", "2025-01-01", 2025),
        ("UK", "2024-04-05T23:30Z", "2024-04-06", 2024),  # summer time
        ("IN", "2025-03-31T18:30Z", "2025-04-01", 2025),
        ("CA", "2025-01-01T04:59Z", "2024-12-31", 2024),
        ("ES", "2025-06-30 23:30", "2025-07-01", 2025),
        ("CA", "2025-01-01", "2025-01-01", 2025),  # a date alone is that day
    ],
)
def test_the_tax_year_is_that_of_the_filers_clock(place: str, at: str, day: str, year: int) -> None:
    currency = {"AU": "AUD", "JP": "JPY", "UK": "GBP", "IN": "INR", "CA": "CAD"}.get(place, "EUR")
    lines = [bought("2022-01-10", 1, 100, currency), sold(at, 1, 150, currency)]
    told = through(lines, year, place)
    assert [(each["disposedOn"], each["gain"]) for each in told.disposals] == [(day, "50")]
    assert through(lines, year - 1, place).disposals == [] == through(lines, year + 1, place).disposals


def test_a_chosen_time_zone_decides_the_year_and_the_method_of_it() -> None:
    """Lots are chosen in 2024, the method of 2025 is first in first out: at 02:00 UTC it is still 2024 in Denver."""
    lines = [bought("2023-01-10", 1, 100, "USD"), bought("2023-02-10", 1, 120, "USD")]
    read = through([*lines, sold("2025-01-01T02:00Z", 1, 150, "USD")], 2024).read
    second, sale = read.transactions[1:]
    sale = replace(sale, choices=(ChosenLot(second.id, D(1)),))
    for zone, cost in (("America/Denver", 120), ("UTC", 100)):
        settings = TaxSettings(methods={2009: Method.SPECIFIC, 2025: Method.FIFO}, timezone=zone)
        made = assemble([(each, None) for each in (*read.transactions[:2], sale)], settings, Rates({}))
        assert [each.cost for each in calculate(made.events, made.engine).outcome.disposals] == [cost], zone


def test_es_what_is_given_away_brings_a_gain_and_never_a_loss() -> None:
    """LIRPF art. 33.5.c: losses of gifts and liberalities do not count; a gain on a gift does."""
    lines = [
        bought("2023-01-10", 2, 2000, "EUR"), bought("2023-02-10", 3, 900, "EUR"),
        "2024-03-01,gift out,X,1,,,,,400,EUR,A", "2024-03-02,donation,X,1,,,,,400,EUR,A",
        "2024-03-03,gift out,X,1,,,,,400,EUR,A", sold("2024-03-04", 1, 250, "EUR"),
    ]  # fmt: skip
    told = through(lines, 2024, "ES")
    assert [(each["gain"], each["disallowed"]) for each in told.disposals] == [
        ("-600", "600"), ("-600", "600"), ("100", "0"), ("-50", "0"),
    ]  # fmt: skip
    assert (told.figure("net_gain"), told.figure("taxable_gain")) == (50, 50)
    assert told.report["carried"] == {}


def test_in_each_lot_is_a_line_of_schedule_vda_and_a_loss_is_nil() -> None:
    """Section 115BBH(2)(b): what one lot lost is not set off against what another gained, sold together or not."""
    lines = [
        bought("2023-05-01", 1, 100000, "INR"), bought("2023-06-01", 1, 200000, "INR"),
        "2023-09-01,sell,X,2,INR,330000,INR,1000,,,A",
    ]  # fmt: skip
    told = through(lines, 2023, "IN")
    assert gains(told) == [30000]  # the fee counts for nothing
    names = ("taxable_gain", "tax", "losses_lost")
    assert [told.figure(name) for name in names] == [65000, 19500, 35000]


def test_uk_a_fee_paid_in_the_token_itself() -> None:
    """CRYPTO22280: Terri's 10,000 tokens cost 20,000; 1,000 go for 5,000, and one for the fee."""
    lines = [
        bought("2020-01-01", 10000, 20000, "GBP"),
        "2020-06-01,sell,X,1000,GBP,5000,X,1,,,A,,5,",
    ]
    told = through(lines, 2020, "UK", header=WITH_MORE)
    assert told.sums() == (5000, 2002, 2998)


def test_fr_the_example_of_form_2086() -> None:
    """BOI-RPPM-PVBMC-30-20: bought for 1,000, sold for 450 of a portfolio worth 1,200, then for 1,300, all of it."""
    lines = [
        "2020-01-01,buy,EUR,1000,X,10,,,,,A,,,",
        "2020-06-01,sell,X,4,EUR,450,,,,,A,,,,1200",
        "2020-09-01,sell,X,6,EUR,1300,,,,,A,,,,1300",
    ]
    told = through(lines, 2020, "FR", header=f"{WITH_MORE},portfolio_value")
    assert gains(told) == [75, 675]  # 450 - 1000 x 450 / 1200, then 1300 - 625
    assert told.figure("taxable_gain") == 750


def test_both_ends_of_a_bridge_are_one_transfer_whatever_their_hashes() -> None:
    lines = [
        bought("2024-01-01 10:00:00", 1, 1000, "USD"),
        "2024-02-01 10:00:00,bridge,X,1,,,,,2000,USD,A,,,,0x1",
        "2024-02-01 10:10:00,bridge,,,X,0.998,,,,,B,,,,0x2",
        sold("2024-04-01 10:00:00", "0.998", 2300, "USD", wallet="B"),
    ]
    told = through(lines, 2024, header=f"{WITH_MORE},tx_hash")
    assert told.made.issues == []
    assert [(each["kind"], each["proceeds"], each["costBasis"]) for each in told.disposals] == [
        ("fee", "4", "2"), ("sell", "2300", "998"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fee", "fee_value", "proceeds"), [("", "", "20"), ("X,0.01", "", "20"), ("X,0.01", "19", "19")]
)
def test_a_transfers_fee_that_is_what_did_not_arrive_counts_once(fee: str, fee_value: str, proceeds: str) -> None:
    lines = [
        bought("2024-01-01 10:00:00", 1, 1000, "USD"),
        f"2024-02-01 10:00:00,transfer,X,1,X,0.99,{fee or ','},2000,USD,A,B,{fee_value},",
        sold("2024-04-01 10:00:00", "0.99", 2300, "USD", wallet="B"),
    ]
    told = through(lines, 2024, header=WITH_MORE)
    assert told.made.issues == []
    assert [(each["kind"], each["proceeds"], each["costBasis"]) for each in told.disposals] == [
        ("fee", proceeds, "10"), ("sell", "2300", "990"),
    ]  # fmt: skip
    assert [each.is_fatal for each in told.read.problems] == ([False] if fee else [])
    beside = [lines[0].replace("X,1,", "X,1.02,"), lines[1].replace("X,0.99,", "X,1,"), lines[2]]
    if fee and not fee_value:  # all arrived: the fee is beside it
        assert [each["amount"] for each in through(beside, 2024, header=WITH_MORE).disposals] == ["0.01", "0.99"]
