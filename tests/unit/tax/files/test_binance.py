"""Binance: the history grouped by second and operation, and the smaller exports."""

from decimal import Decimal

from backend.tax.files.reading import detect
from tests.unit.tax.files.given import all_told, fatal, read, shared_file

EXPECTED = """
2020-10-28 22:03:03 buy -245.25 fiat:EUR +0.576474665 BNB
2020-10-28 22:03:03 deposit +245.25 fiat:EUR
2020-10-30 07:16:38 buy -150 fiat:EUR +1.19592356 AXS
2020-10-30 14:21:20 buy -134.4719075 fiat:EUR +0.03605 ETH fee 0.00003605 ETH
2020-10-30 15:09:05 wrap -0.036 ETH +0.036 BETH
2020-11-01 09:36:13 income:staking +0.000004615 BETH
2020-11-01 23:50:10 income:interest +0.115147055 DAR
2020-11-03 21:12:59 buy -392.299062 fiat:EUR +0.09825 ETH fee 0.00009009 BNB 0.00008345 ETH
2020-11-04 02:28:08 income:staking +0.000092675 BNB
2020-11-12 08:21:54 swap -67.5 IOTA +0.001366875 BTC fee 0.0001057 BNB
2020-11-20 20:22:20 swap -0.002200335 SOL +0.000965195 BNB
2020-11-20 20:22:21 swap -0.000009895 BTC +0.000969265 BNB
2020-11-20 22:18:01 swap -336.5 DAR +1157.56 USDT fee 1.15756 USDT
2020-11-20 22:30:01 swap -1146.3354 USDT +882 IOTA fee 0.882 IOTA
2020-12-01 20:06:44 withdrawal -0.16 KNC
2020-12-01 15:51:47 swap -1.9156222799999999 ETH +0.20244869304439999 BTC fee 0.087689537396799996 BNB
2020-12-02 22:30:01 swap -1146.3354 USDT +882 IOTA
2023-01-13 05:29:00 income:staking +0.00001605 MATIC
2023-01-13 06:01:00 income:interest +0.00003634 BUSD
2023-01-13 05:29:00 income:staking +0.00001605 MATIC
2023-01-13 06:12:00 income:interest +0.00003634 BUSD
2023-06-05 19:47:00 swap -125.626918 BUSD +140.1195285 MATIC
2023-06-10 09:35:00 income:staking +0.0080696 SUI
2023-06-12 12:06:41 buy +479.6780028 BUSD
2023-06-12 12:09:22 deposit +2435.34 fiat:EUR
2023-06-15 10:29:11 income:reward +0.35628294 BUSD
2023-06-15 10:30:00 income:reward +4.87068 BUSD
2023-07-25 05:18:04 swap -2641 USDC +2641.2641 USDT
2023-07-28 18:48:58 swap -1.07 SOL +26.8249 USDT fee 0.00008316 BNB
2023-09-29 09:56:26 swap -28.46106 USDT +0.017 ETH fee 0.00009883 BNB
2024-01-01 14:21:20 buy -134.4719075 fiat:EUR +0.03605 ETH fee 0.00003605 ETH
2024-05-16 12:57:55 swap -0.14999997 BTC +2011.678 HIGH fee 2.011678 HIGH
2024-09-12 10:15:06 swap -0.54321 ETH +1234 USDT
2024-09-12 10:15:11 swap -0.54321 ETH +1234 USDT
2025-10-29 18:36:00 buy -16.7170236 fiat:EUR +0.00007 BTC +0.003 ETH fee 0.00001334 BNB
2025-11-10 18:36:00 swap -0.0627012 ETH +60 ZRX fee 0.06 ZRX
2025-11-20 12:54:15 swap -25656 ZRX +35.45074574 ETH fee 0.03545075 ETH
"""


def test_the_history_of_five_years():
    content = shared_file("rotki/binance_history.csv")
    found = detect(content, "history.csv")
    assert (found.source, found.is_sure) == ("binance", True)
    done = read(content, "binance")
    assert all_told(done) == EXPECTED.strip().splitlines()
    # An empty time, an empty coin, and an operation that there is not.
    assert fatal(done) == [(5, "UTC_Time"), (6, "Coin"), (42, "Operation")]
    # Paid from nobody knows where, three of futures, three assets in one second.
    assert [each.line for each in done.problems if not each.is_fatal] == [71, 80, 81, 82, 186]


def test_every_unit_of_the_history_is_in_one_transaction():
    """What is not left out sums to the same by asset, line by line and transaction by transaction."""
    done = read(shared_file("rotki/binance_history.csv"), "binance")
    made = {each.id: each for each in done.transactions}
    by_line: dict[str, list[str]] = {}
    for row in done.rows:
        for each in row.transaction_ids:
            by_line.setdefault(str(each), []).append(row.cells["Change"])
    for identity, changes in by_line.items():
        transaction = next(each for key, each in made.items() if str(key) == identity)
        total = sum((leg.amount for leg in transaction.legs), Decimal(0)) - sum(
            (fee.amount for fee in transaction.fees), Decimal(0)
        )
        assert total == sum((Decimal(text) for text in changes), Decimal(0))


def test_the_order_of_lines_is_nothing_to_the_ids():
    head, *lines = shared_file("rotki/binance_history.csv").decode().splitlines()
    turned = read("\n".join([head, *reversed(lines)]), "binance")
    straight = read("\n".join([head, *lines]), "binance")
    assert {each.id for each in turned.transactions} == {each.id for each in straight.transactions}


def test_half_a_conversion_over_the_border_of_a_second():
    content = (
        "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n"
        "1,24-01-31 10:00:00,Spot,Binance Convert,EUR,-10,\n"
        "1,24-01-31 10:00:01,Spot,Binance Convert,BTC,0.001,\n"
        "1,24-01-31 10:00:05,Spot,Binance Convert,BTC,0.002,\n"
    )
    done = read(content, "binance")
    assert all_told(done) == ["2024-01-31 10:00:00 buy -10 fiat:EUR +0.001 BTC"]
    assert fatal(done) == [(4, "Change")]


def test_margin_loans_and_boxes():
    content = (
        "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n"
        "1,2022-01-01 10:00:00,Cross Margin,Margin loan,USDT,100,\n"
        "1,2022-01-01 10:00:01,Cross Margin,Margin Repayment,USDT,-100,\n"
        "1,2022-01-01 10:00:02,Funding,Crypto Box,USDT,-5,\n"
        "1,2022-01-01 10:00:03,Funding,Crypto Box,USDT,6,\n"
        "1,2022-01-01 10:00:04,Spot,Withdraw,USDT,6,\n"
    )
    done = read(content, "binance")
    assert [each.kind.value for each in done.transactions] == ["borrow", "repay", "gift_out", "gift_in"]
    assert fatal(done) == [(6, "Change")]


def test_trades_of_both_layouts():
    first = (
        "Date(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin\n2021-01-02 10:00:00,BNBIDR,BUY,500,2,1000,0.001,BNB\n"
    )
    second = (
        "Date(UTC),Pair,Side,Price,Executed,Amount,Fee\n"
        '2021-01-02 10:00:00,BTCEUR,SELL,30000,"0.5000000000BTC","15,000.0EUR",0.01BNB\n'
    )
    assert all_told(read(first, "binance")) == ["2021-01-02 10:00:00 buy -1000 fiat:IDR +2 BNB fee 0.001 BNB"]
    assert all_told(read(second, "binance")) == ["2021-01-02 10:00:00 sell -0.5 BTC +15000 fiat:EUR fee 0.01 BNB"]
    assert detect(first.encode(), "").source == detect(second.encode(), "").source == "binance"
    assert fatal(read(second.replace('"15,000.0EUR"', '"1,5EUR"'), "binance")) == [(2, "Amount")]
    strange = first.replace("BNBIDR", "FOOBAR")
    assert fatal(read(strange, "binance")) == [(2, "Market")]


def test_deposits_and_withdrawals_and_what_did_not_happen():
    went = (
        "Date(UTC+0),Coin,Network,Amount,Fee,Address,TXID,Status\n"
        "2021-01-02 10:00:00,ETH,ETH,1.5,0.005,0xab,0xCD,Completed\n"
        "2021-01-02 10:00:00,ETH,ETH,1.5,0.005,0xab,0xCE,Failed\n"
    )
    came = "Date(UTC+0),Coin,Network,Amount,Address,TXID,Status\n2021-01-03 10:00:00,ETH,ETH,2,0xab,0xCF,Completed\n"
    done = read(went, "binance")
    assert all_told(done) == ["2021-01-02 10:00:00 withdrawal -1.5 ETH fee 0.005 ETH"]
    assert done.transactions[0].tx_hash == "0xcd" and "Failed" in done.rows[1].says
    assert all_told(read(came, "binance")) == ["2021-01-03 10:00:00 deposit +2 ETH"]


def test_auto_invest_and_staked_ether():
    invested = read(shared_file("dali/input/test_binance_autoinvest.csv"), "binance")
    assert all_told(invested) == [
        "2022-05-01 14:00:00 swap -10 USDT +0.01 ETH fee 0.0025 USDT",
        "2022-05-01 14:00:00 swap -20 USDT +0.002 BTC fee 0.005 USDT",
    ]
    staked = read(shared_file("dali/input/test_binance_betheth.csv"), "binance")
    assert all_told(staked) == ["2021-03-01 12:00:00 wrap -0.1 ETH +0.1 BETH"]


def test_what_a_purchase_cost_where_the_history_says_it():
    """Newer files have the money beside what came; of an older one what was paid stays open."""
    lines = [
        "2023-05-08 10:07:00,Spot,Buy Crypto With Fiat,BTC,0.005,",
        "2023-05-08 10:07:00,Spot,Buy Crypto With Fiat,EUR,-200,",
        "2023-05-08 10:08:00,Spot,Buy Crypto With Fiat,ETH,0.05,",
        "2023-05-08 10:09:00,Spot,Auto-Invest Transaction,USDT,-10,",
        "2023-05-08 10:09:00,Spot,Auto-Invest Transaction,BTC,0.0002,",
    ]
    done = read("\n".join(["UTC_Time,Account,Operation,Coin,Change,Remark", *lines]), "binance")
    assert all_told(done) == [
        "2023-05-08 10:07:00 buy -200 fiat:EUR +0.005 BTC",
        "2023-05-08 10:08:00 buy +0.05 ETH",
        "2023-05-08 10:09:00 swap -10 USDT +0.0002 BTC",
    ]
    assert [(each.line, each.is_fatal) for each in done.problems] == [(4, False)]
