"""What events ask of the index: which intervals of which keys. One function for each kind of event."""

from collections.abc import Sequence
from decimal import Decimal
from math import inf
from sys import float_info

from backend.alerts.engine.events import OccurrenceLike, PriceLike, ReadingLike, TransferLike
from backend.alerts.engine.histories import Series
from backend.alerts.engine.keys import KeyTable, SeriesKeys
from backend.alerts.engine.points import AMOUNT, RECEIVED, SENT, USD
from backend.core.money import engine_number

_LEAST = -float_info.max


class Questions:
    """Intervals to search, collected event by event, and which event asked each; `kept`: events of kept series."""

    __slots__ = ("events", "highs", "kept", "keys", "lows")

    def __init__(self) -> None:
        self.events: list[int] = []
        self.keys: list[int] = []
        self.lows: list[float] = []
        self.highs: list[float] = []
        self.kept: list[tuple[int, Series]] = []

    def ask(self, event: int, key: int, low: float, high: float) -> None:
        """Ask for the points of `key` in [low, high)."""
        self.events.append(event)
        self.keys.append(key)
        self.lows.append(low)
        self.highs.append(high)


def ask_prices(table: KeyTable, events: Sequence[PriceLike]) -> Questions:
    """Return what price readings ask."""
    asked = Questions()
    places, keys, lows, highs = asked.events, asked.keys, asked.lows, asked.highs
    by_chain, chain_id, find = table.prices, -1, {}.get
    for place, event in enumerate(events):
        if event.chain_id != chain_id:
            chain_id = event.chain_id
            find = by_chain.get(chain_id, {}).get
        numbers = find(event.token)
        if numbers is None:
            continue
        previous = event.previous_price_usd
        if previous is not None:
            before = numbers.seen_number if previous == numbers.seen else engine_number(previous)
            now = numbers.seen_number = engine_number(event.price_usd)
            numbers.seen = event.price_usd
            if now > before:
                if numbers.up >= 0:
                    places.append(place)
                    keys.append(numbers.up)
                    lows.append(before)
                    highs.append(now)
            elif now < before and numbers.down >= 0:
                places.append(place)
                keys.append(numbers.down)
                lows.append(-before)
                highs.append(-now)
        if numbers.windows and event.changes:
            _ask_changes(asked, place, numbers.windows, event.changes)
        if numbers.history is not None:
            _ask_kept(asked, place, numbers, event)
    return asked


def ask_readings(table: KeyTable, events: Sequence[ReadingLike]) -> Questions:
    """Return what readings of metrics ask."""
    asked = Questions()
    for place, event in enumerate(events):
        numbers = table.metrics.get((event.metric, event.chain_id), {}).get(event.subject)
        if numbers is None:
            continue
        if event.previous_value is not None:
            before, now = engine_number(event.previous_value), engine_number(event.value)
            if now > before and numbers.up >= 0:
                asked.ask(place, numbers.up, before, now)
            elif now < before and numbers.down >= 0:
                asked.ask(place, numbers.down, -before, -now)
        if numbers.windows and event.changes:
            _ask_changes(asked, place, numbers.windows, event.changes)
        if numbers.history is not None:
            _ask_kept(asked, place, numbers, event)
    return asked


def ask_occurrences(table: KeyTable, events: Sequence[OccurrenceLike]) -> Questions:
    """Return what occurrences ask; one of unknown size finds only those who ask for no size."""
    asked = Questions()
    for place, event in enumerate(events):
        high = _LEAST if event.value is None else engine_number(event.value)
        for key in table.of_occurrence(event.topic, event.chain_id, event.subject):
            asked.ask(place, key, -inf, high)
    return asked


def ask_transfers(table: KeyTable, events: Sequence[TransferLike]) -> Questions:
    """Return what transfers ask."""
    asked = Questions()
    of_transfer, of_wallet = table.of_transfer, table.of_wallet
    for place, event in enumerate(events):
        chain_id, token = event.chain_id, event.token
        by_value, by_amount = of_transfer(chain_id, token)
        watched = of_wallet(event.sender, SENT, chain_id, token) + of_wallet(event.recipient, RECEIVED, chain_id, token)
        if by_value and event.value_usd is not None:
            value = engine_number(event.value_usd)
            for key in by_value:
                asked.ask(place, key, -inf, value)
        if by_amount and event.amount is not None:
            amount = engine_number(event.amount)
            for key in by_amount:
                asked.ask(place, key, -inf, amount)
        for measure, key in watched:
            number = event.value_usd if measure == USD else event.amount
            if measure not in (USD, AMOUNT):
                asked.ask(place, key, -inf, inf)
            elif number is not None:
                asked.ask(place, key, -inf, engine_number(number))
    return asked


def _ask_kept(asked: Questions, place: int, numbers: SeriesKeys, event: PriceLike | ReadingLike) -> None:
    """Ask who waited for a reading after a gap, and note that the series is kept."""
    series: Series = numbers.history
    asked.kept.append((place, series))
    if numbers.gap >= 0:
        entry = series.of_event(event)
        earlier = series.before(entry.place) if entry else None
        gap = inf if earlier is None else event.taken_at - earlier.taken_at
        asked.ask(place, numbers.gap, -inf, gap)


def _ask_changes(
    asked: Questions, event: int, windows: dict[int, list[int]], changes: dict[int, tuple[Decimal | None, Decimal]]
) -> None:
    for window, (rise, fall, move, calm) in windows.items():
        if window not in changes:
            continue
        before, after = changes[window]
        now = engine_number(after)
        known = None if before is None else engine_number(before)
        if rise >= 0:
            asked.ask(event, rise, -inf if known is None else known, now)
        if fall >= 0:
            asked.ask(event, fall, -inf if known is None else -known, -now)
        if move >= 0:
            asked.ask(event, move, -inf if known is None else abs(known), abs(now))
        if calm >= 0:
            asked.ask(event, calm, -inf if known is None else -abs(known), -abs(now))
