"""Every condition as one question: which stored points of a key lie in the half-open interval [low, high)?

A rule stores points (key, threshold); an event asks intervals. All four price edges, the three change edges and the
"at least" tests of whales become the same search, because for doubles `x < t` is the same as `x <= pred(t)`:

    above, gt     previous <= T < now            point T          asks [previous, now)
    above, gte    previous <  T <= now           point pred(T)    asks [previous, now)
    below, lt     previous >= T > now            point -T         asks [-previous, -now)
    below, lte    previous >  T >= now           point pred(-T)   asks [-previous, -now)
    rise by x     before < x <= now              point pred(x)    asks [before, now)      unknown before: -inf
    fall to -x    before > -x >= now             point pred(x)    asks [-before, -now)
    move by x     |before| < x <= |now|          point pred(x)    asks [|before|, |now|)
    calm, < x     |before| >= x > |now|          point -x         asks [-|before|, -|now|)
    whale         T <= value                     point pred(T)    asks [-inf, value)      unknown value: asks nothing
    gap > w       nothing for more than w s      point w          asks [-inf, seconds since the reading before)
    happens       (no size asked for)            point -inf       asks [-inf, value)      unknown value: only these

Readings of metrics are like prices, occurrences like whales. A whale rule is stored under each (chain, token) it names,
None standing for "any"; one that watches wallets is stored under each (side, wallet). Where that would be too many
keys, the rule is stored under fewer, coarser keys and what they leave open is tested on the rule's candidates alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import product
from math import inf, nextafter
from typing import TYPE_CHECKING

from backend.alerts.engine.conditions import (
    ChangeConditions,
    Conditions,
    MetricChangeConditions,
    MetricConditions,
    OccurrenceConditions,
    PriceConditions,
    WhaleConditions,
)
from backend.core.money import engine_number

if TYPE_CHECKING:
    from backend.alerts.engine.watching import Watch

MOST_KEYS = 64

UP, DOWN, EITHER_WAY, CALM, GAP = 0, 1, 2, 3, 4
USD, AMOUNT, ALWAYS = 0, 1, 2
SENT, RECEIVED = 0, 1
METRIC, TOPIC = "m", "o"

PriceKey = tuple[int, str, int, int]  # chain, token, window (0: the price itself), way
WhaleKey = tuple[int | None, str | None, int]  # chain, token, measure
WalletKey = tuple[str, int, int | None, str | None, int]  # wallet, side, chain, token, measure
MetricKey = tuple[str, str, int, str, int, int]  # METRIC, metric, chain, subject, window, way
TopicKey = tuple[str, str, int | None, str | None]  # TOPIC, topic, chain, subject
Key = PriceKey | WhaleKey | WalletKey | MetricKey | TopicKey


@dataclass(frozen=True, slots=True)
class Residual:
    """What a rule's keys do not settle and must be tested on its candidates: empty sets mean any, None no test.

    `own` are wallets between which transfers do not count.
    """

    chains: frozenset[int]
    tokens: frozenset[str]
    amount: float | None
    own: frozenset[str] = frozenset()

    def accepts(self, chain_id: int, token: str, amount: Decimal | None, sender: str, recipient: str) -> bool:
        """Return whether a transfer of `amount` whole tokens (None: unknown) passes."""
        if self.chains and chain_id not in self.chains:
            return False
        if self.tokens and token not in self.tokens:
            return False
        if sender in self.own and recipient in self.own:
            return False
        return self.amount is None or (amount is not None and engine_number(amount) >= self.amount)


@dataclass(frozen=True, slots=True)
class DetailTest:
    """A number among an occurrence's details that must be at least so large."""

    name: str
    least: float

    def accepts(self, details: Mapping[str, str]) -> bool:
        """Return whether the details have that number, large enough."""
        try:
            return engine_number(Decimal(details[self.name])) >= self.least
        except (KeyError, InvalidOperation, ValueError):
            return False


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a rule is stored: its keys, one threshold for all of them or one for each, and what is left to test.

    `repeats` says that one event can find the rule through several keys (wallets on both sides). With a `watch` what
    the keys find are only the moments at which the watch is to be looked at.
    """

    keys: list[Key]
    threshold: float | list[float]
    residual: Residual | DetailTest | None = None
    repeats: bool = False
    watch: "Watch | None" = None

    def points(self) -> list[tuple[Key, float]]:
        """Return the keys with their thresholds."""
        if isinstance(self.threshold, list):
            return list(zip(self.keys, self.threshold, strict=True))
        return [(key, self.threshold) for key in self.keys]


Placed = Placement | Conditions


def placement_of(placed: Placed) -> Placement:
    """Return where a rule is stored that is given by its placement, or by its conditions."""
    return placed if type(placed) is Placement else place(placed)  # type: ignore[arg-type]


def place(conditions: Conditions) -> Placement:
    """Return where the rule with these conditions is stored."""
    if isinstance(conditions, WhaleConditions):
        return _place_whale(conditions)
    if isinstance(conditions, OccurrenceConditions):
        return _place_occurrence(conditions)
    window, way, point = crossing(conditions)
    return Placement([series_key(conditions, window, way)], point)


def series_key(conditions: Conditions, window: int, way: int) -> PriceKey | MetricKey:
    """Return the key of a series of prices or of a metric."""
    if isinstance(conditions, PriceConditions | ChangeConditions):
        return (conditions.chain_id, conditions.token, window, way)
    if isinstance(conditions, MetricConditions | MetricChangeConditions):
        return (METRIC, conditions.metric, conditions.chain_id, conditions.subject, window, way)
    raise TypeError(type(conditions).__name__)


def crossing(conditions: Conditions) -> tuple[int, int, float]:
    """Return (window, way, point) that is found when the conditions become true."""
    if isinstance(conditions, PriceConditions | MetricConditions):
        threshold = engine_number(conditions.threshold)
        way = UP if conditions.test in ("gt", "gte") else DOWN
        point = threshold if way == UP else -threshold
        return 0, way, nextafter(point, -inf) if conditions.test in ("gte", "lte") else point
    if isinstance(conditions, ChangeConditions | MetricChangeConditions):
        way = {"rise": UP, "fall": DOWN, "move": EITHER_WAY}[conditions.test]
        return conditions.window_seconds, way, at_least(abs(conditions.percent))
    raise TypeError(type(conditions).__name__)


def uncrossing(conditions: Conditions) -> tuple[int, int, float]:
    """Return (window, way, point) that is found when the conditions become false."""
    window, way, _ = crossing(conditions)
    if isinstance(conditions, PriceConditions | MetricConditions):
        threshold = engine_number(conditions.threshold)
        point = -threshold if way == UP else threshold
        return 0, DOWN if way == UP else UP, nextafter(point, -inf) if conditions.test in ("gt", "lt") else point
    if isinstance(conditions, ChangeConditions | MetricChangeConditions):
        return window, {UP: DOWN, DOWN: UP, EITHER_WAY: CALM}[way], -engine_number(abs(conditions.percent))
    raise TypeError(type(conditions).__name__)


def at_least(threshold: Decimal) -> float:
    """Return the point for `threshold <= x`, to be asked with an interval open at x: the double just below."""
    return nextafter(engine_number(threshold), -inf)


def _place_occurrence(rule: OccurrenceConditions) -> Placement:
    point = -inf if rule.least is None else at_least(rule.least)
    residual = DetailTest(rule.detail[0], engine_number(rule.detail[1])) if rule.detail else None
    shapes = product(sorted(rule.topics), sorted(rule.chains) or [None], sorted(rule.subjects) or [None])
    return Placement([(TOPIC, *shape) for shape in shapes], point, residual)


def _place_whale(rule: WhaleConditions) -> Placement:
    if rule.value_usd is not None:
        measure, point = USD, at_least(rule.value_usd)
    elif rule.amount is not None:
        measure, point = AMOUNT, at_least(rule.amount)
    else:
        measure, point = ALWAYS, 0.0
    sides = _sides(rule)
    # Watched wallets can be many: keep keys few by leaving tokens, then chains, to the residual test.
    chains, tokens = rule.chains, rule.tokens
    if len(sides) * max(len(chains), 1) * max(len(tokens), 1) > MOST_KEYS:
        tokens = frozenset() if sides[0] is not None else tokens
        chains = frozenset()
    left_chains = frozenset() if chains else rule.chains
    left_tokens = frozenset() if tokens else rule.tokens
    left_amount = engine_number(rule.amount) if rule.amount is not None and measure == USD else None
    if rule.amount is not None and rule.wallet_usd:
        left_amount = engine_number(rule.amount)
    own = rule.wallets if rule.ignore_own else frozenset[str]()
    residual = None
    if left_chains or left_tokens or left_amount is not None or own:
        residual = Residual(left_chains, left_tokens, left_amount, own)
    keys: list[Key] = []
    points: list[float] = []
    of_wallet = {wallet: at_least(least) for wallet, least in rule.wallet_usd}
    for side, chain, token in product(sides, sorted(chains) or [None], sorted(tokens) or [None]):
        if side is None:
            keys.append((chain, token, measure))
            points.append(point)
        elif side[0] in of_wallet:
            keys.append((*side, chain, token, USD))
            points.append(of_wallet[side[0]])
        else:
            keys.append((*side, chain, token, measure))
            points.append(point)
    return Placement(keys, points if of_wallet else point, residual, repeats=len(sides) > 1)


def _sides(rule: WhaleConditions) -> list[tuple[str, int] | None]:
    if not rule.wallets:
        return [None]
    wanted = {"in": (RECEIVED,), "out": (SENT,), "either": (SENT, RECEIVED)}[rule.direction]
    return [(wallet, side) for wallet in sorted(rule.wallets) for side in wanted]
