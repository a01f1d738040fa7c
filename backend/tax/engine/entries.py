"""From events to entries: what comes in, goes out, moves and is wrapped, with fees where the rules put them. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import IntEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from backend.tax.engine.calendar import local_day
from backend.tax.engine.events import Fee, IncomeKind, InvalidEventError, Kind, Leg, TaxEvent
from backend.tax.engine.money import plus, scaled, scaled_or_none, shared
from backend.tax.engine.results import Gift, Income


class Op(IntEnum):
    """What an entry does to a book."""

    __hash__ = int.__hash__

    IN = 0
    OUT = 1
    MOVE = 2
    WRAP = 3


@dataclass(slots=True, eq=False)
class Entry:
    """One thing that happens to units of one asset. `money_e18` is the cost of IN, WRAP's fees, OUT's proceeds."""

    op: Op
    event: TaxEvent
    day: date
    asset: str
    wallet: str
    amount_raw: int
    money_e18: int | None
    kind: Kind
    is_taxable: bool = True
    to_wallet: str = ""
    acquired_at: datetime | None = None  # of IN, where it is not when it came
    acquired_day: date | None = None
    into: tuple[tuple[str, int, int], ...] = ()  # of WRAP: what the units become: asset, units, weight of the basis
    carry: dict[str, int | None] | None = None  # of WRAP: cost of legs too small for a unit, for the event's next leg
    gift: Gift | None = None  # of IN: where a loss is reckoned from another basis than a gain
    spent_e18: int | None = 0  # of OUT: costs of disposal that the proceeds are less by


class Treatment(Protocol):
    """What of a place's rules decides how events become entries."""

    untaxed: frozenset[Kind]  # disposals that no gain or loss follows from
    cost_is_given: bool  # what comes of a swap costs what was given for it, else what it is worth itself
    gift_keeps_basis: bool  # a gift goes on with the giver's basis and date
    gift_has_two_bases: bool  # but a loss is reckoned from its worth when it was given, if that was less
    wrap_is_disposal: bool
    fees_count: bool  # whether costs may be deducted
    no_income: frozenset[IncomeKind]  # acquired for nothing, and no income

    def sold_leg_share(self, day: date) -> tuple[int, int]:
        """Return which share of a swap's costs is a cost of what was sold: the rest is one of what came."""
        ...


# Looked up once: an enumeration's members are slow to reach, and these are asked for at every event.
_IN, _OUT, _MOVE = Op.IN, Op.OUT, Op.MOVE
_FEE, _TRANSFER = Kind.FEE, Kind.TRANSFER
_NO_TIME = datetime.min.replace(tzinfo=UTC)
_BATCH = 1000


class Translated:
    """Entries in their order, and what was earned, of the events that were added so far."""

    __slots__ = ("_begin", "_day", "_end", "_treatment", "entries", "incomes", "zone")

    def __init__(self, treatment: Treatment, timezone: str) -> None:
        """Nothing yet, under a place's rules, days in its time zone."""
        self.zone: tzinfo = UTC if timezone == "UTC" else ZoneInfo(timezone)
        self.entries: list[Entry] = []
        self.incomes: list[Income] = []
        self._treatment = treatment
        self._day, self._begin, self._end = date.min, _NO_TIME, _NO_TIME

    def add(self, ordered: Iterable[TaxEvent]) -> None:
        """Add events, in their order."""
        treatment, day, begin, end = self._treatment, self._day, self._begin, self._end
        for event in ordered:
            at = event.at
            if not begin <= at < end:
                day, begin, end = local_day(at, self.zone)
            _HANDLERS[event.kind](event, day, treatment, self)
        self._day, self._begin, self._end = day, begin, end

    def take(self) -> tuple[list[Entry], list[Income]]:
        """Return what there is, and begin with nothing."""
        found = self.entries, self.incomes
        self.entries, self.incomes = [], []
        return found


def translating(
    ordered: Sequence[TaxEvent], treatment: Treatment, timezone: str, incomes: list[Income]
) -> Iterator[Entry]:
    """Yield the entries that events come to under a place's rules, and add to `incomes` what was earned.

    All of a long history's entries at once would take a third of the memory of a calculation, and the time to get it.
    """
    done = Translated(treatment, timezone)
    for start in range(0, len(ordered), _BATCH):
        done.add(ordered[start : start + _BATCH])
        entries, earned = done.take()
        incomes += earned
        yield from entries


def last_day(ordered: Sequence[TaxEvent], treatment: Treatment, timezone: str) -> date:
    """Return the day of the last entry that events come to; the first day of all where there is none."""
    done = Translated(treatment, timezone)
    for event in reversed(ordered):
        done.add([event])
        if done.entries:
            return done.entries[-1].day
    return date.min


def _fees(event: TaxEvent, treatment: Treatment, own_asset: str = "") -> tuple[int | None, int, list[Fee]]:
    """Return what all fees are worth, units of them in `own_asset`, and those paid in other assets."""
    worth: int | None = 0
    own, others = 0, []
    for fee in event.fees:
        value = fee.value
        worth = None if worth is None or value is None else worth + scaled(value)
        if fee.asset is None or not fee.amount_raw:
            continue
        if fee.asset == own_asset:
            own += fee.amount_raw
        else:
            others.append(fee)
    return worth if treatment.fees_count else 0, own, others


def _pay(event: TaxEvent, day: date, fees: Sequence[Fee], treatment: Treatment, done: Translated) -> None:
    """A fee paid in an asset is a disposal of it for what it is worth (HMRC CRYPTO22280; IRS Notice 2014-21, A-8)."""
    taxable = _FEE not in treatment.untaxed
    for fee in fees:
        if fee.asset is not None:
            worth = scaled_or_none(fee.value)
            done.entries.append(Entry(_OUT, event, day, fee.asset, event.wallet, fee.amount_raw, worth, _FEE, taxable))


def _worths(legs: Sequence[Leg]) -> list[int | None]:
    if len(legs) == 1:
        return [scaled_or_none(legs[0].value)]
    return [scaled_or_none(leg.value) for leg in legs]


def _shares(total: int | None, legs: Sequence[Leg]) -> list[int | None]:
    """Return `total` in shares by what the legs are worth; unknown where that cannot be said."""
    if total is None:
        return [None] * len(legs)
    if len(legs) == 1:
        return [total]
    known = [worth for worth in _worths(legs) if worth is not None]
    if len(known) < len(legs) or sum(known) <= 0:
        return [None] * len(legs) if total else [0] * len(legs)
    return list(shared(total, known))


def _come(event: TaxEvent, day: date, treatment: Treatment, done: Translated) -> None:
    """BUY, BORROW: the fees are a part of the cost."""
    legs, fees = event.into, event.fees
    if len(legs) != 1 or len(fees) > 1 or (fees and fees[0].asset is not None):
        _acquire(event, day, _worths(legs), treatment, done)
        return
    leg = legs[0]  # this is `_acquire` for what most purchases are
    money = None if leg.value is None else scaled(leg.value)
    if fees and treatment.fees_count:
        money = plus(money, scaled_or_none(fees[0].value))
    done.entries.append(Entry(_IN, event, day, leg.asset, event.wallet, leg.amount_raw, money, event.kind))


def _earn(event: TaxEvent, day: date, treatment: Treatment, done: Translated) -> None:
    """INCOME: what was earned is the cost, unless the place has no income of it."""
    from_where, costs = event.income, _worths(event.into)
    if from_where is None:
        raise InvalidEventError("it does not say what kind of income it is", event.id)
    if from_where in treatment.no_income:
        costs = [0] * len(costs)
    else:
        for leg, worth in zip(event.into, costs, strict=True):
            done.incomes.append(
                Income(event.id, from_where, leg.asset, event.wallet, event.at, day, leg.amount_raw, worth)
            )
    _acquire(event, day, costs, treatment, done)


def _get(event: TaxEvent, day: date, treatment: Treatment, done: Translated) -> None:
    """GIFT_IN: with the giver's basis and date, or at what it is worth."""
    worths = _worths(event.into)
    costs = _shares(scaled_or_none(event.basis), event.into) if treatment.gift_keeps_basis else worths
    made = _acquire(event, day, costs, treatment, done)
    fees = _shares(_fees(event, treatment)[0], event.into)
    for entry, worth, fee in zip(made, worths, fees, strict=True):
        if treatment.gift_has_two_bases:
            entry.gift = _gift(event, day, entry.money_e18, plus(worth, fee))
        if treatment.gift_keeps_basis and event.acquired_at is not None:
            entry.acquired_at, entry.acquired_day = event.acquired_at, event.acquired_at.astimezone(done.zone).date()


def _acquire(
    event: TaxEvent, day: date, costs: Sequence[int | None], treatment: Treatment, done: Translated
) -> Sequence[Entry]:
    """Return the entries of what comes at these costs; they are in `done`, and what its fees come to."""
    fees, _, in_assets = _fees(event, treatment)
    of_fees = _shares(fees, event.into)
    made = [
        Entry(_IN, event, day, leg.asset, event.wallet, leg.amount_raw, plus(cost, fee), event.kind)
        for leg, cost, fee in zip(event.into, costs, of_fees, strict=True)
    ]
    done.entries += made
    _pay(event, day, in_assets, treatment, done)
    return made


def _gift(event: TaxEvent, day: date, cost: int | None, worth: int | None) -> Gift | None:
    return None if cost is None or worth is None or worth >= cost else Gift(event.at, day, worth, cost)


def _go(event: TaxEvent, day: date, treatment: Treatment, done: Translated) -> None:
    """SELL, SPEND, GIFT_OUT, DONATION, REPAY: the fees are costs of disposal."""
    legs, fees = event.out, event.fees
    if len(legs) != 1 or len(fees) > 1 or (fees and fees[0].asset is not None):
        _dispose(event, day, _worths(legs), treatment, done)
        return
    leg = legs[0]  # this is `_dispose` for what most sales are
    money = None if leg.value is None else scaled(leg.value)
    fee = scaled_or_none(fees[0].value) if fees and treatment.fees_count else 0
    if fee != 0:
        money = None if money is None or fee is None else money - fee
    taxable = event.kind not in treatment.untaxed
    entry = Entry(_OUT, event, day, leg.asset, event.wallet, leg.amount_raw, money, event.kind, taxable)
    entry.spent_e18 = fee
    done.entries.append(entry)


def _lose(event: TaxEvent, day: date, treatment: Treatment, done: Translated) -> None:
    """LOSS: disposed of for nothing."""
    _dispose(event, day, [0] * len(event.out), treatment, done)


def _dispose(event: TaxEvent, day: date, worths: Sequence[int | None], treatment: Treatment, done: Translated) -> None:
    """Put into `done` what goes for these worths, and what its fees come to."""
    legs = event.out
    fees, own, in_assets = _fees(event, treatment, legs[0].asset if len(legs) == 1 else "")
    taxable = event.kind not in treatment.untaxed
    for leg, worth, fee in zip(legs, worths, _shares(fees, legs), strict=True):
        units = leg.amount_raw
        if own:  # of one leg: units of the same asset that paid the fee went with it, for what they were worth
            units += own
            worth = plus(worth, _worth_of_own(event, leg.asset))
        money = None if worth is None or fee is None else worth - fee
        entry = Entry(_OUT, event, day, leg.asset, event.wallet, units, money, event.kind, taxable)
        entry.spent_e18 = fee
        done.entries.append(entry)
    _pay(event, day, in_assets, treatment, done)


def _worth_of_own(event: TaxEvent, asset: str) -> int | None:
    worth: int | None = 0
    for fee in event.fees:
        if fee.asset == asset and fee.amount_raw:
            worth = plus(worth, scaled_or_none(fee.value))
    return worth


def _swap(event: TaxEvent, day: date, treatment: Treatment, done: Translated) -> None:
    """Received for given. A side of unknown worth takes the worth of the other."""
    given, received = _worth(event.out), _worth(event.into)
    proceeds = received if received is not None else given
    cost = (given if given is not None else received) if treatment.cost_is_given else proceeds
    fees, own, in_assets = _fees(event, treatment, event.out[0].asset if len(event.out) == 1 else "")
    over, under = treatment.sold_leg_share(day)
    of_sold = None if fees is None else fees * over // under
    of_bought = None if fees is None or of_sold is None else fees - of_sold
    taxable = Kind.SWAP not in treatment.untaxed
    by_leg, spent = _shares(proceeds, event.out), _shares(of_sold, event.out)
    for place, leg in enumerate(event.out):
        money, units, fee = by_leg[place], leg.amount_raw, spent[place]
        if own and place == 0:
            units += own
            money = plus(money, _worth_of_own(event, leg.asset))
        money = None if money is None or fee is None else money - fee
        entry = Entry(_OUT, event, day, leg.asset, event.wallet, units, money, Kind.SWAP, taxable)
        entry.spent_e18 = fee
        done.entries.append(entry)
    costs, more = _shares(cost, event.into), _shares(of_bought, event.into)
    for leg, each, fee in zip(event.into, costs, more, strict=True):
        done.entries.append(Entry(_IN, event, day, leg.asset, event.wallet, leg.amount_raw, plus(each, fee), Kind.SWAP))
    _pay(event, day, in_assets, treatment, done)


def _worth(legs: Sequence[Leg]) -> int | None:
    total: int | None = 0
    for worth in _worths(legs):
        total = plus(total, worth)
    return total


def _transfer(event: TaxEvent, day: date, treatment: Treatment, done: Translated) -> None:
    """Lots move with basis and date. What does not arrive paid for the transfer, and is disposed of."""
    sent, received = event.out[0], event.into[0]
    move = Entry(_MOVE, event, day, sent.asset, event.wallet, received.amount_raw, None, _TRANSFER)
    move.to_wallet = event.to_wallet or ""
    done.entries.append(move)
    lost = sent.amount_raw - received.amount_raw
    if lost:
        worth = scaled_or_none(sent.value)
        fee = None if worth is None else worth * lost // sent.amount_raw
        taxable = _FEE not in treatment.untaxed
        done.entries.append(Entry(_OUT, event, day, sent.asset, event.wallet, lost, fee, _FEE, taxable))
    if event.fees:
        _pay(event, day, [fee for fee in event.fees if fee.asset and fee.amount_raw], treatment, done)


def _wrap(event: TaxEvent, day: date, treatment: Treatment, done: Translated) -> None:
    """The units become others, with their basis and dates; where several come or go, by what they are worth."""
    if treatment.wrap_is_disposal:
        _swap(event, day, treatment, done)
        return
    fees, _, in_assets = _fees(event, treatment)
    outs = _weights(event.out)
    ins = _weights(event.into)
    parts = [shared(leg.amount_raw, outs) for leg in event.into]
    of_fees = _shares(fees, event.out)
    carry: dict[str, int | None] = {}
    for place, leg in enumerate(event.out):
        entry = Entry(Op.WRAP, event, day, leg.asset, event.wallet, leg.amount_raw, of_fees[place], Kind.WRAP)
        entry.carry = carry
        entry.into = tuple((to.asset, parts[number][place], ins[number]) for number, to in enumerate(event.into))
        done.entries.append(entry)
    _pay(event, day, in_assets, treatment, done)


def _weights(legs: Sequence[Leg]) -> list[int]:
    known = [worth for worth in _worths(legs) if worth is not None]
    return known if len(known) == len(legs) and sum(known) > 0 else [1] * len(legs)


def _fee(event: TaxEvent, day: date, treatment: Treatment, done: Translated) -> None:
    _pay(event, day, event.fees, treatment, done)


_HANDLERS = {
    Kind.BUY: _come, Kind.INCOME: _earn, Kind.GIFT_IN: _get, Kind.BORROW: _come,
    Kind.SELL: _go, Kind.SPEND: _go, Kind.GIFT_OUT: _go, Kind.DONATION: _go, Kind.LOSS: _lose, Kind.REPAY: _go,
    Kind.SWAP: _swap, Kind.TRANSFER: _transfer, Kind.WRAP: _wrap, Kind.FEE: _fee,
}  # fmt: skip
