"""Blockpit: the transactions export. Pure.

Outgoing and incoming amounts are without the fee. Names of depots are the wallets. Spreadsheets spoil its long ids, so
they are not used.
"""

from backend.tax.engine.events import IncomeKind
from backend.tax.files.exchanges import Amount, each_line, fee_legs, kind_of, moves
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import negative, positive
from backend.tax.files.readings import Readings, leg
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TaxLeg, TransactionKind

K, I = TransactionKind, IncomeKind  # noqa: E741
_MEANINGS = moves({
    (K.DEPOSIT, None): "deposit, nontaxablein",
    (K.WITHDRAWAL, None): "withdrawal, nontaxableout",
    (K.INCOME, I.STAKING): "staking, masternode",
    (K.INCOME, I.INTEREST): "lending, interest",
    (K.INCOME, I.MINING): "mining",
    (K.INCOME, I.AIRDROP): "airdrop",
    (K.INCOME, I.FORK): "hardfork, hard fork, fork",
    (K.INCOME, I.REWARD): "bounties, bounty, cashback, reward",
    (K.INCOME, I.OTHER): "income, household",
    (K.FEE, None): "fee",
    (K.SPEND, None): "payment, spend",
    (K.LOSS, None): "lost, stolen",
    (K.DONATION, None): "donation",
})  # fmt: skip
_COMES = frozenset({K.DEPOSIT, K.INCOME})


def read_table(sheet: Sheet, out: Readings) -> None:
    """Read the table."""
    each_line(sheet, out, lambda line: _read(line, out))


def _read(line: Line, out: Readings) -> None:
    word = line.need("kind").casefold()
    if "margin" in word or "derivative" in word:
        out.doubt(line, "kind", "Margin and futures are not read: enter their profits, losses and fees by hand")
        return
    at, sent, received, fee = line.at(), _side(line, "sent"), _side(line, "received"), _side(line, "fee")
    if word == "trade":
        if not sent or not received:
            raise CellError("sent" if received else "received", "is empty, and a trade has two sides")
        kind, income = kind_of([sent], [received]), None
    elif word == "gift":
        kind, income = (K.GIFT_OUT if sent else K.GIFT_IN), None
    elif word in _MEANINGS:
        kind, income = _MEANINGS[word]
    else:
        raise CellError("kind", f"“{line.text('kind')[:40]}” is no type that is known here: correct it")
    if (received is None) == (kind in _COMES or kind is K.GIFT_IN) and word != "trade":
        raise CellError("kind", "does not fit what goes and comes: correct it")
    went: tuple[TaxLeg, ...] = () if sent is None else (leg(sent[0], negative(sent[1])),)
    came: tuple[TaxLeg, ...] = () if received is None else (leg(*received),)
    fees = fee_legs([fee] if fee else [])
    if kind is K.FEE and sent:
        went, fees = (), (leg(*sent), *fees)
    out.add(
        (line.number,), at, kind, (*went, *came), fees=fees, income=income, word=word,
        wallet=line.text("depot") or None, tx_hash=line.text("hash"), note=line.text("note"),
    )  # fmt: skip


def _side(line: Line, name: str) -> Amount | None:
    amount = line.maybe(name)
    return (line.asset(f"{name}_asset"), positive(amount)) if amount else None


TABLE = Format(
    name="the transactions export",
    columns={
        "id?": "blockpit id", "at": "timestamp|date (utc)", "type?": "source type", "source?": "source name",
        "depot": "integration|integration name", "kind": "transaction type|label", "sent_asset": "outgoing asset",
        "sent": "outgoing amount", "received_asset": "incoming asset", "received": "incoming amount",
        "fee_asset": "fee asset", "fee": "fee amount", "hash?": "transaction id|trx. id", "note?": "note|comment",
        "merge?": "merge id",
    },
    numbers=("sent", "received", "fee"),
    zone=None,
    read=read_table,
)  # fmt: skip
BLOCKPIT = Source(
    key="blockpit",
    info=SourceInfo(
        title="Blockpit", hint="Blockpit: Transactions, Export; the times are in the zone of your account."
    ),
    formats=(TABLE,),
)
