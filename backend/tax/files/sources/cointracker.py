"""CoinTracker's CSV format, which other tools write too. Pure.

One line has what came, what went and the fee, which is in neither; times are UTC, the month stands first; the tag says
what a line with one side is (support.cointracker.io, "Convert your transaction history to CoinTracker CSV").
"""

from backend.tax.engine.events import IncomeKind
from backend.tax.files.exchanges import Amount, each_line, fee_legs, kind_of, moves
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import negative, positive
from backend.tax.files.readings import Readings, leg
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TransactionKind

K, I = TransactionKind, IncomeKind  # noqa: E741
_CAME = moves({
    (K.INCOME, I.AIRDROP): "airdrop",
    (K.INCOME, I.FORK): "fork",
    (K.INCOME, I.MINING): "mined, mining",
    (K.INCOME, I.STAKING): "staked, staking_reward, staking reward, stake",
    (K.INCOME, I.INTEREST): "interest, interest_payment",
    (K.INCOME, I.REWARD): "reward, cashback, referral",
    (K.INCOME, I.OTHER): "payment, income, other_income",
    (K.GIFT_IN, None): "gift",
})  # fmt: skip
_WENT = moves({
    (K.GIFT_OUT, None): "gift",
    (K.LOSS, None): "lost, theft, stolen",
    (K.DONATION, None): "donation",
    (K.SPEND, None): "payment, spend",
})  # fmt: skip


def read_table(sheet: Sheet, out: Readings) -> None:
    """Read the table."""
    each_line(sheet, out, lambda line: _read(line, out))


def _read(line: Line, out: Readings) -> None:
    tag = line.text("tag").casefold()
    at, sent, received, fee = line.at(), _side(line, "sent"), _side(line, "received"), _side(line, "fee")
    known = _WENT if sent and not received else _CAME if received and not sent else {}
    if sent is None and received is None:
        raise CellError(None, "No amount is above zero: nothing went and nothing came")
    if tag and known and tag not in known:
        raise CellError("tag", f"“{line.text('tag')[:40]}” is no tag that is known here: correct it, or empty it")
    if sent and received:
        kind, income = kind_of([sent], [received]), None
    else:
        kind, income = known.get(tag, (K.WITHDRAWAL if sent else K.DEPOSIT, None))
    went = () if sent is None else (leg(sent[0], negative(sent[1])),)
    came = () if received is None else (leg(*received),)
    out.add(
        (line.number,), at, kind, (*went, *came), fees=fee_legs([fee] if fee else []), income=income, word=tag
    )  # fmt: skip


def _side(line: Line, name: str) -> Amount | None:
    amount = line.maybe(name)
    return (line.asset(f"{name}_asset"), positive(amount)) if amount else None


TABLE = Format(
    name="the CSV format",
    columns={
        "at": "date", "received": "received quantity", "received_asset": "received currency", "sent": "sent quantity",
        "sent_asset": "sent currency", "fee": "fee amount", "fee_asset": "fee currency", "tag": "tag",
    },
    numbers=("received", "sent", "fee"),
    day_first=False,
    read=read_table,
)  # fmt: skip
COINTRACKER = Source(
    key="cointracker",
    info=SourceInfo(title="CoinTracker", hint="Files in CoinTracker's CSV format, which other tools export too."),
    formats=(TABLE,),
)
