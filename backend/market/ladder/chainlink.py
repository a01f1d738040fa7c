"""Chainlink's feeds of followed chains, asked by contract read: `latestRoundData` and `decimals` of each."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal, localcontext

from backend.chain.events import NATIVE_TOKEN
from backend.chain.multicall import Read, word_uint
from backend.chain.rpc.errors import RpcTimeoutError
from backend.chain.views import contract_views
from backend.core.clock import now_seconds
from backend.core.errors import InvalidInputError, UnavailableError
from backend.core.money import PRICE_QUANTUM, engine_decimal
from backend.core.settings import Settings
from backend.market.engine.pools import WIDE
from backend.market.feeds import Feed
from backend.market.ladder.anchored import Anchored
from backend.market.ladder.parsing import LARGEST_PRICE_USD
from backend.market.ladder.port import Answer, Key
from backend.market.ladder.problems import SourceUnreachableError
from backend.market.oracle import LATE_FACTOR

_DECIMALS, _LATEST = bytes.fromhex("313ce567"), bytes.fromhex("feaf968c")
READ_SECONDS = 3.0  # the other sources are there already: nobody waits longer for a feed
_MOST_DECIMALS = 36
_HALF = 1 << 255
# A feed moves only when the market did by its threshold (0.5 % or so), hence not quite as sure as a traded price.
_CONFIDENCE = Decimal("0.95")


class Chainlink:
    """Implements PriceSource for the tokens that have a feed, and for the currency that is one of them wrapped."""

    name = "chainlink"
    fresh_seconds = 3_600
    keep_seconds = 15
    batch_size = 1_000

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._anchored = Anchored(settings)
        self.label = "Demo market feed" if settings.is_demo_chain else "Chainlink"

    def covers(self, key: Key) -> bool:
        """True when a feed of a followed chain is about this asset."""
        return self._feed(key) is not None

    async def prices(self, keys: Sequence[Key], *, until: int | None = None) -> dict[Key, Answer]:
        """Return what the feeds say. Raises SourceError when none of the chains answers."""
        found: dict[Key, Answer] = {}
        failed: SourceUnreachableError | None = None
        for chain_id in sorted({key.chain_id for key in keys}):
            try:
                found |= await self._of_chain(chain_id, [key for key in keys if key.chain_id == chain_id])
            except (UnavailableError, InvalidInputError) as error:
                failed = SourceUnreachableError(f"chain {chain_id}: {error.message}")
        if failed is not None and not found:
            raise failed
        return found

    async def _of_chain(self, chain_id: int, keys: Sequence[Key]) -> dict[Key, Answer]:
        feeds = [(key, feed) for key in keys if (feed := self._feed(key)) is not None]
        reads = [Read(feed.address, call) for _, feed in feeds for call in (_DECIMALS, _LATEST)]
        async with contract_views(self._settings, chain_id) as views:
            try:
                async with asyncio.timeout(READ_SECONDS):
                    outputs = await views.read(reads)
            except TimeoutError:
                raise RpcTimeoutError(f"no answer within {READ_SECONDS:g} s") from None
        found = {}
        for place, (key, feed) in enumerate(feeds):
            answer = _answer(feed, outputs[2 * place], outputs[2 * place + 1])
            if answer is not None:
                found[key] = answer
        return found

    def _feed(self, key: Key) -> Feed | None:
        token = key.token
        if token == NATIVE_TOKEN:
            anchors = self._anchored.anchors(key.chain_id)
            token = anchors.anchors.wrapped_native if anchors is not None else token
        return self._anchored.feed(key.chain_id, token)


def _answer(feed: Feed, decimals: bytes | None, latest: bytes | None) -> Answer | None:
    """Return a feed's answer, None when it gives none that can be used."""
    digits, said, answered_at = word_uint(decimals), word_uint(latest, 1), word_uint(latest, 3)
    if digits is None or digits > _MOST_DECIMALS or said is None or not 0 < said < _HALF or not answered_at:
        return None
    now = int(now_seconds())
    if answered_at > now + 300:
        return None
    with localcontext(WIDE):
        exact = Decimal(said).scaleb(-digits)
    if not PRICE_QUANTUM <= exact <= LARGEST_PRICE_USD:
        return None
    return Answer(
        price_usd=engine_decimal(exact),
        taken_at=min(answered_at, now),
        confidence=_CONFIDENCE,
        detail=f"feed {feed.name}",
        fresh_seconds=int(feed.heartbeat_seconds * LATE_FACTOR),
    )
