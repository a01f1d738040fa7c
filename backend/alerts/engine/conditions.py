"""What a rule asks for, as typed values. Numbers are decimals of at most 15 significant digits (core.money)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Direction = Literal["in", "out", "either"]
PriceTest = Literal["gt", "gte", "lt", "lte"]
ChangeTest = Literal["rise", "fall", "move"]


@dataclass(frozen=True, slots=True)
class WhaleConditions:
    """A transfer that is large, or that touches a watched wallet. Empty sets mean: any.

    `value_usd` and `amount` are least values; both must hold when both are given. At least one of `value_usd`,
    `amount` and `wallets` is given. `direction` is relative to the wallets.
    """

    chains: frozenset[int] = frozenset()
    tokens: frozenset[str] = frozenset()
    wallets: frozenset[str] = frozenset()
    direction: Direction = "either"
    value_usd: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PriceConditions:
    """A token's price (US dollars) that crosses `threshold`."""

    chain_id: int
    token: str
    test: PriceTest
    threshold: Decimal


@dataclass(frozen=True, slots=True)
class ChangeConditions:
    """A token's price change over `window_seconds` that reaches `percent`.

    rise: change ≥ percent (positive); fall: change ≤ percent (negative); move: |change| ≥ percent (positive).
    """

    chain_id: int
    token: str
    window_seconds: int
    test: ChangeTest
    percent: Decimal


Conditions = WhaleConditions | PriceConditions | ChangeConditions
