"""CoinLedger's export of transactions: lines of one internal id are one transaction. Pure.

`Record Type` says what a line is: debit, credit, or a fee in the line's asset. Times are UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from backend.tax.engine.events import IncomeKind
from backend.tax.files.assets import Asset
from backend.tax.files.exchanges import Amount, by_asset, exchange, fee_legs, in_groups, moved, moves
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import below_zero, positive
from backend.tax.files.readings import Readings
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TransactionKind

K, I = TransactionKind, IncomeKind  # noqa: E741
_EXCHANGES = frozenset({"buy", "sell", "trade", "swap", "convert"})
_CAME = moves({
    (K.DEPOSIT, None): "deposit, transfer, manual position",
    (K.INCOME, I.AIRDROP): "airdrop",
    (K.INCOME, I.FORK): "hard fork",
    (K.INCOME, I.INTEREST): "interest, interest payment",
    (K.INCOME, I.MINING): "mining",
    (K.INCOME, I.STAKING): "staking",
    (K.INCOME, I.REWARD): "reward, rewards, rebate, referral",
    (K.INCOME, I.OTHER): "income",
    (K.GIFT_IN, None): "gift received",
})  # fmt: skip
_WENT = moves({
    (K.WITHDRAWAL, None): "withdrawal, transfer",
    (K.GIFT_OUT, None): "gift sent",
    (K.LOSS, None): "theft loss, casualty loss, investment loss",
    (K.SPEND, None): "merchant payment",
    (K.FEE, None): "network fee, platform fee",
})  # fmt: skip
_FEES = frozenset({"platform fee", "network fee"})


@dataclass(frozen=True, slots=True)
class _Part:
    line: Line
    at: datetime
    word: str
    record: str
    asset: Asset
    amount: Decimal


def read_export(sheet: Sheet, out: Readings) -> None:
    """Read the export."""

    def parse(line: Line) -> _Part | None:
        word, record = line.need("kind").casefold(), line.need("record").casefold()
        if word.startswith("margin"):
            out.doubt(line, "kind", "Margin trading is not read: enter its profit, loss and fees by hand")
            return None
        if record not in _FEES | {"debit", "credit"}:
            raise CellError("record", f"“{line.text('record')[:40]}” is no record type that is known here: correct it")
        return _Part(line, line.at(), word, record, line.asset("asset"), positive(line.amount("amount")))

    in_groups(sheet, out, lambda line: line.need("id"), parse, lambda group: _made(group, out))


def _made(group: Sequence[_Part], out: Readings) -> None:
    first = group[0]

    def side(*records: str) -> list[Amount]:
        return by_asset((each.asset, each.amount) for each in group if each.record in records)

    went, came, fees = side("debit"), side("credit"), side(*_FEES)
    wallet = first.line.text("account") or first.line.text("platform") or None
    if went and came and first.word in _EXCHANGES:
        exchange(
            out, [each.line.number for each in group], first.at, went, came, fees=fees, word=first.word,
            own_id=first.line.need("id"), note=first.line.text("note"), wallet=wallet,
        )  # fmt: skip
        return
    if first.word in _EXCHANGES:
        raise CellError("record", "has only one side of a trade: the other line of this id is missing in the file")
    if len(went) + len(came) != 1:
        raise CellError("record", "shows several assets, and this type moves one: correct the type")
    table, amount = (_WENT, went[0]) if went else (_CAME, came[0])
    if first.word not in table:
        raise CellError("kind", f"“{first.line.text('kind')[:40]}” is no type that is known here: correct it")
    kind, income = table[first.word]
    if kind is K.FEE:
        out.add(
            [each.line.number for each in group], first.at, kind, (), fees=fee_legs([amount, *fees]), word=first.word,
            own_id=first.line.need("id"), wallet=wallet, note=first.line.text("note"),
        )  # fmt: skip
        return
    signed = (amount[0], below_zero(amount[1])) if went else amount
    moved(
        out, first.line, first.at, kind, signed, fees=fees, income=income, word=first.word,
        own_id=first.line.need("id"), tx_hash=first.line.text("hash") or None, note=first.line.text("note"),
        wallet=wallet,
    )  # fmt: skip


EXPORT = Format(
    name="the export of transactions",
    columns={
        "at": "timestamp (utc)", "kind": "type", "id": "internal id", "platform": "platform",
        "account": "account name", "platform_id": "platform id", "hash": "blockchain id", "record": "record type",
        "asset": "asset", "amount": "amount", "note": "description",
    },
    numbers=("amount",),
    zone=UTC,
    read=read_export,
)  # fmt: skip
COINLEDGER = Source(
    key="coinledger",
    info=SourceInfo(title="CoinLedger", hint="CoinLedger: Transactions, export as CSV."),
    formats=(EXPORT,),
)
