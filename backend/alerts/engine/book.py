"""The rule book of a worker: every active rule, ready to be matched against batches of events.

Rules live in numbered slots; columns hold what the hot path needs, and nothing runs once per rule when events come.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import inf
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from backend.alerts.engine.events import PriceLike, TransferLike
from backend.alerts.engine.intervals import WAITING_LIMIT, Integers, IntervalIndex, Slots
from backend.alerts.engine.keys import KeyTable
from backend.alerts.engine.points import AMOUNT, RECEIVED, SENT, USD, Placed, Residual, placement_of
from backend.core.money import engine_number

_REPEATS, _RESIDUAL = 1, 2


@dataclass(frozen=True, slots=True)
class Matches:
    """Which rule matched which event: parallel arrays of the event's place in the batch, and the rule's slot."""

    events: Integers
    slots: Slots

    def __len__(self) -> int:
        return len(self.events)


class _Questions:
    """Intervals to search, collected event by event, and which event asked each."""

    __slots__ = ("events", "highs", "keys", "lows")

    def __init__(self) -> None:
        self.events: list[int] = []
        self.keys: list[int] = []
        self.lows: list[float] = []
        self.highs: list[float] = []

    def ask(self, event: int, key: int, low: float, high: float) -> None:
        self.events.append(event)
        self.keys.append(key)
        self.lows.append(low)
        self.highs.append(high)


class RuleBook:
    """Active rules by 16-byte id. Changing a rule takes microseconds; a merge of many changes tens of milliseconds."""

    def __init__(self) -> None:
        self._keys = KeyTable()
        self._index = IntervalIndex()
        self._size = 0
        self._ids: NDArray[np.bytes_] = np.zeros(0, "S16")
        self._versions: NDArray[np.int32] = np.zeros(0, np.int32)
        self._flags: NDArray[np.uint8] = np.zeros(0, np.uint8)
        self._alive: NDArray[np.bool_] = np.zeros(0, bool)
        self._residuals: dict[int, Residual] = {}
        self._free: list[int] = []
        self._dead: list[int] = []
        # Where each rule is: those of the last merge in a sorted array, the others in a dictionary.
        self._sorted_ids: NDArray[np.bytes_] = np.zeros(0, "S16")
        self._sorted_slots: Slots = np.zeros(0, np.int32)
        self._recent: dict[bytes, int] = {}
        self._loaded = range(0)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """Bytes held by the arrays of the book (its dictionaries of keys come on top)."""
        columns = (self._ids, self._versions, self._flags, self._alive, self._sorted_ids, self._sorted_slots)
        return self._index.nbytes + sum(column.nbytes for column in columns)

    @property
    def points(self) -> int:
        """How many points the rules are stored as."""
        return len(self._index)

    def load(self, rules: Iterable[tuple[bytes, int, Placed]]) -> None:
        """Put in many new rules (id, version, conditions or placement) at once; ids must be new and distinct."""
        keys: list[int] = []
        thresholds: list[float] = []
        slots: list[int] = []
        ids: list[bytes] = []
        versions: list[int] = []
        flags = bytearray()
        slot = self._size
        number = self._keys.number
        for rule_id, version, placed in rules:
            placement = placement_of(placed)
            for key in placement.keys:
                keys.append(number(key))
                thresholds.append(placement.threshold)
                slots.append(slot)
            if placement.residual is not None:
                self._residuals[slot] = placement.residual
            flags.append(_flags(placement.repeats, placement.residual))
            ids.append(rule_id)
            versions.append(version)
            slot += 1
        first, self._size = self._size, slot
        self._loaded = range(first, slot)
        self._reserve(slot)
        self._ids[first:slot] = ids
        self._versions[first:slot] = versions
        self._flags[first:slot] = np.frombuffer(bytes(flags), np.uint8)
        self._alive[first:slot] = True
        self._count += len(ids)
        self._index.add(np.array(keys, np.int64), np.array(thresholds, np.float64), np.array(slots, np.int32))
        self.merge()

    def put(self, rule_id: bytes, version: int, placed: Placed) -> None:
        """Add a rule, or replace the one with this id."""
        self.remove(rule_id)
        slot = self._free.pop() if self._free else self._size
        if slot == self._size:
            self._size += 1
            self._reserve(self._size)
        placement = placement_of(placed)
        self._ids[slot] = rule_id
        self._versions[slot] = version
        self._flags[slot] = _flags(placement.repeats, placement.residual)
        self._alive[slot] = True
        if placement.residual is not None:
            self._residuals[slot] = placement.residual
        self._recent[rule_id] = slot
        self._count += 1
        keys = np.array([self._keys.number(key) for key in placement.keys], np.int64)
        self._index.add(keys, np.full(len(keys), placement.threshold), np.full(len(keys), slot, np.int32))
        self._merge_if_due()

    def remove(self, rule_id: bytes) -> bool:
        """Forget a rule; returns whether it was there."""
        slot = self._slot(rule_id)
        if slot is None:
            return False
        self._alive[slot] = False
        self._residuals.pop(slot, None)
        self._recent.pop(rule_id, None)
        self._dead.append(slot)
        self._count -= 1
        self._merge_if_due()
        return True

    def merge(self) -> None:
        """Fold recent changes into the sorted arrays and free the slots of removed rules."""
        self._index.merge(self._alive)
        self._free += self._dead
        self._dead = []
        kept = self._alive[self._sorted_slots]
        ids, slots = self._sorted_ids[kept], self._sorted_slots[kept]
        new_slots = np.array([*self._recent.values(), *self._loaded], np.int32)
        new_slots = new_slots[np.argsort(self._ids[new_slots], kind="stable")]
        places = np.searchsorted(ids, self._ids[new_slots])
        self._sorted_ids = np.insert(ids, places, self._ids[new_slots])
        self._sorted_slots = np.insert(slots, places, new_slots)
        self._recent, self._loaded = {}, range(0)

    def rule_id(self, slot: int) -> bytes:
        """Return the 16-byte id of the rule in a slot."""
        return bytes(self._ids[slot]).ljust(16, b"\0")

    def rule_ids(self, slots: Slots) -> NDArray[np.bytes_]:
        """Return the ids of the rules in these slots (numpy drops an id's trailing zero bytes)."""
        return self._ids[slots]

    def rules(self, slots: Slots) -> list[tuple[UUID, int]]:
        """Return (id, version) of the rules in these slots."""
        ids = self._ids[slots].tolist()
        versions = self._versions[slots].tolist()
        return [(UUID(bytes=each.ljust(16, b"\0")), version) for each, version in zip(ids, versions, strict=True)]

    def version(self, slot: int) -> int:
        """Return the version of the rule in a slot."""
        return int(self._versions[slot])

    def match_prices(self, events: Sequence[PriceLike]) -> Matches:
        """Return which price rules fire on which readings of the batch."""
        asked = _Questions()
        places, keys, lows, highs = asked.events, asked.keys, asked.lows, asked.highs
        by_chain, chain_id, find = self._keys.prices, -1, {}.get
        for place_, event in enumerate(events):
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
                        places.append(place_)
                        keys.append(numbers.up)
                        lows.append(before)
                        highs.append(now)
                elif now < before and numbers.down >= 0:
                    places.append(place_)
                    keys.append(numbers.down)
                    lows.append(-before)
                    highs.append(-now)
            if numbers.windows and event.changes:
                _ask_changes(asked, place_, numbers.windows, event.changes)
        return self._answers(asked)

    def match_transfers(self, events: Sequence[TransferLike]) -> Matches:
        """Return which whale rules fire on which transfers of the batch."""
        asked = _Questions()
        of_transfer, of_wallet = self._keys.of_transfer, self._keys.of_wallet
        for place_, event in enumerate(events):
            chain_id, token = event.chain_id, event.token
            by_value, by_amount = of_transfer(chain_id, token)
            watched = of_wallet(event.sender, SENT, chain_id, token) + of_wallet(
                event.recipient, RECEIVED, chain_id, token
            )
            if by_value and event.value_usd is not None:
                value = engine_number(event.value_usd)
                for key in by_value:
                    asked.ask(place_, key, -inf, value)
            if by_amount and event.amount is not None:
                amount = engine_number(event.amount)
                for key in by_amount:
                    asked.ask(place_, key, -inf, amount)
            for measure, key in watched:
                number = event.value_usd if measure == USD else event.amount
                if measure not in (USD, AMOUNT):
                    asked.ask(place_, key, -inf, inf)
                elif number is not None:
                    asked.ask(place_, key, -inf, engine_number(number))
        found = self._answers(asked)
        return self._tested(found, events) if len(found) else found

    def _answers(self, asked: _Questions) -> Matches:
        if not asked.keys:
            return Matches(np.empty(0, np.int64), np.empty(0, np.int32))
        questions, slots = self._index.search(np.array(asked.keys), np.array(asked.lows), np.array(asked.highs))
        events = np.array(asked.events)[questions]
        if self._dead:
            kept = self._alive[slots]
            events, slots = events[kept], slots[kept]
        return Matches(events, slots)

    def _tested(self, found: Matches, events: Sequence[TransferLike]) -> Matches:
        """Drop what a rule found twice on one event, and candidates that fail their rule's residual test."""
        flags = self._flags[found.slots]
        if not flags.any():
            return found
        kept = np.ones(len(found), bool)
        twice = np.flatnonzero(flags & _REPEATS)
        if len(twice):
            pairs = found.events[twice] * np.int64(self._size) + found.slots[twice]
            kept[twice] = False
            kept[twice[np.unique(pairs, return_index=True)[1]]] = True
        for place_ in np.flatnonzero(kept & ((flags & _RESIDUAL) > 0)).tolist():
            event = events[found.events[place_]]
            residual = self._residuals[int(found.slots[place_])]
            kept[place_] = residual.accepts(event.chain_id, event.token, event.amount)
        return Matches(found.events[kept], found.slots[kept])

    def _slot(self, rule_id: bytes) -> int | None:
        slot = self._recent.get(rule_id)
        if slot is None and len(self._sorted_ids):
            place_ = int(np.searchsorted(self._sorted_ids, np.bytes_(rule_id)))
            if place_ < len(self._sorted_ids) and self.rule_id(int(self._sorted_slots[place_])) == rule_id:
                slot = int(self._sorted_slots[place_])
        return slot if slot is not None and self._alive[slot] else None

    def _merge_if_due(self) -> None:
        if self._index.waiting > WAITING_LIMIT or len(self._dead) > WAITING_LIMIT:
            self.merge()

    def _reserve(self, size: int) -> None:
        if size <= len(self._alive):
            return
        more = max(size, len(self._alive) * 5 // 4, 64) - len(self._alive)
        self._ids = np.concatenate((self._ids, np.zeros(more, "S16")))
        self._versions = np.concatenate((self._versions, np.zeros(more, np.int32)))
        self._flags = np.concatenate((self._flags, np.zeros(more, np.uint8)))
        self._alive = np.concatenate((self._alive, np.zeros(more, bool)))


def _ask_changes(
    asked: _Questions, event: int, windows: dict[int, list[int]], changes: dict[int, tuple[Decimal | None, Decimal]]
) -> None:
    for window, (rise, fall, move) in windows.items():
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


def _flags(repeats: bool, residual: Residual | None) -> int:
    return (_REPEATS if repeats else 0) | (_RESIDUAL if residual is not None else 0)
