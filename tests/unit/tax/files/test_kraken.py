"""Kraken: lines of one refid belong together, its names are undone, and both of its files give the same ids."""

import pytest

from backend.tax.files.reading import detect
from backend.tax.files.sources.kraken import own_names
from tests.unit.tax.files.given import all_told, fatal, read

LEDGERS = """"txid","refid","time","type","subtype","aclass","asset","wallet","amount","fee","balance"
"","QCC","2021-01-01 10:00:00","deposit","","currency","ZEUR","spot / main",1000.0000,0.0000,""
"L1","QCC","2021-01-01 10:00:01","deposit","","currency","ZEUR","spot / main",1000.0000,0.0000,1000
"L2","TAA","2021-01-02 10:00:00.1234","trade","","currency","ZEUR","spot / main",-500.0000,1.3000,498.7
"L3","TAA","2021-01-02 10:00:00.1234","trade","","currency","XXBT","spot / main",0.0200000000,0.0000000000,0.02
"L4","RXX","2021-01-03 10:00:00","staking","","currency","DOT.S","spot / main",0.01,0,0.01
"L5","RYY","2021-01-04 10:00:00","transfer","spottostaking","currency","DOT","spot / main",-5,0,0.01
"L6","WZZ","2021-01-05 10:00:00","withdrawal","","currency","XXBT","spot / main",-0.01,0.0005,0.01
"L7","S1","2021-01-06 10:00:00","spend","","currency","ZUSD","spot / main",-100,1.5,0
"L8","S1","2021-01-06 10:00:00","receive","","currency","XETH","spot / main",0.1,0,0
"L9","S2","2021-01-07 10:00:00","receive","","currency","XETH","spot / main",0.1,0,0
"L10","E1","2024-01-07 10:00:00","earn","reward","currency","ETH2.S","spot / main",0.001,0.0001,0
"L11","M1","2024-01-07 10:00:00","margin","","currency","ZUSD","spot / main",5,1,0
"L12","F1","2024-01-07 10:00:00","trade","","currency","ZUSD","spot / main",x,1,0
"L13","F1","2024-01-07 10:00:00","trade","","currency","XXDG","spot / main",5,1,0
"L14","K1","2024-01-07 10:00:00","deposit","","currency","KFEE","spot / main",500,0,0
"L15","W9","2024-01-08 10:00:00","withdrawal","","currency","XXBT","spot / main",0.01,0,0
"L16","T9","2024-01-09 10:00:00","transfer","","currency","SGB","spot / main",3,0,3
"L17","U9","2024-01-09 10:00:00","teleport","","currency","SGB","spot / main",3,0,3
"""
TRADES = """"txid","ordertxid","pair","time","type","ordertype","price","cost","fee","vol","margin","misc","ledgers"
"TAA","O1","XXBTZEUR","2021-01-02 10:00:00.1234","buy","limit",25000,500.0000,1.3,0.02,0,"","L2,L3"
"TBB","O2","XTZUSD","2021-01-02 10:00:00.1234","sell","limit",2.5,5.0,0.1,2,0,"","L2,L3"
"TCC","O3","USDTZUSD","2021-01-02 10:00:00.1234","sell","limit",1,5.0,0.1,5,0,"","L2,L3"
"TDD","O4","DOT/USD","2021-01-02 10:00:00.1234","sell","limit",1,5.0,0.1,5,5,"","L2,L3"
"""


def test_the_ledgers():
    assert detect(LEDGERS.encode(), "ledgers.csv").source == "kraken"
    done = read(LEDGERS, "kraken")
    assert all_told(done) == [
        "2021-01-01 10:00:01 deposit +1000 fiat:EUR",
        "2021-01-02 10:00:00 buy -500 fiat:EUR +0.02 BTC fee 1.3 fiat:EUR",
        "2021-01-03 10:00:00 income:staking +0.01 DOT",
        "2021-01-05 10:00:00 withdrawal -0.01 BTC fee 0.0005 BTC",
        "2021-01-06 10:00:00 buy -100 fiat:USD +0.1 ETH fee 1.5 fiat:USD",
        "2024-01-07 10:00:00 income:staking +0.001 ETH fee 0.0001 ETH",
        "2024-01-08 10:00:00 deposit +0.01 BTC",  # a withdrawal that was taken back
        "2024-01-09 10:00:00 income:airdrop +3 SGB",
    ]
    assert fatal(done) == [(11, "refid"), (14, "amount"), (15, None), (19, "type")]
    assert [(each.line, each.column) for each in done.problems if not each.is_fatal] == [(13, "type"), (18, "type")]
    assert done.transactions[1].happened_at.microsecond == 123400
    assert done.rows[2].transaction_ids == done.rows[3].transaction_ids


def test_trades_have_the_ids_of_their_ledger_lines():
    assert detect(TRADES.encode(), "trades.csv").source == "kraken"
    done = read(TRADES, "kraken")
    assert all_told(done) == [
        "2021-01-02 10:00:00 buy -500 fiat:EUR +0.02 BTC fee 1.3 fiat:EUR",
        "2021-01-02 10:00:00 sell -2 XTZ +5 fiat:USD fee 0.1 fiat:USD",
        "2021-01-02 10:00:00 sell -5 USDT +5 fiat:USD fee 0.1 fiat:USD",
    ]
    assert "Margin" in done.rows[3].says
    assert done.transactions[0].id == read(LEDGERS, "kraken").transactions[1].id


def test_the_order_of_lines_is_nothing_to_the_ids():
    head, *lines = LEDGERS.splitlines()
    turned = read("\n".join([head, *reversed(lines)]), "kraken")
    assert {each.id for each in turned.transactions} == {each.id for each in read(LEDGERS, "kraken").transactions}


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("XXBT", "BTC"), ("XBT", "BTC"), ("ZUSD", "USD"), ("ZEUR", "EUR"), ("XETH", "ETH"), ("XXDG", "DOGE"),
        ("XDG", "DOGE"), ("ETH2", "ETH"), ("ETH2.S", "ETH"), ("DOT.S", "DOT"), ("DOT28.S", "DOT"), ("USD.M", "USD"),
        ("XBT.M", "BTC"), ("EUR.HOLD", "EUR"), ("ADA.F", "ADA"), ("XTZ", "XTZ"), ("XTZ.S", "XTZ"), ("ZRX", "ZRX"),
        ("XRP", "XRP"), ("XXRP", "XRP"), ("USDT", "USDT"), ("XCN", "XCN"), ("ZETA", "ZETA"),
    ],
)  # fmt: skip
def test_names(name: str, plain: str):
    assert own_names(name) == plain
