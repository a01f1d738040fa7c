"""CoinTracker, Blockpit, BlockFi, Bittrex: golden expectations of the files that are there."""

from backend.tax.files.reading import detect
from tests.unit.tax.files.given import all_told, fatal, read, shared_file


def test_cointrackers_format_as_pionex_writes_it():
    content = shared_file("dali/input/test_pionex_trades.csv")
    assert detect(content, "x.csv").source == "cointracker"
    assert all_told(read(content, "cointracker")) == [
        "2022-02-27 12:09:00 swap -200 BUSD +0.1 ETH fee 0.00995 ETH",
        "2022-02-27 12:11:00 swap -0.05 ETH +110 BUSD fee 0.055 BUSD",
    ]
    head = content.decode().splitlines()[0]
    done = read(
        f"{head}\n1/2/2022 10:00,1,ETH,,,,,staked\n1/3/2022,,,1,ETH,,,lost\n1/3/2022,,,1,ETH,,,x\n", "cointracker"
    )
    assert all_told(done) == ["2022-01-02 10:00:00 income:staking +1 ETH", "2022-01-03 00:00:00 loss -1 ETH"]
    assert fatal(done) == [(4, "Tag")]


def test_blockpit():
    content = shared_file("rotki/blockpit_transactions.csv")
    found = detect(content, "x.csv")
    assert (found.source, found.delimiter, found.is_sure) == ("blockpit", ";", True)
    done = read(content, "blockpit")
    assert all_told(done) == [
        "2023-01-06 20:08:00 gift_out -10 META fee 0.001537148341223424 MATIC",
        "2023-01-08 01:00:00 income:reward +0.01061899 fiat:EUR",
        "2023-01-08 12:44:00 buy -168.69217 fiat:EUR +223.7 MATIC fee 0.2237 MATIC",
        "2023-01-08 15:48:00 sell -140.5 MATIC +106.1899 fiat:EUR fee 0.1061899 fiat:EUR",
        "2023-01-08 16:19:00 withdrawal -0.0095 BNB fee 0.0005 BNB",
        "2023-01-08 16:19:00 deposit +0.0095 BNB",
        "2023-01-08 16:20:00 fee fee 0.00024391 BNB",
        "2023-01-08 16:22:00 withdrawal -0.00915109 BNB fee 0.000105 BNB",
        "2023-01-08 16:22:00 deposit +0.00915109 BNB",
        "2023-01-08 16:24:00 swap -0.24209916 USDT +0.00092036 BNB fee 0.0000184 BNB",
        "2023-01-08 18:56:00 withdrawal -150 fiat:EUR",
        "2023-01-26 19:06:00 deposit +1000 fiat:EUR",
        "2023-01-26 19:10:00 withdrawal -1000 fiat:EUR",
        "2023-02-09 03:25:00 income:staking +0.1932938 MATIC",
        "2023-02-09 15:00:00 income:interest +0.06 fiat:EUR",
    ]
    assert [(each.line, each.is_fatal) for each in done.problems] == [(15, False), (16, False)]  # margin
    assert done.transactions[0].wallet == "Polygon Wallet Depot"
    turned = read(content.decode().replace(";Staking;;;MATIC;0.1932938;", ";Staking;MATIC;0.1932938;;;"), "blockpit")
    assert fatal(turned) == [(17, "Transaction Type")]


def test_blockfi():
    done = read(shared_file("rotki/blockfi-transactions.csv"), "blockfi")
    assert all_told(done) == [
        "2021-01-30 23:59:59 income:interest +0.56469042 ETH",
        "2020-12-02 23:59:59 income:reward +0.00052383 BTC",
        "2020-11-21 16:59:31 withdrawal -3 ETH",
        "2020-09-16 21:59:59 income:reward +0.48385358 ETH",
        "2020-07-20 12:10:55 deposit +1.11415058 BTC",
        "2021-01-27 07:57:38 deposit +3597.486277 USDC",
        "2021-01-28 07:57:38 withdrawal -2.11415058 BTC",
    ]
    assert [(each.line, each.is_fatal) for each in done.problems] == [(2, False), (3, False)]  # halves of a trade
    trades = shared_file("rotki/blockfi-trades.csv")
    assert detect(trades, "x").source == "blockfi"
    assert all_told(read(trades, "blockfi")) == ["2021-01-30 23:59:59 swap -42.23878904 LTC +6404.6 USDC"]


def test_bittrex():
    orders = shared_file("rotki/bittrex_order_history.csv")
    assert detect(orders, "x").source == "bittrex"
    assert all_told(read(orders, "bittrex")) == [
        "2017-12-03 12:04:16 swap -0.24937498 BTC +731.28354007 SWT fee 0.00062343 BTC",
        "2017-08-13 21:32:03 swap -857.78221905 EDGELESS +0.15525 BTC fee 0.00038812 BTC",
    ]
    assert all_told(read(shared_file("rotki/bittrex_order_history_old.csv"), "bittrex")) == [
        "2018-12-31 15:22:46 swap -10 USDT +0.01 BTC fee 2 USDT"
    ]
    assert all_told(read(shared_file("rotki/bittrex_tx_history.csv"), "bittrex")) == [
        "2023-03-07 07:51:43 withdrawal -0.20084931 ETH",
        "2021-09-28 22:35:21 deposit +0.00000001 BCHA",
    ]
