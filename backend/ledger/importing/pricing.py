"""What legs and fees were worth when they moved, by the ladder of prices; what is unknown is asked for again later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from backend.chain.events import NATIVE_TOKEN
from backend.core.clock import utc_now
from backend.ledger.events import Event, Leg
from backend.market.ladder.service import Ladder

Key = tuple[int, str]
RECENT = timedelta(minutes=10)
# After each try that left something unknown; then it stays unknown. Soon at first: the follower may be catching up.
TRY_AGAIN = (timedelta(minutes=2), timedelta(minutes=20), timedelta(hours=3), timedelta(days=1), timedelta(days=14))


@dataclass(frozen=True, slots=True)
class _Price:
    price_usd: Decimal
    source: str
    taken_at: datetime


async def with_prices(events: Sequence[Event], prices: Ladder) -> list[Event]:
    """Return the events with a price for every leg and fee that has none and that a source knows the price of.

    Tokens with a number of their own (ERC-721, ERC-1155) have no price each.
    """
    wanted = sorted({(key, event.happened_at) for event in events for key in _unpriced(event)})
    if not wanted:
        return list(events)
    known: dict[tuple[Key, datetime], _Price] = {}
    for (key, at), point in (await prices.at_moments(wanted)).items():
        known[(key.chain_id, key.token), at] = _Price(point.price_usd, point.source, point.observed_at)
    # The history of a moment ago is not written yet: what the sources say now is nearer than nothing.
    late: dict[datetime, list[Key]] = {}
    for key, at in wanted:
        if (key, at) not in known and utc_now() - at <= RECENT:
            late.setdefault(at, []).append(key)
    for at, keys in late.items():
        quotes = await prices.quotes(keys, at=at)
        known |= {(key, at): _Price(each.price_usd, each.source, each.taken_at) for key, each in quotes.items()}
    return [_priced(event, known) for event in events]


def due_again(event: Event, tries: int) -> datetime | None:
    """Return when to ask again for what is unknown of an event after so many tries, None when never."""
    if not _unpriced(event) or tries > len(TRY_AGAIN):
        return None
    return utc_now() + TRY_AGAIN[max(0, tries - 1)]


def _unpriced(event: Event) -> set[Key]:
    keys = {(event.chain_id, leg.token) for leg in event.legs if leg.price_usd is None and leg.token_id is None}
    if event.fee_wei and event.fee_price_usd is None:
        keys.add((event.chain_id, NATIVE_TOKEN))
    return keys


def _priced(event: Event, known: Mapping[tuple[Key, datetime], _Price]) -> Event:
    def of(leg: Leg) -> Leg:
        price = known.get(((event.chain_id, leg.token), event.happened_at))
        if price is None or leg.price_usd is not None or leg.token_id is not None:
            return leg
        return replace(leg, price_usd=price.price_usd, price_source=price.source[:80], priced_at=price.taken_at)

    native = known.get(((event.chain_id, NATIVE_TOKEN), event.happened_at))
    fee = event.fee_price_usd
    if fee is None and event.fee_wei and native is not None:
        fee = native.price_usd
    return replace(event, legs=tuple(map(of, event.legs)), fee_price_usd=fee)
