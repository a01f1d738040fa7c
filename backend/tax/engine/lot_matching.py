"""Disposals matched with lots: one pass over the entries, per wallet or over all wallets. Pure.

Rev. Proc. 2024-28: until a place asks for lots per wallet all wallets are one; on that day what is left is allocated
to wallets (`opening`), and from then on each wallet is on its own. A change of method carries the lots along.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

from backend.tax.engine.books import Book, ChosenLotError
from backend.tax.engine.entries import Entry, Op
from backend.tax.engine.events import Kind
from backend.tax.engine.four_weeks import FourWeeks
from backend.tax.engine.methods import Method
from backend.tax.engine.money import money_or_none, plus, shared
from backend.tax.engine.opening import Allocation, allocated
from backend.tax.engine.results import Disposal, Gift, Held, Lot, Outcome, Part
from backend.tax.engine.wash_sales import WashSales

_GIFT = Kind.GIFT_IN
_TWO_BASES = (
    "a gift that was worth less than it had cost: a loss is reckoned from its worth then, no gain or loss between"
)


@dataclass(frozen=True, slots=True)
class LotRules:
    """How lots are kept: methods by the first day they hold for, per wallet from a day on (None: never)."""

    methods: tuple[tuple[date, Method], ...]
    per_wallet_from: date | None = None
    opening: Allocation | None = None
    wash_sales: bool = False
    four_weeks: bool = False  # Ireland's order
    no_loss_on: frozenset[Kind] = frozenset()  # Spain: what is given away

    def turns(self, until: date) -> tuple[date, ...]:
        """Return the days up to `until` on which all that is left is laid out anew: of methods, and of wallets."""
        days = [since for since, _ in sorted(self.methods)[1:]]
        if self.per_wallet_from is not None:
            days.append(self.per_wallet_from)
        return tuple(sorted(day for day in days if day <= until))


def match_lots(entries: Iterable[Entry], rules: LotRules, until: date) -> Outcome:
    """Return the disposals of a history and the lots that are left. Entries stand in their order.

    They may be those of some assets only, where nothing of them becomes another asset: `until` is the day of the last
    entry of the whole history. What is left is laid out anew on a day of change if the history reaches that day.
    """
    coming = list(entries) if rules.wash_sales or rules.four_weeks else ()  # where it matters what will be bought
    return _Matching(rules, coming, until).run(coming or entries)


class _Books(dict[Any, Book]):
    """The books by asset, or asset and wallet. One that is asked for first is made."""

    def __init__(self, method: Method) -> None:
        super().__init__()
        self.method = method

    def __missing__(self, key: Any) -> Book:
        book = self[key] = Book(self.method)
        return book


class _Matching:
    def __init__(self, rules: LotRules, coming: Sequence[Entry], until: date) -> None:
        self._rules = rules
        self._changes = sorted(rules.methods)
        self._until = until
        self._split_on = rules.per_wallet_from
        self._per_wallet = False
        self._books = _Books(self._changes.pop(0)[1])
        self._balances: dict[tuple[str, str], int] = {}
        self._outcome = Outcome()
        self._has_gifts = False  # so far: whose parts have to be looked at
        self._wash = WashSales(coming) if rules.wash_sales else None
        self._weeks = FourWeeks(coming) if rules.four_weeks else None
        self._apart = self._wash or self._weeks
        if self._split_on is not None and until < self._split_on:
            self._split_on = None  # the history ends before: nothing needs to be counted for the day

    def run(self, entries: Iterable[Entry]) -> Outcome:
        steps = {Op.IN: self._come, Op.OUT: self._go, Op.MOVE: self._move, Op.WRAP: self._wrap}
        today, entry = None, None
        try:
            for entry in entries:
                if entry.day is not today:
                    today = entry.day
                    self._reach(today)
                if self._split_on is not None:
                    self._count(entry)
                steps[entry.op](entry)
        except ChosenLotError as error:
            error.event_id = None if entry is None else entry.event.id
            raise
        self._reach(self._until)
        self._outcome.held = list(self._held())
        return self._outcome

    def _reach(self, day: date) -> None:
        """Lay out anew what is left, for each change of method and of wallets up to a day, in their order."""
        while self._changes and day >= self._changes[0][0]:
            if self._split_on is not None and self._split_on < self._changes[0][0]:
                self._split()
            self._change_method(self._changes.pop(0)[1])
        if self._split_on is not None and day >= self._split_on:
            self._split()

    def _book(self, asset: str, wallet: str) -> Book:
        return self._books[(asset, wallet) if self._per_wallet else asset]

    def _come(self, entry: Entry) -> None:
        lot = lot_of(entry)
        book = self._books[(entry.asset, entry.wallet) if self._per_wallet else entry.asset]
        if entry.gift is not None:
            self._has_gifts = True
        if self._apart is None:
            book.put(lot)
            return
        for each in self._apart.arrived(entry, lot):
            book.put(each)

    def _go(self, entry: Entry) -> None:
        event, money = entry.event, entry.money_e18
        choices = event.choices if entry.kind is event.kind else ()
        book = self._books[(entry.asset, entry.wallet) if self._per_wallet else entry.asset]
        parts = self._weeks.take(entry, book) if self._weeks else book.take(entry.amount_raw, choices)
        give_proceeds(parts, entry.amount_raw, money)
        if self._has_gifts and entry.is_taxable:
            for part in parts:
                if part.lot is not None and part.lot.gift is not None:
                    _of_gift(part, part.lot, part.lot.gift)
        if self._rules.no_loss_on and entry.is_taxable and entry.kind in self._rules.no_loss_on:
            _without_losses(parts)
        self._outcome.disposals.append(disposal_of(entry, parts))
        if self._wash and entry.is_taxable:
            for lot in self._wash.sold(entry, parts):
                self._book(entry.asset, lot.wallet).put(lot)
        if self._weeks and entry.is_taxable:
            self._weeks.sold(entry, parts)

    def _move(self, entry: Entry) -> None:
        if not self._per_wallet:
            return
        event = entry.event
        parts = self._book(entry.asset, entry.wallet).take(entry.amount_raw, event.choices)
        to = self._book(entry.asset, entry.to_wallet)
        for part in parts:
            lot = _moved(part, entry, entry.to_wallet, part.amount_raw, part.cost_e18)
            to.put(lot)
            if self._wash:
                self._wash.moved(entry.asset, lot)

    def _wrap(self, entry: Entry) -> None:
        parts = self._book(entry.asset, entry.wallet).take(entry.amount_raw, entry.event.choices)
        for asset, lots in wrapped(parts, entry):
            book = self._book(asset, entry.wallet)
            for lot in lots:
                book.put(lot)

    def _change_method(self, method: Method) -> None:
        self._rebuild(_Books(method), lambda key, lots: [(key, lots)])

    def _rebuild(self, anew: _Books, place: Callable[[Any, list[Lot]], Iterable[tuple[Any, list[Lot]]]]) -> None:
        before, self._books = self._books, anew
        for key, book in before.items():
            for to, lots in place(key, book.lots()):
                into = anew[to]
                for lot in lots:
                    into.put(lot)

    def _count(self, entry: Entry) -> None:
        """While all wallets are one, what lies in each is counted, for the day it will matter."""
        balances, key = self._balances, (entry.asset, entry.wallet)
        if entry.op is Op.IN:
            balances[key] = balances.get(key, 0) + entry.amount_raw
            return
        balances[key] = balances.get(key, 0) - entry.amount_raw
        if entry.op is Op.OUT:
            return
        into: tuple[tuple[str, str, int], ...] = ()
        if entry.op is Op.MOVE:
            into = ((entry.asset, entry.to_wallet, entry.amount_raw),)
        elif entry.op is Op.WRAP:
            into = tuple((asset, entry.wallet, units) for asset, units, _ in entry.into)
        for asset, wallet, units in into:
            balances[asset, wallet] = balances.get((asset, wallet), 0) + units

    def _split(self) -> None:
        """Rev. Proc. 2024-28: the lots that are left go to the wallets that hold units of the asset."""
        self._split_on, self._per_wallet = None, True
        held: dict[str, dict[str, int]] = {}
        for (asset, wallet), units in self._balances.items():
            held.setdefault(asset, {})[wallet] = units
        opening = self._rules.opening or Allocation()

        def place(asset: str, lots: list[Lot]) -> Iterable[tuple[Any, list[Lot]]]:
            by_wallet = allocated(asset, lots, held.get(asset, {}), opening)
            if self._wash:
                for lot in chain.from_iterable(by_wallet.values()):
                    self._wash.moved(asset, lot)
            return [((asset, wallet), mine) for wallet, mine in by_wallet.items()]

        self._rebuild(_Books(self._books.method), place)
        self._balances = {}

    def _held(self) -> Iterable[Held]:
        for key in sorted(self._books, key=str):
            asset, wallet = key if self._per_wallet else (key, None)
            for lot in self._books[key].lots():
                yield Held(asset, wallet, lot.id, lot.acquired_at, lot.day, lot.left_raw, money_or_none(lot.left_e18))


def lot_of(entry: Entry) -> Lot:
    """Return the lot that an entry brings in."""
    event = entry.event
    lot = Lot(event.id, event.at, entry.day, entry.amount_raw, entry.money_e18, entry.wallet)
    if entry.kind is _GIFT:
        lot.gift = entry.gift
        if entry.acquired_at is not None and entry.acquired_day is not None:
            lot.acquired_at, lot.day = entry.acquired_at, entry.acquired_day
    return lot


def _of_gift(part: Part, lot: Lot, gift: Gift) -> None:
    """Reckon a loss on a gift from its worth when given; between that and the giver's basis there is neither.

    26 U.S.C. 1015(a), Treas. Reg. 1.1015-1(a), IRS Publication 551: then it counts as held since it was given.
    """
    cost, proceeds = part.cost_e18, part.proceeds_e18
    if cost is None or proceeds is None or proceeds >= cost:
        return
    part.cost_e18 = max(gift.worth_e18 * cost // gift.cost_e18, proceeds)
    part.lot = Lot(lot.id, gift.at, gift.day, part.amount_raw, part.cost_e18, lot.wallet, note=_TWO_BASES)


def _without_losses(parts: Sequence[Part]) -> None:
    for part in parts:
        part.disallowed_e18 = max(0, -(part.gain_e18 or 0))


def give_proceeds(parts: Sequence[Part], amount_raw: int, proceeds_e18: int | None) -> None:
    """Share proceeds out over the parts of a disposal, by units."""
    if proceeds_e18 is None:
        return
    if len(parts) == 1:
        parts[0].proceeds_e18 = proceeds_e18
        return
    reached = before = 0
    for part in parts:
        reached += part.amount_raw
        upto = proceeds_e18 * reached // amount_raw
        part.proceeds_e18 = upto - before
        before = upto


def disposal_of(entry: Entry, parts: list[Part]) -> Disposal:
    """Return the disposal that an entry is, with its parts."""
    event = entry.event
    return Disposal(
        (event.id,), entry.kind, entry.asset, entry.wallet, event.at, entry.day, entry.amount_raw,
        entry.money_e18, parts, entry.is_taxable, entry.spent_e18,
    )  # fmt: skip


def _moved(part: Part, entry: Entry, wallet: str, amount_raw: int, cost_e18: int | None) -> Lot:
    lot = part.lot
    if lot is None:  # nobody knows where these units are from: they go on so
        return Lot(entry.event.id, entry.event.at, entry.day, amount_raw, None, wallet)
    return Lot(
        lot.id, lot.acquired_at, lot.day, amount_raw, cost_e18, wallet, is_replacement=lot.is_replacement, gift=lot.gift
    )  # fmt: skip


def wrapped(parts: Sequence[Part], entry: Entry) -> list[tuple[str, list[Lot]]]:
    """Return, by asset, the lots that units become: dates and costs are kept, fees are added to the costs by units.

    A part too small for a unit leaves its cost to the next, as two tokens do that become one indivisible position: it
    has the date of the last of them.
    """
    carry = {} if entry.carry is None else entry.carry
    weights = [weight for _, _, weight in entry.into]
    fees = shared(entry.money_e18, [part.amount_raw for part in parts]) if entry.money_e18 is not None else None
    costs = []
    for place, part in enumerate(parts):
        cost = plus(part.cost_e18, None if fees is None else fees[place])
        costs.append([None] * len(weights) if cost is None else shared(cost, weights))
    made = []
    for number, (asset, amount_raw, _) in enumerate(entry.into):
        lots: list[Lot] = []
        pending = carry.pop(asset, 0)
        for place, units in enumerate(shared(amount_raw, [part.amount_raw for part in parts])):
            pending = plus(pending, costs[place][number])
            if units:
                lots.append(_moved(parts[place], entry, entry.wallet, units, pending))
                pending = 0
        if pending != 0:
            carry[asset] = pending
        made.append((asset, lots))
    return made
