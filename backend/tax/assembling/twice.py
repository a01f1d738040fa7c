"""Transactions that two sources tell: whether it is one or two, and what a file says of a wallet's. Pure.

The words of `doubles` and `alike`; every answer is an edit that the user can take back.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from backend.tax.assembling.alike import Likely
from backend.tax.assembling.doubles import Double
from backend.tax.assembling.issues import Words, issue_id, known_worth, short_place
from backend.tax.assembling.items import Item
from backend.tax.books import Issue, IssueKind, Proposal
from backend.tax.transactions import FIAT_PREFIX, Edit, TaxLeg, TaxTransaction, TransactionKind, Worth, is_fiat

_K = TransactionKind
# What a file may know of what a wallet only saw come or go.
_TOLD = frozenset({_K.INCOME, _K.GIFT_IN, _K.GIFT_OUT, _K.DONATION, _K.SPEND, _K.LOSS})
_SIDES = {_K.DEPOSIT: 1, _K.WITHDRAWAL: -1}


def questions(words: Words, items: Sequence[Item], likely: Sequence[Likely]) -> list[Issue]:
    """Return an issue for each transaction that seems to be told twice."""
    if not likely:
        return []
    by_id = {item.transaction.id: item for item in items}
    return [
        _question(words, each, by_id[each.transaction.id], by_id.get(each.like.id))
        for each in likely
        if each.transaction.id in by_id
    ]


def as_told(doubles: Iterable[Double]) -> list[Proposal]:
    """Return what files say that a movement of a wallet was, of which the chain only says that it came or went."""
    found: dict[tuple[TransactionKind, object], Proposal] = {}
    for double in doubles:
        row, kept = double.transaction, double.of
        sign = _SIDES.get(kept.kind)
        if row.kind not in _TOLD or len(row.legs) != 1 or len(kept.legs) != 1 or sign is None:
            continue
        if (row.legs[0].amount > 0) != (sign > 0):
            continue
        name = row.kind.value.replace("_", " ")
        label = f"As your file says: {name}" + (f", {row.income.value}" if row.income is not None else "")
        edit = Edit(kind=row.kind, income=row.income, basis=row.basis, acquired_at=row.acquired_at)
        found.setdefault((row.kind, row.income), Proposal(label, {kept.id: edit}))
    return list(found.values())


def _question(words: Words, likely: Likely, item: Item, other: Item | None) -> Issue:
    row, like = likely.transaction, likely.like
    shown = [f"-{words.amount(each.asset, each.raw)}" for each in item.went[:3]]
    shown += [f"+{words.amount(each.asset, each.raw)}" for each in item.came[:3]]
    what = ", ".join(shown) or "what was paid"
    where = {
        "wallet": f"the history of your wallet {short_place(like.wallet)}",
        "manual": "what you entered by hand",
    }.get(like.source, f"another file of {short_place(like.wallet)}")
    why = (
        f"the same transaction hash with other amounts ({_moved(words, other)})"
        if likely.is_same_hash
        else f"the same amounts {_apart(like.happened_at - row.happened_at)}"
    )
    first = item.came[0] if item.came else item.went[0] if item.went else None
    return Issue(
        id=issue_id(IssueKind.DUPLICATE, item.id),
        kind=IssueKind.DUPLICATE,
        message=(
            f"{what} of {short_place(row.wallet)} seems to be there already: {where} has {why}. Until you say, both "
            "count."
        )[:500],
        happened_at=item.at,
        transaction_id=row.id,
        asset=None if first is None else first.asset,
        wallet=item.wallet,
        amount=None if first is None else words.units(first.asset, first.raw),
        at_stake=known_worth(item),
        proposals=(
            *_richer(row, like),
            Proposal("It is the same: leave it out, so that it counts once", {row.id: Edit(kind=_K.IGNORED)}),
            Proposal("They are two: both count", {row.id: Edit(is_separate=True)}),
        ),
    )


def _richer(row: TaxTransaction, like: TaxTransaction) -> Iterable[Proposal]:
    """What a file knows beyond a wallet's movement: what was paid for it, or where it went."""
    if like.source != "wallet" or len(like.legs) != 1 or like.kind not in _SIDES:
        return
    moved = like.legs[0]
    if not any(leg.asset == moved.asset and leg.amount == moved.amount for leg in row.legs):
        return
    rest = [leg for leg in row.legs if not (leg.asset == moved.asset and leg.amount == moved.amount)]
    left_out = Edit(kind=_K.IGNORED)
    if row.kind in (_K.BUY, _K.SELL) and len(rest) == 1 and is_fiat(rest[0].asset):
        label = "It is the same: your wallet's counts, for the money that your file says"
        yield Proposal(label, {like.id: Edit(kind=row.kind, worths={0: _money(rest[0])}), row.id: left_out})
    elif row.kind is _K.TRANSFER and row.to_wallet and like.kind is _K.WITHDRAWAL:
        label = f"It is the same: your wallet's counts, as a transfer to {short_place(row.to_wallet)}"
        yield Proposal(label, {like.id: Edit(kind=_K.TRANSFER, to_wallet=row.to_wallet), row.id: left_out})


def _money(leg: TaxLeg) -> Worth:
    return Worth(leg.amount.copy_abs(), leg.asset.removeprefix(FIAT_PREFIX), "your file")


def _moved(words: Words, item: Item | None) -> str:
    if item is None:
        return "see there"
    shown = [f"-{words.amount(each.asset, each.raw)}" for each in item.went[:2]]
    shown += [f"+{words.amount(each.asset, each.raw)}" for each in item.came[:2]]
    return ", ".join(shown) or "a fee"


def _apart(gap: timedelta) -> str:
    seconds = round(abs(gap.total_seconds()))
    if not seconds:
        return "at the same time"
    return f"{seconds} second{'' if seconds == 1 else 's'} {'later' if gap > timedelta(0) else 'before'}"
