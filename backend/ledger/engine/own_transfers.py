"""Which movements stay with their owner: between wallets of one user, and over bridges. Pure.

On a chain, what goes to or comes from another wallet of the user is theirs before and after; so is what leaves one of
their wallets and comes to another in one transaction through a contract, in the same amount. Across chains only what
two BRIDGE events of one protocol say of each other counts: the same identifiers, once each. A bridge that finds no
other side is like any transfer, and said to be unmatched.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from backend.ledger.engine.valuing import Asset, Flow, ValuedEvent
from backend.ledger.events import Kind


class Place(NamedTuple):
    """One movement of an event."""

    event_id: UUID
    asset: Asset
    counterparty: str | None


@dataclass(frozen=True, slots=True)
class OwnTransfers:
    """The movements that stay with their owner, and the bridges: the event that left by the one that arrived.

    `unmatched` are BRIDGE events without another side.
    """

    places: AbstractSet[Place]
    bridges: Mapping[UUID, UUID]
    unmatched: AbstractSet[UUID]


def place_of(event: ValuedEvent, flow: Flow) -> Place:
    """Return which movement one is."""
    return Place(event.event.id, flow.asset, flow.counterparty)


def own_transfers(events: Sequence[ValuedEvent], wallets: AbstractSet[str]) -> OwnTransfers:
    """Return which movements of events are between the user's own wallets (lower-case addresses)."""
    places = {
        place_of(each, flow)
        for each in events
        if each.event.kind is Kind.TRANSFER
        for flow in each.flows
        if flow.counterparty in wallets
    }
    places |= _through_contracts(events, places)
    bridges, unmatched = _bridges(events)
    return OwnTransfers(places, bridges, unmatched)


def _through_contracts(events: Sequence[ValuedEvent], known: AbstractSet[Place]) -> set[Place]:
    """Return what left one wallet and came to another in the same transaction, each pair of equal amounts once."""
    out: dict[tuple[int, str, Asset, int], list[tuple[str, Place]]] = {}
    came: list[tuple[tuple[int, str, Asset, int], str, Place]] = []
    for each in events:
        if each.event.kind is not Kind.TRANSFER:
            continue
        for flow in each.flows:
            place = place_of(each, flow)
            if place in known:
                continue
            key = (each.event.chain_id, each.event.tx_hash, flow.asset, abs(flow.amount_raw))
            if flow.amount_raw < 0:
                out.setdefault(key, []).append((each.event.wallet, place))
            else:
                came.append((key, each.event.wallet, place))
    found: set[Place] = set()
    for key, wallet, place in came:
        others = out.get(key, [])
        other = next((side for side in others if side[0] != wallet), None)
        if other is not None:
            others.remove(other)
            found |= {place, other[1]}
    return found


def _bridges(events: Iterable[ValuedEvent]) -> tuple[dict[UUID, UUID], set[UUID]]:
    """Return arrivals with their departures, and the bridge events that have no single other side."""
    sides: dict[tuple[str | None, frozenset[tuple[str, str]]], tuple[list[ValuedEvent], list[ValuedEvent]]] = {}
    alone: set[UUID] = set()
    for each in events:
        if each.event.kind is not Kind.BRIDGE:
            continue
        alone.add(each.event.id)
        named = frozenset((each.event.identifiers or {}).items())
        if named and len(principal(each.flows)) == 1:
            departures, arrivals = sides.setdefault((each.event.protocol, named), ([], []))
            (arrivals if principal(each.flows)[0].amount_raw > 0 else departures).append(each)
    pairs: dict[UUID, UUID] = {}
    for departures, arrivals in sides.values():
        if len(departures) == len(arrivals) == 1 and departures[0].event.chain_id != arrivals[0].event.chain_id:
            pairs[arrivals[0].event.id] = departures[0].event.id
            alone -= {arrivals[0].event.id, departures[0].event.id}
    return pairs, alone


def principal(flows: Iterable[Flow]) -> list[Flow]:
    """Return the movements that are neither claims on a protocol nor earned."""
    return [flow for flow in flows if flow.role == "principal"]
