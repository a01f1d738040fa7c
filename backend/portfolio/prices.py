"""What portfolios ask of prices, and the answer from the chains that this product follows itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from backend.chain.events import NATIVE_TOKEN
from backend.core.db import Database
from backend.core.settings import Settings
from backend.market.anchors import market_anchors
from backend.market.service import latest_prices

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
    def taken_at(self) -> datetime:
        """The source's own time."""
        ...


class Prices(Protocol):
    """Who knows prices."""

    async def quotes(self, keys: Sequence[Key]) -> dict[Key, Price]:
        """Return the price of each asset; what is missing is unknown."""
        ...


@dataclass(frozen=True, slots=True)
class FollowedPrice:
    """The newest price that the follower read from a chain's pools."""

    price_usd: Decimal
    source: str
    taken_at: datetime


class FollowedPrices:
    """Implements Prices from the follower's readings; a chain's own currency has its wrapped token's price."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database

    async def quotes(self, keys: Sequence[Key]) -> dict[Key, Price]:
        """Return the prices of the assets that stand in pools we trust."""
        wanted = set(keys)
        found: dict[Key, Price] = {}
        for chain_id in sorted({chain_id for chain_id, _ in wanted}):
            anchors = market_anchors(chain_id, self._settings.demo_addresses_file)
            wrapped = anchors.anchors.wrapped_native if anchors else None
            async with self._database.unit_of_work() as session:
                views = await latest_prices(session, chain_id)
            for view in views:
                price = FollowedPrice(view.price_usd, view.source, view.taken_at)
                names = (view.token, NATIVE_TOKEN) if view.token == wrapped else (view.token,)
                found.update({(chain_id, name): price for name in names if (chain_id, name) in wanted})
        return found
