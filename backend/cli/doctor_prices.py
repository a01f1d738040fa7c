"""`premium doctor`, the sources of prices and rates: configured, reached, and when each answered last."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from redis.exceptions import RedisError

from backend.cli.findings import Finding
from backend.core.clock import now_seconds
from backend.core.money import plain
from backend.core.redis import make_redis
from backend.core.settings import Settings
from backend.market.engine.grid import Step
from backend.market.fiat.ecb import fetch_rates
from backend.market.ladder.benchmarks import Benchmark
from backend.market.ladder.floors import CoinGeckoFloors
from backend.market.ladder.notes import LastNote, read_note
from backend.market.ladder.platforms import ETHEREUM, NO_CHAIN, SP500
from backend.market.ladder.port import Key, PriceSource
from backend.market.ladder.problems import SourceError
from backend.market.ladder.sources import WebSources, web_sources

ETHER = Key(NO_CHAIN, ETHEREUM)
PENGUINS = Key(1, "0xbd3531da5cf5857e7cfaa92426877b022e612cf8")  # a collection that has had a floor for years
NO_KEY = "no COINGECKO_API_KEY"


async def price_findings(settings: Settings) -> list[Finding]:
    """Return a row for each source. One that does not answer is `off`: the product runs without it."""
    if settings.is_demo_chain:
        rows = [Finding("prices", "ok", "the demo market's own pools and feeds; nobody outside is asked")]
        return [*rows, await _rates(settings)]
    sources = web_sources(settings)
    try:
        notes = await _notes(settings)
        return list(
            await asyncio.gather(
                _prices("DefiLlama", sources.defillama, "DEFILLAMA_COINS_URL is empty", notes.get("defillama")),
                _prices("CoinGecko", sources.coingecko, NO_KEY, notes.get("coingecko")),
                _floors(sources.floors, notes.get(CoinGeckoFloors.name)),
                _index(sources),
                _rates(settings),
            )
        )
    finally:
        await sources.close()


async def _prices(name: str, source: PriceSource | None, why_not: str, note: LastNote | None) -> Finding:
    what = f"prices: {name}"
    if source is None:
        return Finding(what, "off", f"not asked: {why_not}")

    async def ask() -> str:
        answer = (await source.prices([ETHER])).get(ETHER)
        return "it does not know Ether" if answer is None else f"Ether ${plain(answer.price_usd)}"

    finding = await _asked(what, ask)
    return Finding(what, finding.state, finding.note + _last(note))


async def _floors(source: CoinGeckoFloors | None, note: LastNote | None) -> Finding:
    what = "NFT floors: CoinGecko"
    if source is None:
        return Finding(what, "off", f"not asked, NFTs have no value: {NO_KEY}")

    async def ask() -> str:
        answer = (await source.prices([PENGUINS])).get(PENGUINS)
        return "it knows no floor of Pudgy Penguins" if answer is None else f"Pudgy Penguins ${plain(answer.price_usd)}"

    finding = await _asked(what, ask)
    return Finding(what, finding.state, finding.note + _last(note))


async def _index(sources: WebSources) -> Finding:
    what = "benchmark: S&P 500"
    source = sources.sp500
    if source is None:
        return Finding(what, "off", f"unknown: no SP500_CSV_URL; {Benchmark.BTC} and {Benchmark.ETH} come from prices")

    async def ask() -> str:
        now = int(now_seconds())
        closes = await source.history(Key(NO_CHAIN, SP500), now - 10 * 86_400, now, Step.DAY)
        return f"last close {plain(closes[-1].price_usd)}" if closes else "no close in the last ten days"

    return await _asked(what, ask)


async def _rates(settings: Settings) -> Finding:
    what = "exchange rates"
    if not settings.asks_ecb:
        note = "the demo asks nobody outside" if settings.ecb_rates_url else "ECB_RATES_URL is empty"
        return Finding(what, "off", f"US dollars only: {note}")

    async def ask() -> str:
        return f"newest of {max(rate.day for rate in await fetch_rates(settings))}"

    return await _asked(what, ask)


async def _asked(what: str, ask: Callable[[], Awaitable[str]]) -> Finding:
    started = time.monotonic()
    try:
        said = await ask()
    except SourceError as error:
        return Finding(what, "off", f"does not answer: {error.message}")
    return Finding(what, "ok", f"{said}, {(time.monotonic() - started) * 1000:.0f} ms")


async def _notes(settings: Settings) -> dict[str, LastNote]:
    """Return what the running product noted of its sources; nothing when Redis is not there."""
    redis = make_redis(settings.redis_url or f"redis://127.0.0.1:{settings.embedded_redis_port}/0")
    try:
        return {name: await read_note(redis, name) for name in ("defillama", "coingecko", CoinGeckoFloors.name)}
    except (RedisError, OSError):
        return {}
    finally:
        await redis.aclose()


def _last(note: LastNote | None) -> str:
    if note is None or (note.answered_at is None and note.failed_at is None):
        return "; the product has not asked it yet"
    said = f"; last answer {_at(note.answered_at)}" if note.answered_at else "; it never answered"
    is_newer = note.failed_at and (note.answered_at is None or note.failed_at > note.answered_at)
    return f"{said}, then it failed {_at(note.failed_at)} ({note.problem})" if is_newer and note.failed_at else said


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
