"""Pionex: deposits and withdrawals; its trades come in CoinTracker's format. Pure.

A coin is named with its network behind (`BUSDBEP20`). The fee of a withdrawal is in its coin, beside the amount. Times
are UTC, the month stands first.
"""

from datetime import UTC

from backend.tax.files.exchanges import each_line, moved
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import negative, positive
from backend.tax.files.readings import Readings
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TransactionKind

_KINDS = {
    "deposit": TransactionKind.DEPOSIT, "withdraw": TransactionKind.WITHDRAWAL,
    "withdrawal": TransactionKind.WITHDRAWAL,
}  # fmt: skip


def read_transfers(sheet: Sheet, out: Readings) -> None:
    """Read deposits and withdrawals."""

    def read(line: Line) -> None:
        kind = _KINDS.get(line.need("kind").casefold())
        if kind is None:
            raise CellError("kind", f"“{line.text('kind')[:40]}” is neither a deposit nor a withdrawal: correct it")
        coin, network = line.need("asset"), line.text("network")
        if network and coin != network:
            coin = coin.removesuffix(network)
        asset, amount, paid = line.named(coin, "asset"), positive(line.amount("amount")), line.maybe("fee")
        moved(
            out, line, line.at(), kind,
            (asset, amount if kind is TransactionKind.DEPOSIT else negative(amount)),
            fees=[(asset, paid)] if paid else [], word=kind.value, tx_hash=line.text("hash") or None,
        )  # fmt: skip

    each_line(sheet, out, read)


TRANSFERS = Format(
    name="the deposits and withdrawals",
    columns={
        "at": "date(utc+0)", "kind": "tx type", "amount": "amount", "asset": "coin", "network": "network",
        "hash": "txid", "fee": "fee",
    },
    numbers=("amount", "fee"),
    zone=UTC,
    day_first=False,
    read=read_transfers,
)  # fmt: skip
PIONEX = Source(
    key="pionex",
    info=SourceInfo(
        title="Pionex", hint="Pionex: export of “depositwithdrawal”. Trades: its file “for-cointracker” (CoinTracker)."
    ),
    formats=(TRANSFERS,),
)
