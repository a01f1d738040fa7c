"""DefiLlama's coins API: prices of tokens by chain and address, with its own confidence; charts; single moments.

`GET /prices/current/{coins}` · `/chart/{coins}?start&span&period&searchWidth` · `/batchHistorical?coins&searchWidth`:
https://api-docs.defillama.com describes them. An asset it does not know is missing from the answer.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from backend.chain.events import NATIVE_TOKEN
from backend.core.clock import now_seconds
from backend.market.engine.grid import Observation, Step
from backend.market.ladder import parsing
from backend.market.ladder.client import SourceClient
from backend.market.ladder.platforms import COINS, NO_CHAIN, PLATFORMS
from backend.market.ladder.port import Answer, Key
from backend.market.ladder.problems import SourceGarbageError

COINS_A_CALL = 100
POINTS_A_CALL = 500
MOMENTS_A_CALL = 80
_UNSAID = Decimal("0.9")  # when it says nothing of its own confidence
_PERIODS = {Step.HOUR: "1h", Step.DAY: "1d"}


class DefiLlama:
    """Implements PriceSource, HistorySource and MomentSource."""

    name = "defillama"
    label = "DefiLlama"
    fresh_seconds = 3_600
    keep_seconds = 120
    batch_size = COINS_A_CALL

    def __init__(self, client: SourceClient) -> None:
        self._client = client

    def covers(self, key: Key) -> bool:
        """True for tokens of the chains it knows, their own currencies, and coins."""
        return _coin(key) is not None

    async def prices(self, keys: Sequence[Key], *, until: int | None = None) -> dict[Key, Answer]:
        """Return the newest price of each asset it knows. Raises SourceError."""
        found: dict[Key, Answer] = {}
        for coins in _batches(_by_coin(keys), COINS_A_CALL):
            found |= await self._client.get(f"/prices/current/{','.join(coins)}", {}, _current(coins))
        return found

    async def history(self, key: Key, start: int, end: int, step: Step) -> list[Observation]:
        """Return what its chart has near each instant of the step. Raises SourceError."""
        coin = _coin(key)
        if coin is None:
            return []
        observations: list[Observation] = []
        at, width = start, POINTS_A_CALL * step.seconds
        while at <= end:
            span = min(POINTS_A_CALL, (end - at) // step.seconds + 1)
            params = {
                "start": str(at),
                "span": str(span),
                "period": _PERIODS[step],
                "searchWidth": str(step.tolerance_seconds),
            }
            observations += await self._client.get(f"/chart/{coin}", params, _series(coin))
            at += width
        return observations

    async def moments(
        self, wanted: Sequence[tuple[Key, int]], width_seconds: int
    ) -> dict[tuple[Key, int], Observation]:
        """Return the observation nearest to each moment, none further away than the width. Raises SourceError."""
        known = [(coin, key, at) for key, at in wanted if (coin := _coin(key)) is not None]
        found: dict[tuple[Key, int], Observation] = {}
        for start in range(0, len(known), MOMENTS_A_CALL):
            part = known[start : start + MOMENTS_A_CALL]
            asked: dict[str, list[int]] = {}
            for coin, _, at in part:
                asked.setdefault(coin, []).append(at)
            params = {"coins": json.dumps(asked, separators=(",", ":")), "searchWidth": str(width_seconds)}
            said = await self._client.get("/batchHistorical", params, _batch(asked))
            for coin, key, at in part:
                best = min(said.get(coin, []), key=lambda each, at=at: abs(each.taken_at - at), default=None)
                if best is not None and abs(best.taken_at - at) <= width_seconds:
                    found[key, at] = best
        return found


def _coin(key: Key) -> str | None:
    """Return what DefiLlama calls an asset, None when it knows no such chain."""
    if key.chain_id == NO_CHAIN:
        return f"coingecko:{key.token}" if key.token in COINS else None
    platform = PLATFORMS.get(key.chain_id)
    if platform is None:
        return None
    if key.token == NATIVE_TOKEN:
        return f"coingecko:{platform.native}" if platform.native else None
    return f"{platform.defillama}:{key.token}" if platform.defillama else None


def _by_coin(keys: Iterable[Key]) -> dict[str, list[Key]]:
    """Return the assets by coin: the currencies of many chains are one coin."""
    coins: dict[str, list[Key]] = {}
    for key in keys:
        coin = _coin(key)
        if coin is not None:
            coins.setdefault(coin, []).append(key)
    return coins


def _batches(coins: dict[str, list[Key]], most: int) -> Iterable[dict[str, list[Key]]]:
    names = sorted(coins)
    for start in range(0, len(names), most):
        yield {name: coins[name] for name in names[start : start + most]}


def _current(coins: dict[str, list[Key]]) -> Callable[[bytes], dict[Key, Answer]]:
    def parse(body: bytes) -> dict[Key, Answer]:
        now = int(now_seconds())
        found: dict[Key, Answer] = {}
        for coin, said in _asked_coins(body, coins):
            price, taken_at = parsing.price(said.get("price")), parsing.instant(said.get("timestamp"), now)
            if price is None or taken_at is None:
                continue
            answer = Answer(price, taken_at, parsing.share(said.get("confidence"), _UNSAID))
            found |= dict.fromkeys(coins[coin], answer)
        return found

    return parse


def _series(coin: str) -> Callable[[bytes], list[Observation]]:
    return lambda body: [each for _, said in _asked_coins(body, {coin: []}) for each in _observations(said)]


def _batch(coins: dict[str, list[int]]) -> Callable[[bytes], dict[str, list[Observation]]]:
    return lambda body: {coin: _observations(said) for coin, said in _asked_coins(body, coins)}


def _asked_coins(body: bytes, coins: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the entries of an answer, by the coin as we wrote it. Raises SourceGarbageError for what nobody asked."""
    by_lower = {coin.lower(): coin for coin in coins}
    entries = []
    for name, said in parsing.member(parsing.json_object(body), "coins").items():
        coin = by_lower.get(name.lower())
        if coin is None or not isinstance(said, dict):
            raise SourceGarbageError("the answer is about coins that were not asked for")
        entries.append((coin, said))
    return entries


def _observations(said: dict[str, Any]) -> list[Observation]:
    points = said.get("prices")
    if not isinstance(points, list):
        raise SourceGarbageError("an asset has no list of prices")
    now = int(now_seconds())
    found = []
    for point in points:
        if not isinstance(point, dict):
            raise SourceGarbageError("a point is no object")
        price, taken_at = parsing.price(point.get("price")), parsing.instant(point.get("timestamp"), now)
        if price is not None and taken_at is not None:
            found.append(Observation(taken_at, price))
    return found
