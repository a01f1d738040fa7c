"""The SQL of figures: closed days come from the roll-up, what is younger from the rows themselves.

`alert_roll_up.rolled_until` is the first day that is not rolled up. When the roll-up is late (or never ran), more is
read live and the figures are the same.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

Row = dict[str, Any]
SAMPLE = 10_000
TOP_RULES = 10
_UNTIL = "coalesce((select rolled_until from alert_roll_up), date '2000-01-01')"
_COUNTS = """count(*) as alerts, count(*) filter (where suppressed and withdrawn_at is null) as suppressed,
  count(*) filter (where withdrawn_at is not null) as withdrawn"""
_SUMS = "sum(alerts)::bigint as alerts, sum(suppressed)::bigint as suppressed, sum(withdrawn)::bigint as withdrawn"
_OUTCOMES = """count(*) filter (where status = 'sent') as sent, count(*) filter (where status = 'dead') as dead,
  count(*) filter (where status in ('pending', 'sending', 'held')) as waiting"""

_COUNTED = text(f"""
with parts as materialized (
  select day, alert_rule_id, chain_id, type, alerts, suppressed, withdrawn from alert_days
  where user_id = :user_id and day >= :first and day < least(:past, {_UNTIL})
  union all
  select (triggered_at at time zone 'UTC')::date, alert_rule_id, chain_id, type, {_COUNTS} from alert_history
  where user_id = :user_id
    and triggered_at >= (select greatest(cast(:first as date), {_UNTIL}) :: timestamp at time zone 'UTC')
    and triggered_at < cast(:past as date) :: timestamp at time zone 'UTC'
  group by 1, 2, 3, 4)
select 'total' as what, null::date as start, null as type, null::bigint as chain_id, null::uuid as rule_id,
  null as name, {_SUMS} from parts having count(*) > 0
union all
select 'period', date_trunc(:unit, day::timestamp)::date, null, null, null, null, {_SUMS} from parts group by 2
union all
select 'kind', null, type, null, null, null, {_SUMS} from parts group by type
union all
select 'chain', null, null, chain_id, null, null, {_SUMS} from parts group by chain_id
union all
select 'rule', null, t.type, null, t.id, r.name, t.alerts, t.suppressed, t.withdrawn
from (select alert_rule_id as id, max(type) as type, {_SUMS} from parts group by alert_rule_id
    order by 3 desc, 1 limit {TOP_RULES}) t
  left join alert_rules r on r.id = t.id
order by what, start, alerts desc, chain_id, type, rule_id
""")  # noqa: S608 - constant text

_DELIVERED = text(f"""
with parts as (
  select channel, sent, dead, waiting from delivery_days
  where user_id = :user_id and day >= :first and day < least(:past, {_UNTIL})
  union all
  select channel, {_OUTCOMES} from notification_outbox
  where user_id = :user_id
    and created_at >= (select greatest(cast(:first as date), {_UNTIL}) :: timestamp at time zone 'UTC')
    and created_at < cast(:past as date) :: timestamp at time zone 'UTC'
  group by channel)
select channel, sum(sent)::bigint as sent, sum(dead)::bigint as dead, sum(waiting)::bigint as waiting
from parts group by channel order by channel
""")  # noqa: S608 - constant text
_DELIVERED_SINCE = text(f"""
select {_OUTCOMES} from notification_outbox where user_id = :user_id and created_at >= :since
""")  # noqa: S608 - constant text

_HOURS = text(f"""
select date_trunc('hour', triggered_at, 'UTC') as start, {_COUNTS} from alert_history
where user_id = :user_id and triggered_at >= :since group by 1 order by 1
""")  # noqa: S608 - constant text
_SINCE = text(f"select {_COUNTS} from alert_history where user_id = :user_id and triggered_at >= :since")  # noqa: S608 - constant text
_RULES = text("""
select type as kind, count(*) as rules, count(*) filter (where enabled) as active,
  count(*) filter (where paused_by_plan) as paused_by_plan
from alert_rules where user_id = :user_id and deleted_at is null group by type order by type
""")
_NEWEST = text("""
select h.id, h.alert_rule_id as rule_id, r.name as rule_name, h.rule_version, h.type, h.message, h.chain_id,
  h.block_number, h.block_hash, h.tx_hash, h.token, h.event_id, h.event_data as event, h.triggered_at, h.recorded_at,
  h.withdrawn_at, h.withdrawn_reason, h.suppressed
from (select * from alert_history where user_id = :user_id order by triggered_at desc limit :at_most) h
  join alert_rules r on r.id = h.alert_rule_id
order by h.triggered_at desc, h.id desc
""")


def _quantiles(name: str, source: str) -> str:
    each = "percentile_cont(array[0.5, 0.95]) within group (order by ms)"
    return f"select '{name}' as name, {each} as parts, count(*) as sample from {source} where ms >= 0"  # noqa: S608


_LATENCY = text(f"""
with stored as materialized (
  select id, triggered_at, extract(epoch from recorded_at - triggered_at) * 1000.0 as ms from alert_history
  where user_id = :user_id and triggered_at >= :since and triggered_at < :until
  order by triggered_at desc limit {SAMPLE}),
messages as materialized (
  select alert_id, sent_at, extract(epoch from sent_at - created_at) * 1000.0 as ms from notification_outbox
  where user_id = :user_id and created_at >= :since and created_at < :until and status = 'sent'
  order by created_at desc limit {SAMPLE}),
whole as (
  select extract(epoch from m.sent_at - s.triggered_at) * 1000.0 as ms
  from messages m join stored s on s.id = m.alert_id)
{_quantiles("event_to_stored", "stored")} union all {_quantiles("stored_to_delivered", "messages")}
union all {_quantiles("event_to_delivered", "whole")}
""")  # noqa: S608 - constant text

_MARK = text("select rolled_until from alert_roll_up")
_OLDEST = text("""
select least((select min(triggered_at) from alert_history), (select min(created_at) from notification_outbox))
""")
_SET_MARK = text("""
insert into alert_roll_up (only_row, rolled_until) values (true, :day)
on conflict (only_row) do update set rolled_until = greatest(alert_roll_up.rolled_until, excluded.rolled_until)
""")
_BOUNDS = (
    "cast(:day as date)::timestamp at time zone 'UTC' and {0} < (cast(:day as date) + 1)::timestamp at time zone 'UTC'"
)
_ROLL_UP = (
    text("delete from alert_days where day = :day"),
    text(f"""
insert into alert_days (user_id, day, alert_rule_id, chain_id, type, alerts, suppressed, withdrawn)
select user_id, :day, alert_rule_id, chain_id, type, {_COUNTS} from alert_history
where triggered_at >= {_BOUNDS.format("triggered_at")} group by user_id, alert_rule_id, chain_id, type
"""),  # noqa: S608 - constant text
    text("delete from delivery_days where day = :day"),
    text(f"""
insert into delivery_days (user_id, day, channel, sent, dead, waiting)
select user_id, :day, channel, {_OUTCOMES} from notification_outbox
where created_at >= {_BOUNDS.format("created_at")} group by user_id, channel
"""),  # noqa: S608 - constant text
)
_LOCK = text("select pg_advisory_xact_lock(7010)")


async def count_alerts(session: AsyncSession, user_id: UUID, first: date, past: date, unit: str) -> list[Row]:
    """Return counts from `first` to before `past`: rows whose `what` is total, period, kind, chain or rule."""
    values = {"user_id": user_id, "first": first, "past": past, "unit": unit}
    return await _rows(session, _COUNTED, values)


async def count_deliveries(session: AsyncSession, user_id: UUID, first: date, past: date) -> list[Row]:
    """Return (channel, sent, dead, waiting) of the messages written from `first` to before `past`."""
    values = {"user_id": user_id, "first": first, "past": past}
    return await _rows(session, _DELIVERED, values)


async def deliveries_since(session: AsyncSession, user_id: UUID, since: datetime) -> Row:
    """Return (sent, dead, waiting) of the messages written since then."""
    return (await _rows(session, _DELIVERED_SINCE, {"user_id": user_id, "since": since}))[0]


async def alerts_by_hour(session: AsyncSession, user_id: UUID, since: datetime) -> list[Row]:
    """Return counts by hour, oldest first; hours without alerts are not there."""
    return await _rows(session, _HOURS, {"user_id": user_id, "since": since})


async def alerts_since(session: AsyncSession, user_id: UUID, since: datetime) -> Row:
    """Return the counts of alerts since then."""
    return (await _rows(session, _SINCE, {"user_id": user_id, "since": since}))[0]


async def newest_alerts(session: AsyncSession, user_id: UUID, at_most: int) -> list[Row]:
    """Return the newest alerts as AlertRead has them: the index gives them without sorting the history."""
    return await _rows(session, _NEWEST, {"user_id": user_id, "at_most": at_most})


async def rules_by_kind(session: AsyncSession, user_id: UUID) -> list[Row]:
    """Return (kind, rules, active, paused_by_plan) for each kind the user has rules of."""
    return await _rows(session, _RULES, {"user_id": user_id})


async def latencies(session: AsyncSession, user_id: UUID, since: datetime, until: datetime) -> dict[str, Row]:
    """Return (parts: the median and the 95th percentile in ms or None, sample) by what was timed."""
    values: dict[str, Any] = {"user_id": user_id, "since": since, "until": until}
    return {row["name"]: row for row in await _rows(session, _LATENCY, values)}


async def rolled_until(session: AsyncSession) -> date | None:
    """Return the first day that is not rolled up, None when none ever was."""
    return (await session.execute(_MARK)).scalar_one_or_none()


async def oldest_moment(session: AsyncSession) -> datetime | None:
    """Return the time of the oldest alert or message of anybody."""
    return (await session.execute(_OLDEST)).scalar_one()


async def roll_up_day(session: AsyncSession, day: date) -> None:
    """Count one day of everybody anew (role premium_worker), and note that all days up to it are rolled up."""
    await session.execute(_LOCK)
    for statement in _ROLL_UP:
        await session.execute(statement, {"day": day})
    await session.execute(_SET_MARK, {"day": date.fromordinal(day.toordinal() + 1)})


async def _rows(session: AsyncSession, statement: TextClause, values: dict[str, Any]) -> list[Row]:
    return [dict(row) for row in (await session.execute(statement, values)).mappings()]
