"""What the ladder answers: a price with its source, its time, how sure it is, and what the other sources say."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backend.market.engine.agreement import TOLERANCE_PCT

DISAGREEMENT_SHOWN_PCT = TOLERANCE_PCT


@dataclass(frozen=True, slots=True)
class OtherQuote:
    """What another source says of the same asset, and how far that is from the price taken, in percent."""

    source: str
    price_usd: Decimal
    taken_at: datetime
    distance_pct: Decimal


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of one asset in US dollars.

    `source` is its name for people, `detail` what exactly (the pool, the feed). `taken_at` is the source's own time;
    `is_stale`: older than the source's prices should be, so it is shown with its age. `confidence`: 0 to 1, by
    `backend.market.engine.agreement`. `disagreement_pct`: the largest distance to another fresh source, None when no
    other could be compared; above `DISAGREEMENT_SHOWN_PCT` (2) it has to be shown.
    """

    chain_id: int
    token: str
    price_usd: Decimal
    source: str
    taken_at: datetime
    confidence: Decimal
    others: tuple[OtherQuote, ...] = ()
    disagreement_pct: Decimal | None = None
    is_stale: bool = False
    detail: str = ""

    @property
    def disagrees(self) -> bool:
        """True when the sources are further apart than may go without saying."""
        return self.disagreement_pct is not None and self.disagreement_pct > DISAGREEMENT_SHOWN_PCT
