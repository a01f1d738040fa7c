"""rotki's generic files of trades and of events. Pure.

Amounts are without the fee, times are milliseconds since 1970, assets are symbols or CAIP-19 names of tokens.
"""

from decimal import Decimal

from backend.tax.files.exchanges import Amount, each_line, exchange, fee_legs
from backend.tax.files.formats import Format, Source
from backend.tax.files.kinds import meaning_of, normal
from backend.tax.files.numbers import below_zero, positive
from backend.tax.files.readings import Readings, leg
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TransactionKind

K = TransactionKind
_COMES = frozenset({K.DEPOSIT, K.INCOME, K.GIFT_IN, K.BORROW})
_GOES = frozenset({K.WITHDRAWAL, K.SPEND, K.LOSS, K.GIFT_OUT, K.DONATION, K.REPAY})


def _fees(line: Line) -> list[Amount]:
    fee = line.maybe("fee") or Decimal(0)
    return [(line.asset("fee_asset"), positive(fee))] if fee else []


def read_trades(sheet: Sheet, out: Readings) -> None:
    """Read trades."""

    def read(line: Line) -> None:
        went = (line.asset("spent_asset"), positive(line.amount("spent")))
        came = (line.asset("received_asset"), positive(line.amount("received")))
        exchange(
            out, (line.number,), line.at(), [went], [came], fees=_fees(line), word="trade", note=line.text("what"),
            wallet=line.text("place") or None,
        )  # fmt: skip

    each_line(sheet, out, read)


def read_events(sheet: Sheet, out: Readings) -> None:
    """Read events."""

    def read(line: Line) -> None:
        word = line.need("kind")
        try:
            kind, income = meaning_of(word)
        except ValueError as error:
            raise CellError("kind", str(error)) from None
        if kind is None or not (kind in _COMES or kind in _GOES or kind is K.FEE):
            raise CellError("kind", f"“{word[:40]}” is no event that is known here: correct it")
        asset, amount = line.asset("asset"), line.amount("amount")
        if not amount:
            raise CellError("amount", "is zero: nothing moved")
        legs = (leg(asset, positive(amount) if kind in _COMES else below_zero(amount)),)
        fees = fee_legs(_fees(line))
        if kind is K.FEE:
            legs, fees = (), (leg(asset, positive(amount)), *fees)
        out.add(
            (line.number,), line.at(), kind, legs, fees=fees, income=income, word=normal(word), note=line.text("what"),
            wallet=line.text("place") or None,
        )  # fmt: skip

    each_line(sheet, out, read)


TRADES = Format(
    name="the generic trades",
    columns={
        "place": "location", "spent_asset": "spend currency", "received_asset": "receive currency",
        "received": "receive amount", "spent": "spend amount", "fee": "fee", "fee_asset": "fee currency",
        "what": "description", "at": "timestamp",
    },
    numbers=("received", "spent", "fee"),
    read=read_trades,
)  # fmt: skip
EVENTS = Format(
    name="the generic events",
    columns={
        "kind": "type", "place": "location", "asset": "currency", "amount": "amount", "fee": "fee",
        "fee_asset": "fee currency", "what": "description", "at": "timestamp",
    },
    numbers=("amount", "fee"),
    read=read_events,
)  # fmt: skip
ROTKI = Source(
    key="rotki",
    info=SourceInfo(title="rotki (generic)", hint="Files in rotki's generic formats of trades and of events."),
    formats=(TRADES, EVENTS),
)
