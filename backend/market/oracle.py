"""What the reference feeds say: the newest answer of each, from their logs, and from themselves at the start."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from backend.chain.blocks import Log
from backend.chain.follow.ports import ChainReader
from backend.chain.multicall import Read, read_many, word_address, word_uint
from backend.chain.rpc.errors import RpcError, RpcMissingError, RpcResponseError
from backend.core.errors import PremiumError
from backend.core.logging import get_logger
from backend.market.engine.pools import WIDE
from backend.market.feeds import Feed

ANSWER_UPDATED = "0x0559884fd3a460db3073b7fc896cc77986f16e378210ded43186175bf646fc5f"
_AGGREGATOR, _DECIMALS, _LATEST = (bytes.fromhex(text) for text in ("245a7bfc", "313ce567", "feaf968c"))
LOOK_AGAIN_SECONDS = 3_600
LATE_FACTOR = Decimal("1.25")
_MOST_DECIMALS = 36
_HALF = 1 << 255
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """A feed's price in US dollars, and when it was answered (Unix seconds)."""

    feed: Feed
    price_usd: Decimal
    answered_at: int

    def is_late(self, taken_at: int) -> bool:
        """True when the feed should have answered again long ago."""
        return taken_at - self.answered_at > self.feed.heartbeat_seconds * LATE_FACTOR


class Oracle:
    """The newest answers of a chain's feeds, by token."""

    def __init__(self, chain: ChainReader, feeds: Iterable[Feed]) -> None:
        self._chain = chain
        self._feeds = tuple(feeds)
        self._sources: dict[str, tuple[Feed, int]] = {}
        self._answers: dict[str, Answer] = {}
        self._looked_at: int | None = None

    async def start(self, number: int, taken_at: int) -> None:
        """Ask every feed who answers for it and what it answered last, as of a block (or of now, if that is gone)."""
        self._sources, self._answers = {}, {}
        self._looked_at = taken_at
        if not self._feeds:
            return
        try:
            try:
                await self._look(number)
            except (RpcMissingError, RpcResponseError):
                await self._look(None)
        except (RpcError, PremiumError) as error:
            self._looked_at = None
            log.warning("feeds not read", chain_id=self._chain.chain_id, reason=str(error)[:160])

    async def _look(self, block: int | None) -> None:
        reads = [Read(feed.address, call) for feed in self._feeds for call in (_AGGREGATOR, _DECIMALS, _LATEST)]
        outputs = await read_many(self._chain.rpc, reads, multicall3=self._chain.multicall3, block=block)
        for place, feed in enumerate(self._feeds):
            aggregator, decimals, latest = outputs[3 * place : 3 * place + 3]
            digits, answer, answered_at = word_uint(decimals), word_uint(latest, 1), word_uint(latest, 3)
            if digits is None or digits > _MOST_DECIMALS:
                log.warning("not a feed", chain_id=self._chain.chain_id, address=feed.address)
                continue
            self._sources[word_address(aggregator) or feed.address] = (feed, digits)
            if answer is not None and answered_at is not None:
                self._take(feed, answer, digits, answered_at)

    async def observe(self, number: int, taken_at: int, logs: Iterable[Log]) -> set[str]:
        """Take in a block's answers; return the tokens that have a new one."""
        if self._feeds and (self._looked_at is None or taken_at - self._looked_at >= LOOK_AGAIN_SECONDS):
            await self.start(number, taken_at)  # a feed may have another aggregator by now
        answered: set[str] = set()
        for entry in logs:
            if len(entry.topics) != 3 or entry.topics[0] != ANSWER_UPDATED or len(entry.data) != 32:
                continue
            source = self._sources.get(entry.address)
            if source is None:
                continue
            feed, digits = source
            if self._take(feed, int(entry.topics[1], 16), digits, int.from_bytes(entry.data, "big")):
                answered.add(feed.token)
        return answered

    def _take(self, feed: Feed, answer: int, digits: int, answered_at: int) -> bool:
        """Note an answer; zero and negative ones (two's complement) are none."""
        if not 0 < answer < _HALF or answered_at >= 1 << 40:
            return False
        with localcontext(WIDE):
            self._answers[feed.token] = Answer(feed, Decimal(answer).scaleb(-digits), answered_at)
        return True

    def answers(self) -> dict[str, Answer]:
        """Return the newest answers by token."""
        return self._answers
