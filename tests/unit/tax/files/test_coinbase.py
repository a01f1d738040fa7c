"""Coinbase: every generation of its history, and what Pro writes."""

from backend.tax.files.reading import detect
from tests.unit.tax.files.given import all_told, fatal, read, sample, shared_file

FIRST = sample("coinbase_first.csv")
SECOND = sample("coinbase_second.csv")
FOURTH = sample("coinbase_fourth.csv")


def test_the_first_generation_has_its_currency_in_the_headings():
    found = detect(FIRST.encode(), "report.csv")
    assert (found.source, found.title, found.is_sure) == ("coinbase", "Coinbase", True)
    done = read(FIRST, "coinbase")
    assert all_told(done) == [
        "2020-01-02 10:00:00 buy -65 fiat:EUR +0.01 BTC=65 EUR fee 1.49 fiat:EUR",
        "2020-01-03 10:00:00 sell -0.005 BTC=35 EUR +35 fiat:EUR fee 1.49 fiat:EUR",
        "2020-01-04 10:00:00 withdrawal -0.001 BTC",
        "2020-01-05 10:00:00 income:reward +0.001 BTC",
        "2020-01-06 10:00:00 swap -0.001 BTC=7 EUR +1000.5 XLM=6.9 EUR",
        "2020-01-07 10:00:00 income:reward +10 XLM=0.5 EUR",
    ]
    assert done.problems == () and done.transactions[0].line == 8
    assert done.transactions[0].legs[1].worth is not None
    assert done.transactions[0].legs[1].worth.source == "file: Coinbase"


def test_the_second_generation_and_staked_ether():
    assert detect(SECOND.encode(), "x.csv").source == "coinbase"
    assert all_told(read(SECOND, "coinbase")) == [
        "2021-05-01 10:00:00 buy -1000 fiat:GBP +0.5 ETH=1000 GBP fee 10 fiat:GBP",
        "2021-05-02 10:00:00 income:staking +0.001 ETH=2 GBP",
    ]


def test_the_newest_generation_with_signs_of_money_ids_and_advanced_trades():
    assert detect(FOURTH.encode(), "x.csv").is_sure
    done = read(FOURTH, "coinbase")
    assert all_told(done) == [
        "2024-03-01 12:00:00 swap -1000 USDC=1000 USD +0.5 ETH=1000 USD fee 6 USDC=6 USD",
        "2024-03-02 12:00:00 sell -0.5 ETH=1000 USD +1000 fiat:USD fee 6 fiat:USD",
        "2024-03-03 12:00:00 income:staking +0.001 ETH=2 USD",
        "2024-03-04 12:00:00 withdrawal -98.5 fiat:USD fee 1.5 fiat:USD",
        "2024-03-05 12:00:00 wrap -10 MATIC +10 POL",
        "2024-03-05 12:00:01 buy -5000 fiat:USD +0.1 BTC=5000 USD fee 5 fiat:USD",
    ]
    assert fatal(done) == [(11, "Transaction Type")]
    assert [(each.line, each.is_fatal) for each in done.problems] == [(11, True), (12, False)]  # 5500 is not 5000 + 5
    assert "stays inside" in done.rows[6].says
    # The id is Coinbase's: the same transaction written in another way is the same.
    again = read(FOURTH.replace("$6.00,Bought", "$6.0,Bought"), "coinbase")
    assert {each.id for each in again.transactions} == {each.id for each in done.transactions}


def test_a_migration_with_one_side_is_refused():
    lone = "\n".join(line for line in FOURTH.splitlines() if not line.startswith("a6"))
    assert (8, "Quantity Transacted") in fatal(read(lone, "coinbase"))


def test_lines_of_one_trade_id_of_pro_are_one_trade():
    content = shared_file("rotki/coinbasepro.csv")
    assert detect(content, "account.csv").source == "coinbase_pro"
    done = read(content, "coinbase_pro")
    assert all_told(done) == [
        "2018-03-15 10:42:31 deposit +2.5 BTC",
        "2018-03-15 10:55:12 swap -1.14732 BTC +52.3 ETH fee 0.00344196 BTC",
        "2018-05-20 14:08:37 deposit +3 BTC",
        "2018-05-20 14:12:44 swap -2.81205 BTC +155.741 ETH fee 0.00843615 BTC",
        "2018-08-10 18:33:15 withdrawal -208.041 ETH",
        "2019-06-12 09:17:44 deposit +0.25 BTC",
        "2019-06-13 11:42:08 deposit +5 BTC",
        "2019-07-01 15:28:33 withdrawal -1.5 BTC",
        "2019-07-01 22:14:18 swap -0.000531 BTC +0.015 ETH fee 0.00000159 BTC",
        "2019-07-01 22:14:18 swap -0.000885 BTC +0.025 ETH fee 0.00000266 BTC",
        "2019-07-01 22:14:18 swap -0.653286 BTC +18.46 ETH fee 0.00195986 BTC",
    ]
    assert done.problems == ()
    assert done.rows[1].transaction_ids == done.rows[2].transaction_ids == done.rows[3].transaction_ids


def test_half_a_trade_of_pro_is_refused_whole():
    lines = shared_file("rotki/coinbasepro.csv").decode().splitlines()
    done = read("\n".join([lines[0], *lines[2:3], lines[4]]), "coinbase_pro")
    assert done.transactions == () and [each.line for each in done.problems] == [2, 3]


def test_the_fee_of_a_fill_is_taken_out_of_its_total():
    fills = (
        "portfolio,trade id,product,side,created at,size,size unit,price,fee,total,price/fee/total unit\n"
        "default,1,BTC-EUR,BUY,2020-01-02T10:00:00.123Z,0.01,BTC,7000,0.35,-70.35,EUR\n"
        "default,2,BTC-EUR,SELL,2020-01-03T10:00:00.123Z,0.01,BTC,7000,0.35,69.65,EUR\n"
    )
    assert detect(fills.encode(), "fills.csv").source == "coinbase_pro"
    assert all_told(read(fills, "coinbase_pro")) == [
        "2020-01-02 10:00:00 buy -70 fiat:EUR +0.01 BTC fee 0.35 fiat:EUR",
        "2020-01-03 10:00:00 sell -0.01 BTC +70 fiat:EUR fee 0.35 fiat:EUR",
    ]
