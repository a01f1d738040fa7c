"""One chain's entries through the engine into the database, in stream order."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.automation.planning import TRIGGERED_BY_RULE
from backend.alerts.engine.book import RuleBook
from backend.alerts.firing import repository
from backend.alerts.firing.facts import Fact, Match
from backend.alerts.firing.intake import Entry
from backend.alerts.firing.quota_book import QuotaBook, RoomUnsureError
from backend.alerts.firing.recorder import Aside, Told, record, reloads, withdraw
from backend.alerts.metrics import RULE_FIRED
from backend.alerts.platform import PLATFORM_CHAIN_ID
from backend.chain.events import BlockOrphaned, Occurrence, PriceUpdate, Reading, TokenTransfer
from backend.core.clock import from_unix, now_seconds, utc_now
from backend.core.telemetry import alert_events, alert_latency_seconds, alerts_stored

UnitOfWork = Callable[[], AbstractAsyncContextManager[AsyncSession]]
Tell = Callable[[], Awaitable[None]]
# Alerts of one transaction. A reading of a much watched token fires hundreds: the first need not wait for the last.
STORED_AT_ONCE = 128


class Processor:
    """Matches entries against the book and stores what fires; nothing is told before it is committed.

    What to tell is added to `untold` after each commit; `tell` is called while there is more of the batch to store.
    """

    def __init__(
        self,
        chain_id: int,
        book: Callable[[], RuleBook],
        quotas: QuotaBook,
        unit_of_work: UnitOfWork,
        untold: list[Told],
        tell: Tell,
    ) -> None:
        self._chain_id = chain_id
        self._book = book
        self._quotas = quotas
        self._unit_of_work = unit_of_work
        self._untold = untold
        self._tell = tell
        self._months: set[tuple[int, int]] = set()

    async def process(self, entries: Sequence[Entry]) -> None:
        """Store what the entries fire or withdraw."""
        facts: dict[str, Fact] = {}
        for entry in entries:
            for fact in entry.facts:
                if isinstance(fact.event, BlockOrphaned):
                    await self._store(list(facts.values()))
                    facts = {}
                    await self._withdraw(fact.event)
                else:
                    facts.setdefault(fact.event.id, fact)
        await self._store(list(facts.values()))
        alert_events.labels(str(self._chain_id)).inc(sum(entry.event_count for entry in entries))
        now = now_seconds()
        for entry in entries:
            alert_latency_seconds.observe(max(0.0, now - entry.emitted_at))

    async def check(self) -> None:
        """Raise when the database does not answer."""
        async with self._unit_of_work() as session:
            await repository.ping(await session.connection())

    def matches(self, facts: Sequence[Fact]) -> list[Match]:
        """Return which rules the facts fire, in stream order."""
        book = self._book()
        found: list[Match] = []
        book.observe([fact.event for fact in facts])
        for kind, match in (
            (PriceUpdate, book.match_prices),
            (TokenTransfer, book.match_transfers),
            (Reading, book.match_readings),
            (Occurrence, book.match_occurrences),
        ):
            places = [place for place, fact in enumerate(facts) if type(fact.event) is kind]
            if not places:
                continue
            hits = match([facts[place].event for place in places])  # pyright: ignore[reportArgumentType]
            found += [
                Match(places[event], rule_id, version)
                for event, (rule_id, version) in zip(hits.events.tolist(), book.rules(hits.slots), strict=True)
            ]
        found += triggered(facts)
        found.sort(key=lambda match: match.place)
        return found

    async def _store(self, facts: list[Fact]) -> None:
        matches = self.matches(facts)
        for start in range(0, len(matches), STORED_AT_ONCE):
            if start:
                await self._tell()
            await self._store_part(facts, matches[start : start + STORED_AT_ONCE])

    async def _store_part(self, facts: list[Fact], part: list[Match]) -> None:
        for moment in {from_unix(facts[match.place].event.taken_at) for match in part}:
            await self._ensure_month(moment)
        try:
            told = await self._record(facts, part, alone=False)
        except RoomUnsureError:
            told = await self._record(facts, part, alone=True)
        self._untold += told
        for kind, count in Counter(each.data["type"] for each in told if each.kind == "alert").items():
            alerts_stored.labels(kind).inc(count)

    async def _record(self, facts: list[Fact], part: list[Match], *, alone: bool) -> list[Told]:
        aside = Aside(lambda rule_id: self._book().is_awaited(RULE_FIRED, PLATFORM_CHAIN_ID, str(rule_id)))
        async with self._quotas.turn(alone=alone) as turn:
            async with self._unit_of_work() as session:
                told = await record(session, self._chain_id, facts, part, turn, aside)
            self._quotas.note((each.user_id, each.triggered_at.timestamp()) for each in told if each.kind == "alert")
        for rule_id, until in aside.rests.items():
            self._book().rest(rule_id.bytes, until)
        return told + reloads(aside.known, utc_now())

    async def _withdraw(self, event: BlockOrphaned) -> None:
        # Alone: a turn that read what is used just before would count down what it never counted.
        async with self._quotas.turn(alone=True):
            async with self._unit_of_work() as session:
                told = await withdraw(session, self._chain_id, event.block_hash)
            back = [each for each in told if each.kind == "withdrawn"]
            self._quotas.note(((each.user_id, each.triggered_at.timestamp()) for each in back), step=-1)
        self._book().forget_block(self._chain_id, event.block_hash)
        self._untold += told

    async def _ensure_month(self, moment: datetime) -> None:
        month = (moment.year, moment.month)
        if month not in self._months:
            async with self._unit_of_work() as session:
                await repository.ensure_partition(session, moment)
            self._months.add(month)


def triggered(facts: Sequence[Fact]) -> list[Match]:
    """Return the rules that other rules' actions trigger: the event names its one rule, wherever that is placed."""
    return [
        Match(place, UUID(fact.event.subject), 0)
        for place, fact in enumerate(facts)
        if isinstance(fact.event, Occurrence) and fact.event.topic == TRIGGERED_BY_RULE
    ]
