"""Which flows between a user's snapshots are to be computed, and of what. Pure.

Flows are between complete snapshots that follow each other; one that is not complete has none of its own, the next
complete one has what came meanwhile. A digest of everything that a flow is computed of says whether it is to be
computed again: events that came late or were withdrawn, prices, how far the history is read, other wallets.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.engine.valuing import ValuedEvent
from backend.portfolio.engine.flows import (
    BY_SHARES,
    NO_WORTH,
    NOT_COVERED,
    UNEXPLAINED,
    Difference,
    NetFlow,
    net_flow,
)
from backend.portfolio.profit.past import Past, taken_of
from backend.portfolio.profit.repository import GROWTH
from backend.portfolio.snapshots.records import Snapshot

FIRST = "first snapshot"
_WORDS = {
    NOT_COVERED: "the history between was not read yet",
    NO_WORTH: "something without a known price came or went",
    UNEXPLAINED: "a chain's own currency moved unseen",
    BY_SHARES: "a part of a position came or went by a transfer",
}
VERSION = 1  # of how flows are computed: another one computes all of them again


@dataclass(frozen=True, slots=True)
class Stamp:
    """A snapshot without what it holds: when it was taken, whether it is complete, the block of each chain."""

    hour: datetime
    taken_at: datetime
    is_complete: bool
    blocks: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Due:
    """A flow to compute: of the snapshot `after`, since `before` (None: there is none, or it is not complete)."""

    before: Stamp | None
    after: Stamp
    digest: str


def stamp_of(row: Mapping[str, Any]) -> Stamp:
    """Return a row of the store (`blocks`) as a stamp."""
    blocks = {
        int(chain_id): part["block"] for chain_id, part in row["chain_breakdown"].items() if part["block"] is not None
    }
    return Stamp(row["hour"], row["taken_at"], row["is_complete"], blocks)


def due(stamps: Sequence[Stamp], past: Past, known: Mapping[datetime, str]) -> list[Due]:
    """Return the flows whose digest is not `known`, in the order of time."""
    by_block = _ByBlock(past)
    found: list[Due] = []
    before: Stamp | None = None
    for after in stamps:
        since = before if after.is_complete else None
        digest = _digest(since, after, past, by_block)
        if known.get(after.hour) != digest:
            found.append(Due(since, after, digest))
        before = after if after.is_complete else before
    return found


def flow_row(each: Due, before: Snapshot | None, after: Snapshot | None, past: Past) -> dict[str, Any]:
    """Return how a flow came about, as a row of `portfolio_flows`."""
    if each.before is None:
        flow = NetFlow(None, frozenset({FIRST})) if each.after.is_complete else NetFlow(Decimal(0))
    else:
        assert before is not None and after is not None
        events = list(_ByBlock(past).between(each.before, each.after))
        flow = net_flow(taken_of(before), taken_of(after), events, past.wallets, NATIVE_TOKEN, past.read)
    return {
        "hour": each.after.hour,
        "since": each.before.taken_at if each.before else None,
        "net_flow_usd": flow.usd,
        "problems": sorted(flow.problems),
        "differences": [_difference(difference) for difference in flow.differences],
        "digest": each.digest,
    }


def flow_gaps(reasons: Mapping[str, int]) -> list[str]:
    """Return what of the flows of late is not known, in words; `reasons` as the repository counts them."""
    gaps = [
        f"What came in and went out is not known of {_snapshots(reasons[name])} of the last 30 days: {words}."
        for name, words in _WORDS.items()
        if name in reasons
    ]
    if GROWTH in reasons:
        gaps.append(
            f"In {_snapshots(reasons[GROWTH])} of the last 30 days there are units that no transfer explains;"
            " of a token they count as growth."
        )
    return gaps


def _snapshots(count: int) -> str:
    return f"{count:,} snapshot{'' if count == 1 else 's'}"


class _ByBlock:
    """The events of a past by chain and block."""

    def __init__(self, past: Past) -> None:
        self._events: dict[int, list[ValuedEvent]] = {}
        for each in past.valued:
            self._events.setdefault(each.event.chain_id, []).append(each)
        for events in self._events.values():
            events.sort(key=lambda each: (each.event.block_number, each.event.tx_index, each.event.number))
        self._blocks = {
            chain_id: [each.event.block_number for each in events] for chain_id, events in self._events.items()
        }

    def between(self, before: Stamp, after: Stamp) -> Iterator[ValuedEvent]:
        """Yield the events between the blocks of two snapshots, the later one's included."""
        for chain_id, first in sorted(before.blocks.items()):
            if chain_id in after.blocks and chain_id in self._events:
                blocks = self._blocks[chain_id]
                start, end = bisect_right(blocks, first), bisect_right(blocks, after.blocks[chain_id])
                yield from self._events[chain_id][start:end]


def _digest(before: Stamp | None, after: Stamp, past: Past, events: _ByBlock) -> str:
    said: list[Any] = [VERSION, after.taken_at.isoformat(), sorted(after.blocks.items()), after.is_complete]
    if before is not None:
        said += [before.taken_at.isoformat(), sorted(before.blocks.items()), sorted(past.wallets)]
        for (wallet, chain_id), read in sorted(past.read.items()):
            first, last = before.blocks.get(chain_id), after.blocks.get(chain_id)
            if first is not None and last is not None:
                reaches = read.from_block <= first + 1 and read.to_block >= last
                said.append((wallet, chain_id, reaches, read.native_is_known))
        for each in events.between(before, after):
            event = each.event
            said.append((event.id, event.kind, event.legs, event.fee_wei, event.protocol, event.identifiers))
    return hashlib.md5(repr(said).encode(), usedforsecurity=False).hexdigest()


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "wallet": difference.wallet,
        "chainId": difference.asset.chain_id,
        "token": difference.asset.token,
        "amountRaw": str(difference.amount_raw),
    }
