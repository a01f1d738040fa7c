"""Transactions and edits that tests make: some with everything, and random ones."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as st

from backend.tax.engine.events import IncomeKind
from backend.tax.transactions import ChosenLot, Edit, TaxLeg, TaxTransaction, TransactionKind, Worth

START = datetime(2024, 3, 1, 12, tzinfo=UTC)
WALLET = "0x" + "a" * 40
RICH = TaxTransaction(
    id=UUID(int=1),
    source="wallet",
    happened_at=START,
    kind=TransactionKind.INCOME,
    wallet=WALLET,
    legs=(
        TaxLeg(
            "ETH", "ETH", Decimal("0.000000000000000001"), Worth(Decimal("0.1"), "USD", "pool", START), "reward", "0x"
        ),
        TaxLeg(f"1:{WALLET}:77", "Piece #77", Decimal(-1)),
        TaxLeg("fiat:EUR", "EUR", Decimal("1E+30"), Worth(Decimal("1E+30"), "EUR", "file")),
    ),
    fees=(TaxLeg("ETH", "ETH", Decimal("0.002"), Worth(Decimal(7), "USD", "pool", START)),),
    to_wallet="Coinbase",
    income=IncomeKind.STAKING,
    sequence=2**40,
    chain_id=1,
    tx_hash="0x" + "1" * 64,
    protocol="Lido",
    position="token_id:7",
    identifiers={"pool": "0xpool", "token_id": "7"},
    choices=(ChosenLot(UUID(int=2), Decimal("1.5")),),
    basis=Worth(Decimal("12.34"), "GBP", "you"),
    acquired_at=START - timedelta(days=400),
    portfolio_worth=Worth(Decimal(1000), "EUR", "snapshot", START),
    note="what it was",
    problem="something is unknown",
)
EDIT = Edit(
    kind=TransactionKind.GIFT_IN,
    income=IncomeKind.AIRDROP,
    worths={0: Worth(Decimal("1.5"), "EUR", "you", START), 2: Worth(Decimal(0), "USD", "you")},
    fee_worths={0: Worth(Decimal(3), "USD", "you")},
    to_wallet="Kraken",
    matches=UUID(int=9),
    is_unmatched=False,
    is_separate=True,
    choices=(ChosenLot(UUID(int=3), Decimal(2)),),
    basis=Worth(Decimal(5), "USD", "you"),
    acquired_at=START,
    portfolio_worth=Worth(Decimal(9), "EUR", "you"),
    note="",
    reason="a receipt says so",
)


def made(number: int, asset: str = "ETH", amount: str = "1", **more: object) -> TaxTransaction:
    """A deposit, `number` minutes after the start."""
    values: dict[str, object] = {
        "id": UUID(int=1000 + number),
        "source": "file",
        "happened_at": START + timedelta(minutes=number),
        "kind": TransactionKind.DEPOSIT,
        "wallet": WALLET,
        "legs": (TaxLeg(asset, asset, Decimal(amount)),),
    }
    return TaxTransaction(**(values | more))  # type: ignore[arg-type]


moments = st.timedeltas(timedelta(days=-5000), timedelta(days=20000)).map(lambda since: START + since)
amounts = st.integers(-(10**40), 10**40).map(lambda units: Decimal(units).scaleb(-18))
worths = st.builds(
    Worth, amounts.map(abs), st.sampled_from(["USD", "EUR"]), st.text("abc ü'", max_size=9), st.none() | moments
)
legs = st.builds(
    TaxLeg,
    st.sampled_from(["ETH", "fiat:EUR", f"1:{WALLET}", f"1:{WALLET}:5"]),
    st.text("ABC", min_size=1, max_size=5),
    amounts,
    st.none() | worths,
    st.sampled_from(["principal", "receipt", "reward"]),
    st.none() | st.just(WALLET),
)
lots = st.builds(ChosenLot, st.uuids(), amounts.map(abs))
transactions = st.builds(
    TaxTransaction,
    id=st.uuids(),
    source=st.sampled_from(["wallet", "file", "manual"]),
    happened_at=moments,
    kind=st.sampled_from(TransactionKind),
    wallet=st.text("abc0x", min_size=1, max_size=42),
    legs=st.lists(legs, max_size=4).map(tuple),
    fees=st.lists(legs, max_size=2).map(tuple),
    to_wallet=st.none() | st.just("Kraken"),
    income=st.none() | st.sampled_from(IncomeKind),
    sequence=st.integers(0, 2**60),
    chain_id=st.none() | st.integers(1, 2**40),
    tx_hash=st.none() | st.just("0x12"),
    protocol=st.none() | st.just("Aave"),
    position=st.none() | st.just("token_id:1"),
    identifiers=st.none()
    | st.dictionaries(st.text("abc", min_size=1, max_size=3), st.text("xyz", max_size=3), max_size=3),
    choices=st.lists(lots, max_size=2).map(tuple),
    basis=st.none() | worths,
    acquired_at=st.none() | moments,
    portfolio_worth=st.none() | worths,
    note=st.text("abc", max_size=9),
    problem=st.none() | st.just("what"),
)
places = st.dictionaries(st.integers(0, 9), worths, max_size=3)
edits = st.builds(
    Edit,
    kind=st.none() | st.sampled_from(TransactionKind),
    income=st.none() | st.sampled_from(IncomeKind),
    worths=st.none() | places,
    fee_worths=st.none() | places,
    to_wallet=st.none() | st.just("Kraken"),
    matches=st.none() | st.uuids(),
    is_unmatched=st.none() | st.booleans(),
    is_separate=st.none() | st.booleans(),
    choices=st.none() | st.lists(lots, max_size=2).map(tuple),
    basis=st.none() | worths,
    acquired_at=st.none() | moments,
    portfolio_worth=st.none() | worths,
    note=st.none() | st.text("abc", max_size=5),
    reason=st.text("abc", max_size=5),
)
