"""What came into a portfolio less what went out between two snapshots, by the events between their blocks.

flow_usd = sum of what crosses the border of what is counted, each worth what it was then: transfers from and to others;
what newly counts or counts no more (a wallet, a token, a price) at its worth in that snapshot; what is exchanged for
something that does not count. A wallet that is new on a chain, or gone from it, counts whole unless its events explain
all that it has or had there. Trades, fees, rewards and interest are no flows: they are what the portfolio made.

Reconciled to the unit, by wallet and asset: amount then - amount before = sum of movements between the blocks - fees
paid. What is left is a difference. Of a token it can only have come without a transfer (rebasing), and is no flow; of a
chain's own currency whose movements inside of calls are not known it may be anything, and the flow is unknown.
Source: GIPS Handbook (2020), external cash flows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal

from backend.ledger.engine.own_transfers import OwnTransfers, own_transfers, place_of
from backend.ledger.engine.valuing import Asset, Flow, ValuedEvent
from backend.ledger.events import Kind
from backend.portfolio.engine.exact import EXACT, ZERO, add_up
from backend.portfolio.engine.valuation import value_usd

NOT_COVERED, NO_WORTH, UNEXPLAINED, BY_SHARES = "history not read", "no price", "unexplained", "shares moved"
_INTO = frozenset({Kind.LP_ADD, Kind.SUPPLY, Kind.STAKE, Kind.REPAY})
_OUT_OF = frozenset({Kind.LP_REMOVE, Kind.WITHDRAW, Kind.UNSTAKE, Kind.BORROW})
_INSIDE = _INTO | _OUT_OF | {Kind.LIQUIDATION}
_TRADES = frozenset({Kind.SWAP, Kind.WRAP})
WalletAsset = tuple[str, Asset]
Place = tuple[str, int]  # a wallet on a chain


@dataclass(frozen=True, slots=True)
class Held:
    """What a snapshot counts of an asset in a wallet itself; only what has a value counts."""

    amount_raw: int
    decimals: int
    price_usd: Decimal


@dataclass(frozen=True, slots=True)
class Standing:
    """A position that a snapshot counts: the tokens that may stand for it, and its worth."""

    wallet: str
    chain_id: int
    protocol: str
    name: str
    receipts: frozenset[str]
    value_usd: Decimal


@dataclass(frozen=True, slots=True)
class Taken:
    """What a complete snapshot counts, and the block of each chain that it read."""

    blocks: Mapping[int, int]
    held: Mapping[WalletAsset, Held]
    standing: Sequence[Standing]


@dataclass(frozen=True, slots=True)
class Read:
    """What of a wallet's history on a chain is known: every block from one to another."""

    from_block: int
    to_block: int
    native_is_known: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """Units that no movement explains."""

    wallet: str
    asset: Asset
    amount_raw: int


@dataclass(frozen=True, slots=True)
class NetFlow:
    """What came in less what went out in US dollars; None is unknown, and `problems` say why."""

    usd: Decimal | None
    problems: frozenset[str] = frozenset()
    differences: tuple[Difference, ...] = ()


@dataclass(slots=True)
class _Sums:
    parts: list[Decimal] = field(default_factory=list)
    problems: set[str] = field(default_factory=set)
    differences: list[Difference] = field(default_factory=list)

    def add(self, value: Decimal | None) -> None:
        """Count a part; one of unknown worth makes the whole unknown."""
        if value is None:
            self.problems.add(NO_WORTH)
        else:
            self.parts.append(value)


def net_flow(
    before: Taken,
    after: Taken,
    events: Sequence[ValuedEvent],
    wallets: AbstractSet[str],
    native: str,
    read: Mapping[Place, Read],
) -> NetFlow:
    """Return the flow between two complete snapshots.

    `events` are those of `wallets` (the user's, lower case) in any blocks: those between the snapshots' count. `read`
    says what of each (wallet, chain) the events are all of.
    """
    between = [each for each in events if _is_between(each, before, after)]
    sums = _Sums()
    if not _is_read(before, after, wallets, read):
        sums.problems.add(NOT_COVERED)
    whole = _whole_places(before, after, between, native)
    for sign, side in ((ZERO - 1, before), (ZERO + 1, after)):
        sums.parts += [EXACT.multiply(sign, value) for value in _worth(side, whole)]
    before, after = _without(before, whole), _without(after, whole)
    between = [each for each in between if (each.event.wallet, each.event.chain_id) not in whole]
    _count(before, after, between, wallets, native, read, whole, sums)
    usd = None if sums.problems else EXACT.plus(add_up(sums.parts))
    return NetFlow(usd, frozenset(sums.problems), tuple(sums.differences))


def _count(
    before: Taken,
    after: Taken,
    between: Sequence[ValuedEvent],
    wallets: AbstractSet[str],
    native: str,
    read: Mapping[Place, Read],
    whole: AbstractSet[Place],
    sums: _Sums,
) -> None:
    uncounted = _reconcile(before, after, movements(between, native), native, read, sums)
    _standing(before, after, between, sums)
    receipts = {
        (each.wallet, Asset(each.chain_id, token))
        for side in (before, after)
        for each in side.standing
        for token in each.receipts
    }
    inside, floors = set(_inside(before, after, between)), {**before.held, **after.held}
    border = _Border(own_transfers(between, wallets), whole, uncounted, receipts, inside, floors)
    for each in between:
        _cross(each, border, sums)


def _whole_places(before: Taken, after: Taken, between: Sequence[ValuedEvent], native: str) -> set[Place]:
    """Return the wallets that are new on a chain, or gone from it, without their events saying all of it."""
    moved = movements(between, native)
    places = _places(before) ^ _places(after)
    known = dict.fromkeys(places, True)
    for key in {*before.held, *after.held}:
        place = key[0], key[1].chain_id
        if place in places:
            then, now = before.held.get(key), after.held.get(key)
            rest = (now.amount_raw if now else 0) - (then.amount_raw if then else 0) - moved.get(key, 0)
            known[place] = known[place] and not rest
    for side in (before, after):
        for each in side.standing:
            known[each.wallet, each.chain_id] = False
    return {place for place in places if not known[place]}


def _worth(side: Taken, places: AbstractSet[Place]) -> Iterator[Decimal]:
    for (wallet, asset), held in side.held.items():
        if (wallet, asset.chain_id) in places:
            yield value_usd(held.amount_raw, held.decimals, held.price_usd)
    yield from (each.value_usd for each in side.standing if (each.wallet, each.chain_id) in places)


def _without(side: Taken, places: AbstractSet[Place]) -> Taken:
    return Taken(
        side.blocks,
        {key: held for key, held in side.held.items() if (key[0], key[1].chain_id) not in places},
        [each for each in side.standing if (each.wallet, each.chain_id) not in places],
    )


def movements(events: Iterable[ValuedEvent], native: str) -> dict[WalletAsset, int]:
    """Return the units that came less those that went, fees included, by wallet and asset; pieces by collection."""
    moved: dict[WalletAsset, int] = {}
    for each in events:
        wallet = each.event.wallet
        for leg in each.event.legs:
            key = wallet, Asset(each.event.chain_id, leg.token)
            moved[key] = moved.get(key, 0) + leg.amount_raw
        if each.event.fee_wei:
            key = wallet, Asset(each.event.chain_id, native)
            moved[key] = moved.get(key, 0) - each.event.fee_wei
    return moved


def _is_between(each: ValuedEvent, before: Taken, after: Taken) -> bool:
    event = each.event
    first, last = before.blocks.get(event.chain_id), after.blocks.get(event.chain_id)
    return first is not None and last is not None and first < event.block_number <= last


def _is_read(before: Taken, after: Taken, wallets: AbstractSet[str], read: Mapping[Place, Read]) -> bool:
    """Return whether the events are all of every wallet that holds something in both snapshots."""
    both = _places(before) & _places(after)
    for wallet, chain_id in both:
        first, last = before.blocks.get(chain_id), after.blocks.get(chain_id)
        known = read.get((wallet, chain_id))
        if wallet not in wallets or first is None or last is None or first >= last:
            continue
        if known is None or known.from_block > first + 1 or known.to_block < last:
            return False
    return True


def _places(side: Taken) -> set[Place]:
    held = {(wallet, asset.chain_id) for wallet, asset in side.held}
    return held | {(each.wallet, each.chain_id) for each in side.standing}


def _reconcile(
    before: Taken,
    after: Taken,
    moved: Mapping[WalletAsset, int],
    native: str,
    read: Mapping[Place, Read],
    sums: _Sums,
) -> set[WalletAsset]:
    """Count what newly counts or counts no more, note what nothing explains; return what does not count at all."""
    uncounted: set[WalletAsset] = set()
    for key in sorted({*before.held, *after.held, *moved}):
        then, now = before.held.get(key), after.held.get(key)
        rest = (now.amount_raw if now else 0) - (then.amount_raw if then else 0) - moved.get(key, 0)
        if then is None and now is None:
            if rest:
                uncounted.add(key)
        elif rest and (then is None or now is None):
            side = now or then
            assert side is not None
            sums.add(value_usd(rest, side.decimals, side.price_usd))
        elif rest:
            sums.differences.append(Difference(key[0], key[1], rest))
            known = read.get((key[0], key[1].chain_id))
            if key[1].token == native and (known is None or not known.native_is_known):
                sums.problems.add(UNEXPLAINED)
    return uncounted


def _standing(before: Taken, after: Taken, between: Sequence[ValuedEvent], sums: _Sums) -> None:
    """Count positions that are there, or are there no more, without an event that entered or left them."""
    then = {(each.wallet, each.chain_id, each.protocol, each.name): each for each in before.standing}
    now = {(each.wallet, each.chain_id, each.protocol, each.name): each for each in after.standing}
    for key in sorted({*then, *now}):
        position = now.get(key) or then[key]
        acted = {
            each.event.kind
            for each in between
            if (each.event.wallet, each.event.chain_id, each.event.protocol or "") == key[:3]
        }
        shares = any(
            flow.asset.token in position.receipts and each.event.kind not in _INSIDE and flow.value_usd is None
            for each in between
            if (each.event.wallet, each.event.chain_id) == key[:2]
            for flow in each.flows
        )
        if key in then and key in now:
            if shares:
                sums.problems.add(BY_SHARES)
        elif not acted & _INSIDE:
            sums.add(position.value_usd if key in now else -position.value_usd)


@dataclass(frozen=True, slots=True)
class _Border:
    """What decides whether a movement crosses the border of what is counted."""

    own: OwnTransfers
    whole: AbstractSet[Place]
    uncounted: AbstractSet[WalletAsset]
    receipts: AbstractSet[WalletAsset]
    inside: AbstractSet[tuple[str, int, str]]
    floors: Mapping[WalletAsset, Held]

    def stays(self, each: ValuedEvent, flow: Flow) -> bool:
        """Return whether a movement is between wallets that both count."""
        if place_of(each, flow) not in self.own.places:
            return False
        other = flow.counterparty or ""
        asset = Asset(flow.asset.chain_id, flow.asset.token)
        return (other, flow.asset.chain_id) not in self.whole and self.counts(other, asset)

    def worth(self, wallet: str, flow: Flow) -> Decimal | None:
        """Return what a movement was worth with its sign; of pieces of a collection by its floor in a snapshot."""
        floor = self.floors.get((wallet, Asset(flow.asset.chain_id, flow.asset.token)))
        if flow.value_usd is not None or flow.asset.token_id is None or floor is None:
            return flow.signed_usd
        return value_usd(flow.amount_raw, floor.decimals, floor.price_usd)

    def counts(self, wallet: str, asset: Asset) -> bool:
        """Return whether an asset of a wallet counts, by itself or in a position."""
        return (wallet, asset) not in self.uncounted or (wallet, asset) in self.receipts


def _inside(before: Taken, after: Taken, between: Sequence[ValuedEvent]) -> Iterator[tuple[str, int, str]]:
    """Yield (wallet, chain, protocol) whose positions count, or were entered and left in between."""
    for side in (before, after):
        for each in side.standing:
            yield each.wallet, each.chain_id, each.protocol
    acted: dict[tuple[str, int, str], set[Kind]] = {}
    for each in between:
        event = each.event
        acted.setdefault((event.wallet, event.chain_id, event.protocol or ""), set()).add(event.kind)
    for place, kinds in acted.items():
        if kinds & _INTO and kinds & _OUT_OF:
            yield place


def _cross(each: ValuedEvent, border: _Border, sums: _Sums) -> None:
    """Count what of an event crosses the border of what is counted."""
    event = each.event
    if event.kind is Kind.BRIDGE and (event.id in border.own.bridges or event.id in border.own.bridges.values()):
        return
    is_inside = event.kind in _INSIDE and (event.wallet, event.chain_id, event.protocol or "") in border.inside
    for flow in each.flows:
        asset = Asset(flow.asset.chain_id, flow.asset.token)  # of a piece its collection
        counts = border.counts(event.wallet, asset)
        if flow.role == "receipt" or border.stays(each, flow):
            continue
        if event.kind in _TRADES:
            if not counts:
                sums.add(None if flow.signed_usd is None else EXACT.subtract(ZERO, flow.signed_usd))
        elif is_inside or flow.role == "reward" or event.kind is Kind.CLAIM or not counts:
            continue
        elif (event.wallet, asset) in border.receipts and flow.value_usd is None:
            continue  # whether the position is new or has grown: see _standing
        else:
            sums.add(border.worth(event.wallet, flow))
