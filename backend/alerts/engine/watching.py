"""Watched rules: trees of conditions over several series, and rules that repeat as long as they are true.

A tree is judged in three values (Kleene): what is unknown or was read too long ago decides nothing by itself. The index
finds the moments at which a part of the tree may have changed; only then, for only these rules, the tree is judged.

`edge` fires when a tree is true with an event and was not just before it. `level` fires with every reading of its
series while it is true; the one who stores says until when it rests (`RuleBook.rest`), and until then it is not even
looked at.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from heapq import heappop, heappush
from math import inf
from typing import Any

from backend.alerts.engine.conditions import (
    PRICE_METRIC,
    ChangeConditions,
    Conditions,
    MetricChangeConditions,
    MetricConditions,
    OccurrenceConditions,
    PriceConditions,
    SeriesConditions,
    WhaleConditions,
)
from backend.alerts.engine.histories import BEFORE_ALL, Entry, Place, Rank, ReadingBook, Series, SeriesKey
from backend.alerts.engine.points import GAP, Key, Placement, crossing, place, series_key, uncrossing
from backend.core.money import engine_number

FOR_EVER = 1e18


class Moment:
    """An event as trees see it: where it stands, and of its own series the reading and the one before."""

    __slots__ = ("chain_id", "earlier", "entry", "event", "place", "rank", "series", "taken_at")

    def __init__(
        self, event: Any, series: Series | None, entry: Entry | None, earlier: Entry | None, place: Place
    ) -> None:
        self.event = event
        self.chain_id: int = event.chain_id
        self.taken_at: float = event.taken_at
        self.series = series
        self.entry = entry
        self.earlier = earlier
        self.place: Place = entry.place if entry else place
        self.rank: Rank = series.rank if series else BEFORE_ALL

    def reading(self, series: Series, before: bool) -> Entry | None:
        """Return what a series was as of this event, or just before it."""
        if series is self.series:
            return self.earlier if before else self.entry
        if series.key[1] != self.chain_id:
            return series.newest
        return series.as_of(self.place, self.rank)


class StateLeaf:
    """A condition on a series, unknown when its newest reading is older than `within` seconds (None: never)."""

    __slots__ = ("conditions", "key", "series", "test", "threshold", "window", "within")

    def __init__(self, conditions: SeriesConditions, within: int | None = None) -> None:
        self.conditions: SeriesConditions | None = conditions
        self.key = series_of(conditions)
        self.within = within
        self.series: Series | None = None
        self.test: str = conditions.test
        if isinstance(conditions, PriceConditions | MetricConditions):
            self.window, self.threshold = 0, engine_number(conditions.threshold)
        else:
            self.window, self.threshold = conditions.window_seconds, engine_number(conditions.percent)

    def judge(self, moment: Moment, before: bool) -> bool | None:
        """Return whether the condition holds; None when nobody knows."""
        entry = moment.reading(self.series, before) if self.series else None
        if entry is None or (self.within is not None and moment.taken_at - entry.taken_at > self.within):
            return None
        value = entry.changes.get(self.window) if self.window else entry.value
        return None if value is None else _compare(self.test, value, self.threshold)

    def points(self, uncrossings: bool) -> Iterator[tuple[Key, float]]:
        """Yield where the leaf may become true, known, and (for trees) false."""
        if self.conditions is None:
            raise AssertionError("a leaf is placed once")
        window, way, point = crossing(self.conditions)
        yield series_key(self.conditions, window, way), point
        if uncrossings:
            window, way, point = uncrossing(self.conditions)
            yield series_key(self.conditions, window, way), point
        yield series_key(self.conditions, 0, GAP), FOR_EVER if self.within is None else float(self.within)


class MomentLeaf:
    """Something that happens: true at the event itself, never before or after."""

    __slots__ = ("conditions",)

    def __init__(self, conditions: WhaleConditions | OccurrenceConditions) -> None:
        self.conditions = conditions

    def judge(self, moment: Moment, before: bool) -> bool:
        """Return whether this event is the one."""
        return not before and happens(self.conditions, moment.event)


class Branch:
    """`all`, `any` or `not` (of one) of the parts."""

    __slots__ = ("kind", "parts")

    def __init__(self, kind: str, parts: Sequence["Tree"]) -> None:
        self.kind = kind
        self.parts = tuple(parts)

    def judge(self, moment: Moment, before: bool) -> bool | None:
        """Return Kleene's value of the branch."""
        if self.kind == "not":
            found = self.parts[0].judge(moment, before)
            return None if found is None else not found
        deciding = self.kind == "any"
        unknown = False
        for part in self.parts:
            found = part.judge(moment, before)
            if found is deciding:
                return deciding
            unknown = unknown or found is None
        return None if unknown else not deciding


Tree = StateLeaf | MomentLeaf | Branch


class Watch:
    """A tree, bound to the series of a book. `slot` is its rule's, -1 when it is gone; `until` when its rest ends."""

    __slots__ = ("level", "series", "slot", "tree", "true_at", "until")

    def __init__(self, tree: Tree, *, level: bool) -> None:
        self.tree = tree
        self.level = level
        self.slot = -1
        self.series: tuple[Series, ...] = ()
        self.until = -inf
        self.true_at = -inf

    def bind(self, slot: int, readings: ReadingBook) -> None:
        """Take the series from the book; a level rule is looked at with the next reading."""
        self.slot = slot
        found: dict[Series, None] = {}
        chains: set[int | None] = set()
        for leaf in leaves(self.tree):
            if isinstance(leaf, StateLeaf):
                leaf.series = readings.series(leaf.key)
                leaf.conditions = None  # it is placed by now
                found[leaf.series] = None
                chains.add(leaf.key[1])
                if leaf.window:
                    leaf.series.windows.add(leaf.window)
            else:
                chains |= leaf.conditions.chains or {None}  # None: any
        self.series = tuple(found)
        if len(chains) > 1:
            readings.abroad.update(series.key[1] for series in found)
        if self.level:
            self.wake()

    def end(self) -> None:
        """Forget the rule."""
        self.slot = -1
        self._sleep()

    def fires(self, moment: Moment) -> bool:
        """Return whether the rule fires with this event."""
        if self.level:
            if moment.taken_at < self.until:
                return False
            if self.tree.judge(moment, before=False):
                self.true_at = max(self.true_at, moment.taken_at)
                for series in self.series:
                    series.awake[self] = None
                return True
            # Events of a batch are judged kind by kind: an older moment says nothing about a younger one.
            if moment.taken_at >= self.true_at:
                self._sleep()
            return False
        return self.tree.judge(moment, before=False) is True and self.tree.judge(moment, before=True) is not True

    def rest(self, until: float) -> None:
        """Do not look at it before that block time."""
        self.until = until
        self._sleep()
        for series in self.series:
            heappush(series.resting, (until, id(self), self))

    def wake(self) -> None:
        """Look at it with the next reading of any of its series."""
        self.until = -inf
        for series in self.series:
            series.awake[self] = None

    def _sleep(self) -> None:
        for series in self.series:
            series.awake.pop(self, None)


def due(series: Series, taken_at: float) -> list[Watch]:
    """Return the level watches to look at with a reading of this block time."""
    resting = series.resting
    while resting and resting[0][0] <= taken_at:
        watch: Watch = heappop(resting)[2]
        if watch.slot >= 0 and watch.until <= taken_at:
            series.awake[watch] = None
    return list(series.awake) if series.awake else []


def leaves(tree: Tree) -> Iterator[StateLeaf | MomentLeaf]:
    """Yield the leaves of a tree."""
    if isinstance(tree, Branch):
        for part in tree.parts:
            yield from leaves(part)
    else:
        yield tree


def watched(tree: Tree, *, level: bool) -> Placement:
    """Return the placement of a rule that is a tree: every point at which a part of it may change."""
    points: dict[tuple[Key, float], None] = {}
    single = not isinstance(tree, Branch)
    for leaf in leaves(tree):
        if isinstance(leaf, StateLeaf):
            points |= dict.fromkeys(leaf.points(uncrossings=not single))
        else:
            points |= dict.fromkeys(place(leaf.conditions).points())
    return Placement([key for key, _ in points], [point for _, point in points], watch=Watch(tree, level=level))


def series_of(conditions: SeriesConditions) -> SeriesKey:
    """Return the series that conditions are about."""
    if isinstance(conditions, PriceConditions | ChangeConditions):
        return PRICE_METRIC, conditions.chain_id, conditions.token
    return conditions.metric, conditions.chain_id, conditions.subject


def looked_at(watch: Watch) -> list[tuple[SeriesKey, int]]:
    """Return the series that a watch looks at, each with the window of its changes (0: the reading itself)."""
    return [(leaf.key, leaf.window) for leaf in leaves(watch.tree) if isinstance(leaf, StateLeaf)]


def is_state(conditions: Conditions) -> bool:
    """Return whether conditions are about a series, and not about something that happens."""
    return isinstance(conditions, PriceConditions | ChangeConditions | MetricConditions | MetricChangeConditions)


def happens(conditions: WhaleConditions | OccurrenceConditions, event: Any) -> bool:
    """Return whether the event is what the conditions ask for."""
    if isinstance(conditions, OccurrenceConditions):
        return hasattr(event, "topic") and _occurs(conditions, event)
    return hasattr(event, "sender") and hasattr(event, "value_usd") and _moves(conditions, event)


def _compare(test: str, value: float, threshold: float) -> bool:
    match test:
        case "gt":
            return value > threshold
        case "gte" | "rise":
            return value >= threshold
        case "lt":
            return value < threshold
        case "lte" | "fall":
            return value <= threshold
        case _:
            return abs(value) >= threshold


def _occurs(rule: OccurrenceConditions, event: Any) -> bool:
    if event.topic not in rule.topics or (rule.chains and event.chain_id not in rule.chains):
        return False
    if rule.subjects and event.subject not in rule.subjects:
        return False
    if rule.detail and not _number_at_least(event.details.get(rule.detail[0]), rule.detail[1]):
        return False
    return rule.least is None or _at_least(event.value, rule.least)


def _moves(rule: WhaleConditions, event: Any) -> bool:
    if (rule.chains and event.chain_id not in rule.chains) or (rule.tokens and event.token not in rule.tokens):
        return False
    if rule.amount is not None and not _at_least(event.amount, rule.amount):
        return False
    if not rule.wallets:
        return rule.value_usd is None or _at_least(event.value_usd, rule.value_usd)
    if rule.ignore_own and event.sender in rule.wallets and event.recipient in rule.wallets:
        return False
    sides = {"in": (event.recipient,), "out": (event.sender,), "either": (event.sender, event.recipient)}
    least = dict(rule.wallet_usd)
    for wallet in sides[rule.direction]:
        if wallet in rule.wallets:
            wanted = least.get(wallet, rule.value_usd)
            if wanted is None or _at_least(event.value_usd, wanted):
                return True
    return False


def _at_least(value: Decimal | None, least: Decimal) -> bool:
    return value is not None and engine_number(value) >= engine_number(least)


def _number_at_least(text: str | None, least: Decimal) -> bool:
    try:
        return text is not None and engine_number(Decimal(text)) >= engine_number(least)
    except ArithmeticError:
        return False
