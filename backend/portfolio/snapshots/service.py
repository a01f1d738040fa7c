"""Snapshots of portfolios: the one door for the aggregator, the pages and the API.

Reading takes a store that the edge opened for its user (`SnapshotHome.open(user.id)`). Writing takes the home: rows,
and readings for the alerts engine, are written together, and told to open pages after that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, hold_accounts, requires
from backend.alerts.service import PORTFOLIO_WINDOWS_SECONDS, publish_events, users_with_rules
from backend.chain.service import dropped_or_not, orphaned_since
from backend.core.clock import utc_now
from backend.core.jobs import defer
from backend.core.logging import get_logger
from backend.core.retention import kept
from backend.portfolio.refresh import TAKE_TASK
from backend.portfolio.snapshots import live
from backend.portfolio.snapshots.compare import Comparison, compare
from backend.portfolio.snapshots.history import (
    STEPS,
    Folded,
    Point,
    Range,
    Step,
    fold_by,
    of_hour,
    of_rollup,
    on_grid,
    span_of,
)
from backend.portfolio.snapshots.home import SnapshotHome, worker_home
from backend.portfolio.snapshots.readings import Before, readings_of
from backend.portfolio.snapshots.records import (
    DAY,
    HOUR,
    AssetPart,
    ChainPart,
    Snapshot,
    day_of,
    hour_of,
    make_snapshot,
    row_of,
    snapshot_of,
    week_of,
)
from backend.portfolio.snapshots.store import Block, Place, SnapshotStore
from backend.portfolio.snapshots.timescale_repository import install_schema

__all__ = [
    "AssetPart",
    "Block",
    "Breakdown",
    "ChainPart",
    "Comparison",
    "History",
    "Place",
    "Point",
    "Range",
    "Saved",
    "Snapshot",
    "SnapshotHome",
    "SnapshotStore",
    "breakdown_at",
    "compare_times",
    "days_of",
    "erase",
    "history",
    "install_schema",
    "latest",
    "latest_and_day_before",
    "make_snapshot",
    "roll_up",
    "save_snapshots",
    "series",
    "set_flows",
    "withdraw_orphaned",
    "worker_home",
]
log = get_logger(__name__)

# A snapshot speaks for the time until the next one, an hour later and as long as taking it may last.
REACH = 2 * HOUR
AHEAD = timedelta(minutes=5)
ORPHANS_UNTIL = "orphans_until"
USERS_A_JOB = 500
# Longer than a transaction that writes snapshots may take: one that began before a block was dropped is seen.
_OVERLAP = timedelta(minutes=5)
_BLOCKS_KEPT = 8 * DAY


@dataclass(frozen=True, slots=True)
class Saved:
    """The hours that were written; snapshots that rest on a dropped block were not, and are to be taken again."""

    written: list[Place]
    on_dropped_blocks: list[Place]


@dataclass(frozen=True, slots=True)
class History:
    """A series of a user's portfolio. Gaps are points without value; `tracked_since` is when the first snapshot was."""

    step: Step
    tracked_since: datetime | None
    points: list[Point]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """What a portfolio was made of at a time. Of days whose hours are gone only chains and categories are known."""

    taken_at: datetime
    total_value_usd: Decimal
    is_complete: bool
    chains_usd: Mapping[int, Decimal]
    categories_usd: Mapping[str, Decimal]
    snapshot: Snapshot | None


@requires(Feature.PORTFOLIO)
async def latest(store: SnapshotStore, user: CurrentUser) -> Snapshot | None:
    """Return the user's newest snapshot however old it is, None before the first."""
    now = utc_now()
    row = await store.latest(user.id, now + AHEAD, now - kept("portfolio_snapshots"))
    return snapshot_of(row) if row is not None else None


@requires(Feature.PORTFOLIO)
async def latest_and_day_before(store: SnapshotStore, user: CurrentUser) -> tuple[Snapshot | None, Snapshot | None]:
    """Return the user's newest snapshot, and the one 24 hours before it (at most two hours older)."""
    newest = await latest(store, user)
    if newest is None:
        return None, None
    row = await store.latest(user.id, newest.taken_at - DAY, newest.taken_at - DAY - REACH)
    return newest, snapshot_of(row) if row is not None else None


@requires(Feature.PORTFOLIO)
async def history(store: SnapshotStore, user: CurrentUser, name: Range) -> History:
    """Return the series of a range: hours up to 30 days, days up to a year, weeks when `all` is longer."""
    now, since = utc_now(), await store.tracked_since(user.id)
    start, step = span_of(name, now, since)
    return History(step, since, await _series(store, user, max(start, since or start), now, step) if since else [])


@requires(Feature.PORTFOLIO)
async def days_of(store: SnapshotStore, user: CurrentUser, name: Range) -> list[Point]:
    """Return the days of a range, today included; none before the first snapshot."""
    now, since = utc_now(), await store.tracked_since(user.id)
    start, _ = span_of(name, now, since)
    return await _series(store, user, max(start, since), now, "day") if since else []


@requires(Feature.PORTFOLIO)
async def series(store: SnapshotStore, user: CurrentUser, start: datetime, end: datetime, step: Step) -> list[Point]:
    """Return a point for every step from `start` to `end`: values, and what came in less what went out."""
    return await _series(store, user, start, min(end, utc_now()), step)


async def _series(store: SnapshotStore, user: CurrentUser, start: datetime, end: datetime, step: Step) -> list[Point]:
    begins = {"hour": hour_of, "day": day_of, "week": week_of}[step]
    first, last = begins(start), begins(end)
    parts = await (_hours if step == "hour" else _folds)(store, user, first, last + STEPS[step], step)
    points = on_grid(parts, step, first, last)
    # The step that is not over yet is no gap.
    return points[:-1] if points and not points[-1].samples and last + STEPS[step] > end else points


async def _hours(
    store: SnapshotStore, user: CurrentUser, first: datetime, past: datetime, step: Step = "hour"
) -> list[Folded]:
    return [of_hour(row) for row in await store.hours(user.id, first, past)]


async def _folds(store: SnapshotStore, user: CurrentUser, first: datetime, past: datetime, step: Step) -> list[Folded]:
    """Return days or weeks: from roll-ups as far as these go, from what is finer after that."""
    until = max(await store.rolled_until() or first, first)
    if step == "day":
        rolled = [of_rollup(row) for row in await store.rollups(user.id, "day", first, past)]
        return rolled + fold_by(await _hours(store, user, until, past), "day")
    whole = week_of(until)
    rolled = [of_rollup(row) for row in await store.rollups(user.id, "week", first, min(whole, past))]
    return rolled + fold_by(await _folds(store, user, max(whole, first), past, "day"), "week")


@requires(Feature.PORTFOLIO)
async def breakdown_at(store: SnapshotStore, user: CurrentUser, at: datetime) -> Breakdown | None:
    """Return what the portfolio was made of at a time, None when nobody knows.

    By the newest snapshot that is at most two hours older; where hours are gone, by the last one of that day.
    """
    row = await store.latest(user.id, at, at - REACH)
    if row is not None:
        found = snapshot_of(row)
        return Breakdown(
            found.taken_at,
            found.total_value_usd,
            found.is_complete,
            found.chains_usd(),
            found.categories_usd(),
            found,
        )
    if at > utc_now() - kept("portfolio_snapshots"):
        return None
    day = await store.rolled_day(user.id, day_of(at))
    if day is None:
        return None
    return Breakdown(
        day["last_at"],
        day["last_value_usd"],
        day["complete"] > 0,
        {int(key): Decimal(value) for key, value in day["chains_usd"].items() if value is not None},
        {key: Decimal(value) for key, value in day["categories_usd"].items()},
        None,
    )


@requires(Feature.PORTFOLIO)
async def compare_times(
    store: SnapshotStore, user: CurrentUser, before: datetime, after: datetime
) -> Comparison | None:
    """Return how the portfolio changed between two times, None unless both have a snapshot at most two hours older."""
    rows = [await store.latest(user.id, at, at - REACH) for at in (before, after)]
    then, now = (snapshot_of(row) if row is not None else None for row in rows)
    return compare(then, now) if then is not None and now is not None else None


async def save_snapshots(home: SnapshotHome, redis: Redis, snapshots: Sequence[Snapshot]) -> Saved:
    """Write snapshots as the worker, with their readings, and tell open pages.

    A snapshot takes the place of an earlier one of its hour. Those of accounts that are gone are left out. Raises
    ValueError for one of the future, or older than snapshots are kept.
    """
    now = utc_now()
    if any(not now - kept("portfolio_snapshots") < each.taken_at < now + AHEAD for each in snapshots):
        raise ValueError("a snapshot is of the future, or older than snapshots are kept")
    async with home.database.unit_of_work() as session:
        alive = await hold_accounts(session, [each.user_id for each in snapshots])
        dropped = await _on_dropped_blocks(session, snapshots)
        sound = [each for each in snapshots if each.user_id in alive and each not in dropped]
        async with home.beside(session) as store:
            await _publish_readings(session, store, sound)
            written = await store.write([row_of(each) for each in sound])
    places = set(written)
    told = [each for each in sound if Place(each.user_id, each.hour) in places]
    await live.tell(redis, [live.taken(each) for each in told])
    return Saved(written, [Place(each.user_id, each.hour) for each in dropped])


async def _on_dropped_blocks(session: AsyncSession, snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """Return the snapshots that rest on a block that its chain dropped meanwhile."""
    blocks = {
        (part.chain_id, part.block_hash) for each in snapshots for part in each.chains if part.block_hash is not None
    }
    if not blocks:
        return []
    known = await dropped_or_not(session, sorted(blocks))
    return [
        each for each in snapshots if any(known.get((part.chain_id, part.block_hash or "")) for part in each.chains)
    ]


async def _publish_readings(session: AsyncSession, store: SnapshotStore, snapshots: Sequence[Snapshot]) -> None:
    """Publish the readings of those who have rules about their portfolio; before the rows are written."""
    complete = [each for each in snapshots if each.is_complete]
    wanted = await users_with_rules(session, "portfolio", [each.user_id for each in complete]) if complete else ()
    for each in complete:
        if each.user_id in wanted:
            await publish_events(session, readings_of(each, await _before(store, each)), each.user_id)


async def _before(store: SnapshotStore, snapshot: Snapshot) -> Before:
    async def newest(at: datetime, within: timedelta) -> Snapshot | None:
        row = await store.latest(snapshot.user_id, at, at - within, complete=True)
        return snapshot_of(row) if row is not None else None

    async def bases(at: datetime) -> dict[int, Snapshot | None]:
        # A base that is twice as old as it should be says nothing of the window.
        windows = {seconds: timedelta(seconds=seconds) for seconds in PORTFOLIO_WINDOWS_SECONDS}
        return {seconds: await newest(at - window, window) for seconds, window in windows.items()}

    previous = await newest(snapshot.taken_at - timedelta(microseconds=1), 2 * DAY)
    then = await bases(previous.taken_at) if previous is not None else {}
    return Before(previous, await bases(snapshot.taken_at), then)


async def set_flows(store: SnapshotStore, user_id: UUID, flows: Mapping[datetime, Decimal | None]) -> None:
    """Note, as the worker, what came in less what went out in hours of a user; None: unknown."""
    rows = [{"hour": hour.isoformat(), "net_flow_usd": flow} for hour, flow in flows.items()]
    await store.set_flows(user_id, rows)


async def roll_up(home: SnapshotHome) -> int:
    """Roll up, as the worker, the days that are over, a transaction each; return how many.

    Yesterday and today are read by the hour. Hours that come or change later have their day rolled up again at once.
    """
    past = day_of(utc_now()) - DAY
    async with home.open() as store:
        reached = await store.rolled_until()
        oldest = await store.oldest_hour() if reached is None else None
    day = reached or (day_of(oldest) if oldest is not None else past)
    count = 0
    while day < past:
        async with home.open() as store:
            await store.roll_up_day(day)
        day, count = day + DAY, count + 1
    return count


async def withdraw_orphaned(home: SnapshotHome, redis: Redis) -> tuple[list[Place], list[Place]]:
    """Mark, as the worker, what rests on blocks dropped since the last time; take marks of blocks that are back off.

    Who loses the snapshot of the hour that is running gets another one; earlier hours cannot be read again. Returns
    the hours that were marked and those that count again.
    """
    now = utc_now()
    async with home.database.unit_of_work() as session, home.beside(session) as store:
        since = (await store.mark(ORPHANS_UNTIL) or now - _BLOCKS_KEPT) - _OVERLAP
        blocks = [Block(*found) for found in await orphaned_since(session, since)]
        marked = await store.withdraw(blocks, now)
        named = await store.withdrawn_for(now - _BLOCKS_KEPT)
        standing = await dropped_or_not(session, named) if named else {}
        restored = await store.restore([block for block in named if standing.get(block) is False], now - _BLOCKS_KEPT)
        await store.set_mark(ORPHANS_UNTIL, now)
        await _take_again(session, marked, now)
    if marked or restored:
        log.info("snapshots on dropped blocks", marked=len(marked), restored=len(restored))
    await live.tell(redis, [*map(live.withdrawn, marked), *map(live.restored, restored)])
    return marked, restored


async def _take_again(session: AsyncSession, marked: Sequence[Place], now: datetime) -> None:
    users = sorted({str(place.user_id) for place in marked if place.at == hour_of(now)})
    for start in range(0, len(users), USERS_A_JOB):
        await defer(session, TAKE_TASK, user_ids=users[start : start + USERS_A_JOB])


async def erase(home: SnapshotHome, user_id: UUID) -> None:
    """Delete the rows of a user that erasing the account does not reach: those in TimescaleDB."""
    if await home.is_timescale():
        async with home.open() as store:
            await store.erase(user_id)
