"""Bitstamp: the transactions, with units in the cells (older) or in columns of their own. Pure.

`Value` is amount times rate, the fee is in none of them and has its own currency; the amount of a withdrawal is without
its fee. Times are UTC.
"""

from datetime import datetime

from backend.tax.engine.events import IncomeKind
from backend.tax.files.exchanges import Amount, each_line, moved, trade, with_unit
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import negative, positive
from backend.tax.files.readings import Readings
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TransactionKind

K = TransactionKind


def own_names(name: str) -> str:
    """Undo Bitstamp's names: rewards of staked ether were ETH2R."""
    return "ETH" if name in ("ETH2", "ETH2R") else name


def read_with_units(sheet: Sheet, out: Readings) -> None:
    """Read the older file: `2.00000000 ETH`."""

    def read(line: Line) -> None:
        value = with_unit(line, "value") if line.text("value") else None
        fee = with_unit(line, "fee") if line.text("fee") else None
        _read(line, out, line.at(), with_unit(line, "amount"), value, fee)

    each_line(sheet, out, read)


def read_with_columns(sheet: Sheet, out: Readings) -> None:
    """Read the newer file: units in their own columns."""

    def pair(line: Line, name: str) -> Amount | None:
        amount = line.maybe(name)
        return (line.asset(f"{name}_asset"), amount) if amount else None

    def read(line: Line) -> None:
        amount = (line.asset("amount_asset"), line.amount("amount"))
        _read(line, out, line.at(), amount, pair(line, "value"), pair(line, "fee"))

    each_line(sheet, out, read)


def _read(
    line: Line, out: Readings, at: datetime, amount: Amount, value: Amount | None, fee: Amount | None
) -> None:  # fmt: skip
    word = line.need("kind").casefold()
    own_id = line.text("id") or None
    fees = [fee] if fee else []
    asset, quantity = amount[0], positive(amount[1])
    if word == "market":
        if value is None:
            raise CellError("value", "is empty: what was paid?")
        trade(out, line, at, line.need("side"), (asset, quantity), value, fees=fees, own_id=own_id)
    elif word in ("deposit", "ripple deposit", "card deposit"):
        moved(out, line, at, K.DEPOSIT, (asset, quantity), fees=fees, word=word, own_id=own_id)
    elif word in ("withdrawal", "ripple payment"):
        moved(out, line, at, K.WITHDRAWAL, (asset, negative(quantity)), fees=fees, word=word, own_id=own_id)
    elif word in ("staking reward", "crypto currency reward", "lending reward"):
        income = IncomeKind.INTEREST if word.startswith("lending") else IncomeKind.STAKING
        moved(out, line, at, K.INCOME, (asset, quantity), fees=fees, income=income, word=word, own_id=own_id)
    elif word in ("sub account transfer", "started staking", "stopped staking", "staked assets", "unstaked assets"):
        out.skip(line.number, f"{line.text('kind')}: it stays inside of Bitstamp, nothing is imported")
    else:
        raise CellError("kind", f"“{line.text('kind')[:40]}” is no type that is known here: correct it")


WITH_UNITS = Format(
    name="the transactions",
    columns={
        "kind": "type", "at": "datetime", "account": "account", "amount": "amount", "value": "value", "rate": "rate",
        "fee": "fee", "side": "sub type",
    },
    read=read_with_units,
)  # fmt: skip
WITH_COLUMNS = Format(
    name="the transactions",
    columns={
        "id": "id", "account": "account", "kind": "type", "side": "subtype|sub type", "at": "datetime",
        "amount": "amount", "amount_asset": "amount currency", "value": "value", "value_asset": "value currency",
        "rate": "rate", "rate_asset": "rate currency", "fee": "fee", "fee_asset": "fee currency", "order": "order id",
    },
    numbers=("amount", "value", "fee"),
    read=read_with_columns,
)  # fmt: skip
BITSTAMP = Source(
    key="bitstamp",
    info=SourceInfo(title="Bitstamp", hint="Bitstamp: Transactions, Export, CSV, all types, all time."),
    formats=(WITH_COLUMNS, WITH_UNITS),
    own_names=own_names,
)
