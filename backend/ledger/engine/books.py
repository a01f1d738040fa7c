"""Lots of every asset over all wallets, and what became of them: what accounting writes in. Pure.

One book holds one asset of one chain, whatever wallet the units are in. What was put into a position without a token
that stands for it lies in that position's own books until it comes out.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple
from uuid import UUID

from backend.ledger.engine.lots import LEDGER, Lot, Taken, cost_share, spread
from backend.ledger.engine.matching import LotBook, Method, lot_book
from backend.ledger.engine.realised import Realised, Sale, parts_of_sale
from backend.ledger.engine.valuing import Asset, Flow, ValuedEvent
from backend.ledger.events import Event

# How units came to be there.
Origin = Literal["bought", "received", "income", "borrowed", "held before", "bridged"]
# Why something is not known.
HELD_BEFORE, NO_PRICE, LIQUIDATED, NO_TRANSFER, UNMATCHED_BRIDGE = (
    "held before",
    "no price",
    "liquidated",
    "came without a transfer",
    "unmatched bridge",
)


class PositionKey(NamedTuple):
    """A position in a protocol that no token of the wallet stands for."""

    chain_id: int
    wallet: str
    protocol: str
    name: str


@dataclass(frozen=True, slots=True)
class Trade:
    """Units bought or sold for something else, and what that was worth (None: unknown)."""

    event_id: UUID
    at: datetime
    side: Literal["buy", "sell"]
    amount_raw: int
    value_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Income:
    """Units that were earned: rewards, fees, interest. They cost what they were worth when they came."""

    event_id: UUID
    at: datetime
    amount_raw: int
    value_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Fee:
    """What a transaction cost in the chain's own currency, and its worth then (None: unknown)."""

    event_id: UUID
    at: datetime
    amount_raw: int
    value_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Left:
    """Units that left without anything in return: at cost, without profit or loss. `value_usd` is what they were worth.

    `gain` is what of that worth was never counted as anybody's profit.
    """

    event_id: UUID | None
    at: datetime
    taken: Taken
    value_usd: Decimal | None

    @property
    def gain(self) -> Decimal | None:
        """The worth less the cost, None when either is unknown."""
        if self.value_usd is None or self.taken.cost is None:
            return None
        return LEDGER.subtract(self.value_usd, self.taken.cost)


@dataclass(slots=True)
class AssetAccount:
    """Everything about one asset, as events come."""

    book: LotBook
    trades: list[Trade] = field(default_factory=list)
    realised: list[Realised] = field(default_factory=list)
    income: list[Income] = field(default_factory=list)
    fees: list[Fee] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    debts: LotBook = field(default_factory=lambda: lot_book(Method.FIFO))
    debt_gains: list[Realised] = field(default_factory=list)
    notes: set[str] = field(default_factory=set)


class Books:
    """The accounts of all assets, the books inside of positions, and where every lot is from."""

    def __init__(self, method: Method, whole_chains: AbstractSet[int]) -> None:
        self.method = method
        self.whole_chains = whole_chains
        self.accounts: dict[Asset, AssetAccount] = {}
        self.inside: dict[PositionKey, dict[Asset, LotBook]] = {}
        self.touched: dict[PositionKey, datetime] = {}
        self.origins: dict[str, Origin] = {}
        self._count = 0

    def account(self, asset: Asset) -> AssetAccount:
        """Return an asset's account."""
        found = self.accounts.get(asset)
        if found is None:
            found = self.accounts[asset] = AssetAccount(lot_book(self.method))
        return found

    def acquire(self, event: Event, flow: Flow, cost: Decimal | None, origin: Origin) -> None:
        """Put in what came, at its cost."""
        lot = Lot(self._name(event), event.happened_at, abs(flow.amount_raw), cost)
        self.origins[lot.id] = origin
        self.account(flow.asset).book.put(lot)
        if cost is None:
            self.account(flow.asset).notes.add(NO_PRICE)

    def take(self, asset: Asset, amount_raw: int) -> list[Taken]:
        """Take units out; that some of them are not known to have come is noted."""
        account = self.account(asset)
        taken = account.book.take(amount_raw)
        if taken and taken[-1].is_missing:
            account.notes.add(self.missing_note(asset))
        return taken

    def missing_note(self, asset: Asset) -> str:
        """Return why units are there that nobody saw coming."""
        return NO_TRANSFER if asset.chain_id in self.whole_chains else HELD_BEFORE

    def put_back(self, asset: Asset, parts: Sequence[Taken], event: Event) -> None:
        """Put in parts of lots, with their cost and date, as units of an asset."""
        for lot in self.lots_of(parts, event):
            self.account(asset).book.put(lot)

    def lots_of(self, parts: Sequence[Taken], event: Event) -> list[Lot]:
        """Return parts as lots again; one that comes from no lot is dated by the event."""
        lots = []
        for each in parts:
            lot_id = each.lot_id
            if lot_id is None:
                lot_id = self._name(event)
                self.origins[lot_id] = "held before"
            lots.append(Lot(lot_id, each.acquired_at or event.happened_at, each.amount_raw, each.cost))
        return lots

    def dispose(self, event: Event, flow: Flow, proceeds: Decimal | None) -> None:
        """Sell what went, and note what that made."""
        account, amount = self.account(flow.asset), abs(flow.amount_raw)
        taken = self.take(flow.asset, amount)
        account.realised += parts_of_sale(Sale(str(event.id), event.happened_at, amount, proceeds), taken)
        if proceeds is None:
            account.notes.add(NO_PRICE)

    def earn(self, event: Event, flow: Flow) -> None:
        """Take in what was earned, at its worth."""
        self.acquire(event, flow, flow.value_usd, "income")
        earned = Income(event.id, event.happened_at, flow.amount_raw, flow.value_usd)
        self.account(flow.asset).income.append(earned)

    def part_with(self, event: Event, flow: Flow) -> None:
        """Let units go without anything in return: at cost."""
        account, amount = self.account(flow.asset), abs(flow.amount_raw)
        sale = Sale(str(event.id), event.happened_at, amount, flow.value_usd)
        for part in parts_of_sale(sale, self.take(flow.asset, amount)):
            account.left.append(Left(event.id, event.happened_at, part.taken, part.proceeds))

    def pay_fee(self, valued: ValuedEvent, native: str) -> None:
        """Pay for a transaction: the currency is given away at its worth, and that is what the fee was."""
        event = valued.event
        if not event.fee_wei:
            return
        asset = Asset(event.chain_id, native)
        account = self.account(asset)
        sale = Sale(str(event.id), event.happened_at, event.fee_wei, valued.fee_usd)
        account.realised += parts_of_sale(sale, self.take(asset, event.fee_wei))
        account.fees.append(Fee(event.id, event.happened_at, event.fee_wei, valued.fee_usd))
        if valued.fee_usd is None:
            account.notes.add(NO_PRICE)

    def convert(self, event: Event, went: Sequence[Flow], came: Sequence[Flow], *, grows: bool = False) -> None:
        """Turn units into units of something else, with their costs and dates: nothing is sold.

        The costs of what went are shared over what came by worth; where that is unknown only one thing can take them,
        and of several each has an unknown cost. `grows`: what went may have grown without a transfer (interest); what
        comes of units that nobody saw coming is earned then, if the whole history is known.
        """
        weighted = [
            part for flow, share in zip(went, fractions(went), strict=True) for part in self._parts(flow, share)
        ]
        shares = fractions(came) if is_shareable(came) else None
        rests = [each.cost for each, _ in weighted]
        for place, flow in enumerate(came):
            is_last = place == len(came) - 1
            parts: list[tuple[Taken, Fraction]] = []
            for number, (each, weight) in enumerate(weighted):
                cost = rests[number] if shares is not None else None
                if cost is not None and not is_last and shares is not None and each.cost is not None:
                    cost = cost_share(each.cost, shares[place].numerator, shares[place].denominator)
                    rests[number] = LEDGER.subtract(rests[number] or Decimal(0), cost)
                parts.append((Taken(each.lot_id, each.acquired_at, each.amount_raw, cost, each.is_missing), weight))
            self._take_in(event, flow, spread(parts, flow.amount_raw), grows)
            if shares is None:
                self.account(flow.asset).notes.add(NO_PRICE)

    def _take_in(self, event: Event, flow: Flow, parts: Sequence[Taken], grows: bool) -> None:
        account = self.account(flow.asset)
        is_whole = flow.asset.chain_id in self.whole_chains
        for part in parts:
            if not part.is_missing:
                self.put_back(flow.asset, [part], event)
            elif grows and is_whole:
                value = None if flow.value_usd is None else cost_share(flow.value_usd, part.amount_raw, flow.amount_raw)
                self.earn(event, with_amount(flow, part.amount_raw, value))
            else:
                self.put_back(flow.asset, [part], event)
                account.notes.add(self.missing_note(flow.asset))

    def _parts(self, flow: Flow, share: Fraction) -> list[tuple[Taken, Fraction]]:
        amount = abs(flow.amount_raw)
        return [(each, share * each.amount_raw / amount) for each in self.take(flow.asset, amount)]

    def _name(self, event: Event) -> str:
        self._count += 1
        return f"{event.id}:{self._count}"


def with_amount(flow: Flow, amount_raw: int, value_usd: Decimal | None) -> Flow:
    """Return a part of a movement."""
    return Flow(
        asset=flow.asset,
        amount_raw=amount_raw,
        role=flow.role,
        counterparty=flow.counterparty,
        value_usd=value_usd,
        basis=flow.basis,
    )


def is_shareable(flows: Sequence[Flow]) -> bool:
    """Return whether a sum can be shared over movements: there is one, or the worth of each is known."""
    return len(flows) == 1 or (
        all(flow.value_usd is not None for flow in flows) and any(flow.value_usd for flow in flows)
    )


def fractions(flows: Sequence[Flow]) -> list[Fraction]:
    """Return the shares of movements in their worth, equal ones where that is unknown."""
    if not is_shareable(flows) or len(flows) == 1:
        return [Fraction(1, len(flows)) for _ in flows]
    values = [Fraction(flow.value_usd or 0) for flow in flows]
    return [value / sum(values) for value in values]
