"""From events to entries: what comes in, goes out, moves and is wrapped, with fees where the rules put them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import IntEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from backend.tax.engine.events import Fee, IncomeKind, InvalidEventError, Kind, Leg, TaxEvent
from backend.tax.engine.money import plus, scaled_or_none, shared
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


@dataclass(slots=True)
class Translated:
    """Entries in their order, and what was earned."""

    zone: tzinfo
    entries: list[Entry]
    incomes: list[Income]


def translate(ordered: Sequence[TaxEvent], treatment: Treatment, timezone: str) -> Translated:
    """Return the entries that events come to under a place's rules, days in its time zone."""
    zone: tzinfo = UTC if timezone == "UTC" else ZoneInfo(timezone)
    done = Translated(zone, [], [])
    for event in ordered:
        at = event.at
        day = at.date() if at.tzinfo is zone else at.astimezone(zone).date()
        _HANDLERS[event.kind](event, day, treatment, done)
    return done


def _fees(event: TaxEvent, treatment: Treatment, own_asset: str = "") -> tuple[int | None, int, list[Fee]]:
    """Return what all fees are worth, units of them in `own_asset`, and those paid in other assets."""
    if not event.fees:
        return 0, 0, []
    worth: int | None = 0
    own, others = 0, []
    for fee in event.fees:
        worth = plus(worth, scaled_or_none(fee.value))
        if fee.asset is None or not fee.amount_raw:
            continue
        if fee.asset == own_asset:
            own += fee.amount_raw
        else:
            others.append(fee)
    return worth if treatment.fees_count else 0, own, others


def _pay(event: TaxEvent, day: date, fees: Sequence[Fee], treatment: Treatment, done: Translated) -> None:
    """A fee paid in an asset is a disposal of it for what it is worth (HMRC CRYPTO22280; IRS Notice 2014-21, A-8)."""
    taxable = Kind.FEE not in treatment.untaxed
    for fee in fees:
        if fee.asset is not None:
            worth = scaled_or_none(fee.value)
            done.entries.append(
                Entry(Op.OUT, event, day, fee.asset, event.wallet, fee.amount_raw, worth, Kind.FEE, taxable)
            )


def _shares(total: int | None, legs: Sequence[Leg]) -> list[int | None]:
    """Return `total` in shares by what the legs are worth; unknown where that cannot be said."""
    if total is None:
        return [None] * len(legs)
    if len(legs) == 1:
        return [total]
    worths = [scaled_or_none(leg.value) for leg in legs]
    known = [worth for worth in worths if worth is not None]
    if len(known) < len(legs) or sum(known) <= 0:
        return [None] * len(legs) if total else [0] * len(legs)
    return list(shared(total, known))


def _come(event: TaxEvent, day: date, treatment: Treatment, done: Translated) -> None:
    """BUY, INCOME, BORROW, GIFT_IN: the fees are a part of the cost."""
    fees, _, in_assets = _fees(event, treatment)
    acquired_at, kind = None, event.kind
    costs = [scaled_or_none(leg.value) for leg in event.into]
    if kind is Kind.INCOME:
        from_where = event.income
        if from_where is None:
            raise InvalidEventError("it does not say what kind of income it is", event.id)
        if from_where in treatment.no_income:
            costs = [0] * len(costs)
        else:
            done.incomes += [
                Income(event.id, from_where, leg.asset, event.wallet, event.at, day, leg.amount_raw, worth)
                for leg, worth in zip(event.into, costs, strict=True)
            ]
    elif kind is Kind.GIFT_IN and treatment.gift_keeps_basis:
        costs = _shares(scaled_or_none(event.basis), event.into)
        acquired_at = event.acquired_at
    of_fees = _shares(fees, event.into)
    for place, leg in enumerate(event.into):
        cost = plus(costs[place], of_fees[place])
        entry = Entry(Op.IN, event, day, leg.asset, event.wallet, leg.amount_raw, cost, kind)
        if kind is Kind.GIFT_IN and treatment.gift_has_two_bases:
            entry.gift = _gift(event, day, cost, plus(scaled_or_none(leg.value), of_fees[place]))
        if acquired_at is not None:
            entry.acquired_at, entry.acquired_day = acquired_at, acquired_at.astimezone(done.zone).date()
        done.entries.append(entry)
    if in_assets:
        _pay(event, day, in_assets, treatment, done)


def _gift(event: TaxEvent, day: date, cost: int | None, worth: int | None) -> Gift | None:
    return None if cost is None or worth is None or worth >= cost else Gift(event.at, day, worth, cost)


def _go(event: TaxEvent, day: date, treatment: Treatment, done: Translated) -> None:
    """SELL, SPEND, GIFT_OUT, DONATION, REPAY, LOSS: the fees are costs of disposal."""
    kind, legs = event.kind, event.out
    fees, own, in_assets = _fees(event, treatment, legs[0].asset if len(legs) == 1 else "")
    worths = [0 if kind is Kind.LOSS else scaled_or_none(leg.value) for leg in legs]
    taxable = kind not in treatment.untaxed
    of_fees = _shares(fees, legs)
    for place, leg in enumerate(legs):
        worth, fee = worths[place], of_fees[place]
        units = leg.amount_raw
        if own and place == 0:  # units of the same asset that paid the fee went with it, for what they were worth
            units += own
            worth = plus(worth, _worth_of_own(event, leg.asset))
        money = None if worth is None or fee is None else worth - fee
        entry = Entry(Op.OUT, event, day, leg.asset, event.wallet, units, money, kind, taxable)
        entry.spent_e18 = fee
        done.entries.append(entry)
    if in_assets:
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
        entry = Entry(Op.OUT, event, day, leg.asset, event.wallet, units, money, Kind.SWAP, taxable)
        entry.spent_e18 = fee
        done.entries.append(entry)
    costs, more = _shares(cost, event.into), _shares(of_bought, event.into)
    for leg, each, fee in zip(event.into, costs, more, strict=True):
        done.entries.append(
            Entry(Op.IN, event, day, leg.asset, event.wallet, leg.amount_raw, plus(each, fee), Kind.SWAP)
        )
    _pay(event, day, in_assets, treatment, done)


def _worth(legs: Sequence[Leg]) -> int | None:
    total: int | None = 0
    for leg in legs:
        total = plus(total, scaled_or_none(leg.value))
    return total


def _transfer(event: TaxEvent, day: date, treatment: Treatment, done: Translated) -> None:
    """Lots move with basis and date. What does not arrive paid for the transfer, and is disposed of."""
    sent, received = event.out[0], event.into[0]
    move = Entry(Op.MOVE, event, day, sent.asset, event.wallet, received.amount_raw, None, Kind.TRANSFER)
    move.to_wallet = event.to_wallet or ""
    done.entries.append(move)
    lost = sent.amount_raw - received.amount_raw
    if lost:
        worth = scaled_or_none(sent.value)
        fee = None if worth is None else worth * lost // sent.amount_raw
        taxable = Kind.FEE not in treatment.untaxed
        done.entries.append(Entry(Op.OUT, event, day, sent.asset, event.wallet, lost, fee, Kind.FEE, taxable))
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
    worths = [scaled_or_none(leg.value) for leg in legs]
    known = [worth for worth in worths if worth is not None]
    return known if len(known) == len(legs) and sum(known) > 0 else [1] * len(legs)


def _fee(event: TaxEvent, day: date, treatment: Treatment, done: Translated) -> None:
    _pay(event, day, event.fees, treatment, done)


_HANDLERS = {
    Kind.BUY: _come, Kind.INCOME: _come, Kind.GIFT_IN: _come, Kind.BORROW: _come,
    Kind.SELL: _go, Kind.SPEND: _go, Kind.GIFT_OUT: _go, Kind.DONATION: _go, Kind.LOSS: _go, Kind.REPAY: _go,
    Kind.SWAP: _swap, Kind.TRANSFER: _transfer, Kind.WRAP: _wrap, Kind.FEE: _fee,
}  # fmt: skip
