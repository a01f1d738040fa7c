"""Koinly: the transactions report, the universal format, and the bulk edit file. Pure.

Amounts are without the fee, which has its own currency. `Net Value` is what a transaction was worth, in the currency
that the heading (or its own column) names. Labels say what came or went; a transfer is between two wallets of the user.
In the bulk edit file names have Koinly's number behind them (`ETH;3`).
"""

import re

from backend.tax.engine.events import IncomeKind
from backend.tax.files.assets import asset_of, currency_of
from backend.tax.files.exchanges import FEE_ONCE, Amount, each_line, fee_legs, fee_once, kind_of, moves
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import negative, positive
from backend.tax.files.readings import Readings, leg
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TaxLeg, TransactionKind, Worth

K, I = TransactionKind, IncomeKind  # noqa: E741
_CAME = moves({
    (K.INCOME, I.AIRDROP): "airdrop",
    (K.INCOME, I.FORK): "fork",
    (K.INCOME, I.MINING): "mining",
    (K.INCOME, I.STAKING): "staking, reward, staking reward",
    (K.INCOME, I.INTEREST): "lending interest, loan interest, interest",
    (K.INCOME, I.WAGES): "salary",
    (K.INCOME, I.REWARD): "cashback, fee refund, referral, learn",
    (K.INCOME, I.OTHER): "income, other income, royalties",
    (K.BORROW, None): "loan, margin loan",
    (K.GIFT_IN, None): "gift, received gift",
    (K.LP_REMOVE, None): "liquidity out, remove liquidity",
    (K.UNSTAKE, None): "from pool, unstake",
    (K.IGNORED, None): "ignored, spam",
})  # fmt: skip
_WENT = moves({
    (K.GIFT_OUT, None): "gift",
    (K.LOSS, None): "lost, stolen",
    (K.DONATION, None): "donation",
    (K.SPEND, None): "cost, spend, payment, expense",
    (K.FEE, None): "loan fee, margin fee, fee",
    (K.REPAY, None): "loan repayment, margin repayment",
    (K.LP_ADD, None): "liquidity in, add liquidity",
    (K.STAKE, None): "to pool, stake",
    (K.IGNORED, None): "ignored, spam",
})  # fmt: skip
_BOTH = moves({
    (K.LP_ADD, None): "liquidity in, add liquidity",
    (K.LP_REMOVE, None): "liquidity out, remove liquidity",
    (K.WRAP, None): "wrap, unwrap, swap",
    (K.IGNORED, None): "ignored, spam",
})  # fmt: skip
_LOANS_AND_MARGIN = frozenset({"realized gain", "realised gain"})
_NUMBER_BEHIND = re.compile(r";[0-9]+$")


def own_names(name: str) -> str:
    """Undo Koinly's names of the bulk edit file: `ETH;3`."""
    return _NUMBER_BEHIND.sub("", name)


def read_any(sheet: Sheet, out: Readings) -> None:
    """Read any of its files: they differ in headings only."""
    each_line(sheet, out, lambda line: _read(line, out))


def _read(line: Line, out: Readings) -> None:
    label = line.text("label").casefold().replace("_", " ")
    if line.text("deleted").casefold() in ("true", "yes", "1"):
        out.skip(line.number, "Deleted in Koinly: nothing is imported")
        return
    if label in _LOANS_AND_MARGIN:
        out.doubt(line, "label", "Realized gains of margin and futures are not read: enter them by hand")
        return
    at, sent, received, fee = line.at(), _side(line, "sent"), _side(line, "received"), _side(line, "fee")
    worth, fee_worth = _worth(line, out, "value"), _worth(line, out, "fee_value")
    from_wallet, to_wallet = _wallet(line, "from"), _wallet(line, "to")
    is_transfer = line.text("kind").casefold() == "transfer"
    kind, income = _meaning(line, label, sent, received, is_transfer=is_transfer)
    if kind is K.TRANSFER and sent and received:
        before = (sent, fee)
        sent, fee = fee_once(sent, received, fee, is_priced=fee_worth is not None)
        if (sent, fee) != before:
            out.doubt(line, "fee_amount", FEE_ONCE)
    legs = _legs(sent, received, worth)
    fees = fee_legs([fee], fee_worth) if fee else ()
    if kind is K.FEE and sent:
        legs, fees = (), (leg(*sent, worth), *fees)
    out.add(
        (line.number,), at, kind, legs, fees=fees, income=income, word=label or line.text("kind").casefold(),
        wallet=(from_wallet if sent or not received else to_wallet) or None,
        to_wallet=to_wallet if kind is K.TRANSFER else None, tx_hash=line.text("hash") or None, note=line.text("note"),
        own_id=own_names(line.text("id")) or None,
    )  # fmt: skip


def _side(line: Line, name: str) -> Amount | None:
    amount = line.maybe(f"{name}_amount")
    return (line.asset(f"{name}_asset"), positive(amount)) if amount else None


def _legs(sent: Amount | None, received: Amount | None, worth: Worth | None) -> tuple[TaxLeg, ...]:
    went = () if sent is None else (leg(sent[0], negative(sent[1]), None if sent[0].is_fiat else worth),)
    came = () if received is None else (leg(*received, None if received[0].is_fiat else worth),)
    return (*went, *came)


def _wallet(line: Line, name: str) -> str:
    wallet = own_names(line.text(f"{name}_wallet"))
    return wallet.lower() if wallet[:2] in ("0x", "0X") else wallet


def _worth(line: Line, out: Readings, name: str) -> Worth | None:
    value = line.maybe(name)
    if not value:
        return None
    text = line.text(f"{name}_currency") or line.text("value_currency")
    in_heading = re.search(r"\((\w{3})\)", line.sheet.column(name) or "")
    text = own_names(text) or (in_heading.group(1) if in_heading else "")
    if text and not asset_of(text).is_fiat:
        return None  # Koinly takes a worth in any asset: only money counts here
    try:
        return out.worth(value, currency_of(text))
    except ValueError:
        raise CellError(name, "has no currency: in which one is it?") from None


def _meaning(
    line: Line, label: str, sent: Amount | None, received: Amount | None, *, is_transfer: bool
) -> tuple[TransactionKind, IncomeKind | None]:  # fmt: skip
    if is_transfer and sent and received:
        if sent[0] != received[0] or received[1] > sent[1]:
            raise CellError("received_amount", "A transfer moves one asset, and no more comes than went")
        return K.TRANSFER, None
    if not (sent or received or line.maybe("fee_amount")):
        raise CellError(None, "No amount is above zero: nothing went and nothing came")
    if not (sent or received):
        return K.FEE, None
    known = _BOTH if sent and received else _WENT if sent else _CAME
    if label in known:
        return known[label]
    if label and not (sent and received):
        raise CellError("label", f"“{line.text('label')[:40]}” is no label that is known here: correct it, or empty it")
    if sent and received:
        return kind_of([sent], [received]), None
    return (K.WITHDRAWAL if sent else K.DEPOSIT), None


_AMOUNTS = ("sent_amount", "received_amount", "fee_amount", "value", "fee_value")
REPORT = Format(
    name="the transactions report",
    columns={
        "at": "date|date (utc)", "kind": "type", "label": "label|tag", "from_wallet": "sending wallet",
        "sent_amount": "sent amount", "sent_asset": "sent currency", "sent_cost?": "sent cost basis",
        "to_wallet": "receiving wallet", "received_amount": "received amount",
        "received_asset": "received currency", "received_cost?": "received cost basis",
        "fee_amount": "fee amount", "fee_asset": "fee currency", "gain?": "gain (*)", "value?": "net value (*)",
        "fee_value?": "fee value (*)", "from?": "txsrc", "to?": "txdest", "hash?": "txhash", "note?": "description",
    },
    numbers=_AMOUNTS,
    read=read_any,
)  # fmt: skip
UNIVERSAL = Format(
    name="the universal format",
    columns={
        "at": "date|koinly date", "sent_amount": "sent amount", "sent_asset": "sent currency",
        "received_amount": "received amount", "received_asset": "received currency", "fee_amount": "fee amount",
        "fee_asset": "fee currency", "value": "net worth amount", "value_currency": "net worth currency",
        "label": "label", "note": "description", "hash": "txhash",
    },
    numbers=_AMOUNTS,
    read=read_any,
)  # fmt: skip
BULK = Format(
    name="the bulk edit file",
    columns={
        "id": "id (read-only)", "parent?": "parent id (read-only)", "at": "date (utc)", "kind": "type", "label": "tag",
        "from_wallet": "from wallet (read-only)", "from_id?": "from wallet id", "sent_amount": "from amount",
        "sent_asset": "from currency", "to_wallet": "to wallet (read-only)", "to_id?": "to wallet id",
        "received_amount": "to amount", "received_asset": "to currency", "fee_amount": "fee amount",
        "fee_asset": "fee currency", "worth?": "net worth amount", "worth_currency?": "net worth currency",
        "fee_worth?": "fee worth amount", "fee_worth_currency?": "fee worth currency",
        "value?": "net value (read-only)", "fee_value?": "fee value (read-only)",
        "value_currency?": "value currency (read-only)", "deleted?": "deleted", "a?": "from source (read-only)",
        "b?": "to source (read-only)", "c?": "negative balances (read-only)", "d?": "missing rates (read-only)",
        "e?": "missing cost basis (read-only)", "f?": "synced to accounting at (utc read-only)", "from?": "txsrc",
        "to?": "txdest", "hash?": "txhash", "note?": "description",
    },
    numbers=_AMOUNTS,
    read=read_any,
)  # fmt: skip
KOINLY = Source(
    key="koinly",
    info=SourceInfo(
        title="Koinly",
        hint="Koinly: Transactions, Export to CSV; or the transaction history of a tax report.",
    ),
    formats=(REPORT, UNIVERSAL, BULK),
    own_names=own_names,
)
