"""Binance: the smaller exports beside the transaction history (trades, conversions, deposits, auto-invest). Pure.

Trades: `Total` (or `Amount` beside `Executed`) is what was paid in the quote asset, the fee is in neither. Withdrawals:
`Fee` is beside `Amount`, not in it. Auto-invest: the trading fee is beside `Amount per period` (so reads dali-rp2 it);
`--` is none.
"""

from backend.tax.files.exchanges import each_line, exchange, moved, split_pair, trade, with_unit
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import negative, positive
from backend.tax.files.readings import Readings
from backend.tax.files.records import SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.files.sources import binance
from backend.tax.transactions import TransactionKind

K = TransactionKind
_DONE = frozenset({"completed", "successful", "success", "filled", "credited", "confirmed"})


def _is_done(line: Line, out: Readings) -> bool:
    status = line.text("status")
    if status and status.casefold() not in _DONE:
        out.skip(line.number, f"Its status is {status[:30]}: nothing is imported")
        return False
    return True


def read_trades(sheet: Sheet, out: Readings) -> None:
    """Read trades with the fee's asset in a column of its own."""

    def read(line: Line) -> None:
        base, quote = split_pair(line, "pair")
        trade(
            out, line, line.at(), line.need("side"), (base, line.amount("amount")), (quote, line.amount("total")),
            fees=[(line.asset("fee_asset"), line.amount("fee"))] if line.maybe("fee") else [],
        )  # fmt: skip

    each_line(sheet, out, read)


def read_executed(sheet: Sheet, out: Readings) -> None:
    """Read trades whose amounts have their unit behind them: `0.5BTC`."""

    def read(line: Line) -> None:
        fee = with_unit(line, "fee") if line.text("fee") else None
        trade(
            out, line, line.at(), line.need("side"), with_unit(line, "executed"), with_unit(line, "amount"),
            fees=[fee] if fee else [],
        )  # fmt: skip

    each_line(sheet, out, read)


def read_conversions(sheet: Sheet, out: Readings) -> None:
    """Read conversions."""

    def read(line: Line) -> None:
        if _is_done(line, out):
            went, came = with_unit(line, "sell"), with_unit(line, "buy")
            exchange(out, (line.number,), line.at(), [went], [came], word="convert")

    each_line(sheet, out, read)


def read_transfers(sheet: Sheet, out: Readings) -> None:
    """Read deposits or withdrawals: only withdrawals have a fee."""
    kind = K.WITHDRAWAL if "fee" in sheet.places else K.DEPOSIT

    def read(line: Line) -> None:
        if not _is_done(line, out):
            return
        asset, amount = line.asset("asset"), positive(line.amount("amount"))
        fee = line.maybe("fee")
        moved(
            out, line, line.at(), kind, (asset, negative(amount) if kind is K.WITHDRAWAL else amount),
            fees=[(asset, fee)] if fee else [], word=kind.value, tx_hash=line.text("hash") or None,
            counterparty=(line.text("address") or None) if kind is K.WITHDRAWAL else None,
        )  # fmt: skip

    each_line(sheet, out, read)


def read_auto_invest(sheet: Sheet, out: Readings) -> None:
    """Read auto-invest."""

    def read(line: Line) -> None:
        if not _is_done(line, out):
            return
        fees = [with_unit(line, "fee")] if line.text("fee") not in ("", "--") else []
        exchange(
            out, (line.number,), line.at(), [with_unit(line, "paid")], [with_unit(line, "units")], fees=fees,
            word="auto-invest", note=line.text("from"),
        )  # fmt: skip

    each_line(sheet, out, read)


def read_staked(sheet: Sheet, out: Readings) -> None:
    """Read what was staked: ETH becomes BETH, one for one."""

    def read(line: Line) -> None:
        if _is_done(line, out):
            amount = line.amount("amount")
            exchange(
                out, (line.number,), line.at(), [(line.asset("asset"), amount)], [(line.asset("token"), amount)],
                kind=K.WRAP, word="staking",
            )  # fmt: skip

    each_line(sheet, out, read)


TRADES = Format(
    name="the trade history",
    columns={
        "at": "date(utc)|date(utc+0)|date", "pair": "market|pair", "side": "type|side", "price": "price",
        "amount": "amount", "total": "total", "fee": "fee", "fee_asset": "fee coin",
    },
    numbers=("amount", "total", "fee", "price"),
    read=read_trades,
    short_years=True,
)  # fmt: skip
EXECUTED = Format(
    name="the trade history",
    columns={
        "at": "date(utc)|date(utc+0)|time", "pair": "pair", "side": "side", "price": "price", "executed": "executed",
        "amount": "amount", "fee": "fee",
    },
    numbers=("price",),
    read=read_executed,
    short_years=True,
)  # fmt: skip
CONVERSIONS = Format(
    name="the conversions",
    columns={
        "at": "date", "wallet?": "wallet", "pair": "pair", "type": "type", "sell": "sell", "buy": "buy",
        "price": "price", "inverse": "inverse price", "updated?": "date updated", "status": "status",
    },
    read=read_conversions,
    short_years=True,
)  # fmt: skip
TRANSFERS = Format(
    name="the deposits or withdrawals",
    columns={
        "at": "date(utc+0)|time(utc)|date(utc)", "asset": "coin", "network": "network", "amount": "amount",
        "fee?": "fee", "address": "address", "hash": "txid", "status": "status",
    },
    numbers=("amount", "fee"),
    read=read_transfers,
    short_years=True,
)  # fmt: skip
AUTO_INVEST = Format(
    name="auto-invest",
    columns={
        "at": "auto-invest date(utc)", "coin": "holding coin", "paid": "amount per period", "fee": "trading fee",
        "units": "units", "from": "from", "status": "status",
    },
    day_first=False,
    read=read_auto_invest,
)  # fmt: skip
STAKED = Format(
    name="ETH staking",
    columns={"at": "date(utc)", "asset": "coin", "token": "token", "amount": "amount", "status": "status"},
    numbers=("amount",),
    read=read_staked,
)
BINANCE = Source(
    key="binance",
    info=SourceInfo(
        title="Binance",
        hint="Binance: Orders, Transaction History, Export, all accounts and coins (or single exports; not both).",
    ),
    formats=(binance.HISTORY, TRADES, EXECUTED, CONVERSIONS, TRANSFERS, AUTO_INVEST, STAKED),
    own_names=None,
)
