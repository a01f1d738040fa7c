"""What an export holds, read once and the same for every form of it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.chain.registry import find_chain
from backend.core.clock import utc_now
from backend.ledger.service import Coverage, Event, Wanted, count_of, coverage_of, events_of, place_of
from backend.portfolio.figures.schemas import PerformanceRange, PerformanceRead
from backend.portfolio.figures.service import performance_of
from backend.portfolio.overview import history_read
from backend.portfolio.reading import TokenFacts, facts_of
from backend.portfolio.schemas import HistoryRead
from backend.portfolio.snapshots.history import RANGES, Range
from backend.portfolio.snapshots.records import Snapshot
from backend.portfolio.snapshots.service import SnapshotStore, history, latest

What = Literal["assets", "history", "report", "activity"]
EVENTS_AT_ONCE = 500
PERFORMANCE_RANGES: Mapping[Range, PerformanceRange] = {
    "1h": "7d",
    "24h": "7d",
    "7d": "7d",
    "30d": "30d",
    "90d": "90d",
    "1y": "1y",
    "all": "all",
}
TokenKey = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Content:
    """What an export holds. Parts that it is not about are None or empty.

    `events` are the newest first, as many as were asked for; `event_count` is how many there are. `coverage` says what
    of the wallets' history the ledger holds. `is_demo`: a part of it is of the demo market.
    """

    what: What
    range: Range
    made_at: datetime
    snapshot: Snapshot | None = None
    history: HistoryRead | None = None
    performance: PerformanceRead | None = None
    events: Sequence[Event] = ()
    event_count: int = 0
    coverage: Sequence[Coverage] = ()
    facts: Mapping[TokenKey, TokenFacts] = field(default_factory=dict)
    is_demo: bool = False


@requires(Feature.PORTFOLIO)
async def gather(
    store: SnapshotStore, session: AsyncSession, user: CurrentUser, what: What, span: Range, most_events: int
) -> Content:
    """Return what an export holds, with `most_events` of the activity at most."""
    now = utc_now()
    newest = await latest(store, user)
    found = Content(
        what,
        span,
        now,
        snapshot=newest if what in ("assets", "report") else None,
        history=history_read(span, await history(store, user, span)) if what in ("history", "report") else None,
        is_demo=_has_demo([part.chain_id for part in newest.chains] if newest is not None else []),
    )
    if what == "report":
        found = replace(found, performance=await performance_of(store, user, PERFORMANCE_RANGES[span]))
    if what not in ("activity", "report"):
        return found
    wanted = since(span, now)
    events = await events_of(session, user.id, wanted, newest_first=True, limit=most_events)
    return replace(
        found,
        events=events,
        event_count=await count_of(session, user.id, wanted),
        coverage=await coverage_of(session, user.id),
        facts=await facts_of(session, tokens_of(events)),
        is_demo=found.is_demo or _has_demo([event.chain_id for event in events]),
    )


def _has_demo(chain_ids: Sequence[int]) -> bool:
    chains = (find_chain(chain_id) for chain_id in set(chain_ids))
    return any(chain is not None and chain.is_demo for chain in chains)


def since(span: Range, now: datetime) -> Wanted:
    """Return which events a range has."""
    length = RANGES[span][0]
    return Wanted(since=None if length is None else now - length)


async def event_pages(
    session: AsyncSession, user_id: UUID, span: Range
) -> AsyncIterator[tuple[list[Event], Mapping[TokenKey, TokenFacts]]]:
    """Yield every event of a range, the newest first, page by page, with what its tokens are called."""
    wanted, after = since(span, utc_now()), None
    while True:
        events = await events_of(session, user_id, wanted, after=after, newest_first=True, limit=EVENTS_AT_ONCE)
        if events:
            yield events, await facts_of(session, tokens_of(events))
        if len(events) < EVENTS_AT_ONCE:
            return
        after = place_of(events[-1])


def tokens_of(events: Sequence[Event]) -> list[TokenKey]:
    """Return the tokens of events, each once."""
    return list(dict.fromkeys((event.chain_id, leg.token) for event in events for leg in event.legs))
