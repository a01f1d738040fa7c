"""The rule book of a worker: every active rule, ready to be matched against batches of events.

Rules live in numbered slots; columns hold what the hot path needs, and nothing runs once per rule when events come.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from backend.alerts.engine.conditions import PRICE_METRIC
from backend.alerts.engine.events import OccurrenceLike, PriceLike, ReadingLike, TransferLike
from backend.alerts.engine.histories import ReadingBook, Series, reading_before
from backend.alerts.engine.intervals import WAITING_LIMIT, Integers, IntervalIndex, Slots
from backend.alerts.engine.keys import KeyTable
from backend.alerts.engine.points import DetailTest, Placed, Placement, Residual, placement_of
from backend.alerts.engine.questions import Questions, ask_occurrences, ask_prices, ask_readings, ask_transfers
from backend.alerts.engine.watching import Moment, Watch, due

_REPEATS, _RESIDUAL, _WATCH = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Matches:
    """Which rule matched which event: parallel arrays of the event's place in the batch, and the rule's slot."""

    events: Integers
    slots: Slots

    def __len__(self) -> int:
        return len(self.events)


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
        self._residuals: dict[int, Residual | DetailTest] = {}
        self._watches: dict[int, Watch] = {}
        self._special = False  # whether any rule ever needed more than the index
        self.readings = ReadingBook()
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
            if type(placement.threshold) is float:
                for key in placement.keys:
                    keys.append(number(key))
                    thresholds.append(placement.threshold)
                    slots.append(slot)
            else:
                for key, threshold in placement.points():
                    keys.append(number(key))
                    thresholds.append(threshold)
                    slots.append(slot)
            flags.append(self._special_flags(slot, placement))
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
        self._flags[slot] = self._special_flags(slot, placement)
        self._alive[slot] = True
        self._recent[rule_id] = slot
        self._count += 1
        points = placement.points()
        keys = np.array([self._keys.number(key) for key, _ in points], np.int64)
        thresholds = np.array([threshold for _, threshold in points], np.float64)
        self._index.add(keys, thresholds, np.full(len(keys), slot, np.int32))
        self._merge_if_due()

    def remove(self, rule_id: bytes) -> bool:
        """Forget a rule; returns whether it was there."""
        slot = self._slot(rule_id)
        if slot is None:
            return False
        self._alive[slot] = False
        self._residuals.pop(slot, None)
        if (watch := self._watches.pop(slot, None)) is not None:
            watch.end()
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

    def observe(self, events: Sequence[Any]) -> None:
        """Take in the readings of a batch that watched rules look at, before any of its events is matched."""
        self.readings.note(events)

    def forget_block(self, chain_id: int, block_hash: str) -> None:
        """Drop the readings of an orphaned block; whatever repeats is looked at again, since alerts may be gone."""
        self.readings.forget_block(chain_id, block_hash)
        self.wake()

    def wake(self) -> None:
        """Look at whatever repeats again: what is known of its rest may not be true any more."""
        for watch in self._watches.values():
            if watch.level:
                watch.wake()

    def rest(self, rule_id: bytes, until: float) -> None:
        """Let a level rule be until that block time; other rules need no rest."""
        slot = self._slot(rule_id)
        watch = self._watches.get(slot) if slot is not None else None
        if watch is not None and watch.level:
            watch.rest(until)

    def is_awaited(self, topic: str, chain_id: int, subject: str) -> bool:
        """Return whether some rule waits, or once waited, for this to happen to this subject."""
        return self._keys.has_topic(topic, chain_id, subject)

    def match_prices(self, events: Sequence[PriceLike]) -> Matches:
        """Return which rules fire on which price readings of the batch."""
        return self._found(ask_prices(self._keys, events), events)

    def match_readings(self, events: Sequence[ReadingLike]) -> Matches:
        """Return which rules fire on which readings of metrics."""
        return self._found(ask_readings(self._keys, events), events)

    def match_transfers(self, events: Sequence[TransferLike]) -> Matches:
        """Return which rules fire on which transfers of the batch."""
        return self._found(ask_transfers(self._keys, events), events)

    def match_occurrences(self, events: Sequence[OccurrenceLike]) -> Matches:
        """Return which rules fire on which occurrences of the batch."""
        return self._found(ask_occurrences(self._keys, events), events)

    def _found(self, asked: Questions, events: Sequence[Any]) -> Matches:
        if not asked.keys:
            found = Matches(np.empty(0, np.int64), np.empty(0, np.int32))
        else:
            questions, slots = self._index.search(np.array(asked.keys), np.array(asked.lows), np.array(asked.highs))
            places = np.array(asked.events)[questions]
            if self._dead:
                kept = self._alive[slots]
                places, slots = places[kept], slots[kept]
            found = Matches(places, slots)
        if asked.kept or (len(found) and self._special and (self._flags[found.slots]).any()):
            return self._tested(found, asked.kept, events)
        return found

    def _tested(self, found: Matches, series: list[tuple[int, Series]], events: Sequence[Any]) -> Matches:
        """Drop what a rule found twice on one event, and candidates that fail what is left to test."""
        flags = self._flags[found.slots]
        kept = np.ones(len(found), bool)
        twice = np.flatnonzero(flags & _REPEATS)
        if len(twice):
            pairs = found.events[twice] * np.int64(self._size) + found.slots[twice]
            kept[twice] = False
            kept[twice[np.unique(pairs, return_index=True)[1]]] = True
        for place_ in np.flatnonzero(kept & ((flags & _RESIDUAL) > 0)).tolist():
            event = events[found.events[place_]]
            kept[place_] = _accepts(self._residuals[int(found.slots[place_])], event)
        watching = (flags & _WATCH) > 0
        candidates: dict[int, dict[Watch, None]] = {}
        for place_ in np.flatnonzero(kept & watching).tolist():
            watch = self._watches[int(found.slots[place_])]
            candidates.setdefault(int(found.events[place_]), {})[watch] = None
        kept &= ~watching
        more = self._watched(candidates, series, events)
        places, slots = found.events[kept], found.slots[kept]
        if not more:
            return Matches(places, slots)
        return Matches(
            np.concatenate((places, np.array([place_ for place_, _ in more], np.int64))),
            np.concatenate((slots, np.array([slot for _, slot in more], np.int32))),
        )

    def _watched(
        self, candidates: dict[int, dict[Watch, None]], series: list[tuple[int, Series]], events: Sequence[Any]
    ) -> list[tuple[int, int]]:
        """Judge the candidates and what is due with readings, event by event; return (place, slot) of what fires."""
        fired: list[tuple[int, int]] = []
        of_place = dict(series)
        for place_ in sorted(candidates.keys() | of_place.keys()):
            event = events[place_]
            wanted = candidates.get(place_, {})
            own = of_place.get(place_)
            if own is not None:
                wanted = {**dict.fromkeys(due(own, event.taken_at)), **wanted}
            if not wanted:
                continue
            entry = own.of_event(event) if own is not None else None
            earlier = reading_before(own, entry, event) if own is not None and entry is not None else None
            moment = Moment(event, own, entry, earlier, self.readings.place_of(event))
            fired += [(place_, watch.slot) for watch in wanted if watch.slot >= 0 and watch.fires(moment)]
        return fired

    def _slot(self, rule_id: bytes) -> int | None:
        slot = self._recent.get(rule_id)
        if slot is None and len(self._sorted_ids):
            place_ = int(np.searchsorted(self._sorted_ids, np.bytes_(rule_id)))
            if place_ < len(self._sorted_ids) and self.rule_id(int(self._sorted_slots[place_])) == rule_id:
                slot = int(self._sorted_slots[place_])
        return slot if slot is not None and self._alive[slot] else None

    def _special_flags(self, slot: int, placement: Placement) -> int:
        """Keep what a rule needs beside its points, and return its flags."""
        flags = _flags(placement)
        if flags:
            self._special = True
        if placement.residual is not None:
            self._residuals[slot] = placement.residual
        if placement.watch is not None:
            self._watches[slot] = placement.watch
            placement.watch.bind(slot, self.readings)
            for series in placement.watch.series:
                metric, chain_id, subject = series.key
                keys = self._keys
                is_price = metric == PRICE_METRIC
                numbers = keys.of_prices(chain_id, subject) if is_price else keys.of_metric(metric, chain_id, subject)
                numbers.history = series
        return flags

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


def _accepts(residual: Residual | DetailTest, event: Any) -> bool:
    if isinstance(residual, DetailTest):
        return residual.accepts(event.details)
    return residual.accepts(event.chain_id, event.token, event.amount, event.sender, event.recipient)


def _flags(placement: Placement) -> int:
    flags = _REPEATS if placement.repeats else 0
    flags |= _RESIDUAL if placement.residual is not None else 0
    return flags | (_WATCH if placement.watch is not None else 0)
