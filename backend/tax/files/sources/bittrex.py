"""Bittrex: the orders (two layouts) and the deposits and withdrawals, as it gave them when it closed. Pure.

Newest orders: `Total (Quote)` has the fee, added when bought, taken off when sold (731.28 x 0.000341 + 0.00062 is the
total of the example that was seen). Older orders: `Price` is all that was paid without the commission, the market is
written quote first (`USDT-BTC`), the month stands first.
"""

from decimal import Decimal

from backend.tax.files.exchanges import each_line, moved, trade
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import add, negative
from backend.tax.files.readings import Readings
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TransactionKind

K = TransactionKind


def read_orders(sheet: Sheet, out: Readings) -> None:
    """Read the newest layout of orders."""

    def read(line: Line) -> None:
        side = {"bought": "buy", "sold": "sell"}.get(line.need("side").casefold(), line.text("side"))
        base, quote, fee = line.asset("base"), line.asset("quote"), line.maybe("fee") or Decimal(0)
        total = add(line.amount("total"), negative(fee) if side == "buy" else fee)
        trade(
            out, line, line.at(), side, (base, line.amount("quantity")), (quote, total), fees=[(quote, fee)],
            own_id=f"order {line.need('id')}",
        )  # fmt: skip

    each_line(sheet, out, read)


def read_old_orders(sheet: Sheet, out: Readings) -> None:
    """Read the older layout of orders."""

    def read(line: Line) -> None:
        market = line.need("market").split("-")
        if len(market) != 2:
            raise CellError("market", "is no pair: write it like USDT-BTC, the quote first")
        quote, base = line.named(market[0], "market"), line.named(market[1], "market")
        side = line.need("type").casefold().rpartition("_")[2]
        trade(
            out, line, line.at(), side, (base, line.amount("quantity")), (quote, line.amount("total")),
            fees=[(quote, line.maybe("fee") or Decimal(0))], own_id=f"order {line.need('id')}",
        )  # fmt: skip

    each_line(sheet, out, read)


def read_transfers(sheet: Sheet, out: Readings) -> None:
    """Read deposits and withdrawals."""

    def read(line: Line) -> None:
        word, amount = line.need("kind").casefold(), line.amount("amount")
        kind = {"deposit": K.DEPOSIT, "withdrawal": K.WITHDRAWAL}.get(word)
        if kind is None:
            raise CellError("kind", f"“{line.text('kind')[:40]}” is no type that is known here: correct it")
        if (amount < 0) != (kind is K.WITHDRAWAL):
            raise CellError("amount", "has a sign that does not fit the type: correct one of the two")
        moved(
            out, line, line.at(), kind, (line.asset("asset"), amount), word=word, tx_hash=line.text("hash") or None,
            counterparty=(line.text("address") or None) if kind is K.WITHDRAWAL else None,
        )  # fmt: skip

    each_line(sheet, out, read)


ORDERS = Format(
    name="the orders",
    columns={
        "id": "txid", "at": "time (utc)", "side": "transaction", "type": "order type", "market": "market",
        "base": "base", "quote": "quote", "price": "price", "quantity": "quantity (base)", "fee": "fees (quote)",
        "total": "total (quote)", "value?": "approx value (usd)", "force?": "time in force", "notes?": "notes",
    },
    numbers=("quantity", "fee", "total"),
    read=read_orders,
)  # fmt: skip
OLD_ORDERS = Format(
    name="the older orders",
    columns={
        "id": "orderuuid", "market": "exchange", "type": "type", "quantity": "quantity", "limit": "limit",
        "fee": "commissionpaid", "total": "price", "opened": "opened", "at": "closed",
    },
    numbers=("quantity", "fee", "total"),
    day_first=False,
    read=read_old_orders,
)  # fmt: skip
TRANSFERS = Format(
    name="the deposits and withdrawals",
    columns={
        "at": "date", "asset": "currency", "kind": "type", "address": "address", "memo": "memo/tag", "hash": "txid",
        "amount": "amount",
    },
    numbers=("amount",),
    read=read_transfers,
)  # fmt: skip
BITTREX = Source(
    key="bittrex",
    info=SourceInfo(title="Bittrex", hint="Bittrex: the order history, and the deposits and withdrawals."),
    formats=(ORDERS, OLD_ORDERS, TRANSFERS),
)
