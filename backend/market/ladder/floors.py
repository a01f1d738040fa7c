"""CoinGecko's floor prices of NFT collections: the lowest price that one piece is offered at, which is no valuation.

`GET /nfts/{platform}/contract/{address}`, a collection a call, as https://docs.coingecko.com/reference/nfts-contract-address
describes it. CoinGecko refreshes it every minute and does not say as of when it is, so it is as of when it was asked.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

from aiolimiter import AsyncLimiter

from backend.chain.events import NATIVE_TOKEN
from backend.core.clock import now_seconds
from backend.core.formats import untrusted_text
from backend.core.money import plain
from backend.core.settings import Settings
from backend.market.ladder import parsing
from backend.market.ladder.client import SourceClient
from backend.market.ladder.platforms import PLATFORMS
from backend.market.ladder.port import Answer, Key
from backend.market.ladder.problems import SourceGarbageError, SourceRefusedError, SourceThrottledError

UNKNOWN_SECONDS = 6 * 3_600  # most collections that wallets are sent have no floor anywhere, and will not get one soon
_SHARE_OF_LIMIT = 3.0  # prices of tokens are asked of the same account, and come first
_CONFIDENCE = Decimal("0.5")  # an offer, which nobody has to have taken


class CoinGeckoFloors:
    """Implements PriceSource for collections: the price of a key is the floor of one piece in US dollars.

    It shares the client of the prices (key, limit, circuit), and takes no more than a third of its limit.
    """

    name = "coingecko_nft"
    label = "CoinGecko"
    fresh_seconds = 2 * 3_600
    keep_seconds = 1_800
    batch_size = 1

    def __init__(self, client: SourceClient) -> None:
        self._client = client
        self._limiter = AsyncLimiter(max(1.0, client.place.requests_per_minute / _SHARE_OF_LIMIT), 60.0)

    def covers(self, key: Key) -> bool:
        """True for contracts on the platforms it knows."""
        platform = PLATFORMS.get(key.chain_id)
        return platform is not None and platform.coingecko is not None and key.token != NATIVE_TOKEN

    async def prices(self, keys: Sequence[Key], *, until: int | None = None) -> dict[Key, Answer]:
        """Return the floor of each collection that has one. Raises SourceError."""
        found: dict[Key, Answer] = {}
        for key in keys:
            if not self._limiter.has_capacity():
                raise SourceThrottledError("our own limit for floor prices is used up", 0.0)
            await self._limiter.acquire()
            path = f"/nfts/{PLATFORMS[key.chain_id].coingecko}/contract/{key.token}"
            try:
                answer = await self._client.get(path, {}, floor_of(key.token))
            except SourceRefusedError as error:
                if error.status != 404:
                    raise
                continue  # it does not know the collection
            if answer is not None:
                found[key] = answer
        return found


def floor_of(collection: str) -> Callable[[bytes], Answer | None]:
    """Return a parser of what is said of a collection: its floor, None when it has none.

    It raises SourceGarbageError when that is of another contract, or the answer has no `floor_price`.
    """

    def parse(body: bytes) -> Answer | None:
        said = parsing.json_object(body)
        contract = said.get("contract_address")
        if not isinstance(contract, str) or contract.lower() != collection:
            raise SourceGarbageError("the answer is about another collection")
        if said.get("floor_price") is None:
            return None
        floor = parsing.member(said, "floor_price")
        price = parsing.price(floor.get("usd"))
        if price is None:
            return None
        return Answer(price, int(now_seconds()), _CONFIDENCE, _detail(floor.get("native_currency"), said))

    return parse


def _detail(native: object, said: dict[str, object]) -> str:
    """Return what the floor is in the currency that it is asked in, for people."""
    amount, symbol = parsing.price(native), said.get("native_currency_symbol")
    if amount is None or not isinstance(symbol, str):
        return "collection floor"
    return f"collection floor, {plain(amount)} {untrusted_text(symbol, 10)}"


def floors_configured(settings: Settings) -> bool:
    """Return whether floor prices have a source here: CoinGecko's key is set; nobody outside knows the demo market."""
    return not settings.is_demo_chain and bool(settings.coingecko_api_key.get_secret_value())
