"""Where more left a place than had come there: the first time, and how much is missing in the end. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from backend.tax.assembling.writing import ELSEWHERE
from backend.tax.engine.events import Kind, TaxEvent
from backend.tax.engine.order import in_order

_Key = tuple[str, str]


@dataclass(slots=True)
class Short:
    """A place that lacks units of an asset: since which event, how many at most, and what one of them was worth."""

    wallet: str
    asset: str
    event: TaxEvent
    missing_raw: int
    unit: tuple[Decimal, int] | None  # worth and units of the amount that left first


def shortages(events: Sequence[TaxEvent]) -> list[Short]:
    """Return every shortage. `events` stand by time and sequence; within one instant they go in the engine's order."""
    held: dict[_Key, int] = {}
    short: dict[_Key, Short] = {}
    number, size = 0, len(events)
    while number < size:
        first = events[number]
        at, sequence = first.at, first.sequence
        end = number + 1
        while end < size and events[end].at == at and events[end].sequence == sequence:
            end += 1
        for event in in_order(events[number:end]) if end - number > 1 else (first,):
            _count(event, held, short)
        number = end
    return list(short.values())


def _count(event: TaxEvent, held: dict[_Key, int], short: dict[_Key, Short]) -> None:
    wallet = event.wallet
    for leg in event.out:
        key = (leg.asset, wallet)
        left = held[key] = held.get(key, 0) - leg.amount_raw
        if left < 0:
            _note(key, event, left, short)
    if event.into:
        to = event.to_wallet if event.kind is Kind.TRANSFER else wallet
        for leg in event.into:
            key = (leg.asset, to or wallet)
            held[key] = held.get(key, 0) + leg.amount_raw
    for fee in event.fees:
        if fee.asset is not None and fee.amount_raw:
            key = (fee.asset, wallet)
            left = held[key] = held.get(key, 0) - fee.amount_raw
            if left < 0:
                _note(key, event, left, short)


def _note(key: _Key, event: TaxEvent, held: int, short: dict[_Key, Short]) -> None:
    asset, wallet = key
    if wallet == ELSEWHERE:
        return
    found = short.get(key)
    if found is None:
        short[key] = Short(wallet, asset, event, -held, _unit(event, asset))
    elif -held > found.missing_raw:
        found.missing_raw = -held


def _unit(event: TaxEvent, asset: str) -> tuple[Decimal, int] | None:
    for leg in event.out:
        if leg.asset == asset and leg.value is not None:
            return leg.value, leg.amount_raw
    for leg in event.out:
        if leg.asset == asset and event.kind is Kind.SWAP and len(event.out) == 1:
            return _received(event.into, leg.amount_raw)
    for fee in event.fees:
        if fee.asset == asset and fee.value is not None:
            return fee.value, fee.amount_raw
    return None


def _received(into: Iterable[object], raw: int) -> tuple[Decimal, int] | None:
    values = [leg.value for leg in into]  # type: ignore[attr-defined]
    return (sum(values, Decimal(0)), raw) if all(value is not None for value in values) else None
