"""Prices as of now: every source that knows an asset is asked at once, one answer is taken, the rest stand by it."""

import asyncio
from collections.abc import Iterable, Sequence

from redis.asyncio import Redis

from backend.core.clock import from_unix, now_seconds
from backend.core.logging import get_logger
from backend.core.telemetry import price_source_asked, price_source_demoted
from backend.market.engine.agreement import Choice, Said, choose
from backend.market.engine.standing import Outcome, Standing, after
from backend.market.ladder.cache import UNKNOWN_SECONDS, Asked, CachedSource
from backend.market.ladder.notes import Notes
from backend.market.ladder.port import Answer, Key, PriceSource
from backend.market.ladder.problems import SourceRestingError, SourceThrottledError
from backend.market.ladder.quotes import OtherQuote, Quote
from backend.market.ladder.rungs import rung

BUDGET_SECONDS = 12.0
log = get_logger(__name__)


class Quoting:
    """Prices as of now. Use it inside one event loop, and close it before the sources.

    Nobody waits longer than `patience_seconds` for a slow source: what it said last is taken, and its answer is kept
    for whoever asks next.
    """

    def __init__(
        self,
        sources: Iterable[PriceSource],
        redis: Redis | None,
        patience_seconds: float = BUDGET_SECONDS,
        *,
        unknown_seconds: int = UNKNOWN_SECONDS,
    ) -> None:
        self._sources = [CachedSource(source, redis, unknown_seconds) for source in sources]
        self._standings = {cached.source.name: Standing() for cached in self._sources}
        self._notes = Notes(redis)
        self._patience_seconds = patience_seconds
        self._late: set[asyncio.Task[Asked]] = set()

    @property
    def source_names(self) -> tuple[str, ...]:
        """The configured sources."""
        return tuple(self._standings)

    def standing(self, name: str) -> Standing:
        """Return a source's record in this process."""
        return self._standings[name]

    async def quotes(
        self, keys: Sequence[tuple[int, str]], *, until: int | None = None
    ) -> dict[tuple[int, str], Quote]:
        """Return each asset's price now; what is missing is unknown. Keys are (chain id, lower-case address).

        `until` (Unix seconds, of the last minutes): pools answer as of then. Demoted sources are asked only for what
        nobody else has a fresh answer to. Never raises for what sources do.
        """
        wanted = [Key(chain_id, token.lower()) for chain_id, token in dict.fromkeys(keys)]
        if not wanted:
            return {}
        now = int(now_seconds())
        trusted = [each for each in self._sources if not self._standings[each.source.name].is_demoted(now)]
        demoted = [each for each in self._sources if each not in trusted]
        said: dict[Key, list[Said]] = {key: [] for key in wanted}
        labels: dict[str, tuple[str, dict[Key, Answer]]] = {}
        heard: set[str] = set()
        await self._ask(trusted, wanted, said, labels, heard, until, is_demoted=False)
        if demoted:
            now = int(now_seconds())
            left = [key for key in wanted if not any(now - s.taken_at <= s.fresh_seconds for s in said[key])]
            await self._ask(demoted, left, said, labels, set(), until, is_demoted=True)
        now = int(now_seconds())
        choices = {key: choose(answers, now) for key, answers in said.items()}
        self._judge(choices, heard)
        return {key: _quote(key, choice, labels) for key, choice in choices.items() if choice is not None}

    async def close(self) -> None:
        """Leave the sources that have not answered yet."""
        for asking in list(self._late):
            asking.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    async def _ask(
        self,
        sources: Sequence[CachedSource],
        keys: Sequence[Key],
        said: dict[Key, list[Said]],
        labels: dict[str, tuple[str, dict[Key, Answer]]],
        heard: set[str],
        until: int | None,
        *,
        is_demoted: bool,
    ) -> None:
        """Ask the sources at once, and note what each said; `heard`: those that said something new."""
        asked_of = await asyncio.gather(*(self._one(source, keys, until) for source in sources))
        for cached, asked in zip(sources, asked_of, strict=True):
            source = cached.source
            labels[source.name] = (source.label, asked.answers)
            if asked.was_asked and asked.problem is None:
                heard.add(source.name)
            for key, answer in asked.answers.items():
                fresh = source.fresh_seconds if answer.fresh_seconds is None else answer.fresh_seconds
                said[key].append(
                    Said(
                        source=source.name,
                        price_usd=answer.price_usd,
                        taken_at=answer.taken_at,
                        confidence=answer.confidence,
                        rung=rung(source.name, key),
                        fresh_seconds=fresh,
                        is_demoted=is_demoted,
                        is_evidence=answer.is_evidence,
                    )
                )

    async def _one(self, cached: CachedSource, keys: Sequence[Key], until: int | None) -> Asked:
        """Return what a source says, or said last if it is slow: then it is left to answer in its own time."""
        asking = asyncio.create_task(self._within_budget(cached, keys, until), name=f"prices-{cached.source.name}")
        self._late.add(asking)
        asking.add_done_callback(self._late.discard)
        await asyncio.wait({asking}, timeout=self._patience_seconds)
        return asking.result() if asking.done() else Asked(cached.last(keys))

    async def _within_budget(self, cached: CachedSource, keys: Sequence[Key], until: int | None) -> Asked:
        name = cached.source.name
        try:
            async with asyncio.timeout(BUDGET_SECONDS):
                asked = await cached.prices(keys, until=until)
        except TimeoutError:
            log.warning("price source took too long", source=name)
            self._note(name, Outcome.FAILED)
            return Asked(cached.last(keys))
        if asked.was_asked:
            price_source_asked.labels(name, "failed" if asked.problem else "answered").inc()
            await self._notes.write(name, asked)
        if asked.problem is not None and not isinstance(asked.problem, SourceRestingError | SourceThrottledError):
            self._note(name, Outcome.FAILED)
        return asked

    def _judge(self, choices: dict[Key, Choice | None], heard: set[str]) -> None:
        """Add to the record of each source that said something new: good, or contradicted by a majority.

        Contradicted is who was in more than a quarter of what could be compared.
        """
        odd, compared = dict.fromkeys(heard, 0), dict.fromkeys(heard, 0)
        for choice in choices.values():
            if choice is None or len(choice.others) < 2:
                continue
            for said in (choice.taken, *(said for said, _ in choice.others)):
                if said.source in heard:
                    compared[said.source] += 1
                    odd[said.source] += said.source in choice.odd
        for name in sorted(heard):
            self._note(name, Outcome.ODD if 4 * odd[name] > compared[name] > 0 else Outcome.GOOD)

    def _note(self, name: str, outcome: Outcome) -> None:
        now = int(now_seconds())
        before = self._standings[name]
        standing = self._standings[name] = after(before, outcome, now)
        price_source_demoted.labels(name).set(int(standing.is_demoted(now)))
        if standing.is_demoted(now) and not before.is_demoted(now):
            log.warning("price source demoted", source=name, until=standing.demoted_until, because=outcome.value)


def _quote(key: Key, choice: Choice, labels: dict[str, tuple[str, dict[Key, Answer]]]) -> Quote:
    label, answers = labels[choice.taken.source]
    return Quote(
        chain_id=key.chain_id,
        token=key.token,
        price_usd=choice.taken.price_usd,
        source=label,
        taken_at=from_unix(choice.taken.taken_at),
        confidence=choice.confidence,
        others=tuple(
            OtherQuote(labels[said.source][0], said.price_usd, from_unix(said.taken_at), pct)
            for said, pct in choice.others
        ),
        disagreement_pct=choice.disagreement_pct,
        is_stale=choice.is_stale,
        detail=answers[key].detail,
    )
