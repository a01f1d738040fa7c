"""The SQL of runs and their steps, and of the readings that guards are judged by."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.automation.schemas import RunFilter

# The plan is that of the rule as it was when it fired: what is changed afterwards changes nothing of this run.
_INSERT = text("""
insert into automation_runs (id, user_id, alert_id, alert_rule_id, rule_name, kind, triggered_at, news_at, path, plan)
select n.id, r.user_id, n.alert_id, r.id, r.name, r.type, n.triggered_at, n.news_at, string_to_array(n.path, ','),
  jsonb_build_object('guard', r.guard, 'actions', r.actions, 'elseActions', r.else_actions)
from unnest(cast(:ids as uuid[]), cast(:alert_ids as uuid[]), cast(:rule_ids as uuid[]),
    cast(:triggered as timestamptz[]), cast(:news as timestamptz[]), cast(:paths as text[]))
  as n(id, alert_id, rule_id, triggered_at, news_at, path)
join alert_rules r on r.id = n.rule_id
on conflict (id) do nothing returning id
""")
_BEGIN = text("""
update automation_runs set status = 'running', started_at = coalesce(started_at, clock_timestamp())
where id = :id and status in ('waiting', 'running') returning *
""")
_LOCK = text("select status from automation_runs where id = :id for update")
_END = text("""
update automation_runs set status = :status, problem = :problem, ended_at = clock_timestamp()
where id = :id and status in ('waiting', 'running')
""")
_SET_BRANCH = text("update automation_runs set branch = :branch where id = :id")
_STEP = text("select * from automation_steps where run_id = :id and number = :number")
_INSERT_STEP = text("""
insert into automation_steps (run_id, number, user_id, type, outcome, summary, details, started_at, ended_at)
values (:run_id, :number, :user_id, :type, :outcome, :summary, cast(:details as jsonb), :started_at, :ended_at)
""")
_FAILED_STEPS = text("select count(*) from automation_steps where run_id = :id and outcome = 'failed'")
_ALERT = text("""
select h.id, h.message, h.chain_id, h.block_number, h.block_hash, h.tx_hash, h.event_data, h.triggered_at,
  h.withdrawn_at, h.event_id, u.tier, coalesce(u.email, '') as email
from alert_history h join premium_users u on u.id = h.user_id
where h.id = :id and h.triggered_at = :at
""")
_RULE = text("select id, name, enabled from alert_rules where id = :id and user_id = :user_id and deleted_at is null")

_RUN = """select r.id, r.alert_id, r.alert_rule_id as rule_id, r.rule_name, r.kind, r.status, r.branch, r.path,
  r.triggered_at, r.created_at, r.started_at, r.ended_at, r.problem,
  (select count(*) from automation_steps s where s.run_id = r.id) as steps_total,
  (select count(*) from automation_steps s where s.run_id = r.id and s.outcome in ('failed', 'stopped')) as steps_failed
from automation_runs r where r.user_id = :user_id"""
_FILTER = """and (cast(:rule_id as uuid) is null or r.alert_rule_id = :rule_id)
  and (cast(:status as text) is null or r.status = :status)
  and (cast(:since as timestamptz) is null or r.created_at >= :since)
  and (cast(:until as timestamptz) is null or r.created_at < :until)"""
_LIST = text(f"{_RUN} {_FILTER} order by r.created_at desc, r.id desc limit :limit offset :offset")
_COUNT = text(f"select count(*) from automation_runs r where r.user_id = :user_id {_FILTER}")  # noqa: S608 - constant text
_EVERY = text(f"""
select each.*, coalesce((
    select jsonb_agg(jsonb_build_object('number', s.number, 'type', s.type, 'outcome', s.outcome, 'summary', s.summary,
      'details', s.details, 'started_at', s.started_at, 'ended_at', s.ended_at,
      'milliseconds', round(extract(epoch from s.ended_at - s.started_at) * 1000, 3)) order by s.number)
    from automation_steps s where s.run_id = each.id), '[]') as steps
from ({_RUN} {_FILTER}) each order by each.created_at desc, each.id desc
""")  # noqa: S608 - constant text
_GET = text(f"{_RUN} and r.id = :id")
_STEPS = text("select * from automation_steps where run_id = :id order by number")


def _newest(table: str, value: str, subject: str, metric: str) -> str:
    """Return the statement for the newest reading of a series that an event sees, as of `at` (and block, if given)."""
    return f"""
select {value} as value, taken_at, block_number, source from {table}
where chain_id = :chain_id and {subject} = :subject {metric} and taken_at <= :at
  and (cast(:block_number as bigint) is null or taken_at < :at or block_number <= :block_number)
order by taken_at desc, block_number desc limit 1
"""  # noqa: S608 - constant text


_PRICE_AT = text(_newest("price_readings", "price_usd", "token", ""))
_METRIC_AT = text(_newest("metric_readings", "value", "subject", "and metric = :metric"))


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to put in line; `path` are the rules that led here, its own last."""

    id: UUID
    alert_id: UUID
    rule_id: UUID
    triggered_at: datetime
    news_at: datetime
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadingAt:
    """A stored reading: its value, when and in which block it was read, and where it is from."""

    value: Decimal
    taken_at: datetime
    block_number: int
    source: str


async def insert_runs(session: AsyncSession, runs: Sequence[NewRun]) -> list[UUID]:
    """Write runs with the plans of their rules; return the ids of those that were not there."""
    values = {
        "ids": [run.id for run in runs],
        "alert_ids": [run.alert_id for run in runs],
        "rule_ids": [run.rule_id for run in runs],
        "triggered": [run.triggered_at for run in runs],
        "news": [run.news_at for run in runs],
        "paths": [",".join(run.path) for run in runs],
    }
    return list((await session.execute(_INSERT, values)).scalars())


async def begin_run(session: AsyncSession, run_id: UUID) -> RowMapping | None:
    """Note that a run is being done and return it; None when it ended already, or is not there."""
    return (await session.execute(_BEGIN, {"id": run_id})).mappings().one_or_none()


async def lock_run(session: AsyncSession, run_id: UUID) -> str | None:
    """Hold a run until the transaction ends and return its status; None when it is gone."""
    return (await session.execute(_LOCK, {"id": run_id})).scalar_one_or_none()


async def end_run(session: AsyncSession, run_id: UUID, status: str, problem: str | None = None) -> None:
    """Note how a run ended; one that has ended stays as it is."""
    await session.execute(_END, {"id": run_id, "status": status, "problem": problem[:500] if problem else None})


async def set_branch(session: AsyncSession, run_id: UUID, branch: str) -> None:
    """Note which actions are done: then or else."""
    await session.execute(_SET_BRANCH, {"id": run_id, "branch": branch})


async def find_step(session: AsyncSession, run_id: UUID, number: int) -> dict[str, Any] | None:
    """Return a step that was done."""
    rows = await _rows(session, _STEP, {"id": run_id, "number": number})
    return rows[0] if rows else None


async def insert_step(session: AsyncSession, values: dict[str, Any]) -> None:
    """Write a step that was done."""
    details = orjson.dumps(values["details"], default=str).decode()
    await session.execute(_INSERT_STEP, {**values, "summary": values["summary"][:1000], "details": details})


async def failed_steps(session: AsyncSession, run_id: UUID) -> int:
    """Return how many steps of a run failed."""
    return (await session.execute(_FAILED_STEPS, {"id": run_id})).scalar_one()


async def find_alert(session: AsyncSession, alert_id: UUID, triggered_at: datetime) -> RowMapping | None:
    """Return an alert with its user's tier and address."""
    return (await session.execute(_ALERT, {"id": alert_id, "at": triggered_at})).mappings().one_or_none()


async def find_rule(session: AsyncSession, user_id: UUID, rule_id: UUID) -> RowMapping | None:
    """Return (id, name, enabled) of a user's rule that is not deleted."""
    return (await session.execute(_RULE, {"id": rule_id, "user_id": user_id})).mappings().one_or_none()


async def list_runs(
    session: AsyncSession, user_id: UUID, wanted: RunFilter, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """Return runs, newest first, and how many the filter lets through."""
    values = {"user_id": user_id, **wanted.model_dump()}
    rows = await _rows(session, _LIST, {**values, "limit": limit, "offset": offset})
    return rows, (await session.execute(_COUNT, values)).scalar_one()


async def stream_runs(session: AsyncSession, user_id: UUID, wanted: RunFilter) -> AsyncIterator[RowMapping]:
    """Yield every run the filter lets through with its `steps`, newest first, from a server-side cursor."""
    values = {"user_id": user_id, **wanted.model_dump()}
    result = await session.stream(_EVERY, values, execution_options={"yield_per": 200})
    async for row in result.mappings():
        yield row


async def find_run(session: AsyncSession, user_id: UUID, run_id: UUID) -> dict[str, Any] | None:
    """Return one run of the user, with its `steps`."""
    rows = await _rows(session, _GET, {"user_id": user_id, "id": run_id})
    if not rows:
        return None
    return {**rows[0], "steps": await _rows(session, _STEPS, {"id": run_id})}


async def reading_at(
    session: AsyncSession, metric: str, chain_id: int, subject: str, at: datetime, block_number: int | None
) -> ReadingAt | None:
    """Return the newest reading of a series that was taken by then; of the event's own chain up to its block."""
    statement = _PRICE_AT if metric == "price_usd" else _METRIC_AT
    values = {"metric": metric, "chain_id": chain_id, "subject": subject, "at": at, "block_number": block_number}
    row = (await session.execute(statement, values)).one_or_none()
    return None if row is None else ReadingAt(row.value, row.taken_at, row.block_number, row.source)


async def _rows(session: AsyncSession, statement: TextClause, values: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in (await session.execute(statement, values)).mappings()]
