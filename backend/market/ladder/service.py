"""What the edges ask of the ladder: prices now, and stored history with a job for what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.errors import InvalidInputError
from backend.core.jobs import defer
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.market.engine.grid import Step
from backend.market.ladder.benchmarks import Benchmark, benchmark_key
from backend.market.ladder.floors import floors_configured
from backend.market.ladder.history import Point, Series
from backend.market.ladder.ladder import Ladder, close_shared_ladders, shared_ladder
from backend.market.ladder.platforms import NO_CHAIN
from backend.market.ladder.port import Key
from backend.market.ladder.quotes import Quote

__all__ = ["Benchmark", "Ladder", "Quote", "Step", "close_shared_ladders", "floors_configured", "shared_ladder"]

MOST_ASSETS = 100
_ADDRESS_LENGTH = 42
NATIVE = "native"


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset as somebody wrote it, and its key."""

    written: str
    key: Key


@dataclass(frozen=True, slots=True)
class StoredHistory:
    """Stored points; `missing` instants have none. `is_filling`: they are being fetched, ask again in a moment."""

    points: list[Point]
    missing: int
    is_filling: bool


def parse_assets(text: str, native_token: str, most: int = MOST_ASSETS) -> list[Asset]:
    """Return the assets of `chain:token,chain:token`; a token is an address or `native`, in chain 0 a benchmark's coin.

    Raises InvalidInputError.
    """
    written = [part.strip() for part in text.split(",") if part.strip()]
    if not written or len(written) > most:
        raise InvalidInputError(f"Name 1 to {most} assets.", {"assets": f"1 to {most}, each as chain:token"})
    return [Asset(part, _key(part, native_token)) for part in dict.fromkeys(written)]


def _key(part: str, native_token: str) -> Key:
    chain, _, token = part.partition(":")
    token = token.lower()
    if chain.isascii() and chain.isdigit() and len(chain) < 17:
        chain_id = int(chain)
        if token == NATIVE and chain_id != NO_CHAIN:
            return Key(chain_id, native_token)
        if chain_id == NO_CHAIN and token.isascii() and token.isalnum() and len(token) <= 20:
            return Key(NO_CHAIN, token)
        if len(token) == _ADDRESS_LENGTH and token.startswith("0x") and _is_hex(token[2:]):
            return Key(chain_id, token)
    raise InvalidInputError(
        f"{part[:60]!r} is no asset.", {"assets": "write chain:token, such as 1:0xc02a… or 1:native"}
    )


def _is_hex(text: str) -> bool:
    return all(letter in "0123456789abcdef" for letter in text)


async def history_or_fill(
    session: AsyncSession, ladder: Ladder, key: Key, start: datetime, end: datetime, step: Step
) -> StoredHistory:
    """Return the stored points of a range, and put a job in line for what is missing and was not asked for lately.

    The demo market's history is all in its readings: there is nothing to fetch. Raises InvalidInputError.
    """
    series: Series = await ladder.stored(key, start, end, step)
    if key.chain_id == DEMO_CHAIN_ID or not series.may_come:
        return StoredHistory(series.points, series.missing, is_filling=False)
    await defer(
        session,
        "prices.fill",
        queueing_lock=f"prices:{key.chain_id}:{key.token}:{step.value}",
        chain_id=key.chain_id,
        token=key.token,
        start=int(start.timestamp()),
        end=int(end.timestamp()),
        step=step.value,
    )
    return StoredHistory(series.points, series.missing, is_filling=True)


async def benchmark_or_fill(
    session: AsyncSession, settings: Settings, ladder: Ladder, benchmark: Benchmark, start: datetime, end: datetime
) -> StoredHistory | None:
    """Return a benchmark's stored points by day, as `history_or_fill` does; None when it has no source."""
    key = benchmark_key(settings, benchmark)
    if key is None:
        return None
    stored = await history_or_fill(session, ladder, key, start, end, Step.DAY)
    points = await ladder.benchmark(benchmark, start, end, Step.DAY, stored=True)
    return StoredHistory(points, stored.missing, stored.is_filling)


async def quotes_of(ladder: Ladder, assets: Sequence[Asset]) -> list[tuple[Asset, Quote | None]]:
    """Return each asset with its price, None for an unknown one."""
    quotes = await ladder.quotes([asset.key for asset in assets])
    return [(asset, quotes.get((asset.key.chain_id, asset.key.token))) for asset in assets]
