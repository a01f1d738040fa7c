"""BlockFi: the transactions and the trades. Pure.

The transactions have both halves of a trade on lines of their own with different times: trades are read from their own
export, which has both. A withdrawal's fee is a line of its own.
"""

from backend.tax.engine.events import IncomeKind
from backend.tax.files.exchanges import each_line, exchange, fee_legs, moved, moves
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import positive
from backend.tax.files.readings import Readings
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TransactionKind

K, I = TransactionKind, IncomeKind  # noqa: E741
_MEANINGS = moves({
    (K.DEPOSIT, None): "deposit, wire deposit, ach deposit, crypto transfer",
    (K.WITHDRAWAL, None): "withdrawal, wire withdrawal, ach withdrawal",
    (K.INCOME, I.INTEREST): "interest payment",
    (K.INCOME, I.REWARD): "referral bonus, bonus payment, cc rewards redemption, cc trading rebate",
    (K.FEE, None): "withdrawal fee",
})  # fmt: skip


def read_transactions(sheet: Sheet, out: Readings) -> None:
    """Read the transactions."""
    each_line(sheet, out, lambda line: _read(line, out))


def _read(line: Line, out: Readings) -> None:
    word = line.need("kind").casefold()
    if not line.text("at"):
        out.skip(line.number, "Not confirmed: nothing is imported")
        return
    if word in ("bia deposit", "bia withdraw"):
        out.skip(line.number, f"{line.text('kind')}: it stays inside of BlockFi, nothing is imported")
        return
    if word == "trade":
        out.doubt(line, "kind", "The other half of the trade is not on this line: import BlockFi's trades export too")
        return
    if word not in _MEANINGS:
        raise CellError("kind", f"“{line.text('kind')[:40]}” is no type that is known here: correct it")
    kind, income = _MEANINGS[word]
    asset, amount = line.asset("asset"), line.amount("amount")
    if kind is K.FEE:
        out.add((line.number,), line.at(), kind, (), fees=fee_legs([(asset, positive(amount))]), word=word)
        return
    if word == "crypto transfer" and amount < 0:
        kind = K.WITHDRAWAL
    if (amount < 0) != (kind is K.WITHDRAWAL):
        raise CellError("amount", "has a sign that does not fit the type: correct one of the two")
    moved(out, line, line.at(), kind, (asset, amount), income=income, word=word)


def read_trades(sheet: Sheet, out: Readings) -> None:
    """Read the trades."""

    def read(line: Line) -> None:
        went = (line.asset("sold_asset"), positive(line.amount("sold")))
        came = (line.asset("bought_asset"), positive(line.amount("bought")))
        exchange(out, (line.number,), line.at(), [went], [came], word="trade", own_id=f"trade {line.need('id')}")

    each_line(sheet, out, read)


TRANSACTIONS = Format(
    name="the transactions",
    columns={
        "asset": "cryptocurrency", "amount": "amount", "kind": "transaction type", "at": "confirmed at",
        "price?": "exchange rate per coin (usd)",
    },
    numbers=("amount",),
    read=read_transactions,
)  # fmt: skip
TRADES = Format(
    name="the trades",
    columns={
        "id": "trade id", "at": "date", "bought": "buy quantity", "bought_asset": "buy currency",
        "sold": "sold quantity", "sold_asset": "sold currency", "rate": "rate amount", "rate_asset": "rate currency",
        "type": "type", "frequency?": "frequency", "destination?": "destination",
    },
    numbers=("bought", "sold"),
    read=read_trades,
)  # fmt: skip
BLOCKFI = Source(
    key="blockfi",
    info=SourceInfo(title="BlockFi", hint="BlockFi: both exports, the transactions and the trades."),
    formats=(TRANSACTIONS, TRADES),
)
