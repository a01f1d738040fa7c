"""The ladder as others use it: prices as of now, of before, of single moments, and the benchmarks.

`shared_ladder` is this process's only one: its circuits, limits and caches are worth something because they are shared.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from redis.asyncio import Redis

from backend.core.clock import from_unix, now_seconds, utc_now
from backend.core.db import Database
from backend.core.settings import Settings
from backend.market.engine.grid import Step, final_until
from backend.market.ladder.benchmarks import Benchmark, benchmark_key, carried
from backend.market.ladder.chainlink import Chainlink
from backend.market.ladder.floors import UNKNOWN_SECONDS
from backend.market.ladder.history import History, Point, Series
from backend.market.ladder.pools import Pools
from backend.market.ladder.port import HistorySource, Key, PriceSource
from backend.market.ladder.quotes import Quote
from backend.market.ladder.quoting import Quoting
from backend.market.ladder.sources import WebSources, web_sources

RECENT = timedelta(minutes=10)
WEB_PATIENCE_SECONDS = 3.0  # somebody looks at the page
WORKER_PATIENCE_SECONDS = 12.0


class Ladder:
    """Prices from every configured source. Use it inside one event loop, and close it.

    `stores`: whether points of history may be written: with a database of the role premium_worker.
    """

    def __init__(self, settings: Settings, database: Database, redis: Redis | None, *, stores: bool = False) -> None:
        self._settings = settings
        self._web: WebSources = web_sources(settings)
        pools = Pools(settings, database)
        outside = [each for each in (self._web.defillama, self._web.coingecko) if each is not None]
        now: list[PriceSource] = [*outside, pools, Chainlink(settings)]
        before: list[HistorySource] = [*outside, pools]
        if self._web.sp500 is not None:
            before.append(self._web.sp500)
        patience = WORKER_PATIENCE_SECONDS if stores else WEB_PATIENCE_SECONDS
        self.quoting = Quoting(now, redis, patience)
        floors = [] if self._web.floors is None else [self._web.floors]
        self._floors = Quoting(floors, redis, patience, unknown_seconds=UNKNOWN_SECONDS)
        self._history = History(before, database, redis, moments=self._web.defillama, readings=pools, stores=stores)

    async def quotes(
        self, keys: Sequence[tuple[int, str]], *, at: datetime | None = None
    ) -> dict[tuple[int, str], Quote]:
        """Return each asset's price; what is missing is unknown. Keys are (chain id, lower-case address).

        `at`: as of that moment. In the last ten minutes, pools answer as of exactly then and the others as of now (each
        quote says when it was taken); before, it is the price of the nearest full hour.
        """
        if at is None or utc_now() - at <= RECENT:
            return await self.quoting.quotes(keys, until=None if at is None else int(at.timestamp()))
        wanted = [(Key(chain_id, token.lower()), at) for chain_id, token in dict.fromkeys(keys)]
        points = await self._history.at_moments(wanted)
        return {(key.chain_id, key.token): _quote(key, point) for (key, _), point in points.items()}

    async def floors(self, collections: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Quote]:
        """Return the floor price of a piece of each NFT collection; what is missing is unknown.

        Keys are (chain id, lower-case address of the collection).
        """
        return await self._floors.quotes(collections)

    async def history(
        self, key: tuple[int, str], start: datetime, end: datetime, step: str
    ) -> list[tuple[datetime, Decimal, str]]:
        """Return (instant, price in US dollars, source) for each hour or day that has a price, oldest first."""
        series = await self.series(key, start, end, Step(step))
        return [(point.taken_at, point.price_usd, point.source) for point in series.points]

    async def series(self, key: tuple[int, str], start: datetime, end: datetime, step: Step) -> Series:
        """Return the points of a range, fetched by need, and how many instants have none."""
        return await self._history.series(Key(key[0], key[1].lower()), start, end, step)

    async def stored(self, key: tuple[int, str], start: datetime, end: datetime, step: Step) -> Series:
        """Return the points that are stored, asking nobody outside."""
        return await self._history.stored(Key(key[0], key[1].lower()), start, end, step)

    async def at_moments(self, wanted: Sequence[tuple[tuple[int, str], datetime]]) -> dict[tuple[Key, datetime], Point]:
        """Return each asset's price at its moment, for many at once; missing is unknown.

        That of the nearest full hour; in the demo market, of the last reading before.
        """
        return await self._history.at_moments([(Key(key[0], key[1].lower()), at) for key, at in wanted])

    async def benchmark(
        self, benchmark: Benchmark, start: datetime, end: datetime, step: Step = Step.DAY, *, stored: bool = False
    ) -> list[Point]:
        """Return a benchmark's points, none when no source for it is configured.

        An index that does not trade at weekends has its last close there, for at most five days: `observed_at` says
        which day's it is.
        """
        key = benchmark_key(self._settings, benchmark)
        if key is None:
            return []
        ask = self._history.stored if stored else self._history.series
        if stored:  # an old close is not carried over a day whose own one may still come
            end = min(end, from_unix(final_until(step, int(now_seconds()))))
        series = await ask(key, start - timedelta(days=5), end, step)
        return carried(benchmark, series.points, start, end, step)

    async def close(self) -> None:
        """Close the connections."""
        await self.quoting.close()
        await self._floors.close()
        await self._web.close()


def _quote(key: Key, point: Point) -> Quote:
    return Quote(
        chain_id=key.chain_id,
        token=key.token,
        price_usd=point.price_usd,
        source=point.source,
        taken_at=point.observed_at,
        confidence=Decimal("0.9"),
        detail="history by the hour",
    )


_shared: dict[tuple[str, bool, int], Ladder] = {}


def shared_ladder(settings: Settings, database: Database, redis: Redis | None, *, stores: bool = False) -> Ladder:
    """Return this process's ladder (one an event loop and database)."""
    key = (database.url, stores, id(asyncio.get_running_loop()))
    if key not in _shared:
        _shared[key] = Ladder(settings, database, redis, stores=stores)
    return _shared[key]


async def close_shared_ladders() -> None:
    """Close this loop's ladders; the next use makes new ones."""
    loop = id(asyncio.get_running_loop())
    for key in [key for key in _shared if key[2] == loop]:
        await _shared.pop(key).close()
