"""Kraken: the ledgers (all that happened) and the trades. Pure.

Ledgers: a line is one asset; the lines of one `refid` belong together; the balance changes by `amount` less `fee`, so
the fee is not in the amount and is in the line's asset (support.kraken.com, "How to interpret Ledger history fields").
A deposit or withdrawal stands twice while it is under way: the line without `txid` is not settled. Trades: `cost` and
`fee` are in the quote currency, the fee not in the cost. The `txid` of a trade is the `refid` of its ledger lines: both
files give the same ids.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backend.tax.engine.events import IncomeKind
from backend.tax.files.assets import Asset
from backend.tax.files.exchanges import by_asset, each_line, exchange, in_groups, moved, split_pair, trade
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import negative, positive
from backend.tax.files.readings import Readings
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TransactionKind

K, I = TransactionKind, IncomeKind  # noqa: E741
_EXCHANGED = frozenset({"trade", "spend", "receive", "conversion", "sale", "nfttrade"})
_MARGIN = frozenset({"margin", "rollover", "settled"})
_INSIDE = frozenset({
    "spottostaking", "stakingtospot", "spotfromstaking", "stakingfromspot", "migration", "autoallocate", "allocation",
    "deallocation", "autoallocation",
})  # fmt: skip
_FUTURES = frozenset({"spottofutures", "spotfromfutures", "futurestospot", "futuresfromspot"})
_REWARDS = {
    "staking": I.STAKING, "dividend": I.OTHER, "invite bonus": I.REWARD, "reward": I.REWARD, "airdrop": I.AIRDROP,
    "credit": I.REWARD,
}  # fmt: skip
_OWN = {"XBT": "BTC", "XXBT": "BTC", "XDG": "DOGE", "XXDG": "DOGE", "ETH2": "ETH", "LUNA": "LUNC", "LUNA2": "LUNA"}
_STAKED = re.compile(r"(.+?)(?:[0-9]{2})?\.(?:S|M|B|F|P|T|HOLD)")
_PREFIXED = re.compile(r"[XZ]([A-Z]{3})")
# Four letters, the first X or Z, that are names of their own.
_WHOLE = frozenset({"XCN", "XRT", "XTZ", "ZETA", "ZEUS", "ZORA", "ZRX", "XION", "XNAP", "ZKVM", "ZBCN", "ZGEN"})


def own_names(name: str) -> str:
    """Undo Kraken's names: `XXBT` is BTC, `ZUSD` USD, `DOT28.S`, `ETH2.S` and `USD.M` are staked or earning."""
    staked = _STAKED.fullmatch(name)
    name = staked.group(1) if staked else name
    if name in _OWN:
        return _OWN[name]
    prefixed = _PREFIXED.fullmatch(name)
    return prefixed.group(1) if prefixed and name not in _WHOLE else name


@dataclass(frozen=True, slots=True)
class _Part:
    line: Line
    at: datetime
    asset: Asset
    amount: Decimal
    fee: Decimal


def read_ledgers(sheet: Sheet, out: Readings) -> None:
    """Read the ledgers: what was exchanged by refid, everything else by line."""

    def parse(line: Line) -> _Part | None:
        return _parsed(line, out)

    def key(line: Line) -> str:
        return f"refid {line.text('refid')}" if _belongs_together(line) else f"line {line.number}"

    in_groups(sheet, out, key, parse, lambda group: _make(group, out))


def _belongs_together(line: Line) -> bool:
    return line.text("kind").casefold() in _EXCHANGED or line.text("subtype").casefold() == "delistingconversion"


def _parsed(line: Line, out: Readings) -> _Part | None:
    if not line.text("txid"):
        out.skip(line.number, "Not settled yet (no txid): Kraken lists it again when it is")
        return None
    kind, subtype = line.need("kind").casefold(), line.text("subtype").casefold()
    if subtype in _INSIDE or (kind == "earn" and not subtype and not line.maybe("fee")):
        out.skip(line.number, "It stays inside of Kraken (to or from earning): nothing is imported")
        return None
    if kind in _MARGIN:
        out.doubt(line, "kind", "Margin trading is not read: enter its profit, loss and fees by hand")
        return None
    if subtype in _FUTURES:
        out.doubt(
            line, "subtype", "Transfers to and from Kraken Futures are not read: futures are a wallet of their own"
        )
        return None
    if line.need("asset").upper() == "KFEE":
        out.skip(line.number, "Fee credits (KFEE) are no asset: nothing is imported")
        return None
    part = _Part(line, line.at(), line.asset("asset"), line.amount("amount"), line.maybe("fee") or Decimal(0))
    if _belongs_together(line):
        return part
    _alone(part, kind, subtype, out)
    return None


def _alone(part: _Part, kind: str, subtype: str, out: Readings) -> None:
    meaning: TransactionKind = K.INCOME
    income: IncomeKind | None = None
    note = ""
    if kind in ("deposit", "withdrawal"):
        meaning = K.DEPOSIT if part.amount > 0 else K.WITHDRAWAL
        if (part.amount > 0) != (kind == "deposit"):
            note = f"A {kind} that was taken back"
    elif kind == "earn" and subtype in ("reward", "bonus", ""):
        income = I.STAKING
    elif kind in ("earn", "transfer") and subtype == "airdrop":
        income = I.AIRDROP
    elif kind in _REWARDS:
        income = _REWARDS[kind]
    elif kind in ("transfer", "adjustment") and not subtype:
        income = I.AIRDROP
        out.doubt(part.line, "kind", f"Kraken calls it {kind}, mostly a fork or an airdrop: look whether it is income")
    else:
        raise CellError("subtype" if subtype else "kind", f"“{kind} {subtype}” is not known here".replace(" ”", "”"))
    if meaning is K.INCOME and part.amount <= 0:
        raise CellError("amount", "is income below zero: correct it, or leave the line out and enter it by hand")
    value = part.line.maybe("usd")
    moved(
        out, part.line, part.at, meaning, (part.asset, part.amount), fees=[(part.asset, positive(part.fee))],
        income=income, worth=out.worth(value, "USD") if value else None, word=kind,
        own_id=f"ledger {part.line.text('txid')}", note=note,
    )  # fmt: skip


def _make(group: list[_Part], out: Readings) -> None:
    went = by_asset((each.asset, negative(each.amount)) for each in group if each.amount < 0)
    came = by_asset((each.asset, each.amount) for each in group if each.amount > 0)
    if not went or not came:
        raise CellError("refid", "Only one side of an exchange has this refid: the other line is missing in the file")
    fees = by_asset((each.asset, positive(each.fee)) for each in group)
    exchange(
        out, [each.line.number for each in group], min(each.at for each in group), went, came, fees=fees, word="trade",
        own_id=f"trade {group[0].line.need('refid')}",
    )  # fmt: skip


def read_trades(sheet: Sheet, out: Readings) -> None:
    """Read the trades."""
    each_line(sheet, out, lambda line: _trade(line, out))


def _trade(line: Line, out: Readings) -> None:
    if line.maybe("margin"):
        out.doubt(line, "margin", "Margin trading is not read: enter its profit, loss and fees by hand")
        return
    base, quote = split_pair(line, "pair")
    trade(
        out, line, line.at(), line.need("side"), (base, line.amount("volume")), (quote, line.amount("cost")),
        fees=[(quote, line.amount("fee"))], own_id=f"trade {line.need('txid')}",
    )  # fmt: skip


LEDGERS = Format(
    name="ledgers.csv",
    columns={
        "txid": "txid", "refid": "refid", "at": "time", "kind": "type", "subtype?": "subtype", "class?": "aclass",
        "subclass?": "subclass", "asset": "asset", "wallet?": "wallet", "amount": "amount", "fee": "fee",
        "balance?": "balance", "usd?": "amountusd",
    },
    numbers=("amount", "fee"),
    read=read_ledgers,
)  # fmt: skip
TRADES = Format(
    name="trades.csv",
    columns={
        "txid": "txid", "order": "ordertxid", "pair": "pair", "at": "time", "side": "type", "order_type?": "ordertype",
        "price": "price", "cost": "cost", "fee": "fee", "volume": "vol", "margin?": "margin", "misc?": "misc",
        "ledgers?": "ledgers", "a?": "postxid", "b?": "posstatuscode|posstatus", "c?": "cprice", "d?": "ccost",
        "e?": "cfee", "f?": "cvol", "g?": "cmargin", "h?": "net", "i?": "trades", "j?": "aclass", "k?": "subclass",
        "l?": "costusd",
    },
    numbers=("cost", "fee", "volume"),
    read=read_trades,
)  # fmt: skip
KRAKEN = Source(
    key="kraken",
    info=SourceInfo(
        title="Kraken",
        hint="Kraken: Documents, New export, “Ledgers” (everything; “Trades” has trades only), CSV, all fields.",
    ),
    formats=(LEDGERS, TRADES),
    own_names=own_names,
)
