"""Coinbase Pro, Exchange and Advanced: the account statement and the fills. Pure.

Accounts: a trade is two lines `match` and one `fee` of one trade id, exact as they stand. Fills: `total` has the fee
(bought: size x price + fee, below zero; sold: size x price - fee), so the fee is taken out again.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backend.tax.engine.events import IncomeKind
from backend.tax.files.assets import Asset
from backend.tax.files.exchanges import by_asset, each_line, exchange, in_groups, moved, split_pair, trade
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import add, negative, positive
from backend.tax.files.readings import Readings
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.files.sources.coinbase import own_names
from backend.tax.transactions import TransactionKind

K = TransactionKind
_PARTS = frozenset({"match", "fee", "conversion"})


@dataclass(frozen=True, slots=True)
class _Part:
    line: Line
    at: datetime
    kind: str
    asset: Asset
    amount: Decimal


def read_account(sheet: Sheet, out: Readings) -> None:
    """Read the account statement: lines of one trade id are one trade."""

    def parse(line: Line) -> _Part | None:
        part = _Part(line, line.at(), line.need("kind").casefold(), line.asset("asset"), line.amount("amount"))
        if part.kind in _PARTS:
            return part
        own_id = line.text("transfer")
        if part.kind in ("deposit", "withdrawal"):
            kind = K.DEPOSIT if part.amount > 0 else K.WITHDRAWAL
            moved(
                out, line, part.at, kind, (part.asset, part.amount), word=part.kind,
                own_id=f"transfer {own_id} {part.asset.asset} {part.kind}" if own_id else None,
            )  # fmt: skip
        elif part.kind == "rebate":
            moved(out, line, part.at, K.INCOME, (part.asset, part.amount), income=IncomeKind.REWARD, word=part.kind)
        else:
            raise CellError("kind", f"“{part.kind[:40]}” is no type that is known here")
        return None

    def key(line: Line) -> tuple[str, ...]:
        if line.text("kind").casefold() not in _PARTS:
            return (f"line {line.number}",)
        return (line.text("trade"), line.text("order")) if line.text("trade") else (line.text("at"), line.text("kind"))

    in_groups(sheet, out, key, parse, lambda group: _make(group, out))


def _make(group: list[_Part], out: Readings) -> None:
    matched = [each for each in group if each.kind != "fee"]
    came = by_asset((each.asset, each.amount) for each in matched if each.amount > 0)
    went = by_asset((each.asset, negative(each.amount)) for each in matched if each.amount < 0)
    if not came or not went:
        raise CellError("trade", "A trade has two lines, what went and what came: one is missing in the file")
    trade_id, order = group[0].line.text("trade"), group[0].line.text("order")
    exchange(
        out, [each.line.number for each in group], group[0].at, went, came,
        fees=by_asset((each.asset, negative(each.amount)) for each in group if each.kind == "fee"), word="match",
        own_id=f"trade {trade_id} {order}" if trade_id else None,
    )  # fmt: skip


def read_fills(sheet: Sheet, out: Readings) -> None:
    """Read fills."""
    each_line(sheet, out, lambda line: _fill(line, out))


def _fill(line: Line, out: Readings) -> None:
    base, quote = split_pair(line, "product")
    side, fee, total = line.need("side"), line.amount("fee"), positive(line.amount("total"))
    if line.text("unit") and line.asset("unit") != quote:
        raise CellError("unit", "is not what the product is quoted in")
    subtotal = add(total, negative(fee) if side.casefold() == "buy" else fee)
    trade(
        out, line, line.at(), side, (base, line.amount("size")), (quote, subtotal), fees=[(quote, fee)],
        own_id=f"fill {line.text('product')} {line.need('trade')}",
    )  # fmt: skip


ACCOUNT = Format(
    name="the account statement",
    columns={
        "portfolio?": "portfolio", "kind": "type", "at": "time|timestamp", "amount": "amount", "balance": "balance",
        "asset": "amount/balance unit", "transfer": "transfer id", "trade": "trade id", "order": "order id",
    },
    numbers=("amount",),
    read=read_account,
)  # fmt: skip
FILLS = Format(
    name="the fills",
    columns={
        "portfolio?": "portfolio", "trade": "trade id", "product": "product", "side": "side", "at": "created at",
        "size": "size", "size_unit?": "size unit", "price": "price", "fee": "fee", "total": "total",
        "unit?": "price/fee/total unit",
    },
    numbers=("size", "price", "fee", "total"),
    read=read_fills,
)  # fmt: skip
COINBASE_PRO = Source(
    key="coinbase_pro",
    info=SourceInfo(
        title="Coinbase Pro / Exchange",
        hint="Statements, Generate: the account statement of all portfolios as CSV (or the fills; not both).",
    ),
    formats=(ACCOUNT, FILLS),
    own_names=own_names,
)
