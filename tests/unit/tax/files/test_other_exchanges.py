"""Crypto.com, Bitstamp, KuCoin, Gemini, Koinly, CoinTracking."""

from backend.tax.files.reading import detect
from tests.unit.tax.files.given import all_told, at, fatal, read, sample, shared_file

CRYPTO_COM = """
2020-12-15 09:25:14 swap -0.6295092 DOT=4.8 EUR -1.3387887 UNI=5.84 EUR +193.02779901061902311 CRO=10.59 EUR
2020-12-01 14:39:25 swap -0.00050680380674961 DAI +0.007231228760408149 CRO
2020-10-12 19:10:36 deposit +0.033 ETH=10.75 EUR
2020-10-12 19:09:36 withdrawal -161.73231782 CRO=10.71 EUR
2020-10-12 18:09:36 income:reward +482.2566417 CRO=42.23 EUR
2020-10-12 15:09:36 income:reward +52.151 CRO=3.49 EUR
2020-09-12 18:09:36 income:reward +138.256 CRO=19.76 EUR
2020-08-09 17:10:25 withdrawal -115 DAI=98.37 EUR
2020-08-09 17:09:25 deposit +115 DAI=98.37 EUR
2020-08-06 16:09:25 swap -50 MCO=159.97 EUR +1301.64 CRO=182.23 EUR
2020-08-06 22:47:56 withdrawal -276.46122951 CRO=37.63 EUR
2020-08-03 14:39:25 swap -50.00402069 MCO=168.37 EUR +1382.306147552291 CRO=197.68 EUR
2020-08-03 04:45:34 income:interest +0.00061475 ETH=0.19 EUR
2020-07-31 15:37:07 swap -12.32 MCO=42.13 EUR +0.14445954600007045 ETH=42.13 EUR
2020-07-29 09:17:03 income:reward +12.32402069 MCO=50 USD
2020-07-29 09:16:54 buy -176.05 fiat:EUR +50 MCO=176.05 EUR
2020-07-27 06:59:55 buy -281.14 fiat:EUR +1 ETH=281.14 EUR
2021-07-19 18:56:00 buy -78.01 fiat:EUR +0.003 BTC=79.03 EUR
2021-05-05 05:34:27 sell -750 DOGE=406.22 EUR +406.22 fiat:EUR
2021-03-25 11:00:41 deposit +15.31 CRO=2.63 EUR
2021-03-25 10:52:28 income:reward +0.3076 CRO=0.05 EUR
2021-03-25 10:52:27 spend -15.38 CRO=2.63 EUR
2021-03-20 18:59:00 deposit +100 CRO=18.21 EUR
2021-03-20 10:49:11 income:reward +10 CRO=2 EUR
2021-03-20 10:49:11 withdrawal -100 CRO=20 EUR
2021-03-07 06:17:09 spend -7.76792828 CRO=1 EUR
2021-03-06 00:05:35 income:reward +7.76792828 CRO=1 EUR
2025-02-01 07:09:10 buy -5 fiat:USD +10 SOL=5 USD
2025-04-18 13:19:44 buy -10 fiat:USD +7.99 ETH=10 USD
"""


def test_crypto_com():
    content = shared_file("rotki/cryptocom_trades_list.csv")
    found = detect(content, "crypto_transactions_record.csv")
    assert (found.source, found.encoding, found.is_sure) == ("crypto_com", "utf-8-sig", True)
    done = read(content, "crypto_com")
    assert all_told(done) == CRYPTO_COM.strip().splitlines()
    assert [(each.line, each.is_fatal) for each in done.problems] == [(34, False)]  # a refund
    # The overall line of the swap of 2020 is the sum of the stake's and the wallet's: they are in it.
    assert "overall" in done.rows[18].says and done.rows[18].transaction_ids == ()
    assert len(done.rows[0].transaction_ids) == 1 and done.rows[0].transaction_ids == done.rows[2].transaction_ids


def test_crypto_com_special_events():
    done = read(shared_file("rotki/cryptocom_special_events.csv"), "crypto_com")
    assert done.problems == ()
    assert all_told(done)[:4] == [
        "2021-01-05 22:00:00 income:staking +1 CRO=1 USD",
        "2021-01-05 22:00:00 swap -0.1 MCO=1 USD +1 CRO=1 USD",
        "2021-01-05 22:00:00 income:staking +0.5 MCO=1 USD",
        "2021-01-05 22:00:00 withdrawal -1 CRO=1 USD",
    ]
    assert all_told(done)[-2:] == [
        "2021-10-28 03:16:38 sell -12.94 USDC=11.3 EUR +11.3 fiat:EUR",
        "2021-10-29 03:16:38 spend -0.5678 CRO=0.25 USD",
    ]
    # What goes into Invest is a position of its own, of each asset.
    positions = {each.position for each in done.transactions if each.kind.value in ("supply", "withdraw")}
    assert positions == {"Mine: Invest BTC", "Mine: Invest ETC"}


def test_bitstamp():
    content = shared_file("rotki/bitstamp.csv")
    assert detect(content, "x.csv").source == "bitstamp"
    assert all_told(read(content, "bitstamp")) == [
        "2022-01-28 00:13:00 deposit +2 ETH",
        "2022-01-28 00:31:00 sell -1 ETH +2214.01 fiat:EUR fee 10.87005 fiat:EUR",
        "2022-01-30 11:40:00 withdrawal -2211.01 fiat:EUR fee 3 fiat:EUR",
    ]


def test_bitstamp_with_units_in_columns():
    content = (
        "ID,Account,Type,Subtype,Datetime,Amount,Amount currency,Value,Value currency,Rate,Rate currency,Fee,"
        "Fee currency,Order ID\n"
        "1,Main Account,Market,Buy,2023-01-28T10:00:00Z,0.5,ETH,800,EUR,1600,EUR,4,EUR,9\n"
        "2,Main Account,Staking reward,,2023-01-29T10:00:00Z,0.001,ETH2R,,,,,,,\n"
        "3,Main Account,Teleport,,2023-01-29T10:00:00Z,0.001,ETH,,,,,,,\n"
    )
    assert detect(content.encode(), "x.csv").source == "bitstamp"
    done = read(content, "bitstamp")
    assert all_told(done) == [
        "2023-01-28 10:00:00 buy -800 fiat:EUR +0.5 ETH fee 4 fiat:EUR",
        "2023-01-29 10:00:00 income:staking +0.001 ETH",
    ]
    assert fatal(done) == [(4, "Type")]


def test_kucoin_says_that_its_zone_is_not_in_the_file():
    content = shared_file("rotki/kucoin_order_history.csv")
    assert detect(content, "x.csv").source == "kucoin"
    done = read(content, "kucoin", timezone="Asia/Singapore")
    assert all_told(done) == [
        "2022-04-28 04:36:00 swap -36.4479 XTZ +3.73590975 USDT fee 0.00373590975 USDT",
        "2022-04-28 07:46:07 swap -280.8559209946952 USDT +432.59183198 XRP fee 0.2808559209946952 USDT",
    ]
    assert [(each.line, each.is_fatal) for each in done.problems] == [(1, False)]
    assert "Asia/Singapore is taken" in done.problems[0].reason


def test_kucoin_of_other_years():
    assert all_told(read(shared_file("rotki/kucoin_order_history_old.csv"), "kucoin")) == [
        "2019-05-11 10:27:17 swap -0.00152402 BTC +10.01 KCS fee 0.00000152 BTC",
        "2019-05-11 10:27:18 swap -10.02 KCS +0.00152403 BTC fee 0.00000153 BTC",
    ]
    newest = (
        "UID,Account Type,Order ID,Order Time(UTC+08:00),Symbol,Side,Order Type,Order Price,Order Amount,"
        "Avg. Filled Price,Filled Amount,Filled Volume,Filled Volume (USDT),Filled Time(UTC+08:00),Fee,Fee Currency,"
        "Tax,Status\n"
        "1,mainAccount,o1,2023-01-01 07:00:00,BTC-USDT,BUY,LIMIT,20000,0.1,20000,0.1,2000,2000,2023-01-01 07:00:00,"
        "2,USDT,,deal\n"
    )
    found = detect(newest.encode(), "x.csv")
    assert (found.source, found.is_sure) == ("kucoin", True)
    done = read(newest, "kucoin")
    assert all_told(done) == ["2022-12-31 23:00:00 swap -2000 USDT +0.1 BTC fee 2 USDT"]
    assert done.problems == ()  # the heading names the zone


def test_kucoin_deposits_and_withdrawals():
    head = "UID,Account Type,Time(UTC),Coin,Amount,Fee,{},Transfer Network,Status,Remarks\n"
    line = "1,mainAccount,2023-01-01 07:00:00,ETH,1,0.001,0xab,ERC20,SUCCESS,\n"
    came, went = head.format("Deposit Address") + line, head.format("Withdrawal Address/Account") + line
    assert all_told(read(came, "kucoin")) == ["2023-01-01 07:00:00 deposit +1 ETH fee 0.001 ETH"]
    assert all_told(read(went, "kucoin")) == ["2023-01-01 07:00:00 withdrawal -1 ETH fee 0.001 ETH"]


def test_gemini_has_columns_for_every_asset():
    content = sample("gemini.csv")
    found = detect(content.encode(), "x.csv")
    assert (found.source, found.is_sure) == ("gemini", True)
    done = read(content, "gemini")
    assert all_told(done) == [
        "2021-01-02 10:00:00 deposit +1000 fiat:USD",
        "2021-01-03 10:00:00 buy -500 fiat:USD +0.01 BTC fee 1.75 fiat:USD",
        "2021-01-04 10:00:00 sell -0.01 BTC +250 fiat:USD fee 1 fiat:USD",
        "2021-01-05 10:00:00 withdrawal -0.005 BTC fee 0.0001 BTC",
    ]
    assert fatal(done) == [(7, "Type")]  # a sale whose amounts are a purchase
    assert done.transactions[3].legs[0].counterparty == "bc1q"


def test_gemini_saved_by_a_spreadsheet_has_the_asset_inside_of_the_brackets():
    head = (
        "Date,Time (UTC),Type,Symbol,Specification,USD Amount USD,Fee (USD) USD,USD Balance USD,BTC Amount BTC,"
        "Fee (BTC) BTC,BTC Balance BTC,ETH Amount ETH,Fee (ETH) ETH,ETH Balance ETH\n"
    )
    lines = (
        '2021-01-01,10:00:00.123,Buy,BTCUSD,,"($1,000.00)",($3.50),$0.00,0.02 BTC,,0.02 BTC,,,\n'
        "2021-01-03,10:00:00.123,Sell,ETHBTC,,,,,0.05 BTC,(0.0001 BTC),0.07 BTC,(1.0 ETH),,0.0 ETH\n"
        "2021-01-04,10:00:00.123,Debit,BTC,Withdrawal,,,,(0.01 BTC),,0.06 BTC,,,\n"
    )
    done = read(head + lines, "gemini")
    assert done.problems == ()
    assert all_told(done) == [
        "2021-01-01 10:00:00 buy -1000 fiat:USD +0.02 BTC fee 3.5 fiat:USD",
        "2021-01-03 10:00:00 swap -1 ETH +0.05 BTC fee 0.0001 BTC",
        "2021-01-04 10:00:00 withdrawal -0.01 BTC",
    ]


def test_koinly_report():
    content = sample("koinly_report.csv")
    assert detect(content.encode(), "x.csv").source == "koinly"
    done = read(content, "koinly")
    assert all_told(done) == [
        "2021-01-02 10:00:00 buy -100 fiat:EUR +0.01 BTC=100 EUR fee 1 fiat:EUR",
        "2021-01-03 10:00:00 transfer -0.01 BTC=100 EUR +0.01 BTC=100 EUR fee 0.0001 BTC=1 EUR",
        "2021-01-04 10:00:00 income:staking +1 ETH=100 EUR",
        "2021-01-05 10:00:00 loss -1 ETH=100 EUR",
        "2021-01-06 10:00:00 swap -1 ETH=1900 EUR +2000 USDC=1900 EUR fee 0.01 ETH=20 EUR",
    ]
    assert [(each.wallet, each.to_wallet) for each in done.transactions[:3]] == [
        ("Kraken", None), ("Kraken", "0xabc"), ("0xabc", None),
    ]  # fmt: skip
    assert fatal(done) == [(7, "Label")]


def test_koinly_universal_and_bulk():
    universal = (
        "Date,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,Net Worth Amount,"
        "Net Worth Currency,Label,Description,TxHash\n"
        "2021-01-02 10:00 UTC,1,ETH,,,0.01,ETH,1000,USD,gift,for you,\n"
        "2021-01-03 10:00 UTC,,,1,ETH,,,1000,USD,mining,,\n"
    )
    assert detect(universal.encode(), "x.csv").source == "koinly"
    assert all_told(read(universal, "koinly")) == [
        "2021-01-02 10:00:00 gift_out -1 ETH=1000 USD fee 0.01 ETH",
        "2021-01-03 10:00:00 income:mining +1 ETH=1000 USD",
    ]
    bulk = (
        "ID (read-only),Parent ID (read-only),Date (UTC),Type,Tag,From Wallet (read-only),From Wallet ID,From Amount,"
        "From Currency,To Wallet (read-only),To Wallet ID,To Amount,To Currency,Fee Amount,Fee Currency,"
        "Net Value (read-only),Fee Value (read-only),Value Currency (read-only),Deleted,TxHash,Description\n"
        "A1,,2021-01-02 10:00:00,exchange,,Kraken;7,7,1,ETH;3,Kraken;7,7,2000,USDC;9,,,1900,,USD;1,false,,\n"
        "A2,,2021-01-02 10:00:00,exchange,,Kraken;7,7,1,ETH;3,Kraken;7,7,2000,USDC;9,,,1900,,USD;1,true,,\n"
    )
    done = read(bulk, "koinly")
    assert all_told(done) == ["2021-01-02 10:00:00 swap -1 ETH=1900 USD +2000 USDC=1900 USD"]
    assert done.transactions[0].wallet == "Kraken" and "Deleted" in done.rows[1].says


def test_cointracking_has_its_fees_inside_of_the_sides():
    content = shared_file("rotki/cointracking_trades_list.csv")
    assert detect(content, "x.csv").source == "cointracking"
    done = read(content, "cointracking")
    assert all_told(done) == [
        "2019-09-20 13:00:00 withdrawal -0.001267 ETH fee 0.0001 ETH",
        "2019-09-20 02:01:10 deposit +0.02 ETH",
        "2019-09-02 10:00:10 gift_in +0.001 BTC",
        "2019-09-03 10:00:05 income:other +2 ETH",
        "2019-09-02 09:29:00 deposit +0.33676476 BTC",
        "2019-08-15 05:57:04 deposit +5 XMR",
        "2019-08-24 23:01:59 buy -10.97 fiat:EUR +0.05772716 ETH fee 0.02 fiat:EUR",
        "2019-08-25 09:42:35 withdrawal -0.05760427 ETH fee 0.0001 ETH",
        "2022-01-05 12:38:00 income:staking +1 AXS",
        "2022-02-08 11:29:00 income:staking +2.12 ETH",
        "2022-01-05 12:38:00 income:staking +1 AXS",
    ]
    assert fatal(done) == [(10, "Buy")]
    assert [each.wallet for each in done.transactions[:2]] == ["ETH Transaction", "ETH Transaction"]
    bought = '"Type","Buy","Cur.","Sell","Cur.","Fee","Cur.","Exchange","Group","Comment","Date"\n'
    bought += '"Trade","0.99","BTC","500","USD","0.01","BTC","x","","","01.02.2020 10:00"\n'
    assert all_told(read(bought, "cointracking")) == ["2020-02-01 10:00:00 buy -500 fiat:USD +1 BTC fee 0.01 BTC"]


def test_cointracking_with_dates_that_can_be_read_in_two_ways():
    content = shared_file("rotki/cointracking_custom_dates.csv")
    assert fatal(read(content, "cointracking")) == [(2, "Date"), (3, "Date")]
    done = read(content, "cointracking", mapping={"date_order": "day_first"})
    assert [each.happened_at for each in done.transactions] == [at("2017-09-05 21:14"), at("2017-09-05 21:14")]
