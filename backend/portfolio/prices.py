"""What portfolios ask of prices; the ladder answers it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

Key = tuple[int, str]


class Price(Protocol):
    """A price of one whole token in US dollars, where it is from and as of when."""

    @property
    def price_usd(self) -> Decimal:
        """The price."""
        ...

    @property
    def source(self) -> str:
        """Where it is from, for people."""
        ...

    @property
    def detail(self) -> str:
        """What of the source exactly; empty when there is no more to say."""
        ...

    @property
    def taken_at(self) -> datetime:
        """The source's own time."""
        ...


class Prices(Protocol):
    """Who knows prices."""

    async def quotes(self, keys: Sequence[Key]) -> Mapping[Key, Price]:
        """Return the price of each asset; what is missing is unknown."""
        ...


class FloorPrices(Protocol):
    """Who knows floor prices of NFT collections."""

    async def floors(self, collections: Sequence[Key]) -> Mapping[Key, Price]:
        """Return the floor of one piece of each collection; what is missing has none, or none that is known."""
        ...
