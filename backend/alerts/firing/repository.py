"""The worker's SQL: following rules, and storing, withdrawing and gating alerts. Role premium_worker."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, cast
from uuid import UUID

from psycopg import AsyncConnection as DriverConnection
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from backend.accounts.service import TIERS, Cap, cap
from backend.alerts.engine.quota import DAY_SECONDS, HOUR_SECONDS, Period, Usage
from backend.alerts.kinds.registry import all_kinds
from backend.core.ids import new_ids

CHANGES_CHANNEL = "alert_rules_changed"
CAPS = {HOUR_SECONDS: Cap.ALERTS_PER_HOUR, DAY_SECONDS: Cap.ALERTS_PER_DAY}
# By tier and length of period; what is not here is not limited.
MOST = {
    (tier, seconds): most for tier in TIERS for seconds, what in CAPS.items() if (most := cap(tier, what)) is not None
}
_CHAIN_LOCK = "hashtextextended('alerts of chain ' || %(chain_id)s, 7001)"
_ACTIVE = "enabled and deleted_at is null"

_TRY_LEAD = text("select pg_try_advisory_lock(hashtextextended('alert worker of chain ' || :chain_id, 7002))")
_LOCK_SHARED = f"select pg_advisory_xact_lock_shared({_CHAIN_LOCK})"
_LOCK_ALONE = f"select pg_advisory_xact_lock({_CHAIN_LOCK})"

_RULE_ROW = "select uuid_send(id), version, type, uuid_send(user_id), conditions::text, trigger = 'level'"
_ACTIVE_RULES = f"{_RULE_ROW} from alert_rules where {_ACTIVE}"
_CHUNK = 50_000
RuleRow = tuple[bytes, int, str, bytes, str, bool]
_CHANGED = text(f"""
with here as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as xmin)
select here.xmin::text as xmin, r.changed_xid::text as changed_xid, r.id, r.version, r.type, r.user_id,
  r.conditions, r.trigger = 'level' as level, {_ACTIVE} as active
from here left join alert_rules r on r.changed_xid >= cast(:since as xid8)
""")  # noqa: S608 - constant text

# What an alert does not need is not read: a transfer's message has nothing of the conditions, most rules tell in-app.
_RULES = """select id, user_id, name, type, case when type <> all(%(speaking)s::text[]) then conditions end,
  case when actions <> '[{"type": "in_app"}]' then actions end, enabled, frequency, cooldown_seconds,
  (select u.tier from premium_users u where u.id = r.user_id),
  guard is not null or else_actions <> '[]' or actions::text like '%%_rule"%%', trigger, hysteresis_pct, active_hours,
  expires_at, snoozed_until
from alert_rules r where id = any(%(ids)s::uuid[]) and deleted_at is null"""
_LOCK_RULES = f"{_RULES} order by id for no key update of r"
_ORPHANED = """
select block_hash from chain_blocks
where chain_id = %(chain_id)s and block_hash = any(%(hashes)s::text[]) and orphaned_at is not null
"""
# Whoever stores alerts of a user holds the user until the end: what is counted then is all there is, on every chain.
_LOCK_USERS = """
select pg_advisory_xact_lock(hashtextextended('alerts of user ' || u.id, 7003))
from (select id from unnest(%(user_ids)s::uuid[]) as id order by id) u
"""
_USAGE = """
select u.id, p.seconds, p.number, t.tier, t.most, (
  select count(*) from (
    select 1 from alert_history a
    where a.user_id = u.id and a.triggered_at >= to_timestamp(p.seconds * p.number)
      and a.triggered_at < to_timestamp(p.seconds * (p.number + 1)) and a.withdrawn_at is null and not a.suppressed
    limit t.most) told)
from (select id, (select p.tier from premium_users p where p.id = w.id) as tier
    from unnest(%(user_ids)s::uuid[]) as w(id)) u
join unnest(%(tiers)s::text[], %(lengths)s::bigint[], %(most)s::int[]) as t(tier, seconds, most) on t.tier = u.tier
join unnest(%(seconds)s::bigint[], %(numbers)s::bigint[]) as p(seconds, number) on p.seconds = t.seconds
"""
# Whoever stores alerts holds this lock with the connection it stores through, beside others that do.
_ANNOUNCE = text("select pg_backend_pid() from (select pg_advisory_lock_shared(7002, 0)) l")
_STORED_BY_OTHERS = text("""
select exists (select from pg_locks l where l.locktype = 'advisory' and l.classid = 7002 and l.objid = 0
  and l.objsubid = 2 and l.granted and l.pid <> all(cast(:backends as int[]))
  and l.database = (select oid from pg_database where datname = current_database()))
""")
_TOLD_BY_PERIOD = text("""
select floor(extract(epoch from triggered_at) / :seconds)::bigint as number, user_id, count(*) from alert_history
where triggered_at >= to_timestamp(cast(:since as float8))
  and (cast(:until as float8) is null or triggered_at < to_timestamp(cast(:until as float8)))
  and withdrawn_at is null and not suppressed
group by 1, 2
""")
_KNOWN = """
select h.alert_rule_id, h.event_id from alert_history h
join unnest(%(rule_ids)s::uuid[], %(event_ids)s::text[], %(times)s::timestamptz[]) as c(rule, event, at)
  on h.alert_rule_id = c.rule and h.event_id = c.event and h.triggered_at = c.at
where h.withdrawn_at is null
"""
_NEWEST = """
select r.id, (select extract(epoch from h.triggered_at)::float8 from alert_history h
  where h.alert_rule_id = r.id and h.withdrawn_at is null order by h.triggered_at desc limit 1)
from unnest(%(ids)s::uuid[]) as r(id)
"""
# An alert that was withdrawn counts again when its block became canonical again, and is news again for who was away;
# any other repeat changes nothing.
_INSERT = text("""
insert into alert_history (id, triggered_at, alert_rule_id, user_id, rule_version, type, event_id, chain_id,
  block_number, block_hash, tx_hash, token, message, event_data, withdrawn_at, withdrawn_reason, suppressed)
select a.id, e.taken_at, a.rule_id, a.user_id, a.version, a.type, e.event_id, :chain_id, e.block_number, e.block_hash,
  e.tx_hash, e.token, coalesce(a.message, e.message), e.data, case when e.orphaned then now() end,
  case when e.orphaned then :reason end, a.suppressed
from unnest(cast(:ids as uuid[]), cast(:places as int[]), cast(:rule_ids as uuid[]), cast(:user_ids as uuid[]),
    cast(:versions as int[]), cast(:alert_types as text[]), cast(:own_messages as text[]),
    cast(:suppressed as boolean[]))
  as a(id, place, rule_id, user_id, version, type, message, suppressed)
join unnest(cast(:event_ids as text[]), cast(:times as timestamptz[]),
    cast(:numbers as bigint[]), cast(:hashes as text[]), cast(:txs as text[]), cast(:tokens as text[]),
    cast(:messages as text[]), cast(:data as jsonb[]), cast(:orphaned as boolean[])) with ordinality
  as e(event_id, taken_at, block_number, block_hash, tx_hash, token, message, data, orphaned, place)
  on e.place = a.place
on conflict (alert_rule_id, event_id, triggered_at) do update set withdrawn_at = null, withdrawn_reason = null,
    suppressed = excluded.suppressed, recorded_at = now()
  where alert_history.withdrawn_at is not null and excluded.withdrawn_at is null
returning id, alert_rule_id, event_id, triggered_at, recorded_at, withdrawn_at
""")
_SET_SUPPRESSED = text("""
update alert_history h set suppressed = s.suppressed
from unnest(cast(:ids as uuid[]), cast(:times as timestamptz[]), cast(:suppressed as boolean[]))
  as s(id, at, suppressed)
where h.id = s.id and h.triggered_at = s.at
""")
_PAUSE = text("update alert_rules set enabled = false where id = any(cast(:ids as uuid[]))")
_WITHDRAW = text("""
update alert_history h set withdrawn_at = now(), withdrawn_reason = :reason
from alert_rules r
where h.chain_id = :chain_id and h.block_hash = :block_hash and h.withdrawn_at is null and r.id = h.alert_rule_id
returning h.id, h.alert_rule_id as rule_id, h.user_id, r.name as rule_name, h.rule_version, h.type, h.message,
  h.chain_id, h.block_number, h.block_hash, h.tx_hash, h.token, h.event_id, h.event_data as event, h.triggered_at,
  h.recorded_at, h.withdrawn_at, h.withdrawn_reason, h.suppressed
""")
_WITHDRAWN_FOR = text("""
select distinct user_id from alert_history
where chain_id = :chain_id and block_hash = :block_hash and withdrawn_at is not null and not suppressed
""")
# A once rule is armed again, unless its user changed it since it fired (the version tells).
_REARM = text("""
with ordered as (
  select r.id from alert_rules r
  join unnest(cast(:ids as uuid[]), cast(:versions as int[])) as g(id, version) on g.id = r.id
  where r.frequency = 'once' and r.version = g.version and not r.enabled
  order by r.id for no key update of r)
update alert_rules r set enabled = true from ordered o where r.id = o.id
""")
_HELD_BACK = text("""
select r.id as rule_id, r.name, count(*) as alerts,
  (array_agg(left(h.message, 400) order by h.triggered_at desc, h.id desc))[1] as last_message,
  array(select a ->> 'destination' from jsonb_array_elements(r.actions) a where a ->> 'type' = 'webhook') as webhooks
from alert_history h join alert_rules r on r.id = h.alert_rule_id
where h.user_id = :user_id and h.suppressed and h.withdrawn_at is null
  and h.triggered_at >= to_timestamp(cast(:since as float8)) and h.triggered_at < to_timestamp(cast(:until as float8))
group by r.id order by alerts desc, r.id
""")
_PARTITION = text("select ensure_month_partition('alert_history', cast(:at as timestamptz))")


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule as of a look at the table; `active` false means: not to be matched (any more)."""

    id: UUID
    changed_xid: str
    version: int
    type: str
    user_id: UUID
    conditions: list[dict[str, Any]]
    level: bool
    active: bool


class FiringRule(NamedTuple):
    """A rule as its alerts need it: conditions where the event alone does not say it all, actions beyond in_app.

    What an `automated` one does is done by a run: it has a guard, other actions else, or acts on rules.
    """

    id: UUID
    user_id: UUID
    name: str
    type: str
    conditions: list[dict[str, Any]] | None
    actions: list[dict[str, Any]] | None
    enabled: bool
    frequency: str
    cooldown_seconds: int
    tier: str
    automated: bool = False
    trigger: str = "edge"
    hysteresis_pct: Decimal | None = None
    active_hours: dict[str, Any] | None = None
    expires_at: datetime | None = None
    snoozed_until: datetime | None = None

    @property
    def is_gated(self) -> bool:
        """Whether more than being paused may hold the rule back."""
        return self.cooldown_seconds > 0 or self.frequency == "once" or self.hysteresis_pct is not None


@dataclass(frozen=True, slots=True)
class LockedGates:
    """Gated rules as they are now, held until the end of the transaction.

    `known` are those of the asked (rule, event) that have an alert that counts; `last_triggered_at` is the block time
    (Unix seconds) of each rule's newest alert that counts.
    """

    rules: dict[UUID, FiringRule]
    known: set[tuple[UUID, str]]
    last_triggered_at: dict[UUID, float | None]


@dataclass(slots=True)
class EventColumns:
    """The events of a batch that fired something, column by column; `messages` where all its alerts say the same."""

    event_ids: list[str] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    txs: list[str | None] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    messages: list[str | None] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    orphaned: list[bool] = field(default_factory=list)


@dataclass(slots=True)
class AlertColumns:
    """The alerts of a batch, column by column; `places` point into the events, from 1.

    `own_messages` are None where the event's message is the alert's.
    """

    places: list[int] = field(default_factory=list)
    rule_ids: list[UUID] = field(default_factory=list)
    user_ids: list[UUID] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    own_messages: list[str | None] = field(default_factory=list)
    suppressed: list[bool] = field(default_factory=list)


class StoredAlert(NamedTuple):
    """An alert that this transaction made (or that counts again)."""

    id: UUID
    alert_rule_id: UUID
    event_id: str
    triggered_at: datetime
    recorded_at: datetime
    withdrawn_at: datetime | None


async def try_lead(connection: AsyncConnection, chain_id: int) -> bool:
    """Become the only one that processes the chain's events, for as long as this connection lives."""
    return bool((await connection.execute(_TRY_LEAD, {"chain_id": str(chain_id)})).scalar_one())


async def ping(connection: AsyncConnection) -> None:
    """Raise when the connection is gone."""
    await connection.execute(text("select 1"))


async def listen(connection: DriverConnection[Any]) -> None:
    """Have this connection told of every committed change of a rule."""
    await connection.execute(f"listen {CHANGES_CHANNEL}")


@asynccontextmanager
async def active_rules(connection: DriverConnection[Any]) -> AsyncIterator[tuple[str, AsyncIterator[list[RuleRow]]]]:
    """Yield a snapshot's xmin, and every active rule as of that snapshot in chunks of `RuleRow`: id, version, type,
    owner, conditions JSON.

    A server-side cursor in binary form: half the time of reading COPY row by row, and no more memory. The next chunk
    is on its way while one is made use of, if that happens beside the event loop.
    """
    async with connection.transaction():
        await connection.execute("set transaction isolation level repeatable read, read only")
        await connection.execute("set local statement_timeout = 0")
        row = await (await connection.execute("select pg_snapshot_xmin(pg_current_snapshot())::text")).fetchone()

        async def chunks() -> AsyncIterator[list[RuleRow]]:
            async with connection.cursor("active_rules", scrollable=False) as cursor:
                await cursor.execute(_ACTIVE_RULES, binary=True)
                ahead = asyncio.create_task(cursor.fetchmany(_CHUNK))
                try:
                    while chunk := await ahead:
                        ahead = asyncio.create_task(cursor.fetchmany(_CHUNK))
                        yield chunk
                finally:
                    ahead.cancel()
                    await asyncio.gather(ahead, return_exceptions=True)

        yield str(row[0] if row else "0"), chunks()


async def changed_rules(session: AsyncSession, since: str) -> tuple[str, list[RuleChange]]:
    """Return the oldest transaction still running as of now, and every rule changed in `since` or a later one.

    Looking again from the returned transaction misses nothing: what was still running now is looked at again then.
    """
    rows = (await session.execute(_CHANGED, {"since": since})).all()
    changes = [
        RuleChange(row.id, row.changed_xid, row.version, row.type, row.user_id, row.conditions, row.level, row.active)
        for row in rows
        if row.id is not None
    ]
    return rows[0].xmin, changes


async def ensure_partition(session: AsyncSession, moment: datetime) -> None:
    """Make the month's partition of the history if it is not there."""
    await session.execute(_PARTITION, {"at": moment})


async def lock_chain(session: AsyncSession, chain_id: int) -> None:
    """Hold the chain's lock alone until the end: withdrawing excludes storing."""
    await (await _driver(session)).execute(_LOCK_ALONE, {"chain_id": str(chain_id)})


async def begin_storing(
    session: AsyncSession, chain_id: int, rule_ids: Sequence[UUID], hashes: Sequence[str]
) -> tuple[dict[UUID, FiringRule], set[str]]:
    """Share the chain's lock until the end; return those rules that are not deleted, and which blocks are orphaned.

    One round trip (a pipeline), each statement with a snapshot of its own, so what is read is as of after the lock.
    """
    connection = await _driver(session)
    async with connection.pipeline():
        await connection.execute(_LOCK_SHARED, {"chain_id": str(chain_id)})
        rules = await connection.execute(_RULES, {"ids": _uuid_array(rule_ids), "speaking": _speaking()})
        orphaned = await connection.execute(_ORPHANED, {"chain_id": chain_id, "hashes": list(hashes)})
        return _by_id(await rules.fetchall()), {row[0] for row in await orphaned.fetchall()}


async def announce_storing(connection: AsyncConnection) -> int:
    """Let others see that alerts are stored through this connection, as long as it lives; return its process id."""
    return (await connection.execute(_ANNOUNCE)).scalar_one()


async def is_stored_by_others(asking: AsyncConnection | AsyncSession, backends: Collection[int]) -> bool:
    """Return whether alerts are stored through other connections than those with these process ids."""
    return bool((await asking.execute(_STORED_BY_OTHERS, {"backends": list(backends)})).scalar_one())


async def told_by_period(
    session: AsyncSession, seconds: int, first: int, count: int | None = None
) -> dict[Period, dict[UUID, int]]:
    """Return how many alerts each user was told of, by period of `seconds`: `count` of them from `first`, or all."""
    until = None if count is None else (first + count) * seconds
    found: dict[Period, dict[UUID, int]] = {}
    rows = await session.execute(_TOLD_BY_PERIOD, {"seconds": seconds, "since": first * seconds, "until": until})
    for number, user_id, told in rows.all():
        found.setdefault(Period(seconds, number), {})[user_id] = told
    return found


async def read_usage(
    session: AsyncSession, user_ids: Sequence[UUID], periods: Sequence[Period]
) -> dict[tuple[UUID, Period], Usage]:
    """Hold users until the end; return what each has used of the periods, where the plan limits it.

    One round trip, as above.
    """
    connection = await _driver(session)
    ids = _uuid_array(user_ids)
    values = {
        "user_ids": ids,
        "seconds": [each.seconds for each in periods],
        "numbers": [each.number for each in periods],
        "tiers": [tier for tier, _ in MOST],
        "lengths": [seconds for _, seconds in MOST],
        "most": list(MOST.values()),
    }
    async with connection.pipeline():
        await connection.execute(_LOCK_USERS, {"user_ids": ids})
        usage = await connection.execute(_USAGE, values)
        return {(row[0], Period(row[1], row[2])): Usage(row[4], row[5], row[3]) for row in await usage.fetchall()}


async def lock_gates(
    session: AsyncSession,
    ids: Sequence[UUID],
    pairs: tuple[Sequence[UUID], Sequence[str], Sequence[datetime]],
) -> LockedGates:
    """Hold rules against other changes until the end and return them; `pairs` are (rule, event, block time) to look up.

    Each statement has a snapshot of its own: what an alert worker of another chain stored before us is seen.
    """
    rule_ids, event_ids, times = pairs
    connection = await _driver(session)
    async with connection.pipeline():
        packed = {"ids": _uuid_array(ids), "speaking": _speaking()}
        rules = await connection.execute(_LOCK_RULES, packed)
        values = {"rule_ids": _uuid_array(rule_ids), "event_ids": list(event_ids), "times": list(times)}
        known = await connection.execute(_KNOWN, values)
        newest = await connection.execute(_NEWEST, packed)
        return LockedGates(
            _by_id(await rules.fetchall()),
            {(row[0], row[1]) for row in await known.fetchall()},
            {row[0]: row[1] for row in await newest.fetchall()},
        )


async def insert_alerts(
    session: AsyncSession, chain_id: int, alerts: AlertColumns, events: EventColumns, reason: str
) -> list[StoredAlert]:
    """Write the alerts that are not there yet and return those; `reason` is noted on those of orphaned blocks."""
    values = {
        "chain_id": chain_id,
        "reason": reason,
        "ids": _uuid_array(new_ids(len(alerts.places))),
        "places": _int_array(alerts.places),
        "rule_ids": _uuid_array(alerts.rule_ids),
        "user_ids": _uuid_array(alerts.user_ids),
        "versions": _int_array(alerts.versions),
        "alert_types": alerts.types,
        "own_messages": alerts.own_messages,
        "suppressed": alerts.suppressed,
        **{name: getattr(events, name) for name in EventColumns.__slots__},
    }
    return [StoredAlert._make(row) for row in (await session.execute(_INSERT, values)).all()]


async def set_suppressed(session: AsyncSession, alerts: Sequence[tuple[UUID, datetime, bool]]) -> None:
    """Write whether alerts, by id and block time, are suppressed."""
    ids, times, flags = (list(column) for column in zip(*alerts, strict=True))
    await session.execute(_SET_SUPPRESSED, {"ids": ids, "times": times, "suppressed": flags})


class HeldBack(NamedTuple):
    """How many alerts of a rule the plan held back in a period, what the last said, and the rule's webhooks."""

    rule_id: UUID
    name: str
    alerts: int
    last_message: str
    webhooks: list[str]


async def held_back(session: AsyncSession, user_id: UUID, period: Period) -> list[HeldBack]:
    """Return what the plan held back of a user's hour or day by rule, most alerts first."""
    values = {"user_id": user_id, "since": period.begins, "until": period.ends}
    rows = await session.execute(_HELD_BACK, values)
    return [HeldBack._make(row) for row in rows.all()]


async def pause_rules(session: AsyncSession, used_up: Sequence[UUID]) -> None:
    """Pause once rules (held by `lock_gates`) that have fired."""
    await session.execute(_PAUSE, {"ids": list(used_up)})


async def withdraw_alerts(session: AsyncSession, chain_id: int, block_hash: str, reason: str) -> list[dict[str, Any]]:
    """Mark a block's alerts as withdrawn and return them as `AlertRead` has them, with their `user_id`."""
    values = {"chain_id": chain_id, "block_hash": block_hash, "reason": reason}
    return [dict(row) for row in (await session.execute(_WITHDRAW, values)).mappings()]


async def withdrawn_for(session: AsyncSession, chain_id: int, block_hash: str) -> set[UUID]:
    """Return whose alerts of a block are withdrawn already."""
    values = {"chain_id": chain_id, "block_hash": block_hash}
    return set((await session.execute(_WITHDRAWN_FOR, values)).scalars())


async def rearm_rules(session: AsyncSession, versions: dict[UUID, int]) -> None:
    """After a withdrawal: arm the once rules that had fired and were not changed since."""
    await session.execute(_REARM, {"ids": list(versions), "versions": list(versions.values())})


async def _driver(session: AsyncSession) -> DriverConnection[Any]:
    """Return the driver's connection under the session's transaction, for pipelines."""
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    return cast("DriverConnection[Any]", raw.driver_connection)


def _speaking() -> list[str]:
    """Return the kinds whose alerts need nothing of the rule's conditions."""
    return [kind.name for kind in all_kinds() if kind.event_speaks]


def _by_id(rows: Sequence[Sequence[Any]]) -> dict[UUID, FiringRule]:
    return {row[0]: FiringRule._make(row) for row in rows}


def _uuid_array(ids: Sequence[UUID]) -> str:
    """Return ids as PostgreSQL writes an array: the driver's way of arrays takes five times as long for each item."""
    return "{" + ",".join([f"{each.int:032x}" for each in ids]) + "}"


def _int_array(numbers: Sequence[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"
