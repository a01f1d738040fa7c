"""What a portfolio is compared with: Bitcoin, Ether and the S&P 500.

On real chains the coins are those of the sources outside; in the demo, what its own market trades them at (WBTC and
WETH), and the index is unknown. So is everything that no source is configured for.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import orjson

from backend.chain.events import NATIVE_TOKEN
from backend.core.clock import from_unix, now_seconds
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.market.engine.grid import Step, instants
from backend.market.ladder.history import Point
from backend.market.ladder.platforms import BITCOIN, ETHEREUM, NO_CHAIN, SP500
from backend.market.ladder.port import Key

CARRIED = timedelta(days=5)


class Benchmark(StrEnum):
    """The benchmarks by their names in the API."""

    BTC = "btc"
    ETH = "eth"
    SP500 = "sp500"


_COINS = {Benchmark.BTC: BITCOIN, Benchmark.ETH: ETHEREUM}


def benchmark_key(settings: Settings, benchmark: Benchmark) -> Key | None:
    """Return the asset that a benchmark is, None when there is no source for it."""
    if settings.is_demo_chain:
        return _demo_key(settings, benchmark)
    if benchmark is Benchmark.SP500:
        return Key(NO_CHAIN, SP500) if settings.sp500_csv_url else None
    has_source = settings.defillama_coins_url or settings.coingecko_api_key.get_secret_value()
    return Key(NO_CHAIN, _COINS[benchmark]) if has_source else None


def _demo_key(settings: Settings, benchmark: Benchmark) -> Key | None:
    if benchmark is Benchmark.ETH:
        return Key(DEMO_CHAIN_ID, NATIVE_TOKEN)
    if benchmark is Benchmark.SP500:
        return None
    try:
        tokens = orjson.loads(settings.demo_addresses_file.read_bytes())["tokens"]
    except FileNotFoundError:
        return None
    return Key(DEMO_CHAIN_ID, tokens["WBTC"]["address"].lower()) if "WBTC" in tokens else None


def carried(benchmark: Benchmark, points: Sequence[Point], start: datetime, end: datetime, step: Step) -> list[Point]:
    """Return the points from `start` to `end`; where the index did not trade, its last close within five days."""
    if benchmark is not Benchmark.SP500:
        return [point for point in points if start <= point.taken_at <= end]
    by_instant = {int(point.taken_at.timestamp()): point for point in points}
    series: list[Point] = []
    last: Point | None = None
    until = min(int(end.timestamp()), int(now_seconds()))
    for at in instants(int((start - CARRIED).timestamp()), until, step):
        last = by_instant.get(at, last)
        if last is None or from_unix(at) < start or from_unix(at) - last.observed_at > CARRIED:
            continue
        series.append(Point(from_unix(at), last.observed_at, last.price_usd, last.source))
    return series
