"""Answers of one source, kept: seconds in this process (L1), minutes in Redis (L2), and a day as what it said last.

An asset is asked for once at a time, whoever wants it: callers of this process wait for the one that asks, other
processes see its claim in Redis and wait for its answer. Without Redis every process asks for itself. That a source
does not know an asset is kept too.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.core.clock import now_seconds
from backend.core.logging import get_logger
from backend.core.money import plain
from backend.core.telemetry import cache_lookups
from backend.market.ladder.port import Answer, Key, PriceSource
from backend.market.ladder.problems import SourceError

VERSION = 1
LAST_SECONDS = 86_400
UNKNOWN_SECONDS = 600
CLAIM_SECONDS = 10
WAIT_SECONDS = 4.0
_LOOK_AGAIN_SECONDS = 0.05
_MOST_IN_PROCESS = 50_000
_BATCHES_AT_ONCE = 4
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer (None: the source does not know the asset) and when it was asked for, in Unix seconds."""

    answer: Answer | None
    asked_at: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What a source says of the assets; `problem` when it could not be asked, and the answers are those of before."""

    answers: dict[Key, Answer]
    problem: SourceError | None = None
    was_asked: bool = False


class CachedSource:
    """A source behind both caches. Use it inside one event loop.

    `unknown_seconds`: for how long an asset that the source does not know is not asked for again.
    """

    def __init__(self, source: PriceSource, redis: Redis | None, unknown_seconds: int = UNKNOWN_SECONDS) -> None:
        self.source = source
        self._redis = redis
        self._unknown_seconds = unknown_seconds
        self._kept: dict[Key, Kept] = {}
        self._asking: dict[Key, asyncio.Future[bool]] = {}
        self._batches = asyncio.Semaphore(_BATCHES_AT_ONCE)
        name = f"prices:{source.name}"
        self._counts = {how: cache_lookups.labels(name, how) for how in ("hit", "miss")}

    async def prices(self, keys: Sequence[Key], *, until: int | None = None) -> Asked:
        """Return what the source says of each asset; never raises for what the source does.

        `until` (Unix seconds) is for sources that are always asked: their answer as of then.
        """
        wanted = [key for key in dict.fromkeys(keys) if self.source.covers(key)]
        if not wanted:
            return Asked({})
        if self.source.keep_seconds == 0:
            try:
                return Asked(await self.source.prices(wanted, until=until), was_asked=True)
            except SourceError as error:
                return Asked({}, error, was_asked=True)
        known = await self._look(wanted)
        missing = [key for key in wanted if not self._is_current(known.get(key))]
        # Where the limit does not suffice for all: first what was never asked for, then what was longest ago.
        missing.sort(key=lambda key: known[key].asked_at if key in known else 0.0)
        self._counts["hit"].inc(len(wanted) - len(missing))
        self._counts["miss"].inc(len(missing))
        problem = None
        was_asked = False
        if missing:
            problem, was_asked = await self._fill(missing)
            known |= {key: self._kept[key] for key in missing if key in self._kept}
        now = now_seconds()
        answers = {
            key: kept.answer
            for key, kept in known.items()
            if kept.answer is not None and now - kept.answer.taken_at <= LAST_SECONDS
        }
        return Asked(answers, problem, was_asked)

    def last(self, keys: Sequence[Key]) -> dict[Key, Answer]:
        """Return what this process knows that the source said of the assets in the last day, however old."""
        now = now_seconds()
        return {
            key: kept.answer
            for key in keys
            if (kept := self._kept.get(key)) is not None
            and kept.answer is not None
            and now - kept.answer.taken_at <= LAST_SECONDS
        }

    # --- looking

    async def _look(self, keys: Sequence[Key]) -> dict[Key, Kept]:
        """Return what is kept, in this process or in Redis, current or not."""
        found = {key: self._kept[key] for key in keys if key in self._kept}
        outdated = [key for key in keys if not self._is_current(found.get(key))]
        for key, kept in (await self._read(outdated)).items():
            mine = found.get(key)
            if mine is None or kept.asked_at > mine.asked_at:
                found[key] = kept
                self._keep(key, kept)
        return found

    def _is_current(self, kept: Kept | None) -> bool:
        if kept is None:
            return False
        seconds = self.source.keep_seconds if kept.answer is not None else self._unknown_seconds
        return now_seconds() - kept.asked_at < seconds

    def _keep(self, key: Key, kept: Kept) -> None:
        if len(self._kept) >= _MOST_IN_PROCESS and key not in self._kept:
            for old in list(self._kept)[: _MOST_IN_PROCESS // 2]:
                del self._kept[old]
        self._kept[key] = kept

    async def _read(self, keys: Sequence[Key]) -> dict[Key, Kept]:
        if self._redis is None or not keys:
            return {}
        try:
            values = await self._redis.mget([self._name(key) for key in keys])
        except RedisError:
            return {}
        return {key: kept for key, value in zip(keys, values, strict=True) if (kept := _decoded(value)) is not None}

    # --- asking

    async def _fill(self, keys: Sequence[Key]) -> tuple[SourceError | None, bool]:
        """Have the assets asked for, by us or by whoever asks already; return what went wrong, and whether we asked."""
        theirs = {key: self._asking[key] for key in keys if key in self._asking}
        mine = [key for key in keys if key not in theirs]
        problem, was_asked = None, False
        if mine:
            problem, was_asked = await self._ours(mine)
        if theirs:
            await asyncio.wait(set(theirs.values()))
            given_up = [key for key, asking in theirs.items() if not asking.result()]
            if given_up:  # whoever asked went away
                problem, was_asked = await self._fill(given_up)
        return problem, was_asked

    async def _ours(self, keys: Sequence[Key]) -> tuple[SourceError | None, bool]:
        """Ask, while others of this process who want the same wait for us."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asking |= dict.fromkeys(keys, future)
        is_done = False
        try:
            outcome = await self._ask_or_wait(keys)
            is_done = True
            return outcome
        finally:
            for key in keys:
                del self._asking[key]
            future.set_result(is_done)

    async def _ask_or_wait(self, keys: Sequence[Key]) -> tuple[SourceError | None, bool]:
        claimed = await self._claim(keys)
        others = [key for key in keys if key not in claimed]
        problem, was_asked = None, False
        if claimed:
            problem, was_asked = await self._ask(claimed), True
        if others:
            left = await self._wait_for(others)
            if left and problem is None:
                problem, was_asked = await self._ask(left), True
        return problem, was_asked

    async def _ask(self, keys: Sequence[Key]) -> SourceError | None:
        """Ask in batches, each kept by itself; return what went wrong with one of them."""
        size = self.source.batch_size
        parts = [keys[start : start + size] for start in range(0, len(keys), size)]
        problems = await asyncio.gather(*(self._ask_part(part) for part in parts))
        return next((problem for problem in problems if problem is not None), None)

    async def _ask_part(self, keys: Sequence[Key]) -> SourceError | None:
        try:
            async with self._batches:
                answers = await self.source.prices(keys)
        except SourceError as error:
            await self._unclaim(keys)
            return error
        except BaseException:
            await self._unclaim(keys)
            raise
        now = now_seconds()
        kept = {key: Kept(answers.get(key), now) for key in keys}
        for key, value in kept.items():
            self._keep(key, value)
        await self._write(kept)
        return None

    async def _wait_for(self, keys: Sequence[Key]) -> list[Key]:
        """Wait until other processes have answered; return what they have not."""
        deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
        left = list(keys)
        while left and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            for key, kept in (await self._read(left)).items():
                if self._is_current(kept):
                    self._keep(key, kept)
            left = [key for key in left if not self._is_current(self._kept.get(key))]
            if left and not await self._is_claimed(left):
                return left  # whoever asked has failed
        return left

    # --- Redis

    def _name(self, key: Key) -> str:
        return f"price:v{VERSION}:{self.source.name}:{key.chain_id}:{key.token}"

    async def _claim(self, keys: Sequence[Key]) -> list[Key]:
        """Return the assets that are ours to ask for."""
        if self._redis is None:
            return list(keys)
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for key in keys:
                    pipe.set(f"{self._name(key)}:asking", 1, nx=True, ex=CLAIM_SECONDS)
                taken = await pipe.execute()
        except RedisError:
            return list(keys)
        return [key for key, ok in zip(keys, taken, strict=True) if ok]

    async def _is_claimed(self, keys: Sequence[Key]) -> bool:
        if self._redis is None:
            return False
        try:
            return bool(await self._redis.exists(*(f"{self._name(key)}:asking" for key in keys)))
        except RedisError:
            return False

    async def _unclaim(self, keys: Sequence[Key]) -> None:
        if self._redis is None:
            return
        try:
            await self._redis.delete(*(f"{self._name(key)}:asking" for key in keys))
        except RedisError:
            log.debug("claims were left to expire", source=self.source.name)

    async def _write(self, kept: dict[Key, Kept]) -> None:
        if self._redis is None:
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for key, value in kept.items():
                    pipe.set(
                        self._name(key),
                        _encoded(value),
                        ex=LAST_SECONDS if value.answer is not None else self._unknown_seconds,
                    )
                    pipe.delete(f"{self._name(key)}:asking")
                await pipe.execute()
        except RedisError:
            log.debug("prices were not kept in Redis", source=self.source.name)


def _encoded(kept: Kept) -> bytes:
    answer = kept.answer
    if answer is None:
        return orjson.dumps([kept.asked_at])
    return orjson.dumps(
        [
            *(kept.asked_at, plain(answer.price_usd), answer.taken_at, plain(answer.confidence)),
            *(answer.detail, answer.is_evidence, answer.fresh_seconds),
        ]
    )


def _decoded(value: bytes | None) -> Kept | None:
    """Return what was kept, None for nothing or what cannot be read (another version wrote it)."""
    if value is None:
        return None
    try:
        asked_at, *rest = orjson.loads(value)
        if not rest:
            return Kept(None, float(asked_at))
        price, taken_at, confidence, detail, is_evidence, fresh = rest
        answer = Answer(Decimal(price), int(taken_at), Decimal(confidence), str(detail), bool(is_evidence), fresh)
        return Kept(answer, float(asked_at))
    except (orjson.JSONDecodeError, ValueError, TypeError, InvalidOperation):
        return None
