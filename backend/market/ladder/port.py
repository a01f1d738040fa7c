"""What every source of prices is to the ladder, whatever stands behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Protocol

from backend.market.engine.grid import Observation, Step


class Key(NamedTuple):
    """An asset: a chain and a lower-case address (NATIVE_TOKEN for the chain's own currency).

    Chain 0 holds what belongs to no chain: `bitcoin`, `ethereum` and `sp500`, the benchmarks.
    """

    chain_id: int
    token: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One source's price of one asset. `detail` says more than the source's name: the pool, say, or the feed.

    `taken_at`: Unix seconds, by the source itself. `confidence`: 0 to 1. `is_evidence`: False for what is only assumed.
    """

    price_usd: Decimal
    taken_at: int
    confidence: Decimal
    detail: str = ""
    is_evidence: bool = True
    fresh_seconds: int | None = None


class PriceSource(Protocol):
    """Prices as of now.

    `label` is what people read. `fresh_seconds`: how old an answer may be and still count as of now. `keep_seconds`:
    for how long an answer is not asked for again (0: always asked, since it costs next to nothing). `batch_size`: how
    many assets one call takes.
    """

    name: str
    label: str
    fresh_seconds: int
    keep_seconds: int
    batch_size: int

    def covers(self, key: Key) -> bool:
        """True when it makes sense to ask for this asset."""
        ...

    async def prices(self, keys: Sequence[Key], *, until: int | None = None) -> dict[Key, Answer]:
        """Return the price of each asset that the source knows. Raises SourceError when it does not answer.

        `until` (Unix seconds): as of then, for sources that can say so and are not kept; the others say it as of now.
        """
        ...


class HistorySource(Protocol):
    """Prices of before."""

    name: str
    label: str

    def covers(self, key: Key) -> bool:
        """True when it makes sense to ask for this asset."""
        ...

    async def history(self, key: Key, start: int, end: int, step: Step) -> list[Observation]:
        """Return observations near each instant of the step from `start` to `end` (Unix seconds), in any order.

        Raises SourceError.
        """
        ...


class MomentSource(Protocol):
    """Prices of single moments, many at once."""

    async def moments(
        self, wanted: Sequence[tuple[Key, int]], width_seconds: int
    ) -> dict[tuple[Key, int], Observation]:
        """Return the observation nearest to each moment (Unix seconds), none further away than the width."""
        ...
