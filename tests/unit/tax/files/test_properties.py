"""What holds for every file: written and read again it is the same, order is nothing to ids, and no bytes crash it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from backend.tax.engine.events import IncomeKind
from backend.tax.files.assets import asset_of
from backend.tax.files.numbers import decimal_mark, number, plain
from backend.tax.files.reading import SOURCES, detect, read_file
from backend.tax.files.writing import generic_csv
from backend.tax.transactions import TaxLeg, TaxTransaction, TransactionKind, Worth
from tests.unit.tax.files.given import GENERIC, USER, generic, read

K = TransactionKind
AMOUNTS = st.decimals(
    min_value=Decimal("1e-30"), max_value=Decimal("1e30"), allow_nan=False, allow_infinity=False, places=30
)
ASSETS = st.sampled_from(
    ["ETH", "BTC", "$WEIRD", "1INCH", "fiat:EUR", "fiat:MNT", "1:0x" + "ab" * 20, "137:0x" + "0c" * 20 + ":42"]
)
WORTHS = st.none() | st.builds(Worth, AMOUNTS, st.sampled_from(["USD", "EUR"]), st.just("file: Generic CSV"))
ROLES = st.sampled_from(["principal", "principal", "receipt", "reward"])
OTHERS = st.sampled_from([None, "0x" + "ee" * 20, "=an exchange"])
NAMES = st.dictionaries(st.sampled_from(["token_id", "pool", "deposit"]), st.sampled_from(["7", "0xab", "a=b"]))
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60).map(lambda text: " ".join(text.split()))
FIRST, LAST = (datetime(year, 1, 3, tzinfo=UTC).replace(tzinfo=None) for year in (2009, 2099))
TIMES = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
WALLETS = TEXTS.filter(lambda text: bool(text) and text[:2] not in ("0x", "0X"))
ONLY_COMES = [K.DEPOSIT, K.INCOME, K.GIFT_IN, K.BORROW, K.BUY, K.LP_REMOVE, K.UNSTAKE, K.WITHDRAW]
ONLY_GOES = [
    K.WITHDRAWAL,
    K.SPEND,
    K.GIFT_OUT,
    K.DONATION,
    K.LOSS,
    K.REPAY,
    K.SELL,
    K.LP_ADD,
    K.SUPPLY,
    K.STAKE,
    K.LIQUIDATION,
]
BOTH = [K.SWAP, K.WRAP, K.LP_ADD, K.LP_REMOVE, K.BRIDGE]


@st.composite
def legs(draw: Any, count: int, sign: int, *, is_fee: bool = False) -> tuple[TaxLeg, ...]:
    names = draw(st.lists(ASSETS, min_size=count, max_size=count, unique=True))
    result = []
    for name in names:
        asset = asset_of(name)
        worth = None if asset.is_fiat else draw(WORTHS)
        role, other = (draw(ROLES), draw(OTHERS)) if sign < 0 or not is_fee else ("principal", None)
        result.append(TaxLeg(asset.asset, asset.symbol, draw(AMOUNTS) * sign, worth, role, other))
    return tuple(result)


@st.composite
def transactions(draw: Any) -> TaxTransaction:
    shape = draw(st.sampled_from(["comes", "goes", "both", "fee"]))
    kind = draw(st.sampled_from({"comes": ONLY_COMES, "goes": ONLY_GOES, "both": BOTH, "fee": [K.FEE]}[shape]))
    went = draw(legs(draw(st.integers(1, 3)), -1)) if shape in ("goes", "both") else ()
    came = draw(legs(draw(st.integers(1, 3)), 1)) if shape in ("comes", "both") else ()
    fees = draw(legs(draw(st.integers(1 if shape == "fee" else 0, 2)), 1, is_fee=True))
    if kind is K.SWAP:  # for money it would be a purchase or a sale, and is read as one
        assume(not any(each.asset.startswith("fiat:") for each in (*went, *came)))
    is_gift = kind is K.GIFT_IN
    return TaxTransaction(
        id=UUID(int=draw(st.integers(1, 2**128 - 1))), source="file", happened_at=draw(TIMES), kind=kind,
        wallet=draw(WALLETS), legs=(*went, *came), fees=fees,
        income=draw(st.sampled_from(IncomeKind)) if kind is K.INCOME else None,
        tx_hash=draw(st.none() | st.just("0x" + "ab" * 32)), chain_id=draw(st.none() | st.integers(1, 10**6)),
        note=draw(TEXTS), basis=draw(WORTHS) if is_gift and not went else None, portfolio_worth=draw(WORTHS),
        position=draw(st.sampled_from([None, "-p", "pool 7"])), protocol=draw(st.sampled_from([None, "aave_v3"])),
        identifiers=draw(NAMES) or None,
        acquired_at=draw(st.none() | TIMES) if is_gift else None,
    )  # fmt: skip


def essence(each: TaxTransaction) -> tuple[Any, ...]:
    """What the format has columns for."""

    def said(legs: tuple[TaxLeg, ...]) -> list[tuple[Any, ...]]:
        return [
            (leg.asset, leg.symbol, leg.amount, leg.worth and (leg.worth.amount, leg.worth.currency), leg.role,
             leg.counterparty) for leg in legs
        ]  # fmt: skip

    basis, whole = (worth and (worth.amount, worth.currency) for worth in (each.basis, each.portfolio_worth))
    return (
        each.happened_at, each.kind, each.income, said(each.legs), sorted(said(each.fees), key=str), each.wallet,
        each.to_wallet, each.tx_hash, each.chain_id, each.note, basis, each.acquired_at, whole, each.position,
        each.protocol, each.identifiers,
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(transactions(), min_size=1, max_size=4, unique_by=lambda each: each.id))
def test_what_is_written_is_read_again_as_it_was(written: list[TaxTransaction]):
    done = read(generic_csv(written))
    assert done.problems == ()
    assert [essence(each) for each in done.transactions] == [essence(each) for each in written]


def test_no_cell_of_a_written_file_is_a_formula():
    bad = TaxTransaction(
        id=UUID(int=5), source="file", happened_at=datetime(2024, 1, 1, tzinfo=UTC), kind=K.DEPOSIT,
        wallet="=HYPERLINK(1)", legs=(TaxLeg("ETH", "ETH", Decimal(1)),), note="'+1",
    )  # fmt: skip
    content = generic_csv([bad])
    assert b",'=HYPERLINK(1)," in content and b",''+1," in content
    (again,) = read(content).transactions
    assert (again.wallet, again.note) == ("=HYPERLINK(1)", "'+1")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(sorted(SOURCES)))
@example(b'a,b\n"unclosed', "generic")
@example(b"\xff\xfe\x00", "kraken")
@example(b"timestamp,received_asset\n2024-01-01", "generic")
def test_no_bytes_crash_it(content: bytes, source: str):
    detect(content, "file.csv")
    done = read_file(content, source, account="x", user_id=USER)
    assert list(done.rows) is not None and all(each.reason for each in done.problems)


HEADS = [
    GENERIC,
    "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark",
    "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance",
    "Timestamp,Transaction Type,Asset,Quantity Transacted,EUR Spot Price at Transaction,EUR Subtotal,"
    "EUR Total (inclusive of fees),EUR Fees,Notes",
    '"Type","Buy","Cur.","Sell","Cur.","Fee","Cur.","Exchange","Group","Comment","Date"',
    "Type,Datetime,Account,Amount,Value,Rate,Fee,Sub Type",
]  # fmt: skip
CELLS = st.sampled_from([
    "", "buy", "Sell", "Market", "Fee", "trade", "deposit", "2024-01-01 10:00:00", "5/9/2023", "Jan. 1, 2024, 1:00 PM",
    "ETH", "fiat:EUR", "EUR", "1", "-1", "1,5", "1.234", "1e-18", "1e400", "x", "=1+1", "0", "\u2212 5", "9" * 90,
    "total", "1.00000000 ETH", "\x00",
])  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(HEADS), st.lists(st.lists(CELLS, min_size=1, max_size=14), max_size=6))
def test_no_cells_crash_a_format(head: str, rows: list[list[str]]):
    content = "\n".join([head, *(",".join(f'"{cell}"' for cell in row) for row in rows)]).encode()
    found = detect(content, "file.csv")
    done = read_file(content, found.source, account="x", user_id=USER)
    lines = {row.line for row in done.rows}
    made = {each for row in done.rows for each in row.transaction_ids}
    assert made == {each.id for each in done.transactions}
    assert len(made) == len(done.transactions)
    fatal = {each.line for each in done.problems if each.is_fatal}
    # Nothing is lost in silence: every line is a transaction, left out with a reason, or refused with one.
    assert all(row.transaction_ids or row.says for row in done.rows)
    assert fatal <= lines and not any(row.transaction_ids for row in done.rows if row.line in fatal)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_the_order_of_rows_is_nothing_to_ids(data: st.DataObject):
    word = st.sampled_from(["buy", "", "swap"])
    lines = data.draw(st.lists(st.tuples(word, st.integers(1, 3)), min_size=1, max_size=12))
    rows = [f"2024-01-0{amount},{kind},EUR,{amount},BTC,1,,,,,,," for kind, amount in lines]
    turned = data.draw(st.permutations(rows))
    ids = [each.id for each in generic(*rows).transactions]
    assert len(set(ids)) == len(rows)
    assert sorted(each.id for each in generic(*turned).transactions) == sorted(ids)
    # An export that ends earlier, or begins later, has ids of the whole one only.
    part = generic(*rows[: len(rows) // 2]).transactions
    assert {each.id for each in part} <= set(ids)


@settings(max_examples=200, deadline=None)
@given(st.decimals(min_value=Decimal("-1e20"), max_value=Decimal("1e20"), allow_nan=False, places=8), st.booleans())
def test_a_number_is_read_exactly_in_either_notation(value: Decimal, grouped: bool):
    english = format(value, ",f" if grouped else "f")
    german = english.translate(str.maketrans(",.", ".,"))
    assert number(english, ".") == value
    assert number(german, ",") == value
    assert decimal_mark([german], ";") in (",", None) and decimal_mark([english], ",") in (".", None)
    assert number(plain(value)) == value
