"""Binance: the transaction history, which has everything, one asset a line. Pure.

Lines of a trade share their second and nothing else: those of one second and one family of operations are added up by
asset to one transaction (fills of one order). The fee is a line of its own, in no other amount. A withdrawal has its
fee inside of its amount. Where several assets were traded in one second Binance does not say which was paid with which:
they are one exchange, and the file says so. Dust that was turned into BNB may be spread over two seconds.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from backend.tax.engine.events import IncomeKind
from backend.tax.files.assets import Asset
from backend.tax.files.exchanges import Amount, by_asset, exchange, in_groups, kind_of, moved, moves
from backend.tax.files.formats import Format
from backend.tax.files.numbers import negative
from backend.tax.files.readings import Readings
from backend.tax.files.records import CellError
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TransactionKind

K, I = TransactionKind, IncomeKind  # noqa: E741
_FEES = frozenset({"fee", "transaction fee"})
_TRADE = frozenset({
    *_FEES, "buy", "sell", "transaction related", "transaction buy", "transaction spend", "transaction sold",
    "transaction revenue",
})  # fmt: skip
# Each of these turns one asset into another by itself.
_PAIRED = frozenset({
    "binance convert", "convert", "large otc trading", "stablecoins auto-conversion", "small assets exchange bnb",
    "bnb fee deduction", "leverage token redemption", "liquid swap sell", "swap farming transaction",
    "buy crypto with card", "asset conversion transfer", "futures convert",
})  # fmt: skip
_WRAPS = frozenset({
    "eth 2.0 staking", "eth2.0 staking", "token swap - redenomination/rebranding", "token swap - distribution",
    "wrapped beth", "bth wrap",
})  # fmt: skip
# Newer files have what was paid beside what came, older ones do not.
_PAIRED_LATELY = frozenset({"buy crypto", "buy crypto with fiat", "auto-invest transaction"})
_MOVES = moves({
    (K.INCOME, I.STAKING): "pos savings interest, staking rewards, eth 2.0 staking rewards, simple earn locked rewards"
        ", dot slot auction rewards, bnb vault rewards, swap farming rewards, liquid swap rewards"
        ", launchpool earnings withdrawal, on-chain yields rewards, soft staking rewards, simple earn locked interest",
    (K.INCOME, I.INTEREST): "savings interest, simple earn flexible interest, savings distribution"
        ", launchpool interest, pool distribution, flexible interest, locked interest, earn interest",
    (K.INCOME, I.MINING): "super bnb mining, mining rewards, mining earnings",
    (K.INCOME, I.AIRDROP): "airdrop assets, simple earn flexible airdrop, launchpool airdrop, distribution, airdrop"
        ", hodler airdrops distribution, megadrop rewards, launchpool airdrop - user claim distribution"
        ", launchpool airdrop - system distribution, alpha airdrop",
    (K.INCOME, I.REWARD): "commission history, referrer rebates, referee rebates, commission rebate"
        ", referral kickback, commission fee shared with you, referral commission, cash voucher distribution"
        ", mission reward distribution, campaign related reward, binance card cashback, cashback voucher"
        ", learn and earn reward, token voucher distribution, trading fee rebate",
    (K.DEPOSIT, None): "deposit, fiat deposit, fiat ocbs - add fiat and fees, receive, c2c transfer, p2p trading",
    (K.WITHDRAWAL, None): "withdraw, withdrawal, fiat withdraw, fiat withdrawal, send",
    (K.BORROW, None): "margin loan, isolated margin loan, cross margin loan, loan, crypto loan",
    (K.REPAY, None): "margin repayment, isolated margin repayment, cross margin liquidation - repayment"
        ", loan repayment, crypto loan repayment",
    (K.SPEND, None): "binance card spending, binance pay, payment",
    (K.BUY, None): "buy crypto, buy crypto with fiat, auto-invest transaction",
    (K.GIFT_IN, None): "crypto box",
})  # fmt: skip
_INSIDE = re.compile(
    r"transfer_in|transfer_out|transfer between .+|.* transfer between .+|main and funding account transfer"
    r"|(?:savings|pos savings|staking|simple earn (?:flexible|locked)|locked staking|launchpool|eth staking) ?"
    r"(?:purchase|redemption|principal redemption|subscription|subscription/redemption)"
    r"|launchpad subscribe|isolated margin transfer|.*margin account transfer"
)
_WORD_OF = re.compile(r"\s+")
_FAMILY = "trade"


@dataclass(frozen=True, slots=True)
class _Part:
    line: Line
    at: datetime
    word: str
    family: str
    asset: Asset
    change: Decimal


def read_history(sheet: Sheet, out: Readings) -> None:
    """Read the transaction history: lines of a second and a family together, all others by themselves."""
    waiting: dict[str, list[list[_Part]]] = {}

    def key(line: Line) -> str:
        family = _family(line)
        return f"{family}|{line.text('at')}" if family and not _is_futures(line) else f"line {line.number}"

    def make(group: list[_Part]) -> None:
        if group[0].family == _FAMILY or _is_whole(group):
            _exchanged(group, out)
        elif group[0].family in _PAIRED_LATELY:
            for part in group:
                _one_alone(part, out)
        else:
            waiting.setdefault(group[0].family, []).append(group)

    in_groups(sheet, out, key, lambda line: _parsed(line, out), make)
    for groups in waiting.values():
        _joined(groups, out)


def _word(line: Line) -> str:
    return _WORD_OF.sub(" ", line.text("kind")).casefold()


def _family(line: Line) -> str | None:
    word = _word(line)
    return _FAMILY if word in _TRADE else word if word in _PAIRED | _WRAPS | _PAIRED_LATELY else None


def _is_futures(line: Line) -> bool:
    account = line.text("account").casefold()
    return "futures" in account or "option" in account


def _parsed(line: Line, out: Readings) -> _Part | None:
    word = _word(line)
    if not word:
        raise CellError("kind", "is empty, and must not be")
    if _INSIDE.fullmatch(word):
        out.skip(line.number, f"{line.text('kind')}: it stays inside of Binance, nothing is imported")
        return None
    if _is_futures(line):
        out.doubt(line, "account", "Futures and options are not read: enter their profits, losses and fees by hand")
        return None
    family = _family(line)
    part = _Part(line, line.at(), word, family or "", line.asset("asset"), line.amount("change"))
    if family:
        return part
    _alone(part, out)
    return None


def _alone(part: _Part, out: Readings) -> None:
    if part.word not in _MOVES:
        raise CellError(
            "kind", f"“{part.line.text('kind')[:60]}” is no operation that is known here: correct it, or leave it out"
        )
    kind, income = _MOVES[part.word]
    if kind is K.GIFT_IN and part.change < 0:
        kind = K.GIFT_OUT
    elif part.word in ("c2c transfer", "p2p trading", "receive", "send", "binance pay", "payment"):
        kind = K.DEPOSIT if part.change > 0 else (K.WITHDRAWAL if kind is not K.SPEND else K.SPEND)
    elif part.word == "binance card spending" and part.change > 0:
        kind = K.DEPOSIT
    goes = kind in (K.WITHDRAWAL, K.REPAY, K.SPEND, K.GIFT_OUT)
    if part.change > 0 and goes and kind is K.WITHDRAWAL:
        raise CellError("change", "is above zero, and it is a withdrawal: is it a deposit?")
    if (part.change < 0) != goes:
        raise CellError("change", "has a sign that does not fit the operation: correct one of the two")
    if kind is K.BUY:
        out.doubt(part.line, "kind", "The history does not say what was paid for it: enter its value by hand")
    moved(
        out, part.line, part.at, kind, (part.asset, part.change), income=income, word=part.word,
        note=part.line.text("remark"),
    )  # fmt: skip


def _one_alone(part: _Part, out: Readings) -> None:
    try:
        _alone(part, out)
    except CellError as error:
        out.refuse(part.line, error)


def _sides(group: Sequence[_Part]) -> tuple[list[Amount], list[Amount]]:
    rest = [each for each in group if each.word not in _FEES]
    went = by_asset((each.asset, negative(each.change)) for each in rest if each.change < 0)
    came = by_asset((each.asset, each.change) for each in rest if each.change > 0)
    return went, came


def _is_whole(group: Sequence[_Part]) -> bool:
    went, came = _sides(group)
    return bool(went and came)


def _exchanged(group: Sequence[_Part], out: Readings) -> None:
    went, came = _sides(group)
    lines = [each.line.number for each in group]
    fees = by_asset((each.asset, negative(each.change)) for each in group if each.word in _FEES)
    if not went or not came:
        raise CellError("change", "has only one side: the other line of this second is missing in the file")
    if (len(went) > 1 and len(came) > 1) or (group[0].family == _FAMILY and len(went) + len(came) > 2):
        out.doubt(
            group[0].line, "at",
            "Several assets were traded in this second, and Binance does not say which was paid with which: "
            "they are read as one exchange",
        )  # fmt: skip
    kind = K.WRAP if group[0].family in _WRAPS else kind_of(went, came)
    exchange(
        out, lines, group[0].at, went, came, fees=[each for each in fees if each[1]], word=group[0].family, kind=kind,
        note=group[0].line.text("remark"),
    )  # fmt: skip


def _joined(groups: list[list[_Part]], out: Readings) -> None:
    """Make exchanges of groups with one side each that are a second apart: dust, conversions on a border."""
    groups = sorted(groups, key=lambda group: group[0].at)
    while groups:
        group = groups.pop(0)
        if groups and groups[0][0].at - group[0].at <= timedelta(seconds=1) and _is_whole([*group, *groups[0]]):
            group = [*group, *groups.pop(0)]
        try:
            _exchanged(group, out)
        except CellError as error:
            for each in group:
                out.refuse(each.line, error)


HISTORY = Format(
    name="the transaction history",
    columns={
        "user?": "user id", "at": "utc time|time", "account": "account", "kind": "operation", "asset": "coin",
        "change": "change", "remark?": "remark",
    },
    numbers=("change",),
    read=read_history,
    short_years=True,
)  # fmt: skip
