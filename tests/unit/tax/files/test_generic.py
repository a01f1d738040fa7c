"""The generic format: every type, what is deduced, and what is refused with its line, column and advice."""

import pytest

from backend.tax.files.reading import SOURCES, detect, read_file
from backend.tax.transactions import TransactionKind
from tests.unit.tax.files.given import GENERIC, USER, all_told, at, fatal, generic, read, told


def test_a_line_is_a_transaction_with_its_fee_apart():
    done = generic(
        '2024-01-01 10:00:00,Buy,EUR,"1,000.50",btc,0.02,EUR,1.5,,,,,first',
        "2024-01-02T10:00:00+02:00,swap,ETH,1,BTC,0.05,BNB,0.001,2000,USD,0xABC,0xDEF,",
        "2024-01-03,,,,ETH,1e-18,,,,,,,",
    )
    assert all_told(done) == [
        "2024-01-01 10:00:00 buy -1000.5 fiat:EUR +0.02 BTC fee 1.5 fiat:EUR",
        "2024-01-02 08:00:00 swap -1 ETH=2000 USD +0.05 BTC=2000 USD fee 0.001 BNB",
        "2024-01-03 12:00:00 deposit +0.000000000000000001 ETH",
    ]
    first, second, _ = done.transactions
    assert (first.wallet, first.note, first.line, first.source) == ("Mine", "first", 2, "file")
    assert (second.wallet, second.tx_hash) == ("0xabc", "0xdef")
    assert second.legs[0].worth is not None and second.legs[0].worth.source == "file: Generic CSV"
    assert done.rows[0].says == "Buy: 0.02 BTC for 1000.5 EUR, fee 1.5 EUR"
    assert [row.transaction_ids for row in done.rows] == [(each.id,) for each in done.transactions]
    assert done.problems == ()


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("buy", "buy"), ("SELL", "buy"), ("Nft Buy", "buy"), ("swap", "buy"), ("trade", "buy"), ("", "buy"),
        ("LP add", "lp_add"), ("remove_liquidity", "lp_remove"), ("wrap", "wrap"), ("bridge", "bridge"),
        ("liquidation", "liquidation"), ("stake", "stake"), ("unstake", "unstake"), ("supply", "supply"),
    ],
)  # fmt: skip
def test_types_of_what_goes_and_comes(word: str, told: str):
    done = generic(f"2024-01-01,{word},EUR,10,ETH,1,,,,,,,")
    assert [each.kind.value for each in done.transactions] == [told]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("deposit", "deposit"), ("Transfer in", "deposit"), ("transfer", "deposit"), ("own transfer", "deposit"),
        ("received", "deposit"), ("gift", "gift_in"), ("gift received", "gift_in"), ("borrow", "borrow"),
        ("airdrop", "income:airdrop"), ("Staking", "income:staking"), ("staking-reward", "income:staking"),
        ("interest", "income:interest"), ("mining", "income:mining"), ("fork", "income:fork"),
        ("salary", "income:wages"), ("cashback", "income:reward"), ("income", "income:other"), ("", "deposit"),
        ("recieved", "deposit"), ("withdraw", "withdraw"), ("validator_reward", "income:staking"),
        ("block reward", "income:mining"), ("faucet", "income:reward"), ("move", "deposit"),
    ],
)  # fmt: skip
def test_types_of_what_comes(word: str, told: str):
    assert all_told(generic(f"2024-01-01,{word},,,ETH,1,,,,,,,")) == [f"2024-01-01 12:00:00 {told} +1 ETH"]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("withdrawal", "withdrawal"),
        ("transfer out", "withdrawal"), ("withdraw", "withdrawal"), ("send", "withdrawal"),
        ("gift", "gift_out"), ("donation", "donation"), ("spend", "spend"), ("theft", "loss"), ("lost", "loss"),
        ("repay", "repay"), ("sell", "sell"), ("nft sell", "sell"), ("", "withdrawal"), ("spam", "ignored"),
        ("widthdrawal", "withdrawal"),
    ],
)  # fmt: skip
def test_types_of_what_goes(word: str, told: str):
    assert all_told(generic(f"2024-01-01,{word},ETH,1,,,,,,,,,")) == [f"2024-01-01 12:00:00 {told} -1 ETH"]


def test_a_fee_alone_has_no_legs():
    told = ["2024-01-01 12:00:00 fee fee 0.1 ETH=200 USD"]
    assert all_told(generic("2024-01-01,fee,ETH,0.1,,,,,200,USD,,,")) == told
    assert all_told(generic("2024-01-01,,,,,,ETH,0.1,200,USD,,,")) == told


def test_bought_with_an_asset_is_a_swap():
    assert all_told(generic("2024-01-01,buy,ETH,1,BTC,0.05,,,,,,,")) == ["2024-01-01 12:00:00 swap -1 ETH +0.05 BTC"]
    assert all_told(generic("2024-01-01,buy,ETH,1,USD,9,,,,,,,")) == ["2024-01-01 12:00:00 sell -1 ETH +9 fiat:USD"]


def test_what_went_may_be_written_below_zero():
    assert all_told(generic("2024-01-01,sell,ETH,-1,EUR,5,EUR,-1,,,,,")) == [
        "2024-01-01 12:00:00 sell -1 ETH +5 fiat:EUR fee 1 fiat:EUR"
    ]


def test_an_own_transfer_says_where_it_went():
    content = f"{GENERIC},to_wallet\n2024-01-01,transfer,ETH,1,ETH,0.99,,,,,Kraken,,,0xAB\n"
    (done,) = read(content).transactions
    assert (done.kind, done.wallet, done.to_wallet) == (TransactionKind.TRANSFER, "Kraken", "0xab")
    assert fatal(read(content.replace("0xAB", ""))) == [(2, "to_wallet")]


@pytest.mark.parametrize(
    ("line", "column", "advice"),
    [
        ("soon,buy,EUR,1,BTC,1,,,,,,,", "timestamp", "2024-12-31"),
        (",buy,EUR,1,BTC,1,,,,,,,", "timestamp", "must not be"),
        ("2024-13-01,buy,EUR,1,BTC,1,,,,,,,", "timestamp", "there is not"),
        ("1999-01-01,buy,EUR,1,BTC,1,,,,,,,", "timestamp", "2009"),
        ("2024-01-01,frobnicate,EUR,1,BTC,1,,,,,,,", "type", "no type that is known"),
        ("2024-01-01,buy,EUR,one,BTC,1,,,,,,,", "sent_amount", "no number"),
        ("2024-01-01,buy,,1,BTC,1,,,,,,,", "sent_asset", "which asset"),
        ("2024-01-01,buy,EUR,,BTC,1,,,,,,,", "sent_amount", "how much"),
        ("2024-01-01,buy,EUR,1,BTC,-1,,,,,,,", "received_amount", "below zero"),
        ("2024-01-01,buy,EUR,1,B T C,1,,,,,,,", "received_asset", "symbol"),
        ("2024-01-01,buy,EUR,1,BTC,1,BNB,-1,,,,,", "fee_amount", "income"),
        ("2024-01-01,airdrop,EUR,1,BTC,1,,,,,,,", "sent_amount", "swap"),
        ("2024-01-01,spend,EUR,1,BTC,1,,,,,,,", "received_amount", "sale"),
        ("2024-01-01,swap,EUR,1,,,,,,,,,", "received_amount", "what came"),
        ("2024-01-01,buy,EUR,1,,,,,,,,,", "received_amount", "what came"),
        ("2024-01-01,sell,,,EUR,1,,,,,,,", "sent_amount", "what went"),
        ("2024-01-01,,,,BTC,1,,,5,,,,", "currency", "which currency"),
        ("2024-01-01,,,,BTC,1,,,5,ETH,,,", "currency", "three letters"),
        ("2024-01-01,buy,,,,,,,,,,,", None, "nothing came"),
        ("2024-01-01,buy,EUR,0,BTC,0,,,,,,,", None, "nothing came"),
        ("2024-01-01,buy,EUR,1,BTC,1,,,,,,,note,x", None, "quotes"),
    ],
)
def test_a_bad_line_is_refused_with_its_column_and_what_to_do(line: str, column: str | None, advice: str):
    done = generic("2024-01-01,buy,EUR,1,BTC,1,,,,,,,", line)
    assert [(each.line, each.column, each.is_fatal) for each in done.problems] == [(3, column, True)]
    assert advice in done.problems[0].reason
    assert len(done.transactions) == 1
    assert done.rows[1].transaction_ids == () and done.rows[1].says.startswith("Not read: ")


def test_empty_lines_totals_and_a_second_header_are_no_transactions():
    done = generic("2024-01-01,buy,EUR,1,BTC,1,,,,,,,", "", ",,,,,,,,,,,,", "Total,,,1,,1,,,,,,,", GENERIC)
    assert len(done.transactions) == 1 and done.problems == ()
    assert [(row.line, row.says.split(":")[0]) for row in done.rows[1:]] == [
        (5, "A line of totals"),
        (6, "The header again"),
    ]


def test_corrections_read_a_line_and_keep_all_ids():
    lines = (
        "2024-01-01,buy,EUR,1,BTC,1,,,,,,,",
        "2024-13-01,buy,EUR,2,BTC,1,,,,,,,",
        "2024-01-01,buy,EUR,1,BTC,1,,,,,,,",
    )
    before = generic(*lines)
    after = generic(*lines, corrections={3: {"timestamp": "2024-12-01"}, 4: {"received_amount": "3", "type": ""}})
    assert fatal(before) == [(3, "timestamp")] and after.problems == ()
    assert [after.transactions[0].id, after.transactions[2].id] == [each.id for each in before.transactions]
    assert all_told(after)[1:] == [
        "2024-12-01 12:00:00 buy -2 fiat:EUR +1 BTC", "2024-01-01 12:00:00 buy -1 fiat:EUR +3 BTC",
    ]  # fmt: skip
    assert after.rows[1].cells["timestamp"] == "2024-12-01"
    with pytest.raises(ValueError, match="no column"):
        generic(*lines, corrections={3: {"nowhere": "x"}})


def test_a_corrected_line_never_takes_the_id_of_another():
    lines = ("2024-13-01,buy,EUR,1,BTC,1,,,,,,,", "2024-12-01,buy,EUR,1,BTC,1,,,,,,,")
    done = generic(*lines, corrections={2: {"timestamp": "2024-12-01"}})
    assert len({each.id for each in done.transactions}) == 2
    assert done.transactions[1].id == generic(*lines).transactions[0].id


def test_ids_depend_on_what_happened_and_nothing_else():
    lines = [
        "2024-01-01,buy,EUR,1,BTC,1,,,,,,,",
        "2024-01-02,buy,EUR,1,BTC,1,,,,,,,",
        "2024-01-01,buy,EUR,1,BTC,1,,,,,,,",
    ]
    ids = {each.id for each in generic(*lines).transactions}
    assert len(ids) == 3
    assert {each.id for each in generic(*reversed(lines)).transactions} == ids
    assert {each.id for each in generic(*lines[:2]).transactions} < ids
    otherwise = [line.replace("EUR,1,BTC,1", "eur,1.00,btc,01.0").replace(",,,,,,,", ",,,,,,,a note") for line in lines]
    assert {each.id for each in generic(*otherwise).transactions} == ids
    assert not {each.id for each in generic(*lines, account="Other").transactions} & ids
    assert not {each.id for each in generic(*lines, user_id=type(USER)(int=8)).transactions} & ids


def test_the_same_in_two_wallets_is_two_things_in_any_order():
    lines = ["2024-01-01,buy,EUR,1,BTC,1,,,,,A,,", "2024-01-01,buy,EUR,1,BTC,1,,,,,B,,"]
    straight = {each.wallet: each.id for each in generic(*lines).transactions}
    assert straight == {each.wallet: each.id for each in generic(*reversed(lines)).transactions}
    assert len(set(straight.values())) == 2


def test_an_id_of_the_file_is_read_once():
    header = f"{GENERIC},id\n"
    line = "2024-01-01,buy,EUR,1,BTC,1,,,,,,,,a1\n"
    done = read(header + line + line)
    assert len(done.transactions) == 1 and done.rows[1].says.startswith("The same as line 2")
    assert fatal(read(header + line + line.replace("01-01", "01-02"))) == [(2, "id"), (3, None)]


def test_lines_of_one_id_are_one_transaction():
    content = (
        f"{GENERIC},id\n"
        "2024-01-01,lp add,ETH,1,,,ETH,0.01,2000,USD,w,,note,a1\n"
        "2024-01-01,lp add,USDC,2000,,,,,2000,USD,w,,,a1\n"
        "2024-01-01,lp add,,,UNI-V2,5,,,4000,USD,w,,,a1\n"
        "2024-01-01,airdrop,,,UNI,5,,,,,w,,,\n"
    )
    done = read(content)
    assert all_told(done) == [
        "2024-01-01 12:00:00 lp_add -1 ETH=2000 USD -2000 USDC=2000 USD +5 UNI-V2=4000 USD fee 0.01 ETH",
        "2024-01-01 12:00:00 income:airdrop +5 UNI",
    ]
    assert done.rows[0].transaction_ids == done.rows[2].transaction_ids != done.rows[3].transaction_ids
    bad = read(content.replace("USDC,2000", "USDC,many"))
    assert fatal(bad) == [(2, None), (3, "sent_amount"), (4, None)] and len(bad.transactions) == 1


def test_what_a_gift_cost_its_giver():
    content = (
        f"{GENERIC},basis,acquired_at,fee_value\n2024-01-01,gift in,,,ETH,1,ETH,0.1,2000,USD,,,,900,2020-05-01,200\n"
    )
    (done,) = read(content).transactions
    assert done.basis is not None and (done.basis.amount, done.basis.currency) == (900, "USD")
    assert done.acquired_at == at("2020-05-01 12:00")
    assert told(done) == "2024-01-01 12:00:00 gift_in +1 ETH=2000 USD fee 0.1 ETH=200 USD"


def test_any_file_with_a_mapping():
    content = (
        "Exported for me\n\nWhen;Coin;How much;What;Paid;Sum\n31/12/2023 23:30;ETH;-1,5;Withdrawal;0,001;1.000,00\n"
    )
    assert not detect(content.encode(), "x.csv").is_sure
    mapping = {
        "timestamp": "When",
        "asset": "Coin",
        "amount": "How much",
        "type": "What",
        "fee_amount": "Paid",
        "fee_asset": "Coin",
    }
    done = read(content, mapping=mapping, timezone="Europe/Berlin")
    assert all_told(done) == ["2023-12-31 22:30:00 withdrawal -1.5 ETH fee 0.001 ETH"]
    assert fatal(read(content, mapping={**mapping, "note": "Nowhere"})) == [(3, None)]
    with pytest.raises(ValueError, match="no meaning"):
        read(content, mapping={"colour": "When"})


def test_options_say_what_a_file_does_not_show():
    content = f'{GENERIC}\n5/9/2023,,,,ETH,"1,234",,,,,,,\n'
    assert fatal(read(content)) == [(2, "timestamp")]
    assert fatal(read(content, mapping={"date_order": "day_first"})) == [(2, "received_amount")]
    done = read(content, mapping={"date_order": "day_first", "decimal_mark": ","})
    assert all_told(done) == ["2023-09-05 12:00:00 deposit +1.234 ETH"]
    assert read(content, mapping={"date_order": "month_first", "decimal_mark": "."}).transactions[0].happened_at == at(
        "2023-05-09 12:00"
    )


def test_detection_names_the_generic_format():
    found = detect(GENERIC.encode(), "trades.csv")
    assert (found.source, found.title, found.is_sure) == ("generic", SOURCES["generic"].title, True)
    assert found.columns == tuple(GENERIC.split(","))


@pytest.mark.parametrize("content", [b"", b"\n\n", b"PK\x03\x04....", b"%PDF-1.7", b"\x00\x01\x02", b"hello"])
def test_what_is_no_table_is_said(content: bytes):
    assert not detect(content, "x").is_sure
    done = read(content)
    assert len(done.problems) == 1 and done.problems[0].is_fatal and done.transactions == ()


def test_a_source_that_there_is_not():
    with pytest.raises(ValueError, match="no source"):
        read_file(b"a,b", "nowhere", account="x", user_id=USER)
    with pytest.raises(ValueError, match="no time zone"):
        read_file(b"a,b", "generic", account="x", user_id=USER, timezone="Mars/Base")
