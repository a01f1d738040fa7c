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
    whale         T <= value                     point pred(T)    asks [-inf, value)      unknown value: asks nothing

A whale rule is stored under each (chain, token) it names, None standing for "any"; one that watches wallets is stored
under each (side, wallet). Where that would be too many keys, the rule is stored under fewer, coarser keys and what
they leave open is tested on the rule's candidates alone (`Residual`).
"""

from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from math import inf, nextafter

from backend.alerts.engine.conditions import ChangeConditions, Conditions, PriceConditions, WhaleConditions
from backend.core.money import engine_number

MOST_KEYS = 64

UP, DOWN, EITHER_WAY = 0, 1, 2
USD, AMOUNT, ALWAYS = 0, 1, 2
SENT, RECEIVED = 0, 1

PriceKey = tuple[int, str, int, int]  # chain, token, window (0: the price itself), way
WhaleKey = tuple[int | None, str | None, int]  # chain, token, measure
WalletKey = tuple[str, int, int | None, str | None, int]  # wallet, side, chain, token, measure
Key = PriceKey | WhaleKey | WalletKey


@dataclass(frozen=True, slots=True)
class Residual:
    """What a rule's keys do not settle and must be tested on its candidates: empty sets mean any, None no test."""

    chains: frozenset[int]
    tokens: frozenset[str]
    amount: float | None

    def accepts(self, chain_id: int, token: str, amount: Decimal | None) -> bool:
        """Return whether a transfer of `amount` whole tokens (None: unknown) passes."""
        if self.chains and chain_id not in self.chains:
            return False
        if self.tokens and token not in self.tokens:
            return False
        return self.amount is None or (amount is not None and engine_number(amount) >= self.amount)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a rule is stored: its keys, one threshold for all of them, and what is left to test.

    `repeats` says that one event can find the rule through several keys (wallets on both sides).
    """

    keys: list[Key]
    threshold: float
    residual: Residual | None = None
    repeats: bool = False


Placed = Placement | Conditions


def placement_of(placed: Placed) -> Placement:
    """Return where a rule is stored that is given by its placement, or by conditions of transfers and prices."""
    return placed if type(placed) is Placement else place(placed)  # type: ignore[arg-type]


def place(conditions: Conditions) -> Placement:
    """Return where the rule with these conditions is stored."""
    if isinstance(conditions, PriceConditions):
        return _place_price(conditions)
    if isinstance(conditions, ChangeConditions):
        return _place_change(conditions)
    return _place_whale(conditions)


def at_least(threshold: Decimal) -> float:
    """Return the point for `threshold <= x`, to be asked with an interval open at x: the double just below."""
    return nextafter(engine_number(threshold), -inf)


def _place_price(rule: PriceConditions) -> Placement:
    threshold = engine_number(rule.threshold)
    way = UP if rule.test in ("gt", "gte") else DOWN
    point = threshold if way == UP else -threshold
    if rule.test in ("gte", "lte"):
        point = nextafter(point, -inf)
    return Placement([(rule.chain_id, rule.token, 0, way)], point)


def _place_change(rule: ChangeConditions) -> Placement:
    way = {"rise": UP, "fall": DOWN, "move": EITHER_WAY}[rule.test]
    return Placement([(rule.chain_id, rule.token, rule.window_seconds, way)], at_least(abs(rule.percent)))


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
    residual = None
    if left_chains or left_tokens or left_amount is not None:
        residual = Residual(left_chains, left_tokens, left_amount)
    keys: list[Key] = []
    for side, chain, token in product(sides, sorted(chains) or [None], sorted(tokens) or [None]):
        keys.append((*side, chain, token, measure) if side is not None else (chain, token, measure))
    return Placement(keys, point, residual, repeats=len(sides) > 1)


def _sides(rule: WhaleConditions) -> list[tuple[str, int] | None]:
    if not rule.wallets:
        return [None]
    wanted = {"in": (RECEIVED,), "out": (SENT,), "either": (SENT, RECEIVED)}[rule.direction]
    return [(wallet, side) for wallet in sorted(rule.wallets) for side in wanted]
