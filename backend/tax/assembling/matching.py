"""Which withdrawal and which deposit are one transfer between places of the user. Pure.

From the strongest evidence to the weakest, what one step has paired is out of the next:

1. the user says so; 2. the same hash; 3. a bridge's events with the same identifiers, once each; 4. the same asset and
amount within two hours; 5. an amount that is less by a plausible network fee within two hours; 6. and 7. the same
within three days. Of 2 and 4 to 7 only pairs beyond doubt count (`pairing`); what could be several is said and left
open.

A network fee is plausible up to 1 % of what was sent, or up to 10 % where that is worth no more than 50 dollars
(`FEE_WORTH`). What arrives may be up to ten minutes early: clocks and minutes differ; a time that is exactly midnight
or noon is a day. What chains say is believed: an amount that went to an address of somebody else came to no wallet of
the user but by way of an account, and two hashes are two transfers unless they are of two chains.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from backend.tax.assembling.items import Amount, Item
from backend.tax.assembling.pairing import certain_pairs, groups, is_perfect
from backend.tax.transactions import TransactionKind

EARLY, SOON, LATE, A_DAY = timedelta(minutes=10), timedelta(hours=2), timedelta(days=3), timedelta(days=1)
FEE_WORTH = {"JPY": Decimal(7500)}  # else 50
MOST_IN_QUESTION = 20_000  # pairs of one asset (and amount): beyond that nothing is paired by time
_MOVEMENTS = frozenset({TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL, TransactionKind.BRIDGE})


@dataclass(slots=True, eq=False)
class Movement:
    """An amount that came to or went from a wallet, nobody knows from whom or where to."""

    item: Item
    amount: Amount
    is_out: bool
    tx_hash: str | None
    is_address: bool
    named: str | None  # the wallet of the user that is on the other side
    at: datetime


@dataclass(frozen=True, slots=True)
class Match:
    """Two movements that are one transfer, and why."""

    out: Movement
    into: Movement
    why: str


@dataclass(slots=True)
class Matched:
    """Pairs by the identity of their amounts, and what else each that is left could be."""

    by_out: dict[int, Match] = field(default_factory=dict)
    by_into: dict[int, Match] = field(default_factory=dict)
    candidates: dict[int, list[Movement]] = field(default_factory=dict)
    matches: list[Match] = field(default_factory=list)


def is_movement(item: Item) -> bool:
    """Return whether what came and went with an item may be one side of an own transfer."""
    kind = item.transaction.kind
    if kind is TransactionKind.TRANSFER:
        return not (item.went and item.came)
    return kind in _MOVEMENTS and not (kind is TransactionKind.BRIDGE and item.went and item.came)


def match_transfers(items: Sequence[Item], currency: str) -> Matched:
    """Return which movements of items are transfers of the user, whatever the order of items."""
    wallets = {item.wallet for item in items}
    movements = [each for item in items if is_movement(item) for each in _movements(item, wallets)]
    return _Matching(movements, FEE_WORTH.get(currency, Decimal(50))).run()


def _movements(item: Item, wallets: AbstractSet[str]) -> Iterable[Movement]:
    said = item.transaction
    tx_hash = said.tx_hash
    if tx_hash is not None:
        tx_hash = tx_hash.lower().removeprefix("0x") or None
    told = said.to_wallet if said.kind is TransactionKind.TRANSFER else None
    for side, is_out in ((item.went, True), (item.came, False)):
        for amount in side:
            if amount.role == "principal":
                other = amount.counterparty
                named = other if other is not None and other != item.wallet and other in wallets else told
                yield Movement(item, amount, is_out, tx_hash, said.chain_id is not None, named, item.at)


class _Matching:
    def __init__(self, movements: Sequence[Movement], fee_worth: Decimal) -> None:
        self._fee_worth = fee_worth
        self._all = movements
        self._done = Matched()
        self._left: dict[int, Movement] = {}
        for each in movements:
            edit = each.item.edit
            if edit is None or not edit.is_unmatched:
                self._left[id(each.amount)] = each

    def run(self) -> Matched:
        self._as_told()
        self._step(self._by_hash, "the same transaction hash", interchange=True)
        self._bridges()
        for window, words in ((SOON, "within two hours"), (LATE, "within three days")):
            self._step(lambda window=window: self._equal(window), f"the same amount {words}", interchange=True)
            self._step(lambda window=window: self._less_a_fee(window), f"the amount less a network fee {words}")
        self._look_for_candidates()
        return self._done

    def _sides(self) -> tuple[list[Movement], list[Movement]]:
        left = self._left.values()
        return [each for each in left if each.is_out], [each for each in left if not each.is_out]

    def _pair(self, out: Movement, into: Movement, why: str) -> None:
        match = Match(out, into, why)
        self._done.by_out[id(out.amount)] = match
        self._done.by_into[id(into.amount)] = match
        self._done.matches.append(match)
        del self._left[id(out.amount)], self._left[id(into.amount)]

    def _as_told(self) -> None:
        by_id: dict[UUID, list[Movement]] = {}
        told = [each for each in self._left.values() if each.item.edit is not None and each.item.edit.matches]
        if not told:
            return
        for each in self._left.values():
            by_id.setdefault(each.item.transaction.id, []).append(each)
        for each in told:
            edit = each.item.edit
            if edit is None or edit.matches is None or id(each.amount) not in self._left:
                continue
            others = [
                other
                for other in by_id.get(edit.matches, ())
                if other.is_out != each.is_out and id(other.amount) in self._left and other.item is not each.item
            ]
            others.sort(key=lambda other: (other.amount.asset != each.amount.asset, other.amount.place))
            if others:
                out, into = (each, others[0]) if each.is_out else (others[0], each)
                self._pair(out, into, "you said so")

    def _bridges(self) -> None:
        sides: dict[object, tuple[list[Movement], list[Movement]]] = {}
        for each in self._left.values():
            said = each.item.transaction
            if said.kind is TransactionKind.BRIDGE and said.identifiers:
                key = (said.protocol, frozenset(said.identifiers.items()))
                sides.setdefault(key, ([], []))[0 if each.is_out else 1].append(each)
        for outs, ins in sides.values():
            if len(outs) == len(ins) == 1 and outs[0].item.transaction.chain_id != ins[0].item.transaction.chain_id:
                self._pair(outs[0], ins[0], "both ends of a bridge with the same identifiers")

    def _step(
        self, find: Callable[[], list[tuple[Movement, Movement]]], why: str, *, interchange: bool = False
    ) -> None:
        """Take the pairs beyond doubt of those that `find` returns."""
        pairs = find()
        if not pairs:
            return
        lefts: dict[int, Movement] = {}
        rights: dict[int, Movement] = {}
        edges: dict[int, list[int]] = {}
        for out, into in pairs:
            left, right = id(out.amount), id(into.amount)
            lefts[left], rights[right] = out, into
            edges.setdefault(left, []).append(right)
        numbers = {key: number for number, key in enumerate(lefts)}
        right_numbers = {key: number for number, key in enumerate(rights)}
        numbered = {numbers[left]: [right_numbers[each] for each in to] for left, to in edges.items()}
        outs, ins = list(lefts.values()), list(rights.values())
        certain = certain_pairs(numbered)
        for left, right in certain.items():
            self._pair(outs[left], ins[right], why)
        if interchange and len(certain) < len(outs):
            self._interchangeable(numbered, outs, ins, certain, why)

    def _interchangeable(
        self,
        edges: Mapping[int, Sequence[int]],
        outs: Sequence[Movement],
        ins: Sequence[Movement],
        certain: Mapping[int, int],
        why: str,
    ) -> None:
        """Equal amounts that all find another side: from or to one wallet it makes no difference which is which."""
        taken = set(certain.values())
        rest = {
            left: [right for right in to if right not in taken] for left, to in edges.items() if left not in certain
        }
        for lefts in groups(rest):
            rights = {right for left in lefts for right in rest[left]}
            from_where = {outs[left].item.wallet for left in lefts}
            to_where = {ins[right].item.wallet for right in rights}
            amounts = {outs[left].amount.raw for left in lefts} | {ins[right].amount.raw for right in rights}
            if min(len(from_where), len(to_where)) > 1 or len(amounts) > 1 or not is_perfect(lefts, rest, rights):
                continue
            in_time = sorted(rights, key=lambda right: (ins[right].at, ins[right].item.id))
            ordered = list(zip(lefts, in_time, strict=True))
            if all(right in rest[left] for left, right in ordered):
                for left, right in ordered:
                    self._pair(outs[left], ins[right], why)

    def _by_hash(self) -> list[tuple[Movement, Movement]]:
        coming: dict[tuple[str, str], list[Movement]] = {}
        outs, ins = self._sides()
        for each in ins:
            if each.tx_hash:
                coming.setdefault((each.tx_hash, each.amount.asset), []).append(each)
        found = []
        for out in outs:
            if not out.tx_hash:
                continue
            others = [
                each
                for each in coming.get((out.tx_hash, out.amount.asset), ())
                if each.amount.raw <= out.amount.raw and each.item.wallet != out.item.wallet and _may_be(out, each)
            ]
            equal = [each for each in others if each.amount.raw == out.amount.raw]
            found += [(out, each) for each in equal or others]
        return found

    def _equal(self, window: timedelta) -> list[tuple[Movement, Movement]]:
        groups_: dict[tuple[str, int], tuple[list[Movement], list[Movement]]] = {}
        outs, ins = self._sides()
        for each in ins:
            groups_.setdefault((each.amount.asset, each.amount.raw), ([], []))[1].append(each)
        for out in outs:
            mine = groups_.get((out.amount.asset, out.amount.raw))
            if mine is not None:
                mine[0].append(out)
        found = []
        for leaving, coming in groups_.values():
            times = [each.at for each in coming]
            near = [_between(out, times, window) for out in leaving]
            if sum(end - begin for begin, end in near) <= MOST_IN_QUESTION:
                for out, (begin, end) in zip(leaving, near, strict=True):
                    found += _in_time(out, coming[begin:end], window)
        return found

    def _less_a_fee(self, window: timedelta) -> list[tuple[Movement, Movement]]:
        """Deposits of a day stand by amount: of each day only those in question are looked at."""
        days: dict[tuple[str, int], list[tuple[int, int, Movement]]] = {}
        outs, ins = self._sides()
        for number, each in enumerate(ins):
            days.setdefault((each.amount.asset, each.at.toordinal()), []).append((each.amount.raw, number, each))
        for mine in days.values():
            mine.sort(key=lambda each: each[:2])
        by_asset: dict[str, list[tuple[Movement, list[tuple[int, int, Movement]], int, int]]] = {}
        for out in outs:
            sent = out.amount.raw
            least = sent - self._most_of_fee(out)
            first, last = (out.at - EARLY - A_DAY).toordinal(), (out.at + window + A_DAY).toordinal()
            for day in range(first, last + 1):
                mine = days.get((out.amount.asset, day))
                if mine is None:
                    continue
                begin, end = bisect_left(mine, (least,)), bisect_left(mine, (sent + 1,))
                if begin < end:
                    by_asset.setdefault(out.amount.asset, []).append((out, mine, begin, end))
        found = []
        for looks in by_asset.values():
            if sum(end - begin for _, _, begin, end in looks) <= MOST_IN_QUESTION:
                for out, mine, begin, end in looks:
                    found += _in_time(out, [each for _, _, each in mine[begin:end]], window)
        return found

    def _most_of_fee(self, out: Movement) -> int:
        sent, value = out.amount.raw, out.amount.value
        least = sent // 100
        if value is None or value <= 0:
            return least
        return max(least, min(sent // 10, int(Decimal(sent) * self._fee_worth / value)))

    def _look_for_candidates(self) -> None:
        """What is left open: which movements could be the other side, the nearest first."""
        pairs = self._equal(LATE) + self._less_a_fee(LATE) + self._by_hash()
        for out, into in pairs:
            for one, other in ((out, into), (into, out)):
                mine = self._done.candidates.setdefault(id(one.amount), [])
                if other not in mine:
                    mine.append(other)
        for each in self._left.values():
            if id(each.amount) in self._done.candidates:
                mine = self._done.candidates[id(each.amount)]
                mine.sort(key=lambda other, at=each.at: (abs(other.at - at), other.item.id))


def _between(out: Movement, times: Sequence[datetime], window: timedelta) -> tuple[int, int]:
    """Where in sorted times those stand that may be in time."""
    return bisect_left(times, out.at - EARLY - A_DAY), bisect_right(times, out.at + window + A_DAY)


def _in_time(out: Movement, others: Iterable[Movement], window: timedelta) -> list[tuple[Movement, Movement]]:
    """Those that came in time, from a little before to `window` after, and that nothing speaks against."""
    at, out_is_day = out.at, _is_day(out.at)
    found = []
    for each in others:
        slack = A_DAY if out_is_day or _is_day(each.at) else timedelta(0)
        if -EARLY - slack <= each.at - at <= window + slack and _may_be(out, each):
            found.append((out, each))
    return found


def _is_day(at: datetime) -> bool:
    return not (at.hour % 12 or at.minute or at.second or at.microsecond)


def _may_be(out: Movement, into: Movement) -> bool:
    """Return whether nothing that is known speaks against two movements being one."""
    sent, came = out.item.transaction, into.item.transaction
    if sent.id == came.id:
        return False
    if out.named is not None and out.named != into.item.wallet:
        return False
    if into.named is not None and into.named != out.item.wallet:
        return False
    two_chains = sent.chain_id is not None and came.chain_id is not None and sent.chain_id != came.chain_id
    if two_chains:
        is_bridge = TransactionKind.BRIDGE in (sent.kind, came.kind)
        return is_bridge or (into.at - out.at <= SOON and out.named is None and into.named is None)
    if sent.kind is TransactionKind.BRIDGE and came.kind is TransactionKind.BRIDGE:
        return True  # its two ends are transactions of two chains, though files seldom say of which
    if out.item.wallet == into.item.wallet and (out.is_address or into.is_address or out.tx_hash or into.tx_hash):
        return False
    if out.tx_hash and into.tx_hash and out.tx_hash != into.tx_hash:
        return False
    if out.is_address and into.is_address and not (out.tx_hash and out.tx_hash == into.tx_hash):
        return out.named is not None or into.named is not None
    return True
