"""History that the ledger does not hold, and what may be concluded in spite of it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from backend.tax.assembling.items import Item


@dataclass(frozen=True, slots=True)
class Gap:
    """History of a wallet on a chain that the ledger does not hold, and why. None: nobody knows from or until when.

    `is_of_currency`: only movements of the chain's own currency may be missing, all tokens are there.
    """

    wallet: str
    chain_id: int | None
    reason: str
    from_at: datetime | None = None
    to_at: datetime | None = None
    is_of_currency: bool = False


class Coverage:
    """Whether all that went into a position is known, so that what comes beyond it was earned."""

    def __init__(self, gaps: Iterable[Gap]) -> None:
        self._all: set[tuple[str, int | None]] = set()
        self._currency: set[tuple[str, int | None]] = set()
        for gap in gaps:
            if gap.from_at is None:  # what is missing later hides no beginning
                (self._currency if gap.is_of_currency else self._all).add((gap.wallet, gap.chain_id))

    def is_whole(self, item: Item, asset: str) -> bool:
        """Return whether the history of an asset is whole where an item is of. What paid its fee is the currency."""
        place = (item.wallet, item.transaction.chain_id)
        if place in self._all:
            return False
        return place not in self._currency or all(fee.asset != asset for fee in item.fees)
