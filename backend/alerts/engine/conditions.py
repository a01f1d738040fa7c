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
    `amount` and `wallets` is given. `direction` is relative to the wallets. `wallet_usd` are least values for some of
    the wallets, in place of `value_usd`; with `ignore_own`, what goes from one of the wallets to another counts not.
    """

    chains: frozenset[int] = frozenset()
    tokens: frozenset[str] = frozenset()
    wallets: frozenset[str] = frozenset()
    direction: Direction = "either"
    value_usd: Decimal | None = None
    amount: Decimal | None = None
    wallet_usd: tuple[tuple[str, Decimal], ...] = ()
    ignore_own: bool = False


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


@dataclass(frozen=True, slots=True)
class MetricConditions:
    """A reading (docs/readings.md) that crosses `threshold`, as a price does."""

    metric: str
    chain_id: int
    subject: str
    test: PriceTest
    threshold: Decimal


@dataclass(frozen=True, slots=True)
class MetricChangeConditions:
    """A reading's change over `window_seconds` that reaches `percent`, as that of a price does."""

    metric: str
    chain_id: int
    subject: str
    window_seconds: int
    test: ChangeTest
    percent: Decimal


@dataclass(frozen=True, slots=True)
class OccurrenceConditions:
    """Something that happens (docs/readings.md): one of `topics`. Empty chains or subjects mean: any.

    `least` is the least value; `detail` a number among the event's details and its least value.
    """

    topics: frozenset[str]
    chains: frozenset[int] = frozenset()
    subjects: frozenset[str] = frozenset()
    least: Decimal | None = None
    detail: tuple[str, Decimal] | None = None


SeriesConditions = PriceConditions | ChangeConditions | MetricConditions | MetricChangeConditions
Conditions = WhaleConditions | SeriesConditions | OccurrenceConditions
PRICE_METRIC = "price_usd"
