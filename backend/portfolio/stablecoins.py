"""Which tokens count as dollars on a chain."""

from collections.abc import Iterable

from backend.core.settings import Settings
from backend.market.anchors import market_anchors
from backend.portfolio.holdings import AssetKey


def stablecoins_of(settings: Settings, chain_ids: Iterable[int]) -> list[AssetKey]:
    """Return the stablecoins that prices of these chains are anchored to."""
    found: list[AssetKey] = []
    for chain_id in chain_ids:
        anchors = market_anchors(chain_id, settings.demo_addresses_file)
        found += [AssetKey(chain_id, token) for token in anchors.anchors.stablecoins] if anchors else []
    return found
