"""Which tokens count as dollars on a chain."""

from collections.abc import Iterable

from backend.core.settings import Settings
from backend.market.stablecoins import stablecoins
from backend.portfolio.holdings import AssetKey


def stablecoins_of(settings: Settings, chain_ids: Iterable[int]) -> list[AssetKey]:
    """Return the stablecoins of these chains, those that are listed and those that prices are anchored to."""
    file = settings.demo_addresses_file
    return [AssetKey(chain_id, token) for chain_id in chain_ids for token in sorted(stablecoins(chain_id, file))]
