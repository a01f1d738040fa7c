"""Target allocations and how far a portfolio has drifted from one.

drift_pct = share now - target share, in percentage points of the whole; drift_usd = value now - target share x whole.
A target names every asset it wants and its shares sum to 100 % exactly; what it does not name is wanted at 0 %.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic

from backend.portfolio.engine.allocation import Key
from backend.portfolio.engine.exact import EXACT, HUNDRED, USD_QUANTUM, ZERO, add_up, percent


class BadTargetError(ValueError):
    """The shares of a target are no allocation; the message says why."""


@dataclass(frozen=True, slots=True)
class Drift(Generic[Key]):
    """How far one asset is from its target: positive is too much."""

    key: Key
    value_usd: Decimal
    share_pct: Decimal
    target_pct: Decimal
    drift_usd: Decimal

    @property
    def drift_pct(self) -> Decimal:
        """Share now less target share, in percentage points."""
        return EXACT.subtract(self.share_pct, self.target_pct)


def check_target(target_pct: Mapping[Key, Decimal]) -> None:
    """Raise BadTargetError unless every share is within 0 and 100 % and they sum to 100 % exactly."""
    for key, share in target_pct.items():
        if not share.is_finite() or not 0 <= share <= HUNDRED:
            raise BadTargetError(f"the share of {key} is not between 0 and 100 %")
    whole = add_up(target_pct.values())
    if whole != HUNDRED:
        raise BadTargetError(f"the shares sum to {whole.normalize():f} %, not to 100 %")


def drifts(values_usd: Mapping[Key, Decimal], target_pct: Mapping[Key, Decimal]) -> list[Drift[Key]]:
    """Return the drift of everything held or wanted, the furthest first.

    Raises BadTargetError for a bad target, and ValueError when a value is negative or nothing is worth anything.
    """
    check_target(target_pct)
    if any(value < 0 for value in values_usd.values()):
        raise ValueError("debts cannot be rebalanced")
    whole = add_up(values_usd.values())
    found = []
    for key in {**dict.fromkeys(values_usd), **dict.fromkeys(target_pct)}:
        value, target = values_usd.get(key, ZERO), target_pct.get(key, ZERO)
        share = percent(value, whole)
        if share is None:
            raise ValueError("nothing is worth anything")
        wanted = EXACT.quantize(EXACT.divide(EXACT.multiply(target, whole), HUNDRED), USD_QUANTUM)
        found.append(Drift(key, value, share, target, EXACT.subtract(value, wanted)))
    return sorted(found, key=lambda drift: (drift.drift_usd.copy_abs().copy_negate(), repr(drift.key)))
