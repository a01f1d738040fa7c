"""The SQL of snapshots on native partitions; with other names of its tables also that of TimescaleDB's mode.

Lock 7030 is held shared by whoever changes hours of days that may be rolled up, and alone by whoever rolls a day up:
so a day is never rolled up without an hour that was being written. A lock of the user keeps two late hours of one day
from not seeing each other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.portfolio.snapshots.records import DAY, HOUR, WEEK, day_of, week_of
from backend.portfolio.snapshots.store import Block, Place, Row, Unit

ROLLED_UNTIL = "rolled_until"
_LOCK = 7030


@dataclass(frozen=True, slots=True)
class Names:
    """What is read and what is written; the web of TimescaleDB's mode reads views."""

    snapshots: str = "portfolio_snapshots"
    rollups: str = "portfolio_rollups"


_COLUMNS = "hour, taken_at, total_value_usd, net_flow_usd, is_complete"
_WHOLE = """id, user_id, hour, taken_at, total_value_usd, net_flow_usd, is_complete, chain_breakdown, asset_breakdown,
  category_breakdown, withdrawn_at"""
_ROLLUP = """starts_at, samples, complete, counted, first_at, first_value_usd, last_at, last_value_usd, min_value_usd,
  max_value_usd, sum_value_usd, net_flow_usd"""
_UNTIL = "coalesce((select reached from portfolio_marks where name = 'rolled_until'), '-infinity')"


@cache
def _reading(names: Names) -> dict[str, TextClause]:
    """Return the statements that read, for these names."""
    mine = "user_id = :user_id and withdrawn_at is null"
    oldest = f"select starts_at from {names.rollups} where user_id = :user_id and unit = 'day' order by 1 limit 1"  # noqa: S608
    statements = {
        "latest": f"""select {_WHOLE} from {names.snapshots} where {mine} and hour >= :first and hour <= :at
          and taken_at >= :since and taken_at <= :at and (is_complete or :any) order by hour desc limit 1""",  # noqa: S608
        "hours": f"""select {_COLUMNS} from {names.snapshots} where {mine} and hour >= :start and hour < :end
          order by hour""",  # noqa: S608
        "blocks": f"""select hour, taken_at, is_complete, chain_breakdown from {names.snapshots} where {mine}
          and hour >= :start and hour < :end order by hour""",  # noqa: S608
        "rollups": f"""select {_ROLLUP} from {names.rollups} where user_id = :user_id and unit = :unit
          and starts_at >= :start and starts_at < :end and starts_at <= {_UNTIL} - make_interval(hours => :length)
          order by starts_at""",  # noqa: S608
        "day": f"""select {_ROLLUP}, chains_usd, categories_usd from {names.rollups} where user_id = :user_id
          and unit = 'day' and starts_at = :day and starts_at < {_UNTIL}""",  # noqa: S608
        "since": f"""select least(({oldest}),
          (select hour from {names.snapshots} where {mine} order by hour limit 1))""",  # noqa: S608
    }
    return {name: text(statement) for name, statement in statements.items()}


_WRITE = text("""
insert into portfolio_snapshots as s (user_id, hour, taken_at, total_value_usd, net_flow_usd, is_complete,
  chain_breakdown, asset_breakdown, category_breakdown)
select distinct on (r.user_id, r.hour) r.user_id, r.hour, r.taken_at, r.total_value_usd, r.net_flow_usd, r.is_complete,
  r.chain_breakdown, r.asset_breakdown, r.category_breakdown
from jsonb_to_recordset(cast(:rows as jsonb)) as r(user_id uuid, hour timestamptz, taken_at timestamptz,
  total_value_usd numeric, net_flow_usd numeric, is_complete boolean, chain_breakdown jsonb, asset_breakdown jsonb,
  category_breakdown jsonb)
order by r.user_id, r.hour, r.taken_at desc
on conflict (user_id, hour) do update set taken_at = excluded.taken_at, total_value_usd = excluded.total_value_usd,
  net_flow_usd = excluded.net_flow_usd, is_complete = excluded.is_complete, chain_breakdown = excluded.chain_breakdown,
  asset_breakdown = excluded.asset_breakdown, category_breakdown = excluded.category_breakdown, withdrawn_at = null,
  withdrawn_block = null
where excluded.taken_at >= s.taken_at or s.withdrawn_at is not null
returning s.user_id, s.hour as at
""")
_SET_FLOWS = text("""
update portfolio_snapshots s set net_flow_usd = f.net_flow_usd
from jsonb_to_recordset(cast(:flows as jsonb)) as f(hour timestamptz, net_flow_usd numeric)
where s.user_id = :user_id and s.hour = f.hour and s.net_flow_usd is distinct from f.net_flow_usd
returning s.user_id, s.hour as at
""")
_WITHDRAW = text("""
update portfolio_snapshots s set withdrawn_at = :now, withdrawn_block = d.block
from (select s.user_id, s.hour, min(b.chain_id || ':' || b.block_hash) as block
    from portfolio_snapshots s
      join jsonb_to_recordset(cast(:blocks as jsonb)) as b(chain_id text, block_hash text, since timestamptz)
        on s.hour >= b.since and s.chain_breakdown -> b.chain_id ->> 'blockHash' = b.block_hash
    where s.hour >= :since and s.withdrawn_at is null group by s.user_id, s.hour) d
where s.user_id = d.user_id and s.hour = d.hour and s.hour >= :since
returning s.user_id, s.hour as at
""")
_WITHDRAWN_FOR = text("""
select distinct withdrawn_block from portfolio_snapshots where withdrawn_at is not null and hour >= :since
""")
_RESTORE = text("""
update portfolio_snapshots set withdrawn_at = null, withdrawn_block = null
where withdrawn_at is not null and hour >= :since and withdrawn_block = any(cast(:blocks as text[]))
returning user_id, hour as at
""")
_ENSURE = text("select ensure_month_partition(cast(:parent as regclass), :at)")
_SHARE, _ALONE = text(f"select pg_advisory_xact_lock_shared({_LOCK})"), text(f"select pg_advisory_xact_lock({_LOCK})")
_LOCK_USER = text("select pg_advisory_xact_lock(hashtextextended('portfolio rollups ' || cast(:user_id as text), 0))")
_MARK = text("select reached from portfolio_marks where name = :name")
_SET_MARK = text("""
insert into portfolio_marks (name, reached) values (:name, :reached)
on conflict (name) do update set reached = greatest(portfolio_marks.reached, excluded.reached)
""")
_OLDEST = text("select min(hour) from portfolio_snapshots")

# Figures are of complete hours (days with one); when there is none, of all: `complete` says so.
_COUNT_DAYS = """
counted as (
  select s.user_id, d.day as starts_at, count(*) as samples, count(*) filter (where is_complete) as complete,
    coalesce(nullif(count(*) filter (where is_complete), 0), count(*)) as counted,
    coalesce(min(hour) filter (where is_complete), min(hour)) as first_hour,
    coalesce(max(hour) filter (where is_complete), max(hour)) as last_hour,
    coalesce(min(total_value_usd) filter (where is_complete), min(total_value_usd)) as min_value_usd,
    coalesce(max(total_value_usd) filter (where is_complete), max(total_value_usd)) as max_value_usd,
    coalesce(sum(total_value_usd) filter (where is_complete), sum(total_value_usd)) as sum_value_usd,
    case when count(net_flow_usd) = count(*) then sum(net_flow_usd) end as net_flow_usd
  from portfolio_snapshots s join days d on s.hour >= d.day and s.hour < d.day + interval '24 hours' {and_user}
  where s.withdrawn_at is null and s.hour >= :first and s.hour < :past group by s.user_id, d.day)
insert into portfolio_rollups (user_id, unit, starts_at, samples, complete, counted, first_at, first_value_usd, last_at,
  last_value_usd, min_value_usd, max_value_usd, sum_value_usd, net_flow_usd, chains_usd, categories_usd)
select c.user_id, 'day', c.starts_at, c.samples, c.complete, c.counted, f.taken_at, f.total_value_usd, l.taken_at,
  l.total_value_usd, c.min_value_usd, c.max_value_usd, c.sum_value_usd, c.net_flow_usd,
  (select coalesce(jsonb_object_agg(key, value -> 'valueUsd'), '{{}}') from jsonb_each(l.chain_breakdown)),
  l.category_breakdown
from counted c
  join portfolio_snapshots f on f.user_id = c.user_id and f.hour = c.first_hour and f.hour >= :first and f.hour < :past
  join portfolio_snapshots l on l.user_id = c.user_id and l.hour = c.last_hour and l.hour >= :first and l.hour < :past
"""
_COUNT_WEEKS = """
counted as (
  select r.user_id, w.week as starts_at, sum(samples) as samples, sum(complete) as complete,
    coalesce(nullif(sum(counted) filter (where complete > 0), 0), sum(counted)) as counted,
    coalesce(min(r.starts_at) filter (where complete > 0), min(r.starts_at)) as first_day,
    coalesce(max(r.starts_at) filter (where complete > 0), max(r.starts_at)) as last_day,
    coalesce(min(min_value_usd) filter (where complete > 0), min(min_value_usd)) as min_value_usd,
    coalesce(max(max_value_usd) filter (where complete > 0), max(max_value_usd)) as max_value_usd,
    coalesce(sum(sum_value_usd) filter (where complete > 0), sum(sum_value_usd)) as sum_value_usd,
    case when count(net_flow_usd) = count(*) then sum(net_flow_usd) end as net_flow_usd
  from portfolio_rollups r join weeks w
    on r.starts_at >= w.week and r.starts_at < w.week + interval '168 hours' {and_user}
  where r.unit = 'day' and r.starts_at >= :first and r.starts_at < :past group by r.user_id, w.week)
insert into portfolio_rollups (user_id, unit, starts_at, samples, complete, counted, first_at, first_value_usd, last_at,
  last_value_usd, min_value_usd, max_value_usd, sum_value_usd, net_flow_usd, chains_usd, categories_usd)
select c.user_id, 'week', c.starts_at, c.samples, c.complete, c.counted, f.first_at, f.first_value_usd, l.last_at,
  l.last_value_usd, c.min_value_usd, c.max_value_usd, c.sum_value_usd, c.net_flow_usd, l.chains_usd, l.categories_usd
from counted c
  join portfolio_rollups f on f.user_id = c.user_id and f.unit = 'day' and f.starts_at = c.first_day
  join portfolio_rollups l on l.user_id = c.user_id and l.unit = 'day' and l.starts_at = c.last_day
"""
_ONE = "(select cast(:first as timestamptz) as {name})"
_PAIRS = """(select user_id, starts_at as {name}
  from unnest(cast(:users as uuid[]), cast(:starts as timestamptz[])) as p(user_id, starts_at))"""
_OF_PAIRS = """using unnest(cast(:users as uuid[]), cast(:starts as timestamptz[])) as p(user_id, starts_at)
  where r.user_id = p.user_id and r.starts_at = p.starts_at and r.unit = :unit"""
_ROLL_DAY = text(f"with days as {_ONE.format(name='day')}, {_COUNT_DAYS.format(and_user='')}")
_ROLL_WEEK = text(f"with weeks as {_ONE.format(name='week')}, {_COUNT_WEEKS.format(and_user='')}")
_ROLL_DAYS_OF = text(
    f"with days as {_PAIRS.format(name='day')}, {_COUNT_DAYS.format(and_user='and s.user_id = d.user_id')}"
)
_ROLL_WEEKS_OF = text(
    f"with weeks as {_PAIRS.format(name='week')}, {_COUNT_WEEKS.format(and_user='and r.user_id = w.user_id')}"
)
_CLEAR = text("delete from portfolio_rollups where unit = :unit and starts_at = :first")
_CLEAR_OF = text(f"delete from portfolio_rollups r {_OF_PAIRS}")  # noqa: S608 - constant text
_ERASE = (
    text("delete from portfolio_snapshots where user_id = :user_id"),
    text("delete from portfolio_rollups where user_id = :user_id"),
)


class NativeStore:
    """Snapshots in monthly partitions of the product's own database, under row security."""

    def __init__(self, session: AsyncSession, names: Names | None = None) -> None:
        self._session = session
        self._reading = _reading(names or Names())

    async def write(self, rows: Sequence[Row]) -> list[Place]:
        """See SnapshotStore."""
        if not rows:
            return []
        for month in {row["hour"][:7] for row in rows}:
            await self._ensure("portfolio_snapshots", datetime.fromisoformat(f"{month}-01T00:00:00+00:00"))
        await self._session.execute(_SHARE)
        written = await self._places(_WRITE, {"rows": orjson.dumps([dict(row) for row in rows]).decode()})
        await self._roll_up_again(written)
        return written

    async def latest(self, user_id: UUID, at: datetime, since: datetime, *, complete: bool = False) -> Row | None:
        """See SnapshotStore."""
        values = {"user_id": user_id, "at": at, "since": since, "first": since - HOUR, "any": not complete}
        return (await self._session.execute(self._reading["latest"], values)).mappings().first()

    async def hours(self, user_id: UUID, start: datetime, end: datetime) -> Sequence[Row]:
        """See SnapshotStore."""
        values = {"user_id": user_id, "start": start, "end": end}
        return (await self._session.execute(self._reading["hours"], values)).mappings().all()

    async def blocks(self, user_id: UUID, start: datetime, end: datetime) -> Sequence[Row]:
        """See SnapshotStore."""
        values = {"user_id": user_id, "start": start, "end": end}
        return (await self._session.execute(self._reading["blocks"], values)).mappings().all()

    async def rollups(self, user_id: UUID, unit: Unit, start: datetime, end: datetime) -> Sequence[Row]:
        """See SnapshotStore."""
        length = 24 if unit == "day" else 168
        values = {"user_id": user_id, "unit": unit, "start": start, "end": end, "length": length}
        return (await self._session.execute(self._reading["rollups"], values)).mappings().all()

    async def rolled_day(self, user_id: UUID, day: datetime) -> Row | None:
        """See SnapshotStore."""
        values = {"user_id": user_id, "day": day}
        return (await self._session.execute(self._reading["day"], values)).mappings().first()

    async def rolled_until(self) -> datetime | None:
        """See SnapshotStore."""
        return await self.mark(ROLLED_UNTIL)

    async def tracked_since(self, user_id: UUID) -> datetime | None:
        """See SnapshotStore."""
        return (await self._session.execute(self._reading["since"], {"user_id": user_id})).scalar_one()

    async def set_flows(self, user_id: UUID, flows: Sequence[Row]) -> None:
        """See SnapshotStore."""
        await self._session.execute(_SHARE)
        values = {"user_id": user_id, "flows": orjson.dumps([dict(flow) for flow in flows], default=str).decode()}
        await self._roll_up_again(await self._places(_SET_FLOWS, values))

    async def oldest_hour(self) -> datetime | None:
        """See SnapshotStore."""
        return (await self._session.execute(_OLDEST)).scalar_one()

    async def roll_up_day(self, day: datetime) -> None:
        """See SnapshotStore."""
        week = week_of(day)
        await self._ensure("portfolio_rollups", day)
        await self._ensure("portfolio_rollups", week)
        await self._session.execute(_ALONE)
        await self._session.execute(_CLEAR, {"unit": "day", "first": day})
        await self._session.execute(_ROLL_DAY, {"first": day, "past": day + DAY})
        await self._session.execute(_CLEAR, {"unit": "week", "first": week})
        await self._session.execute(_ROLL_WEEK, {"first": week, "past": week + WEEK})
        await self.set_mark(ROLLED_UNTIL, day + DAY)

    async def withdraw(self, blocks: Sequence[Block], now: datetime) -> list[Place]:
        """See SnapshotStore."""
        if not blocks:
            return []
        # From the hour before the block's: a chain's clock may be ahead of ours.
        rows = [
            {"chain_id": str(block.chain_id), "block_hash": block.block_hash, "since": block.taken_at - 2 * HOUR}
            for block in blocks
        ]
        await self._session.execute(_SHARE)
        values = {"blocks": orjson.dumps(rows).decode(), "since": min(row["since"] for row in rows), "now": now}
        marked = await self._places(_WITHDRAW, values)
        await self._roll_up_again(marked)
        return marked

    async def withdrawn_for(self, since: datetime) -> list[tuple[int, str]]:
        """See SnapshotStore."""
        found = (await self._session.execute(_WITHDRAWN_FOR, {"since": since})).scalars()
        parts = [block.partition(":") for block in found]
        return [(int(chain_id), block_hash) for chain_id, _, block_hash in parts]

    async def restore(self, blocks: Sequence[tuple[int, str]], since: datetime) -> list[Place]:
        """See SnapshotStore."""
        if not blocks:
            return []
        await self._session.execute(_SHARE)
        names = [f"{chain_id}:{block_hash}" for chain_id, block_hash in blocks]
        restored = await self._places(_RESTORE, {"blocks": names, "since": since})
        await self._roll_up_again(restored)
        return restored

    async def mark(self, name: str) -> datetime | None:
        """See SnapshotStore."""
        return (await self._session.execute(_MARK, {"name": name})).scalar_one_or_none()

    async def set_mark(self, name: str, reached: datetime) -> None:
        """See SnapshotStore."""
        await self._session.execute(_SET_MARK, {"name": name, "reached": reached})

    async def erase(self, user_id: UUID) -> None:
        """See SnapshotStore."""
        for statement in _ERASE:
            await self._session.execute(statement, {"user_id": user_id})

    async def _ensure(self, parent: str, at: datetime) -> None:
        """Make the month's partition if it is not there."""
        await self._session.execute(_ENSURE, {"parent": parent, "at": at})

    async def _places(self, statement: TextClause, values: dict[str, Any]) -> list[Place]:
        return [Place(row.user_id, row.at) for row in await self._session.execute(statement, values)]

    async def _roll_up_again(self, changed: Iterable[Place]) -> None:
        """Roll up anew the days, and their weeks, of changed hours that are rolled up."""
        until = await self.rolled_until()
        days = {Place(place.user_id, day_of(place.at)) for place in changed if until and place.at < until}
        if not days:
            return
        for user_id in sorted({place.user_id for place in days}):
            await self._session.execute(_LOCK_USER, {"user_id": str(user_id)})
        weeks = {Place(place.user_id, week_of(place.at)) for place in days}
        for unit, places, roll_up, length in (
            ("day", days, _ROLL_DAYS_OF, DAY),
            ("week", weeks, _ROLL_WEEKS_OF, WEEK),
        ):
            for month in {place.at.replace(day=1) for place in places}:
                await self._ensure("portfolio_rollups", month)
            starts = [place.at for place in places]
            values = {"users": [place.user_id for place in places], "starts": starts}
            await self._session.execute(_CLEAR_OF, {**values, "unit": unit})
            bounds = {"first": min(starts), "past": max(starts) + length}
            await self._session.execute(roll_up, {**values, **bounds})
