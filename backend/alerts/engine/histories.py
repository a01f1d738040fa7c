"""What watched rules know of series: the newest readings of each, and what each was as of an event.

Within a chain an event sees, whatever was read when: the readings of earlier blocks, and of its own block those that
come before it in the order of the stream (transfers and occurrences, then prices by token, then metrics by name and
subject). So the same event sees the same again, also when the record was read from the database meanwhile. Of other
chains it sees the newest that is known. What belongs to no chain (chain 0) is seen in the order in which it came: what
was recalled from the record has places below zero, what came since those above.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import inf
from operator import attrgetter
from typing import Any

from backend.alerts.engine.conditions import PRICE_METRIC
from backend.core.money import engine_number

MOST_KEPT = 64
SeriesKey = tuple[str, int, str]  # metric (PRICE_METRIC for prices), chain, subject
Rank = tuple[int, str, str]
BEFORE_ALL: Rank = (0, "", "")
Place = tuple[float, int]
NO_CHAIN = 0


class Entry:
    """One reading: `changes` are its changes by window in percent; `place` orders the readings of its chain."""

    __slots__ = ("block_hash", "changes", "event_id", "place", "taken_at", "value")

    def __init__(
        self,
        taken_at: float,
        block_number: int,
        block_hash: str,
        value: Decimal,
        changes: Mapping[int, Decimal],
        event_id: str = "",
    ) -> None:
        self.taken_at = taken_at
        self.place: Place = (taken_at, block_number)
        self.event_id = event_id
        self.block_hash = block_hash
        self.value = engine_number(value)
        self.changes = {window: engine_number(change) for window, change in changes.items()}


class Series:
    """The newest readings of one series, oldest first; and the watches that are to be looked at with every reading."""

    __slots__ = ("awake", "entries", "key", "rank", "resting", "windows")

    def __init__(self, key: SeriesKey) -> None:
        self.key = key
        metric, _, subject = key
        self.rank: Rank = (1, "", subject) if metric == PRICE_METRIC else (2, metric, subject)
        self.entries: list[Entry] = []
        self.windows: set[int] = set()  # those that somebody looks at, in seconds
        self.awake: dict[Any, None] = {}
        self.resting: list[tuple[float, int, Any]] = []

    def add(self, entry: Entry) -> None:
        """Take in a reading; one of the same block takes the place of the former."""
        entries = self.entries
        if not entries or entries[-1].place < entry.place:
            entries.append(entry)
        else:
            at = bisect_left(entries, entry.place, key=_place)
            if at < len(entries) and entries[at].place == entry.place:
                entries[at] = entry
            else:
                entries.insert(at, entry)

    def add_older(self, entry: Entry) -> None:
        """Take in a reading from the record; of one that is known only what is not: changes over other windows."""
        at = bisect_left(self.entries, entry.place, key=_place)
        if at == len(self.entries) or self.entries[at].place != entry.place:
            self.add(entry)
        else:
            known = self.entries[at]
            known.changes = {**entry.changes, **known.changes}

    def as_of(self, place: Place, rank: Rank) -> Entry | None:
        """Return the newest reading that an event of the same chain at this place sees."""
        find = bisect_right if self.rank <= rank else bisect_left
        at = find(self.entries, place, key=_place)
        return self.entries[at - 1] if at else None

    def of_event(self, event: Any) -> Entry | None:
        """Return the reading that this event brought."""
        if self.key[1] == NO_CHAIN:
            return next((each for each in reversed(self.entries) if each.event_id == event.id), None)
        place = (event.taken_at, event.block_number)
        at = bisect_left(self.entries, place, key=_place)
        found = self.entries[at] if at < len(self.entries) else None
        return found if found is not None and found.place == place else None

    def before(self, place: Place) -> Entry | None:
        """Return the reading before the one at this place."""
        at = bisect_left(self.entries, place, key=_place)
        return self.entries[at - 1] if at else None

    @property
    def newest(self) -> Entry | None:
        """The newest reading."""
        return self.entries[-1] if self.entries else None


_place = attrgetter("place")


def series_of_event(event: Any) -> SeriesKey | None:
    """Return the series that an event is a reading of; None when it is none."""
    if hasattr(event, "price_usd"):
        return PRICE_METRIC, event.chain_id, event.token
    if hasattr(event, "metric"):
        return event.metric, event.chain_id, event.subject
    return None


def reading_before(series: Series, entry: Entry, event: Any) -> Entry | None:
    """Return the reading before `entry`, which `event` brought; what the event says of it goes first."""
    earlier = series.before(entry.place)
    value = event.previous_value if hasattr(event, "metric") else event.previous_price_usd
    if earlier is None and value is None:
        return None
    taken_at = earlier.taken_at if earlier else getattr(event, "previous_taken_at", None)
    changes = {window: before for window, (before, _) in event.changes.items() if before is not None}
    known = Entry(-inf if taken_at is None else taken_at, 0, "", Decimal(0), changes)
    if value is not None:
        known.value = engine_number(value)
    if earlier is not None:
        known.value = earlier.value if value is None else known.value
        known.changes = {**earlier.changes, **known.changes}
    return known


class ReadingBook:
    """The series that watched rules look at; of all others nothing is kept."""

    def __init__(self) -> None:
        self._series: dict[SeriesKey, Series] = {}
        self._came = 0
        self._happened: dict[str, int] = {}
        # Chains whose series are looked at together with what is of other chains.
        self.abroad: set[int] = set()

    def __len__(self) -> int:
        return len(self._series)

    def series(self, key: SeriesKey) -> Series:
        """Return the series, kept from now on."""
        found = self._series.get(key)
        if found is None:
            found = self._series[key] = Series(key)
        return found

    @property
    def kept(self) -> list[SeriesKey]:
        """Which series are kept."""
        return list(self._series)

    def find(self, key: SeriesKey) -> Series | None:
        """Return the series if it is kept."""
        return self._series.get(key)

    def add(self, series: Series, entry: Entry) -> None:
        """Take in a reading; one that came before changes nothing in the order."""
        if series.key[1] == NO_CHAIN:
            known = next((each for each in series.entries if each.event_id == entry.event_id), None)
            if known is not None and known.place[0] <= 0:  # recalled before it came: now it comes
                series.entries.remove(known)
                known = None
            self._came += known is None
            entry.place = known.place if known else (float(self._came), 0)
        series.add(entry)

    def add_recalled(self, found: Sequence[tuple[SeriesKey, Entry]]) -> None:
        """Take in what was recalled of series that nobody looked at before, in the order in which it came."""
        for at, (key, entry) in enumerate(found, start=1 - len(found)):
            series = self.series(key)
            if key[1] != NO_CHAIN:
                series.add_older(entry)
            elif not any(each.event_id == entry.event_id for each in series.entries):
                entry.place = (float(at), 0)
                series.add(entry)

    def replace(self, keys: Sequence[SeriesKey], found: Sequence[tuple[SeriesKey, Entry]]) -> None:
        """Know of these series what was recalled, in the order in which it came, and nothing else."""
        for key in keys:
            self.series(key).entries = []
        self.add_recalled(found)

    def place_of(self, event: Any) -> Place:
        """Return where something that happened in this batch stands among what is of its chain."""
        if event.chain_id == NO_CHAIN:
            return float(self._happened.get(event.id, self._came)), 1
        return event.taken_at, event.block_number

    def note(self, events: Sequence[Any]) -> None:
        """Take in the readings among events of one batch, those of kept series only."""
        if not self._series:
            return
        grown = set[SeriesKey]()
        self._happened = {}
        for event in events:
            key = series_of_event(event)
            if key is None and event.chain_id == NO_CHAIN:
                self._happened[event.id] = self._came
            series = self._series.get(key) if key else None
            if key is not None and series is not None:
                if key not in grown:  # a batch is kept whole, however large it is
                    grown.add(key)
                    del series.entries[:-MOST_KEPT]
                value = event.value if hasattr(event, "metric") else event.price_usd
                now = {window: after for window, (_, after) in event.changes.items()}
                self.add(
                    series,
                    Entry(event.taken_at, event.block_number, event.block_hash, value, now, event.id),
                )

    def keep(self, wanted: Sequence[tuple[SeriesKey, int]]) -> list[SeriesKey]:
        """Keep series with changes over a window (0: none) from now on; return those that were not, each once."""
        new: dict[SeriesKey, None] = {}
        for key, window in wanted:
            known = self._series.get(key)
            if known is None or (window and window not in known.windows):
                new[key] = None
                if window:
                    self.series(key).windows.add(window)
                else:
                    self.series(key)
        return list(new)

    def forget_block(self, chain_id: int, block_hash: str) -> None:
        """Drop what an orphaned block brought."""
        for (_, chain, _), series in self._series.items():
            if chain == chain_id:
                series.entries = [entry for entry in series.entries if entry.block_hash != block_hash]
