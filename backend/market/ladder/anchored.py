"""Anchors and feeds by chain for who asks for them a thousand times a second: the demo's file is read now and then."""

from backend.core.clock import now_seconds
from backend.core.settings import Settings
from backend.market.anchors import MarketAnchors, market_anchors
from backend.market.feeds import Feed, market_feeds

KEPT_SECONDS = 2.0  # the demo market may be deployed while we run


class Anchored:
    """What is known of followed chains; nothing of the others."""

    def __init__(self, settings: Settings) -> None:
        self._file = settings.demo_addresses_file
        self._chains = frozenset(settings.chain_urls)
        self._kept: dict[int, tuple[float, MarketAnchors | None, dict[str, Feed]]] = {}

    def anchors(self, chain_id: int) -> MarketAnchors | None:
        """Return the anchors of a followed chain, None when it has none."""
        return self._of(chain_id)[0]

    def feed(self, chain_id: int, token: str) -> Feed | None:
        """Return the feed that is about a token of a followed chain."""
        return self._of(chain_id)[1].get(token)

    def _of(self, chain_id: int) -> tuple[MarketAnchors | None, dict[str, Feed]]:
        if chain_id not in self._chains:
            return None, {}
        now = now_seconds()
        kept = self._kept.get(chain_id)
        if kept is None or not 0 <= now - kept[0] < KEPT_SECONDS:
            feeds = {feed.token: feed for feed in market_feeds(chain_id, self._file)}
            kept = self._kept[chain_id] = now, market_anchors(chain_id, self._file), feeds
        return kept[1], kept[2]
