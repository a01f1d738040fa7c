"""What about a book is not settled, in words, with what would settle it. Pure.

An issue has the same id as long as it is about the same thing: its kind with the transaction and leg, or the asset and
wallet. `at_stake` is what the amount in question was worth, as far as that is known.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

from backend.tax.assembling.balances import Short
from backend.tax.assembling.gaps import Gap
from backend.tax.assembling.items import Amount, Item, share_of
from backend.tax.assembling.matching import Movement
from backend.tax.assembling.writing import ELSEWHERE, Unpriced
from backend.tax.books import Issue, IssueKind, Proposal
from backend.tax.engine.events import IncomeKind
from backend.tax.engine.money import EXACT
from backend.tax.transactions import Edit, TransactionKind, Worth

SPACE = UUID("6f2f0d52-6a3c-5b7e-9b0e-3f4f7d0c2a11")
NEAR = timedelta(days=7)
MOST_EDITS = 200
_OUT = (
    ("To an own wallet that is not added here", Edit(kind=TransactionKind.TRANSFER, to_wallet=ELSEWHERE)),
    ("Spent on goods or services", Edit(kind=TransactionKind.SPEND)),
    ("Sold somewhere else, for its worth then", Edit(kind=TransactionKind.SELL)),
    ("A gift to somebody", Edit(kind=TransactionKind.GIFT_OUT)),
    ("Lost or stolen", Edit(kind=TransactionKind.LOSS)),
)
_IN = (
    ("From an own wallet that is not added here", Edit(kind=TransactionKind.TRANSFER, to_wallet=ELSEWHERE)),
    ("Bought somewhere else, for its worth then", Edit(kind=TransactionKind.BUY)),
    ("Income: a reward", Edit(kind=TransactionKind.INCOME, income=IncomeKind.REWARD)),
    ("Income: wages or a payment", Edit(kind=TransactionKind.INCOME, income=IncomeKind.WAGES)),
    ("Income: an airdrop", Edit(kind=TransactionKind.INCOME, income=IncomeKind.AIRDROP)),
    ("A gift from somebody", Edit(kind=TransactionKind.GIFT_IN)),
)


class Words:
    """How amounts and prices are said."""

    def __init__(
        self, places: Mapping[str, int], symbols: Mapping[str, str], currency: str, *, is_averaged: bool = False
    ) -> None:
        self._is_averaged = is_averaged
        self._places = places
        self._symbols = symbols
        self.currency = currency

    def units(self, asset: str, raw: int) -> Decimal:
        """Return an amount in whole units."""
        return EXACT.scaleb(Decimal(raw), -self._places.get(asset, 18))

    def symbol(self, asset: str) -> str:
        """Return how an asset is shown, cut to what fits a line."""
        return self._symbols.get(asset, asset)[:40]

    def of_pool(self, asset: str) -> str:
        """Return what an unknown cost does to others where costs are averaged."""
        shown = self.symbol(asset)
        return (
            f" As costs are averaged, those of the {shown} that it is held with are too." if self._is_averaged else ""
        )

    def amount(self, asset: str, raw: int) -> str:
        """Return an amount with its symbol."""
        return f"{EXACT.normalize(self.units(asset, raw)):f} {self.symbol(asset)}"


def open_movement(
    words: Words,
    item: Item,
    amount: Amount,
    *,
    is_out: bool,
    candidates: Sequence[Movement] = (),
    told: Sequence[Proposal] = (),
) -> Issue:
    """Return the issue of a withdrawal or deposit whose other side nobody knows; files may have `told` what it was."""
    what = words.amount(amount.asset, amount.raw)
    proposals = [
        Proposal(
            _other_side(words, other, item, is_out), {item.transaction.id: Edit(matches=other.item.transaction.id)}
        )
        for other in candidates[:3]
    ]
    proposals += told
    proposals += [Proposal(label, {item.transaction.id: edit}) for label, edit in (_OUT if is_out else _IN)]
    could = f" It could be {len(candidates)} of your other movements: choose." if candidates else ""
    if is_out:
        message = (
            f"{what} left {short_place(item.wallet)}, and nothing says where to.{could} Until you do, it counts as "
            "still yours in a place that is not here: no gain, no loss, its cost goes along."
        )
    else:
        message = (
            f"{what} came to {short_place(item.wallet)}, and nothing says where from.{could} Until you do, its cost is "
            f"unknown: a sale of it has an unknown gain, and it is not counted as income.{words.of_pool(amount.asset)}"
        )
    return Issue(
        id=issue_id(IssueKind.UNMATCHED_TRANSFER, item.id, str(amount.place)),
        kind=IssueKind.UNMATCHED_TRANSFER,
        message=message,
        happened_at=item.at,
        transaction_id=item.transaction.id,
        asset=amount.asset,
        wallet=item.wallet,
        amount=words.units(amount.asset, amount.raw),
        at_stake=amount.value,
        proposals=tuple(proposals),
    )


def _other_side(words: Words, other: Movement, item: Item, is_out: bool) -> str:
    what = words.amount(other.amount.asset, other.amount.raw)
    verb = "came to" if is_out else "left"
    return f"Own transfer: the {what} that {verb} {short_place(other.item.wallet)} {_apart(other.at - item.at)}"


def _apart(gap: timedelta) -> str:
    minutes = int(abs(gap).total_seconds() // 60)
    size = (
        f"{minutes} minutes"
        if minutes < 120
        else f"{minutes // 60} hours"
        if minutes < 2880
        else f"{minutes // 1440} days"
    )
    return "in the same minute" if not minutes else f"{size} {'later' if gap > timedelta(0) else 'before'}"


def unpriced(words: Words, found: Unpriced, prices: "Prices") -> Issue:
    """Return the issue of a transaction of which a worth is needed, and unknown."""
    item, said = found.item, found.item.transaction
    names = [words.symbol(said.legs[place].asset) for place in sorted(found.legs)]
    names += [f"{words.symbol(said.fees[place].asset)} (a fee)" for place in sorted(found.fees)]
    listed, are_many = _listed(list(dict.fromkeys(names)))
    return Issue(
        id=issue_id(IssueKind.MISSING_PRICE, item.id),
        kind=IssueKind.MISSING_PRICE,
        message=(
            f"Nobody knows what {listed} {'were' if are_many else 'was'} worth in {words.currency} then. "
            "Until you say, what rests on it is unknown."
        ),
        happened_at=item.at,
        transaction_id=said.id,
        asset=said.legs[min(found.legs)].asset if found.legs else said.fees[min(found.fees)].asset,
        wallet=item.wallet,
        proposals=tuple(_worths(words, found, prices)),
    )


def _listed(names: list[str]) -> tuple[str, bool]:
    """Return names as a sentence lists them, the first of many, and whether there are several."""
    shown = [*names[:5], f"{len(names) - 5} others"] if len(names) > 6 else names
    return (" and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]), len(names) > 1


def no_basis(words: Words, item: Item, amount: Amount) -> Issue:
    """Return the issue of something of which it is unknown what it cost who had it before."""
    me = item.transaction.id
    nothing = Worth(Decimal(0), words.currency, "you")
    proposals = [Proposal("It had cost nothing", {me: Edit(basis=nothing)})]
    if amount.value is not None:
        worth = Worth(amount.value, words.currency, "its worth when it came")
        proposals.insert(0, Proposal("It had cost what it was worth when it came", {me: Edit(basis=worth)}))
    return Issue(
        id=issue_id(IssueKind.MISSING_PRICE, item.id, "basis"),
        kind=IssueKind.MISSING_PRICE,
        message=(
            f"Nobody knows what {words.amount(amount.asset, amount.raw)} had cost who had it before. Until you say, "
            "the gain of what is sold of it is unknown."
        ),
        happened_at=item.at,
        transaction_id=me,
        asset=amount.asset,
        wallet=item.wallet,
        amount=words.units(amount.asset, amount.raw),
        at_stake=amount.value,
        proposals=tuple(proposals),
    )


def _worths(words: Words, found: Unpriced, prices: "Prices") -> Iterable[Proposal]:
    item, said = found.item, found.item.transaction
    near: dict[int, Worth] = {}
    when: datetime | None = None
    for amount in (*item.went, *item.came):
        if amount.place in found.legs and (known := prices.near(amount, item.at)) is not None:
            worth, when = known
            near[amount.place] = Worth(worth, words.currency, f"your own price of {when:%Y-%m-%d %H:%M} UTC", when)
    if near and len(near) == len(found.legs) and when is not None and not found.fees:
        label = f"At the price of your nearest trade or receipt of it ({when:%Y-%m-%d %H:%M} UTC)"
        yield Proposal(label, {said.id: Edit(worths=near)})
    nothing = Worth(Decimal(0), words.currency, "you")
    edit = Edit(
        worths=dict.fromkeys(sorted(found.legs), nothing) or None,
        fee_worths=dict.fromkeys(sorted(found.fees), nothing) or None,
    )
    yield Proposal("It was worth nothing", {said.id: edit})


class Prices:
    """What amounts of a book were worth, to find the nearest of an asset. Built when it is first asked."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._by_asset: dict[str, list[tuple[datetime, Amount]]] | None = None

    def near(self, amount: Amount, at: datetime) -> tuple[Decimal, datetime] | None:
        """Return what an amount was worth by the nearest known worth within a week, and when that was."""
        if self._by_asset is None:
            self._by_asset = {}
            for item in self._items:
                for each in (*item.came, *item.went):
                    if each.value is not None:
                        self._by_asset.setdefault(each.asset, []).append((item.at, each))
        known = self._by_asset.get(amount.asset, [])
        place = bisect_left(known, at, key=lambda each: each[0])
        around = [each for each in known[max(0, place - 1) : place + 1] if abs(each[0] - at) <= NEAR]
        if not around:
            return None
        when, like = min(around, key=lambda each: abs(each[0] - at))
        return share_of(like.value or Decimal(0), amount.raw, like.raw), when


def short_of(words: Words, short: Short, open_outs: Mapping[str, Sequence[tuple[Item, Amount]]]) -> Issue:
    """Return the issue of a place that more left than had come to."""
    missing = words.amount(short.asset, short.missing_raw)
    at = short.event.at
    proposals = []
    for item, amount in sorted(open_outs.get(short.asset, ()), key=lambda each: (abs(each[0].at - at), each[0].id)):
        if item.at <= at and item.wallet != short.wallet and "@" not in short.wallet and len(proposals) < 3:
            what = words.amount(amount.asset, amount.raw)
            label = f"The {what} that left {short_place(item.wallet)} on {item.at:%Y-%m-%d} came here"
            edit = Edit(kind=TransactionKind.TRANSFER, to_wallet=short.wallet)
            proposals.append(Proposal(label, {item.transaction.id: edit}))
    transaction = UUID(short.event.id.partition("/")[0])
    return Issue(
        id=issue_id(IssueKind.NEGATIVE_BALANCE, short.wallet, short.asset),
        kind=IssueKind.NEGATIVE_BALANCE,
        message=(
            f"More {words.symbol(short.asset)} left {short_place(short.wallet)} than had come there: {missing} are "
            f"missing, first on {at:%Y-%m-%d}. Add the wallet, file or purchase that they are from; until then their "
            "cost, and the gain of what was sold, is unknown."
        ),
        happened_at=at,
        transaction_id=transaction,
        asset=short.asset,
        wallet=short.wallet,
        amount=words.units(short.asset, short.missing_raw),
        at_stake=None if short.unit is None else share_of(short.unit[0], short.missing_raw, short.unit[1]),
        proposals=tuple(proposals),
    )


def unknown_kind(words: Words, item: Item, why: str) -> Issue:
    """Return the issue of a transaction that is not what its kind says."""
    moved = [f"-{words.amount(each.asset, each.raw)}" for each in item.went[:3]]
    moved += [f"+{words.amount(each.asset, each.raw)}" for each in item.came[:3]]
    kinds = [("A swap", Edit(kind=TransactionKind.SWAP))] if item.went and item.came else []
    kinds += _OUT[1:] if not item.came else _IN[1:] if not item.went else ()
    return Issue(
        id=issue_id(IssueKind.UNKNOWN_KIND, item.id),
        kind=IssueKind.UNKNOWN_KIND,
        message=f"{why} It moved {', '.join(moved) or 'nothing'}. Say what it was.",
        happened_at=item.at,
        transaction_id=item.transaction.id,
        wallet=item.wallet,
        at_stake=known_worth(item),
        proposals=tuple(Proposal(label, {item.transaction.id: edit}) for label, edit in kinds),
    )


def unfit_lots(words: Words, item: Item) -> Issue:
    """Return the issue of lots that a user chose and that are not all that went."""
    went = ", ".join(words.amount(each.asset, each.raw) for each in item.went[:3])
    alone = Edit(choices=(), reason="The chosen lots were not all that went")
    return Issue(
        id=issue_id(IssueKind.UNKNOWN_KIND, "lots", item.id),
        kind=IssueKind.UNKNOWN_KIND,
        message=(
            f"The lots that you chose are not all that went ({went}, with a fee that was paid in it): until they are, "
            "first in, first out decides. Open the transaction and choose again."
        ),
        happened_at=item.at,
        transaction_id=item.transaction.id,
        wallet=item.wallet,
        at_stake=known_worth(item),
        proposals=(Proposal("Let the method of your settings decide", {item.transaction.id: alone}),),
    )


def unvouched(words: Words, asset: str, items: Sequence[Item], at_stake: Decimal | None) -> Issue:
    """Return the issue of a token that nobody vouches for and that figures rest on."""
    alone = [
        item for item in items if all(each.asset == asset for each in (*item.came, *item.went)) and not item.has_money
    ]
    edit = Edit(kind=TransactionKind.IGNORED, reason="A token that is worth nothing, or spam")
    ignored = Proposal(
        f"Spam: {len(alone)} of its transactions count nowhere", {item.transaction.id: edit for item in alone}
    )
    return Issue(
        id=issue_id(IssueKind.UNVOUCHED_ASSET, asset),
        kind=IssueKind.UNVOUCHED_ASSET,
        message=(
            f"Nobody vouches for the token {words.symbol(asset)} ({asset}), and {len(items)} transactions with it "
            "count. Anybody can give a token any name and price: check its address."
        ),
        happened_at=items[0].at,
        transaction_id=items[0].transaction.id,
        asset=asset,
        at_stake=at_stake,
        proposals=(ignored,) if 0 < len(alone) <= MOST_EDITS else (),
    )


def incomplete(gap: Gap) -> Issue:
    """Return the issue of history that is not there."""
    since = "" if gap.from_at is None else f" from {gap.from_at:%Y-%m-%d}"
    until = "" if gap.to_at is None else f" until {gap.to_at:%Y-%m-%d}"
    where = "" if gap.chain_id is None else f" on chain {gap.chain_id}"
    whose = f"The history of {short_place(gap.wallet)}{where}" if gap.wallet else "Your history"
    return Issue(
        id=issue_id(IssueKind.INCOMPLETE_HISTORY, gap.wallet, str(gap.chain_id), gap.reason),
        kind=IssueKind.INCOMPLETE_HISTORY,
        message=f"{whose}{since}{until} is not all here: {gap.reason}"[:500],
        happened_at=gap.from_at,
        wallet=gap.wallet or None,
    )


def told_problem(words: Words, item: Item) -> Issue:
    """Return the issue of a transaction whose source says that something of it is missing."""
    return Issue(
        id=issue_id(IssueKind.INCOMPLETE_HISTORY, item.id),
        kind=IssueKind.INCOMPLETE_HISTORY,
        message=f"Not all of this transaction is known: {item.transaction.problem}"[:500],
        happened_at=item.at,
        transaction_id=item.transaction.id,
        wallet=item.wallet,
        at_stake=known_worth(item),
    )


def known_worth(item: Item) -> Decimal | None:
    """What the larger side of a transaction was worth, as far as it is known."""
    sides = [[each.value for each in side if each.value is not None] for side in (item.went, item.came)]
    sums = [sum(side, Decimal(0)) for side in sides if side]
    return max(sums) if sums else None


def short_place(wallet: str) -> str:
    """Return a wallet as it is said in a sentence."""
    name, _, position = wallet.partition("@")
    shown = f"{name[:6]}…{name[-4:]}" if name.startswith("0x") and len(name) > 20 else name[:60]
    return f"{shown} ({position[:60]})" if position else shown


def issue_id(kind: IssueKind, *about: str) -> UUID:
    """Return the id of an issue, the same as long as it is about the same."""
    return uuid5(SPACE, "|".join((kind.value, *about)))
