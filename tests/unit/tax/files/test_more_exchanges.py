"""CoinTracker, Blockpit, BlockFi, Bittrex, Nexo, Bitcoin.tax, rotki: what the files that are there say."""

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
    assert all_told(done) == ["2022-01-02 10:00:00 income:staking +1 ETH", "2022-01-03 12:00:00 loss -1 ETH"]
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


def test_nexo():
    content = shared_file("rotki/nexo.csv")
    assert detect(content, "x").source == "nexo"
    done = read(content, "nexo")
    assert all_told(done) == [
        "2022-02-01 07:01:00 income:interest +127.5520683 fiat:GBP",
        "2022-03-22 15:52:33 deposit +3050 MATIC=4639.42515 USD",
        "2022-03-22 15:45:25 deposit +5 MATIC=7.6345 USD",
        "2022-03-01 00:00:00 income:reward +0.10000001 NEXO=0.40174998 USD",
        "2022-04-09 00:00:00 repay -710.82 fiat:GBP",
        "2022-04-10 00:00:00 income:reward +0.00999999 BTC=99.99971452 USD",
        "2022-02-11 00:00:00 repay -930.6076743 fiat:USD",
        "2022-04-13 19:15:00 deposit +595.92 USDC=595.62204 USD",
        "2022-04-17 10:41:00 buy -54 fiat:GBP +0.0017316 BTC=69.85 USD",
        "2022-04-17 10:41:00 deposit +54 fiat:GBP",
        "2022-04-20 07:00:00 income:interest +1.09246793 USDC=1.09 USD",
        "2022-07-14 07:00:07 income:interest +0.00178799 ETH=1.98 USD",
        "2022-04-17 10:43:00 withdrawal -0.0017316 BTC=69.86150519 USD",
        "2021-05-25 11:00:00 withdrawal -5000 fiat:GBP",
        "2024-12-28 06:00:00 income:interest +5.37250072 NEXO=7.19 USD",
        "2024-12-28 06:00:00 income:interest +0.121798 USDC=0.12 USD",
        "2024-12-23 16:32:19 income:reward +1.285392 USDC=1.29 USD",
        "2024-09-24 11:08:42 deposit +703.853838 USDC=704.32 USD",
        "2024-02-03 23:30:36 withdrawal -47.99 fiat:EUR",
        "2022-06-30 22:00:02 fee fee 0.01 fiat:USD",
        "2024-08-23 00:05:33 income:reward +0.00001953 BTC=1.18 USD",
        "2024-06-24 00:05:29 income:reward +0.00007929 BTC=5 USD",
        "2024-12-23 16:32:19 buy -500 fiat:EUR +514.156795 USDC=514.17 USD",
        "2023-06-07 13:50:25 income:airdrop +2.73209017 LUNA2=2.09 USD",
        "2022-07-01 19:03:53 repay -0.16999997 fiat:USD",
        "2022-07-01 19:03:47 sell -0.169629 USDC=0.17 USD +0.17 fiat:USD",
    ]
    assert [(each.line, each.is_fatal) for each in done.problems] == [(8, False), (31, False), (33, False)]  # cards
    assert "Rejected" in done.rows[1].says and "same as line 23" in done.rows[22].says
    older = read(shared_file("rotki/corrupt_nexo.csv"), "nexo")
    assert fatal(older) == [(5, "Type"), (7, "Type")] and len(older.transactions) == 12


def test_bitcoin_tax():
    content = shared_file("rotki/bitcoin_tax_trades.csv")
    assert detect(content, "x").source == "bitcoin_tax"
    done = read(content, "bitcoin_tax")
    assert all_told(done) == [
        "2018-06-03 21:16:15 buy -1004.98503789 fiat:EUR +0.99735527 BCH fee 3.01495511 fiat:EUR",
        "2018-11-09 13:51:11 swap -713.952 USDT +0.111 BTC fee 0.000222 BTC",
    ]
    assert fatal(done) == [(4, "Action")] and [each.wallet for each in done.transactions] == ["Coinbase Pro", "Gate.io"]
    spent = read(shared_file("rotki/bitcoin_tax_spending.csv"), "bitcoin_tax")
    assert all_told(spent) == ["2018-12-01 22:00:00 spend -0.05 BTC=280.495 EUR"]


def test_rotki():
    usdc, usdt = "1:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48", "1:0xdac17f958d2ee523a2206206994597c13d831ec7"
    uni, dai = "1:0x1f9840a85d5af5bf1d1762f925bdaddc4201f984", "1:0x6b175474e89094c44da98b954eedeac495271d0f"
    trades = shared_file("rotki/rotki_generic_trades.csv")
    assert detect(trades, "x").source == "rotki"
    done = read(trades, "rotki")
    assert all_told(done) == [
        f"2022-07-29 09:00:00 swap -1875.64 {usdc} +1 ETH",
        "2022-07-30 09:00:00 swap -392.887 LTC +4.3241 BTC",
        f"2022-08-01 09:00:00 swap -20 {uni} +880 {dai} fee 0.104 fiat:USD",
        "2022-08-01 09:08:20 swap -4576.64 ADA +16.3444 BCH fee 5.1345 fiat:USD",
        "2022-08-01 09:08:20 swap -4576.64 ADA +16.3444 BCH fee 5.1345 fiat:USD",
    ]
    assert fatal(done) == [(7, None)] and len({each.id for each in done.transactions}) == 5
    events = read(shared_file("rotki/rotki_generic_events.csv"), "rotki")
    assert all_told(events) == [
        "2022-07-27 09:00:00 deposit +1000 fiat:EUR",
        f"2022-07-28 09:00:00 withdrawal -99 {usdt} fee 1 {usdt}",
        "2022-07-29 09:00:00 withdrawal -1.01 1:0xb8c77482e45f1f44de1745f52c74426c631bdd52",
        "2022-08-01 08:00:00 income:staking +0.0513 ETH",
        "2022-08-02 09:00:00 loss -0.091 BTC",
        f"2022-08-03 08:00:00 income:other +1000 {dai}",
    ]
    assert fatal(events) == [(8, "Type")]


def test_bitbank_in_japanese_and_in_japans_time():
    deposits = shared_file("dali/input/test_bitbank_deposits.csv")
    assert detect(deposits, "x.csv").source == "bitbank"
    assert all_told(read(deposits, "bitbank")) == [
        "2022-11-12 02:57:01 deposit +54.54 XRP",
        "2022-10-13 01:57:01 deposit +0.00001 BTC",  # the third one failed
    ]
    withdrawals = read(shared_file("dali/input/test_bitbank_withdrawals.csv"), "bitbank")
    assert all_told(withdrawals) == [
        "2022-04-20 07:20:00 withdrawal -900 XLM fee 0.01 XLM",
        "2022-04-25 07:21:00 withdrawal -0.125 ETH fee 0.0001 ETH",
    ]
    assert "did not happen" in withdrawals.rows[2].says
    yen = read(shared_file("dali/input/test_bitbank_fiat_deposits.csv"), "bitbank")
    assert all_told(yen) == ["2022-04-19 22:19:00 deposit +6900 fiat:JPY"]


def test_coincheck_and_pionex():
    bought = shared_file("dali/input/test_coincheck_buys.csv")
    assert detect(bought, "x.csv").source == "coincheck"
    assert all_told(read(bought, "coincheck")) == ["2022-04-20 16:20:00 buy -10000 fiat:JPY +0.005 BTC"]
    assert all_told(read(bought.replace(b"completed", b"canceled"), "coincheck")) == []
    moved = shared_file("dali/input/test_pionex_transfers.csv")
    assert detect(moved, "x.csv").source == "pionex"
    assert all_told(read(moved, "pionex")) == [
        "2022-02-27 12:02:00 deposit +115 BUSD",
        "2022-03-25 11:02:00 withdrawal -100 BUSD",
    ]
    assert fatal(read(moved.replace(b"WITHDRAW,", b"LOST,"), "pionex")) == [(3, "tx_type")]


def test_uphold_exchanges_on_the_way():
    content = shared_file("rotki/uphold-transaction-history.csv")
    assert detect(content, "x.csv").source == "uphold"
    assert all_told(read(content, "uphold")) == [
        "2020-05-26 18:06:28 swap -0.00714216 BTC +314.642101 XRP fee 0.0000021 BTC",
        "2020-05-26 18:06:28 withdrawal -314.642101 XRP",
        "2020-05-20 02:00:26 swap -133.362002 NANO +1.26155562 LTC fee 0.111123 NANO",
        "2020-05-20 02:00:26 withdrawal -1.26155562 LTC",
        "2020-05-13 13:30:04 withdrawal -24.65 fiat:GBP",
        "2020-03-29 12:21:44 sell -0.00421 BTC +24.65 fiat:GBP",
        "2020-02-11 13:13:57 buy -25 fiat:GBP +0.00331961 BTC",
        "2019-12-19 18:40:09 deposit +5.15 BAT",
    ]
    assert fatal(read(content.replace(b",transfer", b",loan"), "uphold")) == [(5, "Type")]


def test_coinledger_puts_lines_of_an_id_together():
    content = shared_file("rotki/coinledger_export.csv")
    assert detect(content, "x.csv").source == "coinledger"
    done = read(content, "coinledger")
    assert all_told(done)[:4] == [
        "2025-08-12 05:30:00 deposit +10 DOGE",
        "2025-08-12 05:33:18 withdrawal -55 DOGE",
        "2025-03-02 16:24:08 deposit +111.5 DOGE",
        "2021-03-08 15:27:29 deposit +11.31276 USDT",
    ]
    assert [line for line, _ in fatal(done)] == [2, 6, 7, 8, 9, 10]  # one side of a trade only
    assert [each.line for each in done.problems if not each.is_fatal] == [11, 28]  # margin
    assert {each.wallet for each in done.transactions} == {
        "Binance",
        "Binance Smart Chain",
        "Pionex",
        "Kraken",
        "Coinbase",
    }
    head = content.decode("utf-8-sig").splitlines()[0]
    lines = [
        f"2025-03-06T00:00:00.000,Trade,47,Pionex,Pionex,,,{each},"
        for each in ("Debit,USDT,-10.2", "Credit,TRX,283.9", "Platform Fee,TRX,-0.14")
    ]
    whole = read("\n".join([head, *lines]), "coinledger")
    assert all_told(whole) == ["2025-03-06 00:00:00 swap -10.2 USDT +283.9 TRX fee 0.14 TRX"]
