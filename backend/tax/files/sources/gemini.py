"""Gemini: the transaction history, saved as CSV. Pure.

Every asset has its own columns, `BTC Amount BTC` and `Fee (BTC) BTC`: what went is below zero, a fee too, and it is in
no amount. A pair has no mark in it (`ETHBTC`): it is split by the columns that are filled in.
"""

import re
from datetime import datetime

from backend.tax.engine.events import IncomeKind
from backend.tax.files.exchanges import Amount, each_line, exchange, moved
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import below_zero, negative, number, positive
from backend.tax.files.readings import Readings
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.files.times import moment
from backend.tax.transactions import TransactionKind

K = TransactionKind
_AMOUNT = re.compile(r"(\S+) Amount \1")
_FEE = re.compile(r"Fee \((\S+)\) \1")
_REWARD = re.compile(r"reward|interest|earn payout|staking|cashback|referral|promo", re.IGNORECASE)


def read_history(sheet: Sheet, out: Readings) -> None:
    """Read the history."""
    amounts, fees = _columns(sheet, _AMOUNT), _columns(sheet, _FEE)
    each_line(sheet, out, lambda line: _read(line, out, amounts, fees))


def _columns(sheet: Sheet, pattern: re.Pattern[str]) -> list[tuple[int, str]]:
    found = ((place, pattern.fullmatch(name)) for place, name in enumerate(sheet.columns))
    return [(place, match.group(1)) for place, match in found if match]


def _filled(line: Line, columns: list[tuple[int, str]]) -> list[Amount]:
    result: list[Amount] = []
    for place, asset in columns:
        text = line.cells[place].strip() if place < len(line.cells) else ""
        if not text:
            continue
        try:
            amount = number(_without_unit(text, asset), line.sheet.mark)
        except ValueError as error:
            raise CellError(None, f"{line.sheet.columns[place]}: {error}") from None
        if amount:
            result.append((line.named(asset), amount))
    return result


def _without_unit(text: str, asset: str) -> str:
    """Return an amount without its asset behind it, as spreadsheets write what went: `(1.5 ETH)`."""
    is_below = text.startswith("(") and text.endswith(")")
    inner = text[1:-1].strip() if is_below else text
    bare = inner.removesuffix(asset).strip()
    if not any(each.isdigit() for each in bare):
        return text
    return f"({bare})" if is_below else bare


def _read(line: Line, out: Readings, amounts: list[tuple[int, str]], fees: list[tuple[int, str]]) -> None:
    if not line.text("at"):
        out.skip(line.number, "A line without a date (totals): nothing is imported")
        return
    kind, what = line.need("kind"), line.text("what")
    filled = _filled(line, amounts)
    went, came = (
        [(asset, negative(amount)) for asset, amount in filled if amount < 0],
        [each for each in filled if each[1] > 0],
    )
    paid = [(asset, positive(amount)) for asset, amount in _filled(line, fees)]
    own_id = f"trade {line.text('trade')}" if line.text("trade") else None
    if kind in ("Buy", "Sell"):
        base = came if kind == "Buy" else went
        if not base or not line.need("symbol").upper().startswith(base[0][0].symbol):
            raise CellError("kind", f"is {kind}, and the amounts do not show it: correct one of them")
        exchange(out, (line.number,), _at(line), went, came, fees=paid, word=kind, own_id=own_id, note=what)
        return
    if kind not in ("Credit", "Debit"):
        raise CellError("kind", f"“{kind[:40]}” is no type that is known here: correct it")
    if len(filled) != 1:
        raise CellError(None, "A credit or debit is of one asset: no amount, or several, are filled in")
    asset, amount = filled[0]
    is_reward = kind == "Credit" and _REWARD.search(what) is not None
    moved(
        out, line, _at(line), K.INCOME if is_reward else K.DEPOSIT if kind == "Credit" else K.WITHDRAWAL,
        (asset, positive(amount) if kind == "Credit" else below_zero(amount)), fees=paid, word=kind, note=what,
        income=(IncomeKind.INTEREST if "interest" in what.casefold() else IncomeKind.REWARD) if is_reward else None,
        tx_hash=line.text("hash") or None, counterparty=line.text("destination") or None,
    )  # fmt: skip


def _at(line: Line) -> datetime:
    date, time = line.need("at"), line.text("time")
    text = date if ":" in date or not time else f"{date} {time.split(' ')[-1] if '-' in time else time}"
    try:
        return moment(text, line.sheet.times)
    except ValueError as error:
        raise CellError("at", str(error)) from None


HISTORY = Format(
    name="the transaction history",
    columns={
        "at": "date", "time": "time (utc)", "kind": "type", "symbol": "symbol", "what": "specification",
        "liquidity?": "liquidity indicator", "rate?": "trading fee rate (bps)", "trade?": "trade id",
        "order?": "order id", "order_date?": "order date", "order_time?": "order time", "client?": "client order id",
        "session?": "api session", "hash?": "tx hash", "address?": "deposit destination",
        "output?": "deposit tx output", "destination?": "withdrawal destination", "output2?": "withdrawal tx output",
    },
    read=read_history,
    own_columns=r"(\S+ Amount \S+|Fee \(\S+\) \S+|\S+ Balance \S+)",
)  # fmt: skip
GEMINI = Source(
    key="gemini",
    info=SourceInfo(
        title="Gemini",
        hint="Gemini: Account, Statements, Transaction history, all time; open the XLSX file and save it as CSV.",
    ),
    formats=(HISTORY,),
)
