"""A user's past as the engines take it: events valued, what is covered, and what a snapshot counts. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.engine.accounting import PositionKey, position_name
from backend.ledger.engine.valuing import Asset, ValuedEvent, valued_event
from backend.ledger.events import Coverage, Event
from backend.portfolio.engine.exact import add_up
from backend.portfolio.engine.flows import Held, Read, Standing, Taken
from backend.portfolio.reading import TokenFacts
from backend.portfolio.snapshots.records import AssetPart, Snapshot

# By which names plug-ins say which token stands for a position; `token0` and `token1`, say, are what it is made of.
RECEIPT_NAMES = frozenset({"token", "vault", "pool"})
Facts = Mapping[tuple[int, str], TokenFacts]


@dataclass(frozen=True)
class Past:
    """What happened to the user's wallets (lower case), how far that is known, and what tokens are called."""

    wallets: frozenset[str]
    events: Sequence[Event]
    coverage: Sequence[Coverage]
    facts: Facts

    @cached_property
    def valued(self) -> list[ValuedEvent]:
        """Return the events with what they were worth."""
        decimals = {Asset(chain_id, token): fact.decimals for (chain_id, token), fact in self.facts.items()}
        return [valued_event(event, decimals, NATIVE_TOKEN) for event in self.events]

    @cached_property
    def read(self) -> dict[tuple[str, int], Read]:
        """Return what is covered by (wallet, chain); nothing where nothing was read yet."""
        return {
            (each.wallet, each.chain_id): Read(each.from_block, each.to_block, each.native_is_known)
            for each in self.coverage
            if each.to_block >= each.from_block
        }


def tokens_of(events: Iterable[Event]) -> set[tuple[int, str]]:
    """Return every token that events are about, with the currencies that fees are paid in."""
    found = {(event.chain_id, leg.token) for event in events for leg in event.legs if leg.token_id is None}
    return found | {(event.chain_id, NATIVE_TOKEN) for event in events}


def taken_of(snapshot: Snapshot) -> Taken:
    """Return what a snapshot counts: holdings and positions of known value, and the blocks."""
    held = {}
    for part in snapshot.assets:
        if part.position is None and None not in (part.amount_raw, part.decimals, part.price_usd):
            key = part.wallet.lower(), Asset(part.chain_id, part.token)
            held[key] = Held(part.amount_raw or 0, part.decimals or 0, part.price_usd)  # type: ignore[arg-type]
    blocks = {part.chain_id: part.block_number for part in snapshot.chains if part.block_number is not None}
    return Taken(blocks, held, [standing_of(key, parts) for key, parts in positions_of(snapshot).items()])


def positions_of(snapshot: Snapshot) -> dict[PositionKey, list[AssetPart]]:
    """Return the parts of every position of a snapshot."""
    found: dict[PositionKey, list[AssetPart]] = {}
    for part in snapshot.assets:
        if part.position is not None:
            name = position_name(part.position.identifiers)
            key = PositionKey(part.chain_id, part.wallet.lower(), part.protocol or "", name)
            found.setdefault(key, []).append(part)
    return found


def standing_of(key: PositionKey, parts: Sequence[AssetPart]) -> Standing:
    """Return a position with the worth that is known of it."""
    worth = add_up(part.value_usd for part in parts if part.value_usd is not None)
    return Standing(key.wallet, key.chain_id, key.protocol, key.name, receipts_of(parts), worth)


def receipts_of(parts: Sequence[AssetPart]) -> frozenset[str]:
    """Return the tokens that may stand for a position: addresses that name it by RECEIPT_NAMES."""
    return frozenset(
        value.lower()
        for part in parts
        if part.position is not None
        for name, value in part.position.identifiers.items()
        if name in RECEIPT_NAMES
    )
