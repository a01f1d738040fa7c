"""CoinGecko's API v3: prices of tokens by platform and address, of coins by id, and their history.

`GET /simple/token_price/{platform}` · `/simple/price` · `/coins/{platform}/contract/{address}/market_chart/range` ·
`/coins/{id}/market_chart/range`, as https://docs.coingecko.com describes them. History comes every hour for ranges of
up to 90 days and daily beyond; a demo key reaches back 365 days.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

from backend.chain.events import NATIVE_TOKEN
from backend.core.clock import now_seconds
from backend.market.engine.grid import Observation, Step
from backend.market.ladder import parsing
from backend.market.ladder.client import SourceClient
from backend.market.ladder.platforms import COINS, NO_CHAIN, PLATFORMS
from backend.market.ladder.port import Answer, Key
from backend.market.ladder.problems import SourceGarbageError, SourceRefusedError

COINS_A_CALL = 100
DAY = 86_400
HOURLY_RANGE_SECONDS = 89 * DAY
DEMO_REACH_SECONDS = 364 * DAY
_CONFIDENCE = Decimal("0.9")  # it publishes none for a price: an average over exchanges that it chose


class CoinGecko:
    """Implements PriceSource and HistorySource. `is_demo`: whether the key is of the demo plan."""

    name = "coingecko"
    label = "CoinGecko"
    fresh_seconds = 3_600
    keep_seconds = 300
    batch_size = COINS_A_CALL

    def __init__(self, client: SourceClient, *, is_demo: bool = True) -> None:
        self._client = client
        self._is_demo = is_demo

    def covers(self, key: Key) -> bool:
        """True for tokens of the platforms it knows, their own currencies, and coins."""
        return _coin_id(key) is not None or _platform(key) is not None

    async def prices(self, keys: Sequence[Key], *, until: int | None = None) -> dict[Key, Answer]:
        """Return the newest price of each asset it knows. Raises SourceError."""
        coins: dict[str, list[Key]] = {}
        tokens: dict[str, dict[str, list[Key]]] = {}
        for key in keys:
            if (coin := _coin_id(key)) is not None:
                coins.setdefault(coin, []).append(key)
            elif (platform := _platform(key)) is not None:
                tokens.setdefault(platform, {}).setdefault(key.token, []).append(key)
        found: dict[Key, Answer] = {}
        for part in _parts(coins):
            found |= await self._simple("/simple/price", "ids", part)
        for platform, addresses in sorted(tokens.items()):
            for part in _parts(addresses):
                found |= await self._simple(f"/simple/token_price/{platform}", "contract_addresses", part)
        return found

    async def _simple(self, path: str, parameter: str, names: dict[str, list[Key]]) -> dict[Key, Answer]:
        params = {
            parameter: ",".join(names),
            "vs_currencies": "usd",
            "include_last_updated_at": "true",
            "precision": "full",
        }
        return await self._client.get(path, params, _current(names))

    async def history(self, key: Key, start: int, end: int, step: Step) -> list[Observation]:
        """Return what it has from `start` to `end`. Raises SourceError."""
        coin, platform = _coin_id(key), _platform(key)
        path = f"/coins/{coin}" if coin is not None else f"/coins/{platform}/contract/{key.token}"
        if coin is None and platform is None:
            return []
        at = start - step.tolerance_seconds
        if self._is_demo:
            at = max(at, int(now_seconds()) - DEMO_REACH_SECONDS)
        last = end + step.tolerance_seconds
        width = HOURLY_RANGE_SECONDS if step is Step.HOUR else last - at
        observations: list[Observation] = []
        while at < last:
            params = {"vs_currency": "usd", "from": str(at), "to": str(min(last, at + width)), "precision": "full"}
            try:
                observations += await self._client.get(f"{path}/market_chart/range", params, _series)
            except SourceRefusedError as error:
                if error.status == 404:
                    return []  # it does not know the asset
                raise
            at += width
        return observations


def _coin_id(key: Key) -> str | None:
    if key.chain_id == NO_CHAIN:
        return key.token if key.token in COINS else None
    platform = PLATFORMS.get(key.chain_id)
    return platform.native if platform is not None and key.token == NATIVE_TOKEN else None


def _platform(key: Key) -> str | None:
    platform = PLATFORMS.get(key.chain_id)
    return platform.coingecko if platform is not None and key.token != NATIVE_TOKEN else None


def _parts(names: dict[str, list[Key]]) -> list[dict[str, list[Key]]]:
    ordered = sorted(names)
    return [
        {name: names[name] for name in ordered[start : start + COINS_A_CALL]}
        for start in range(0, len(ordered), COINS_A_CALL)
    ]


def _current(names: dict[str, list[Key]]) -> Callable[[bytes], dict[Key, Answer]]:
    def parse(body: bytes) -> dict[Key, Answer]:
        now = int(now_seconds())
        by_lower = {name.lower(): name for name in names}
        found: dict[Key, Answer] = {}
        for said_name, said in parsing.json_object(body).items():
            name = by_lower.get(said_name.lower())
            if name is None or not isinstance(said, dict):
                raise SourceGarbageError("the answer is about coins that were not asked for")
            price, taken_at = parsing.price(said.get("usd")), parsing.instant(said.get("last_updated_at"), now)
            if price is not None and taken_at is not None:
                found |= dict.fromkeys(names[name], Answer(price, taken_at, _CONFIDENCE))
        return found

    return parse


def _series(body: bytes) -> list[Observation]:
    points = parsing.json_object(body).get("prices")
    if not isinstance(points, list):
        raise SourceGarbageError("the answer has no list of prices")
    now = int(now_seconds())
    found = []
    for point in points:
        if not isinstance(point, list) or len(point) != 2:
            raise SourceGarbageError("a point is no pair")
        milliseconds, said = point
        taken_at = parsing.instant(_seconds(milliseconds), now)
        price = parsing.price(said)
        if price is not None and taken_at is not None:
            found.append(Observation(taken_at, price))
    return found


def _seconds(milliseconds: object) -> Decimal | None:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | Decimal):
        return None
    return Decimal(milliseconds) / 1000
