"""From events to lots, gains, income and fees of every asset: the user's whole history in one pass. Pure.

| event | what it does to lots |
|---|---|
| swap | what went is sold for what the trade was worth, what came cost that |
| transfer in | acquired at its worth when it came |
| transfer out | removed at cost, without profit or loss |
| between own wallets, matched bridge | nothing, or the same lots on another chain |
| wrap, LP add and remove, supply and withdraw, stake and unstake | the same costs and dates in other units |
| claim, rewards | income at its worth when it came, which is its cost |
| borrow, repay | what is borrowed costs its worth then, and so much is owed; repaying sells it for its worth now |
| liquidation | sold for nobody knows what |
| fee | the currency is sold at its worth, and that is spent |

What was held before the history begins has an unknown cost, which is never zero. All wallets are one pool, first in
first out unless asked otherwise (IRS Publication 551 and Treas. Reg. 1.1012-1(j) for the order).
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from backend.ledger.engine.books import (
    LIQUIDATED,
    UNMATCHED_BRIDGE,
    AssetAccount,
    Books,
    Left,
    Origin,
    PositionKey,
    Trade,
)
from backend.ledger.engine.inside import close, put_inside, release
from backend.ledger.engine.lots import LEDGER, Lot, Taken, rescaled, total_cost
from backend.ledger.engine.matching import Method
from backend.ledger.engine.own_transfers import OwnTransfers, own_transfers, place_of, principal
from backend.ledger.engine.realised import Realised, Sale, parts_of_sale
from backend.ledger.engine.valuing import Asset, Flow, ValuedEvent, shares_usd, traded_usd
from backend.ledger.events import Event, Kind

_INTO = frozenset({Kind.LP_ADD, Kind.SUPPLY, Kind.STAKE})
_OUT_OF = frozenset({Kind.LP_REMOVE, Kind.WITHDRAW, Kind.UNSTAKE})
# Which identifiers name a position, the most telling first.
_NAMES = ("request_id", "token_id", "vault", "pool", "market", "gauge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What beside the events decides.

    `wallets` are the user's (lower case), `native` is how legs name a chain's own currency. `opening_raw` are units
    held before the history begins, at `opening_at` of their chain. `gone_raw` are units that the wallets do not hold
    though no event took them. `whole_chains` have their whole history. `open_positions` are those that still stand,
    None when nobody knows.
    """

    wallets: AbstractSet[str]
    native: str
    opening_raw: Mapping[Asset, int] = field(default_factory=dict)
    opening_at: Mapping[int, datetime] = field(default_factory=dict)
    gone_raw: Mapping[Asset, int] = field(default_factory=dict)
    whole_chains: AbstractSet[int] = frozenset()
    open_positions: AbstractSet[PositionKey] | None = None
    method: Method = Method.FIFO


@dataclass(frozen=True, slots=True)
class AssetOutcome:
    """What became of one asset: the lots that are left, and everything that was made of it.

    `inside` are lots in positions that no token stands for. `debts` are what is owed, `cost` being its worth when it
    was borrowed. `notes` say why something is unknown.
    """

    lots: tuple[Lot, ...]
    inside: tuple[tuple[PositionKey, Lot], ...]
    debts: tuple[Lot, ...]
    account: AssetAccount


@dataclass(frozen=True, slots=True)
class Accounted:
    """The outcome by asset, where each lot is from, and bridges that found no other side."""

    assets: Mapping[Asset, AssetOutcome]
    origins: Mapping[str, Origin]
    unmatched_bridges: AbstractSet[UUID]


def account(events: Iterable[ValuedEvent], setting: Setting) -> Accounted:
    """Return what events, in any order, made of the user's assets."""
    ordered = sorted(events, key=_order)
    own = own_transfers(ordered, setting.wallets)
    run = _Run(setting, own)
    run.open()
    for each in _departures_first(ordered, own):
        run.apply(each)
    return run.finish(ordered[-1].event.happened_at if ordered else None)


def position_name(identifiers: Mapping[str, str] | None, counterparty: str | None = None) -> str:
    """Return what names a position within its protocol and wallet."""
    known = identifiers or {}
    if (found := telling_identifier(known)) is not None:
        return f"{found[0]}:{found[1]}".lower()
    return (counterparty or "|".join(f"{key}:{value}" for key, value in sorted(known.items()))).lower()


def telling_identifier(identifiers: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the identifier that tells a position from others of its wallet and protocol, None without one."""
    return next(((name, identifiers[name]) for name in _NAMES if name in identifiers), None)


def position_key(event: Event) -> PositionKey:
    """Return the position that an event is about."""
    name = position_name(event.identifiers, event.counterparty)
    return PositionKey(event.chain_id, event.wallet, event.protocol or "", name)


class _Run:
    """One pass over the events."""

    def __init__(self, setting: Setting, own: OwnTransfers) -> None:
        self._setting = setting
        self._own = own
        self._books = Books(setting.method, setting.whole_chains)
        self._transit: dict[UUID, list[Taken]] = {}
        self._departed = {departure: arrival for arrival, departure in own.bridges.items()}

    def open(self) -> None:
        """Put in what was held before, at an unknown cost."""
        for asset, amount_raw in self._setting.opening_raw.items():
            if amount_raw <= 0:
                continue
            lot_id = f"before:{asset.chain_id}:{asset.token}"
            self._books.origins[lot_id] = "held before"
            book = self._books.account(asset)
            book.book.put(Lot(lot_id, self._setting.opening_at[asset.chain_id], amount_raw, None))
            book.notes.add(self._books.missing_note(asset))

    def apply(self, valued: ValuedEvent) -> None:
        """Write one event into the books."""
        kind, event = valued.event.kind, valued.event
        self._books.pay_fee(valued, self._setting.native)
        if kind is Kind.SWAP and valued.went and valued.came:
            self._swap(valued)
        elif kind is Kind.WRAP and valued.went and valued.came:
            self._books.convert(event, valued.went, valued.came)
        elif kind in _INTO:
            self._into(valued)
        elif kind in _OUT_OF:
            self._out_of(valued)
        elif kind is Kind.CLAIM:
            self._plain(valued, earns=True)
        elif kind is Kind.BORROW:
            self._borrow(valued)
        elif kind is Kind.REPAY:
            self._repay(valued)
        elif kind is Kind.LIQUIDATION:
            self._liquidated(valued)
        elif kind is Kind.BRIDGE:
            self._bridge(valued)
        else:
            self._plain(valued)

    def finish(self, at: datetime | None) -> Accounted:
        """Close what stands no more, remove what is not there, and return everything."""
        close(self._books, self._setting.open_positions)
        for asset, amount_raw in self._setting.gone_raw.items():
            if amount_raw > 0 and at is not None and asset in self._books.accounts:
                for part in self._books.account(asset).book.take(amount_raw):
                    if not part.is_missing:
                        self._books.account(asset).left.append(Left(None, at, part, None))
        inside: dict[Asset, list[tuple[PositionKey, Lot]]] = {}
        for key, books in self._books.inside.items():
            for asset, book in books.items():
                inside.setdefault(asset, []).extend((key, lot) for lot in book.lots())
        assets = {
            asset: AssetOutcome(tuple(each.book.lots()), tuple(inside.get(asset, ())), tuple(each.debts.lots()), each)
            for asset, each in self._books.accounts.items()
        }
        return Accounted(assets, self._books.origins, self._own.unmatched)

    def _swap(self, valued: ValuedEvent) -> None:
        event, whole = valued.event, traded_usd(valued)
        for flow, proceeds in zip(valued.went, shares_usd(whole, valued.went), strict=True):
            self._books.dispose(event, flow, proceeds)
            trade = Trade(event.id, event.happened_at, "sell", -flow.amount_raw, proceeds)
            self._books.account(flow.asset).trades.append(trade)
        for flow, cost in zip(valued.came, shares_usd(whole, valued.came), strict=True):
            self._books.acquire(event, flow, cost, "bought")
            trade = Trade(event.id, event.happened_at, "buy", flow.amount_raw, cost)
            self._books.account(flow.asset).trades.append(trade)

    def _plain(self, valued: ValuedEvent, *, earns: bool = False) -> None:
        for flow in valued.flows:
            if place_of(valued, flow) in self._own.places:
                continue
            if flow.amount_raw < 0:
                self._books.part_with(valued.event, flow)
            elif earns or flow.role == "reward":
                self._books.earn(valued.event, flow)
            else:
                self._books.acquire(valued.event, flow, flow.value_usd, "received")

    def _into(self, valued: ValuedEvent) -> None:
        event, (went, came, receipts) = valued.event, self._sorted(valued)
        gets = [flow for flow in receipts if flow.amount_raw > 0]
        if went and gets:
            self._books.convert(event, went, [*gets, *came])
            return
        for flow in gets:
            self._books.acquire(event, flow, flow.value_usd, "received")
        put_inside(self._books, event, position_key(event), went)
        release(self._books, event, position_key(event), came)

    def _out_of(self, valued: ValuedEvent) -> None:
        event, (went, came, receipts) = valued.event, self._sorted(valued)
        gives = [flow for flow in receipts if flow.amount_raw < 0]
        if came and gives:
            self._books.convert(event, [*gives, *went], came, grows=True)
            return
        put_inside(self._books, event, position_key(event), [*gives, *went])  # what is asked for may come later
        release(self._books, event, position_key(event), came)

    def _sorted(self, valued: ValuedEvent) -> tuple[list[Flow], list[Flow], list[Flow]]:
        """Take in rewards; return what went and came as principal, and the fungible tokens that stand for a claim."""
        for flow in valued.flows:
            if flow.role == "reward":
                (self._books.earn if flow.amount_raw > 0 else self._books.part_with)(valued.event, flow)
        plain = principal(valued.flows)
        receipts = [flow for flow in valued.flows if flow.role == "receipt" and flow.asset.token_id is None]
        return (
            [flow for flow in plain if flow.amount_raw < 0],
            [flow for flow in plain if flow.amount_raw > 0],
            receipts,
        )

    def _borrow(self, valued: ValuedEvent) -> None:
        """What is borrowed is owed at what it was worth; tokens that stand for the debt are no asset."""
        for flow in principal(valued.came):
            self._books.acquire(valued.event, flow, flow.value_usd, "borrowed")
            debt = Lot(str(valued.event.id), valued.event.happened_at, flow.amount_raw, flow.value_usd)
            self._books.account(flow.asset).debts.put(debt)

    def _repay(self, valued: ValuedEvent) -> None:
        """Sell what is paid back at its worth; the debt made what it was worth then less now, interest costs all."""
        event = valued.event
        for flow in principal(valued.went):
            amount, books = -flow.amount_raw, self._books.account(flow.asset)
            self._books.dispose(event, flow, flow.value_usd)
            sale = Sale(str(event.id), event.happened_at, amount, flow.value_usd)
            for part in parts_of_sale(sale, books.debts.take(amount)):
                is_interest = part.taken.is_missing and flow.asset.chain_id in self._setting.whole_chains
                owed = Decimal(0) if is_interest else part.taken.cost
                paid = Taken(part.taken.lot_id, part.taken.acquired_at, part.taken.amount_raw, part.proceeds)
                books.debt_gains.append(Realised(str(event.id), event.happened_at, paid, owed))
        for flow in principal(valued.came):
            self._books.acquire(event, flow, flow.value_usd, "received")

    def _liquidated(self, valued: ValuedEvent) -> None:
        for flow in valued.flows:
            if flow.amount_raw < 0:
                self._books.dispose(valued.event, flow, None)
                self._books.account(flow.asset).notes.add(LIQUIDATED)
            else:
                self._books.acquire(valued.event, flow, flow.value_usd, "received")

    def _bridge(self, valued: ValuedEvent) -> None:
        event = valued.event
        if event.id in self._departed:
            flow = principal(valued.flows)[0]
            self._transit[event.id] = self._books.take(flow.asset, -flow.amount_raw)
        elif event.id in self._own.bridges:
            flow = principal(valued.flows)[0]
            parts = self._transit.pop(self._own.bridges[event.id])
            self._books.put_back(flow.asset, rescaled(parts, flow.amount_raw), event)
        else:
            for flow in valued.flows:
                self._books.account(flow.asset).notes.add(UNMATCHED_BRIDGE)
            self._plain(valued)


def _order(valued: ValuedEvent) -> tuple[datetime, int, int, int, str, int]:
    event = valued.event
    return event.happened_at, event.chain_id, event.block_number, event.tx_index, event.wallet, event.number


def _departures_first(events: Sequence[ValuedEvent], own: OwnTransfers) -> list[ValuedEvent]:
    """Return events with every matched arrival after its departure: clocks of two chains need not agree."""
    place = {each.event.id: number for number, each in enumerate(events)}
    rank = {arrival: max(place[arrival], place[departure]) + 0.5 for arrival, departure in own.bridges.items()}
    return sorted(events, key=lambda each: rank.get(each.event.id, place[each.event.id]))


def known_cost(lots: Iterable[Lot]) -> tuple[int, Decimal, int]:
    """Return the units whose cost is known, that cost, and the units whose cost is not."""
    known = [lot for lot in lots if lot.cost is not None]
    unknown = sum(lot.amount_raw for lot in lots if lot.cost is None)
    return sum(lot.amount_raw for lot in known), total_cost(known) or LEDGER.create_decimal(0), unknown
