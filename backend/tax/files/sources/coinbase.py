"""Coinbase: the transaction history of all its generations. Pure.

`Subtotal` is without the fee, `Total` “inclusive of fees”: added when bought, taken off when sold. The fee of money
that is paid in or out is inside of `Quantity Transacted`. Quantities of what went are below zero in newer files, above
in older ones. What an Advanced trade or a conversion was for stands in the notes only. ETH2 was staked ETH, one to one.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backend.tax.engine.events import IncomeKind
from backend.tax.files.assets import Asset, asset_of
from backend.tax.files.exchanges import Amount, exchange, in_groups, moved, moves
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import EXACT, add, below_zero, negative, positive
from backend.tax.files.readings import Readings, leg
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TransactionKind, Worth

K, I = TransactionKind, IncomeKind  # noqa: E741
_MOVES = moves({
    (K.INCOME, I.STAKING): "staking income, rewards income, reward income, inflation reward, staking reward",
    (K.INCOME, I.INTEREST): "interest payout, usdc reward, interest",
    (K.INCOME, I.REWARD): "coinbase earn, learning reward, incentives rewards payout, subscription rebate, card rewards"
                          ", subscription rebates, subscription rebates (24 hours), referral reward, card cashback",
    (K.INCOME, I.AIRDROP): "airdrop",
    (K.INCOME, I.FORK): "fork, hard fork",
    (K.DEPOSIT, None): "receive, deposit, fiat deposit, exchange withdrawal, pro withdrawal, prime withdrawal",
    (K.WITHDRAWAL, None): "send, withdrawal, fiat withdrawal, exchange deposit, pro deposit, prime deposit"
                          ", retail mgx dex send",
    (K.SPEND, None): "card spend, subscription, admin debit, payment",
    (K.DONATION, None): "donation",
})  # fmt: skip
_GOES = frozenset({K.WITHDRAWAL, K.SPEND, K.DONATION})
_TRADE = re.compile(r"(?:advanced? trade )?(buy|sell)")
_INSIDE = frozenset({
    "vault withdrawal", "vault deposit", "cash to savings", "savings to cash", "transfer", "retail staking transfer",
    "retail unstaking transfer", "staking transfer", "unstaking transfer", "retail eth2 deprecation",
})  # fmt: skip
_MIGRATION = "asset migration"
_AMOUNT = r"[^\d\s]{0,3}([\d,]*\.\d+|[\d,]+)"
_CONVERTED = re.compile(rf"Converted {_AMOUNT} (\S+) to {_AMOUNT} (\S+)")
_TRADED = re.compile(rf"(?:Bought|Sold) {_AMOUNT} (\S+) for {_AMOUNT} (\S+)(?: on \S+-\S+ at {_AMOUNT} \S+)?")
_REWARDED = re.compile(r"Coinbase (Earn|Rewards|Referral)")
_TOLERANCE = Decimal("0.05")  # columns of money are rounded to cents


def own_names(name: str) -> str:
    """Undo Coinbase's names."""
    return "ETH" if name == "ETH2" else name


@dataclass(frozen=True, slots=True)
class _Migrated:
    line: Line
    at: datetime
    asset: Asset
    quantity: Decimal


def read_history(sheet: Sheet, out: Readings) -> None:
    """Read the transaction history; the two lines of a migration (MATIC to POL) of one second belong together."""

    def parse(line: Line) -> _Migrated | None:
        if _word(line) == _MIGRATION:
            return _Migrated(line, line.at(), line.asset("asset"), line.amount("quantity"))
        _history_line(line, out)
        return None

    def key(line: Line) -> str:
        return line.text("at")[:19] if _word(line) == _MIGRATION else f"line {line.number}"

    in_groups(sheet, out, key, parse, lambda group: _migration(group, out))


def _word(line: Line) -> str:
    return " ".join(line.text("kind").casefold().split())


def _history_line(line: Line, out: Readings) -> None:
    kind, word = line.need("kind"), _word(line)
    found = _TRADE.fullmatch(word)
    if word in _INSIDE:
        out.skip(line.number, f"{kind}: it stays inside of Coinbase, nothing is imported")
    elif found or word == "retail simple dust":
        _traded(line, out, word, is_purchase=bool(found) and found.group(1) == "buy")
    elif word == "convert":
        _converted(line, out)
    elif word in _MOVES:
        _moved(line, out, word)
    else:
        raise CellError("kind", f"“{kind[:40]}” is no type that is known here: correct it to a known one, like Receive")


def _moved(line: Line, out: Readings, word: str) -> None:
    kind, income = _MOVES[word]
    asset, quantity, note = line.asset("asset"), line.amount("quantity"), line.text("notes")
    if kind is K.DEPOSIT and _REWARDED.search(note):
        kind, income = K.INCOME, I.REWARD
    amount = below_zero(quantity) if kind in _GOES else positive(quantity)
    paid = positive(line.maybe("fees") or Decimal(0))
    fees = [(_money(line), paid)] if paid else []
    if fees and asset == fees[0][0]:  # what arrived is less by it, what went is more
        amount = add(amount, paid)
    worth = None if asset.is_fiat else _worth(line, out)
    moved(
        out, line, line.at(), kind, (asset, amount), fees=fees, income=income, worth=worth, word=word,
        own_id=line.text("id") or None, note=note,
    )  # fmt: skip


def _traded(line: Line, out: Readings, word: str, *, is_purchase: bool) -> None:
    base, note = (line.asset("asset"), positive(line.amount("quantity"))), line.text("notes")
    found, money = _TRADED.match(note), _money(line)
    subtotal, fee = positive(line.amount("subtotal")), positive(line.maybe("fees") or Decimal(0))
    worth, quote, fees, fee_worth = out.worth(subtotal, money.symbol), (money, subtotal), [(money, fee)], None
    if found and line.named(found.group(4), "notes") != money:
        fee_worth = out.worth(fee, money.symbol) if fee else None
        quote, fees = _quoted(line, found, base, is_purchase=is_purchase)
    else:
        _check_total(line, out, subtotal, fee, is_purchase=is_purchase)
        if not found and word.startswith("adv"):
            out.doubt(line, "notes", f"The notes do not say what it was traded for: {money.symbol} is taken")
    went, came = ([quote], [base]) if is_purchase else ([base], [quote])
    exchange(
        out, (line.number,), line.at(), went, came, fees=fees, worth=worth, fee_worth=fee_worth, word=word,
        own_id=line.text("id") or None, note=note,
    )  # fmt: skip


def _quoted(line: Line, found: re.Match[str], base: Amount, *, is_purchase: bool) -> tuple[Amount, list[Amount]]:
    """Return what an Advanced trade was for, from its notes: the total has the fee, the price times the amount not."""
    asset, total = line.named(found.group(4), "notes"), _plain(found.group(3))
    if found.group(5) is None:
        return (asset, total), []
    subtotal = EXACT.multiply(base[1], _plain(found.group(5)))
    fee = EXACT.subtract(total, subtotal) if is_purchase else EXACT.subtract(subtotal, total)
    return ((asset, subtotal), [(asset, fee)]) if fee > 0 else ((asset, total), [])


def _plain(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _check_total(line: Line, out: Readings, subtotal: Decimal, fee: Decimal, *, is_purchase: bool) -> None:
    total = line.maybe("total")
    expected = add(subtotal, fee if is_purchase else negative(fee))
    if total is not None and positive(add(positive(total), negative(expected))) > _TOLERANCE:
        out.doubt(line, "total", "The total is not the subtotal with the fee: subtotal and fee were taken")


def _converted(line: Line, out: Readings) -> None:
    note = line.text("notes")
    found = _CONVERTED.match(note)
    if found is None:
        raise CellError("notes", "is not of the kind “Converted 1 ETH to 0.05 BTC”: what was it converted to?")
    money, fee = _money(line), positive(line.maybe("fees") or Decimal(0))
    given, got = line.maybe("total"), line.maybe("subtotal")
    sent, received = line.asset("asset"), line.named(found.group(4), "notes")
    # The fee is inside of what was given: it comes to the total, and what was received to the subtotal.
    got = got if fee else given or got
    legs = (
        leg(sent, below_zero(line.amount("quantity")), out.worth(given, money.symbol) if given else None),
        leg(received, _plain(found.group(3)), out.worth(got, money.symbol) if got else None),
    )
    kind = K.SELL if received.is_fiat else K.BUY if sent.is_fiat else K.SWAP
    out.add((line.number,), line.at(), kind, legs, word="convert", own_id=line.text("id") or None, note=note)


def _migration(group: list[_Migrated], out: Readings) -> None:
    went = [(each.asset, negative(each.quantity)) for each in group if each.quantity < 0]
    came = [(each.asset, each.quantity) for each in group if each.quantity > 0]
    if len(went) != 1 or len(came) != 1:
        raise CellError(
            "quantity", "A migration is one asset that went and one that came in its place: the other is missing"
        )
    own_id = " ".join(sorted(each.line.text("id") for each in group)).strip()
    exchange(
        out, [each.line.number for each in group], group[0].at, went, came, kind=K.WRAP, word=_MIGRATION,
        own_id=own_id or None, note=group[0].line.text("notes"),
    )  # fmt: skip


def _money(line: Line) -> Asset:
    """Return the currency of the columns of money: its own column, or the headings of the first generation."""
    text = line.text("currency") or (line.sheet.column("subtotal") or "").split(" ")[0]
    try:
        money = asset_of(text)
    except ValueError as error:
        raise CellError("currency", str(error)) from None
    if not money.is_fiat:
        raise CellError("currency", f"“{text[:20]}” is no currency")
    return money


def _worth(line: Line, out: Readings) -> Worth | None:
    value = line.maybe("subtotal") or line.maybe("total")
    return out.worth(value, _money(line).symbol) if value else None


HISTORY = Format(
    name="the transaction history",
    columns={
        "at": "timestamp", "kind": "transaction type", "asset": "asset", "quantity": "quantity transacted",
        "currency?": "price currency|spot price currency", "price?": "price at transaction|spot price at transaction"
        "|* spot price at transaction", "subtotal": "subtotal|* subtotal",
        "total": "total (inclusive of fees and/or spread)|total (inclusive of fees)|* total (inclusive of fees*)",
        "fees": "fees and/or spread|fees|* fees", "notes": "notes", "id?": "id",
    },
    numbers=("quantity", "price", "subtotal", "total", "fees"),
    read=read_history,
)  # fmt: skip
COINBASE = Source(
    key="coinbase",
    info=SourceInfo(
        title="Coinbase",
        hint="Coinbase: profile, Manage account, Statements: “Transaction history” as CSV, all time and all assets.",
    ),
    formats=(HISTORY,),
    own_names=own_names,
)
