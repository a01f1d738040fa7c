"""The order that events count in, whatever order they came in. Pure.

Time; then the sequence that the source knows; then what comes in before what moves or is swapped before what goes out;
then, among moves, wraps and swaps, what feeds another first (files have seconds, some only days: a swap to a token and
one from it may stand at the same time); then what a unit is worth, so that a purchase told in two halves stands where
the whole would; then the id.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from heapq import heapify, heappop, heappush
from itertools import groupby, islice
from operator import attrgetter, ge

from backend.tax.engine.events import Kind, TaxEvent, check_all, rank

_Place = tuple[str, str]
_BETWEEN = 1
_AT = attrgetter("at")
_ZERO, _UNKNOWN = Decimal(0), Decimal(-1)


def in_order(events: Iterable[TaxEvent]) -> list[TaxEvent]:
    """Return events in the order they count in. Raises InvalidEventError as `check_all` does."""
    ordered = sorted(events, key=_AT)
    check_all(ordered)
    times = [event.at for event in ordered]
    joined = bytes(map(ge, times, islice(times, 1, None)))  # 1 where the next event is of the same instant
    start = joined.find(1)
    while start >= 0:
        last = joined.find(0, start)
        end = len(ordered) if last < 0 else last + 1
        ordered[start:end] = _of_one_instant(ordered[start:end])
        start = joined.find(1, end)
    return ordered


def _of_one_instant(events: Iterable[TaxEvent]) -> list[TaxEvent]:
    ordered = sorted(events, key=lambda event: (event.sequence, rank(event), _unit_worth(event), event.id))
    for _, mine in groupby(enumerate(ordered), key=lambda each: each[1].sequence):
        between = [place for place, event in mine if rank(event) == _BETWEEN]
        if len(between) > 1:
            ordered[between[0] : between[-1] + 1] = feeders_first([ordered[place] for place in between])
    return ordered


def _unit_worth(event: TaxEvent) -> Decimal:
    """Return what a unit of what comes (else of what goes) is worth with its fees, below zero where nobody knows."""
    leg = next(iter(event.into or event.out), None)
    if leg is None or not leg.amount_raw or leg.value is None:
        return _UNKNOWN
    return (leg.value + sum((fee.value or _ZERO for fee in event.fees), _ZERO)) / leg.amount_raw


def feeders_first(events: Sequence[TaxEvent]) -> list[TaxEvent]:
    """Return events of one instant so that what brings an asset to a wallet precedes what takes it from there.

    Where that leaves a choice, or goes in a circle, the earlier of `events` is first. n log n.
    """
    gives = [_gives(event) for event in events]
    takes = [_takes(event) - gives[place] for place, event in enumerate(events)]
    coming: dict[_Place, int] = {}
    waiting: dict[_Place, list[int]] = {}
    for place in range(len(events)):
        for key in gives[place]:
            coming[key] = coming.get(key, 0) + 1
        for key in takes[place]:
            waiting.setdefault(key, []).append(place)
    blocked = [sum(1 for key in takes[place] if key in coming) for place in range(len(events))]
    free = [place for place, count in enumerate(blocked) if not count]
    heapify(free)
    ordered: list[TaxEvent] = []
    is_done = [False] * len(events)
    first_left = 0
    while len(ordered) < len(events):
        if free:
            place = heappop(free)
        else:  # a circle: somebody has to begin
            while is_done[first_left]:
                first_left += 1
            place = first_left
        if is_done[place]:
            continue
        is_done[place] = True
        ordered.append(events[place])
        for key in gives[place]:
            coming[key] -= 1
            for other in waiting.get(key, ()) if not coming[key] else ():
                blocked[other] -= 1
                if not blocked[other]:
                    heappush(free, other)
    return ordered


def _gives(event: TaxEvent) -> set[_Place]:
    wallet = event.to_wallet if event.kind is Kind.TRANSFER and event.to_wallet else event.wallet
    return {(leg.asset, wallet) for leg in event.into}


def _takes(event: TaxEvent) -> set[_Place]:
    return {(leg.asset, event.wallet) for leg in event.out}
