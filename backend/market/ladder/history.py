"""Prices of before, by hour and day: stored for ever once final, fetched by need from one source after the other.

A point stands for an instant (the full hour, or midnight UTC) and is the observation nearest to it: within half an
hour, or within six hours for days. What no source has stays unknown; nothing is filled in.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.core.clock import from_unix, now_seconds
from backend.core.db import Database
from backend.core.errors import InvalidInputError
from backend.core.logging import get_logger
from backend.core.money import engine_decimal
from backend.core.settings import DEMO_CHAIN_ID
from backend.market.engine.grid import Observation, Step, instants, is_final, nearest
from backend.market.ladder import repository
from backend.market.ladder.pools import STALE_SECONDS, Pools
from backend.market.ladder.port import HistorySource, Key, MomentSource
from backend.market.ladder.problems import SourceError

MOST_POINTS = 5_000
RECENT_SECONDS = 300
ASKED_SECONDS = 6 * 3_600
_CHUNK = 200
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Point:
    """The price of an asset for an instant; `observed_at` is when it really was that."""

    taken_at: datetime
    observed_at: datetime
    price_usd: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Series:
    """The known points of a range, oldest first, and how many instants have none.

    `may_come`: some of those were not asked for lately, and there is a source to ask.
    """

    points: list[Point]
    missing: int
    may_come: bool = False


class History:
    """Prices of before. `stores`: whether this process may write points (workers may, the web may not)."""

    def __init__(
        self,
        sources: Sequence[HistorySource],
        database: Database,
        redis: Redis | None,
        *,
        moments: MomentSource | None = None,
        readings: Pools | None = None,
        stores: bool = False,
    ) -> None:
        self._sources = tuple(sources)
        self._moments = moments
        self._readings = readings
        self._database = database
        self._redis = redis
        self._stores = stores
        self._recent: dict[tuple[Key, Step, int], tuple[float, Point]] = {}
        self._locks: dict[tuple[Key, Step], asyncio.Lock] = {}

    async def stored(self, key: Key, start: datetime, end: datetime, step: Step) -> Series:
        """Return what is stored; for the demo market, what its own readings say. Raises InvalidInputError.

        Instants that are not final yet have no stored point, and do not count as missing.
        """
        if key.chain_id == DEMO_CHAIN_ID:
            return await self.series(key, start, end, step)
        now = int(now_seconds())
        grid = [at for at in _grid(start, end, step) if is_final(at, step, now)]
        known = await self._known(key, grid, step)
        missing = [at for at in grid if at not in known]
        may_come = any(source.covers(key) for source in self._sources) and bool(
            await self._not_asked(key, step, missing)
        )
        return Series([known[at] for at in grid if at in known], len(missing), may_come)

    async def series(self, key: Key, start: datetime, end: datetime, step: Step) -> Series:
        """Return the points of a range, fetching and storing those that are missing.

        Never raises for what sources do: their points are missing then, and asked for again next time. Raises
        InvalidInputError for a range that is too long.
        """
        grid = _grid(start, end, step)
        lock = self._locks.setdefault((key, step), asyncio.Lock())
        async with lock:
            known = await self._known(key, grid, step)
            left = await self._not_asked(key, step, [at for at in grid if at not in known])
            found, is_complete = await self._fetch(key, left, step)
            await self._keep(key, step, found)
            if is_complete:
                await self._note_asked(key, step, grid)
        if not lock.locked():
            self._locks.pop((key, step), None)
        return _series(known | found, grid)

    async def at_moments(self, wanted: Sequence[tuple[Key, datetime]]) -> dict[tuple[Key, datetime], Point]:
        """Return the price of each asset at its moment: the point of the nearest full hour, stored once it is final.

        In the demo market it is the last reading before the moment, at most ten minutes before.
        What is missing is unknown. One question a source for many moments where the source can do that.
        """
        of_demo = [(key, at) for key, at in wanted if key.chain_id == DEMO_CHAIN_ID]
        exact = await self._read_demo(of_demo)
        hours = {(key, at): _nearest_hour(at) for key, at in wanted if key.chain_id != DEMO_CHAIN_ID}
        needed = sorted({(key, hour) for (key, _), hour in hours.items()})
        known = await self._known_moments(needed)
        left = [each for each in needed if each not in known]
        if left and self._moments is not None:
            try:
                said = await self._moments.moments(left, Step.HOUR.tolerance_seconds)
            except SourceError as error:
                log.info("moments not fetched", reason=error.message)
                said = {}
            label = getattr(self._moments, "label", "")
            for (key, hour), observation in said.items():
                point = _point(hour, observation, label)
                known[key, hour] = point
                await self._keep(key, Step.HOUR, {hour: point})
            left = [each for each in left if each not in known]
        for key in sorted({key for key, _ in left}):
            of_key = [hour for each, hour in left if each == key]
            for start, end in _stretches(of_key):
                series = await self.series(key, from_unix(start), from_unix(end), Step.HOUR)
                known |= {(key, int(point.taken_at.timestamp())): point for point in series.points}
        return exact | {(key, at): known[key, hour] for (key, at), hour in hours.items() if (key, hour) in known}

    # --- inside

    async def _read_demo(self, wanted: Sequence[tuple[Key, datetime]]) -> dict[tuple[Key, datetime], Point]:
        """Return what the demo market's own readings say of exactly these moments: it may be younger than an hour."""
        found: dict[tuple[Key, datetime], Point] = {}
        if self._readings is None:
            return found
        for key in sorted({key for key, _ in wanted}):
            ats = {int(at.timestamp()): at for each, at in wanted if each == key}
            try:
                said = await self._readings.readings(key, sorted(ats), STALE_SECONDS)
            except SourceError as error:
                log.info("readings not read", reason=error.message)
                continue
            found |= {
                (key, ats[at]): Point(ats[at], from_unix(each.taken_at), each.price_usd, self._readings.label)
                for at, each in said.items()
            }
        return found

    async def _known(self, key: Key, grid: Sequence[int], step: Step) -> dict[int, Point]:
        now = now_seconds()
        known = {
            at: kept[1] for at in grid if (kept := self._recent.get((key, step, at))) is not None and now < kept[0]
        }
        if key.chain_id == DEMO_CHAIN_ID or not grid:
            return known
        async with self._database.unit_of_work() as session:
            rows = await repository.points(
                session, key.chain_id, key.token, step.value, from_unix(grid[0]), from_unix(grid[-1])
            )
        return known | {int(row.taken_at.timestamp()): _of_row(row) for row in rows}

    async def _known_moments(self, needed: Sequence[tuple[Key, int]]) -> dict[tuple[Key, int], Point]:
        wanted = [(key.chain_id, key.token, from_unix(hour)) for key, hour in needed]
        if not wanted:
            return {}
        async with self._database.unit_of_work() as session:
            rows = await repository.points_at(session, Step.HOUR.value, wanted)
        return {
            (Key(chain_id, token), int(at.timestamp())): _of_row(row) for (chain_id, token, at), row in rows.items()
        }

    async def _fetch(self, key: Key, left: Sequence[int], step: Step) -> tuple[dict[int, Point], bool]:
        """Ask one source after the other for what is left; return what they have, and whether all of them answered."""
        found: dict[int, Point] = {}
        is_complete = True
        missing = list(left)
        for source in self._sources:
            if not missing or not source.covers(key):
                continue
            try:
                observations = await source.history(key, missing[0], missing[-1], step)
            except SourceError as error:
                is_complete = False
                log.info("history not fetched", source=source.name, reason=error.message)
                continue
            near = nearest(missing, observations, step.tolerance_seconds)
            found |= {at: _point(at, observation, source.label) for at, observation in near.items()}
            missing = [at for at in missing if at not in near]
        return found, is_complete

    async def _keep(self, key: Key, step: Step, found: dict[int, Point]) -> None:
        """Store what is final; keep the rest for some minutes."""
        now = now_seconds()
        final = {at: point for at, point in found.items() if is_final(at, step, int(now))}
        if not (self._stores and key.chain_id != DEMO_CHAIN_ID):
            final = {}
        if len(self._recent) > 50_000:
            self._recent = {name: kept for name, kept in self._recent.items() if now < kept[0]}
        for at, point in found.items():
            if at not in final and key.chain_id != DEMO_CHAIN_ID:
                self._recent[key, step, at] = now + RECENT_SECONDS, point
        if not final:
            return
        rows = [
            {
                "chain_id": key.chain_id,
                "token": key.token,
                "step": step.value,
                "taken_at": point.taken_at,
                "observed_at": point.observed_at,
                "price_usd": point.price_usd,
                "source": point.source,
            }
            for point in final.values()
        ]
        async with self._database.unit_of_work() as session:
            await repository.insert_points(session, rows)

    # What every source was asked for and none has is not asked for again for some hours.

    async def _not_asked(self, key: Key, step: Step, left: list[int]) -> list[int]:
        if self._redis is None or not left or key.chain_id == DEMO_CHAIN_ID:
            return left
        chunks = sorted({_chunk(at, step) for at in left})
        try:
            values = await self._redis.mget([_asked_name(key, step, chunk) for chunk in chunks])
        except RedisError:
            return left
        asked = {chunk: value for chunk, value in zip(chunks, values, strict=True) if value is not None}

        def was_asked(at: int) -> bool:
            value = asked.get(_chunk(at, step))
            if value is None:
                return False
            first, last, when = (int(part) for part in value.split(b","))
            return first <= at <= last and is_final(at, step, when)

        return [at for at in left if not was_asked(at)]

    async def _note_asked(self, key: Key, step: Step, grid: Sequence[int]) -> None:
        """Note that every instant of the range is known, or was asked for now or lately."""
        if self._redis is None or not grid or key.chain_id == DEMO_CHAIN_ID:
            return
        now = int(now_seconds())
        chunks: dict[int, list[int]] = {}
        for at in grid:
            chunks.setdefault(_chunk(at, step), []).append(at)
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for chunk, ats in chunks.items():
                    pipe.set(_asked_name(key, step, chunk), f"{min(ats)},{max(ats)},{now}", ex=ASKED_SECONDS)
                await pipe.execute()
        except RedisError:
            return


def _grid(start: datetime, end: datetime, step: Step) -> list[int]:
    last = min(int(end.timestamp()), int(now_seconds()))
    first = int(start.timestamp())
    if (last - first) // step.seconds > MOST_POINTS:
        raise InvalidInputError(
            f"That is more than {MOST_POINTS:,} points. Ask for a shorter time, or by day.", {"end": "too far away"}
        )
    return instants(first, last, step)


def _series(known: dict[int, Point], grid: Sequence[int]) -> Series:
    points = [known[at] for at in grid if at in known]
    return Series(points, len(grid) - len(points))


def _point(at: int, observation: Observation, source: str) -> Point:
    return Point(from_unix(at), from_unix(observation.taken_at), observation.price_usd, source)


def _of_row(row: repository.PointRow) -> Point:
    return Point(row.taken_at, row.observed_at, engine_decimal(row.price_usd), row.source)


def _nearest_hour(at: datetime) -> int:
    seconds = int(at.timestamp())
    return (seconds + 1_800) // 3_600 * 3_600


def _stretches(hours: Sequence[int]) -> list[tuple[int, int]]:
    """Return ranges that cover the hours, without bridging more than a day in between."""
    ranges: list[tuple[int, int]] = []
    for hour in sorted(hours):
        if ranges and hour - ranges[-1][1] <= 86_400:
            ranges[-1] = ranges[-1][0], hour
        else:
            ranges.append((hour, hour))
    return ranges


def _chunk(at: int, step: Step) -> int:
    return at // (step.seconds * _CHUNK)


def _asked_name(key: Key, step: Step, chunk: int) -> str:
    return f"price:v1:asked:{key.chain_id}:{key.token}:{step.value}:{chunk}"
