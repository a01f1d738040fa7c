"""Allocation: how the value is spread over assets, chains, protocols, categories or wallets.

The values of the parts sum to the whole exactly. share_pct = 100 x part / whole of what is known, rounded to a
hundredth of a percent by largest remainders (Hamilton's method), so that shares sum to 100 exactly as well.
Debts have negative values; shares are then of the sum of what is above zero, and debts have none.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from backend.portfolio.engine.exact import EXACT, add_up
from backend.portfolio.engine.valuation import Total, Valued, total
from backend.portfolio.holdings import AssetKey

SHARE_QUANTUM = Decimal("0.01")
_STEPS = 10_000

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Part(Generic[Key]):
    """One part of the whole. `share_pct` is of what is known and above zero, None for debts and unknown parts."""

    key: Key
    total: Total
    share_pct: Decimal | None


@dataclass(frozen=True, slots=True)
class Allocation(Generic[Key]):
    """The whole and its parts, the largest first."""

    whole: Total
    parts: tuple[Part[Key], ...]


def by_asset(values: Iterable[Valued]) -> Allocation[AssetKey]:
    """Return the allocation over tokens, each on its chain."""
    return allocation(values, lambda each: each.holding.asset)


def by_chain(values: Iterable[Valued]) -> Allocation[int]:
    """Return the allocation over chain ids."""
    return allocation(values, lambda each: each.holding.asset.chain_id)


def by_protocol(values: Iterable[Valued]) -> Allocation[str | None]:
    """Return the allocation over protocols; what is in none, in the wallet itself, is under None."""
    return allocation(values, lambda each: each.holding.protocol)


def by_category(values: Iterable[Valued]) -> Allocation[str | None]:
    """Return the allocation over categories; what has none is under None."""
    return allocation(values, lambda each: each.holding.category)


def by_wallet(values: Iterable[Valued]) -> Allocation[str]:
    """Return the allocation over wallets."""
    return allocation(values, lambda each: each.holding.wallet)


def allocation(values: Iterable[Valued], key: Callable[[Valued], Key]) -> Allocation[Key]:
    """Return the allocation over what `key` says of a holding."""
    groups: dict[Key, list[Valued]] = {}
    for each in values:
        groups.setdefault(key(each), []).append(each)
    totals = {name: total(group) for name, group in groups.items()}
    whole = Total(
        add_up(each.known_usd for each in totals.values()),
        tuple(unknown for each in totals.values() for unknown in each.unknown),
    )
    names = sorted(totals, key=lambda name: (totals[name].known_usd.copy_negate(), repr(name)))
    shares = shares_pct([totals[name].known_usd for name in names])
    parts = (Part(name, totals[name], share) for name, share in zip(names, shares, strict=True))
    return Allocation(whole, tuple(parts))


def shares_pct(values: list[Decimal]) -> list[Decimal | None]:
    """Return each value's share of the sum of those above zero, in hundredths of a percent that sum to 100.

    None for values that are not above zero.
    """
    positive = add_up(value for value in values if value > 0)
    steps: dict[int, int] = {}
    remainders: list[tuple[Decimal, int]] = []
    for place, value in enumerate(values):
        if value > 0:
            exact = EXACT.multiply(value, Decimal(_STEPS))
            steps[place] = int(EXACT.divide_int(exact, positive))
            remainders.append((EXACT.remainder(exact, positive), place))
    spare = _STEPS - sum(steps.values()) if steps else 0
    for _, place in sorted(remainders, key=lambda each: (each[0].copy_negate(), each[1]))[:spare]:
        steps[place] += 1
    return [SHARE_QUANTUM * steps[place] if place in steps else None for place in range(len(values))]
