"""Nexo: the transactions export, with one currency a line (older) or input and output (since 2022). Pure.

GBPX, EURX and USDX are Nexo's names of money. A fee is inside of the input where it has its currency. What is rejected
did not happen. A card purchase is on credit: it is not read. Amounts of loans are below zero or above, by their type.
"""

import re
from decimal import Decimal

from backend.tax.engine.events import IncomeKind
from backend.tax.files.assets import fiat
from backend.tax.files.exchanges import Amount, each_line, exchange, fee_legs, moved, moves
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import add, below_zero, negative, positive
from backend.tax.files.readings import Readings
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TransactionKind, Worth

K, I = TransactionKind, IncomeKind  # noqa: E741
_OWN = {"GBPX": "GBP", "EURX": "EUR", "USDX": "USD", "NEXONEXO": "NEXO", "NEXOBNB": "NEXO", "NEXOBEP2": "NEXO",
        "BNBN": "BNB", "USDTERC": "USDT"}  # fmt: skip
_MEANINGS = moves({
    (K.DEPOSIT, None): "deposit, top up crypto, exchange deposited on",
    (K.WITHDRAWAL, None): "withdrawal, withdraw exchanged",
    (K.INCOME, I.INTEREST): "interest, fixed term interest, interest additional",
    (K.INCOME, I.OTHER): "dividend",
    (K.INCOME, I.REWARD): "cashback, exchange cashback, referral bonus, bonus",
    (K.BORROW, None): "withdrawal credit, loan withdrawal",
    (K.REPAY, None): "repayment, manual repayment, forced repayment, liquidation",
})  # fmt: skip
_EXCHANGES = frozenset({"exchange", "exchange collateral", "deposit to exchange", "exchange to withdraw"})
_INSIDE = frozenset({
    "locking term deposit", "unlocking term deposit", "transfer in", "transfer out", "transfer to pro wallet",
    "transfer from pro wallet",
})  # fmt: skip
_SOLD_FOR_LOANS = frozenset({"manual sell order", "automatic sell order"})
_ON_CREDIT = frozenset({"nexo card purchase", "credit card status", "credit card fiatx exchange to withdraw"})
_JOINED = re.compile(r"(?<=[a-z])(?=[A-Z])")  # LockingTermDeposit, in older files
_GOES = frozenset({K.WITHDRAWAL, K.REPAY})


def own_names(name: str) -> str:
    """Undo Nexo's names."""
    return _OWN.get(name, name)


def read_table(sheet: Sheet, out: Readings) -> None:
    """Read the export."""
    each_line(sheet, out, lambda line: _read(line, out))


def _read(line: Line, out: Readings) -> None:
    word, details = _JOINED.sub(" ", line.need("kind")).casefold(), line.text("details")
    if details.casefold().startswith("rejected"):
        out.skip(line.number, "Rejected by Nexo: nothing is imported")
    elif word in _INSIDE:
        out.skip(line.number, f"{line.text('kind')}: it stays inside of Nexo, nothing is imported")
    elif word in _ON_CREDIT:
        out.doubt(line, "kind", "The card spends on credit: enter what it cost, and what was sold to repay it, by hand")
    elif word in _EXCHANGES:
        if "to_asset" not in line.sheet.places:
            raise CellError("kind", "The older layout does not say what came for it: export again, or enter it by hand")
        _exchanged(line, out, word)
    elif word in _SOLD_FOR_LOANS:
        worth = _worth(line, out)
        if worth is None:
            raise CellError("usd", "is empty: what was it sold for?")
        sold = (line.asset("asset"), positive(line.amount("amount")))
        exchange(
            out, (line.number,), line.at(), [sold], [(fiat("USD"), worth.amount)], worth=worth, word=word,
            own_id=_own_id(line, word), note=details,
        )  # fmt: skip
    elif word in _MEANINGS:
        _moved(line, out, word, details)
    else:
        raise CellError("kind", f"“{line.text('kind')[:40]}” is no type that is known here: correct it")


def _moved(line: Line, out: Readings, word: str, details: str) -> None:
    kind, income = _MEANINGS[word]
    asset, amount = line.asset("asset"), line.amount("amount")
    if kind is K.DEPOSIT and "airdrop" in details.casefold():
        kind, income = K.INCOME, I.AIRDROP
    own_id, worth = _own_id(line, word), _worth(line, out)
    if kind is K.INCOME and amount < 0:  # interest of a loan
        out.add(
            (line.number,), line.at(), K.FEE, (), fees=fee_legs([(asset, positive(amount))], worth), word=word,
            own_id=own_id, note=details,
        )  # fmt: skip
        return
    amount = below_zero(amount) if kind in _GOES else positive(amount)
    fee = _fee(line)
    fees = [fee] if fee else []
    if fee and kind in _GOES and fee[0] == asset:
        amount = add(amount, fee[1])
    moved(
        out, line, line.at(), kind, (asset, amount), fees=fees, income=income, worth=worth, word=word, own_id=own_id,
        note=details,
    )  # fmt: skip


def _exchanged(line: Line, out: Readings, word: str) -> None:
    went = (line.asset("asset"), positive(line.amount("amount")))
    came = (line.asset("to_asset"), positive(line.amount("to_amount")))
    if went[0] == came[0]:
        out.skip(line.number, "The same money under Nexo's own name: nothing is imported")
        return
    fee = _fee(line)
    if fee and fee[0] == went[0]:
        went = (went[0], add(went[1], negative(fee[1])))
    exchange(
        out, (line.number,), line.at(), [went], [came], fees=[fee] if fee else [], worth=_worth(line, out), word=word,
        own_id=_own_id(line, word), note=line.text("details"),
    )  # fmt: skip


def _fee(line: Line) -> Amount | None:
    fee = line.maybe("fee") or Decimal(0)
    return (line.asset("fee_asset"), positive(fee)) if fee else None


def _worth(line: Line, out: Readings) -> Worth | None:
    value = line.maybe("usd")
    return out.worth(value, "USD") if value else None


def _own_id(line: Line, word: str) -> str:
    """Return Nexo's id with the type and the time: the halves of some operations share it."""
    return f"{line.need('id')} {word} {line.text('at')} {line.text('asset')} {line.text('amount')}"


_COLUMNS = {
    "id": "transaction", "kind": "type", "usd?": "usd equivalent", "fee?": "fee", "fee_asset?": "fee currency",
    "details": "details", "loan?": "outstanding loan", "at": "date / time (utc)|date / time",
    "more?": "normalizeddisplaydetails",
}  # fmt: skip
BOTH = Format(
    name="the transactions",
    columns={
        **_COLUMNS, "asset": "input currency", "amount": "input amount", "to_asset": "output currency",
        "to_amount": "output amount",
    },
    numbers=("amount", "to_amount", "usd", "fee"),
    read=read_table,
)  # fmt: skip
ONE = Format(
    name="the older transactions",
    columns={**_COLUMNS, "asset": "currency", "amount": "amount"},
    numbers=("amount", "usd"),
    read=read_table,
)
NEXO = Source(
    key="nexo",
    info=SourceInfo(title="Nexo", hint="Nexo: Transactions, Export, all of them; times are UTC in files since 2022."),
    formats=(BOTH, ONE),
    own_names=own_names,
)
