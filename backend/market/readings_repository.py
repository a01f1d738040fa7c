"""SQL of readings and occurrences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One reading as stored."""

    metric: str
    subject: str
    taken_at: datetime
    block_number: int
    value: Decimal
    source: str
    label: str | None
    details: dict[str, str]


async def ensure_partitions(session: AsyncSession, taken_at: datetime) -> None:
    """Make the month's partitions of readings and occurrences if they are not there."""
    await session.execute(
        text("select ensure_month_partition('metric_readings', :at), ensure_month_partition('chain_occurrences', :at)"),
        {"at": taken_at},
    )


_BLOCK = "cast(:chain_id as bigint), cast(:taken_at as timestamptz), cast(:block_hash as text), :block_number"
_INSERT_READINGS = text(f"""
insert into metric_readings (chain_id, taken_at, block_hash, block_number, metric, subject, value, source, label,
  details, state)
select {_BLOCK}, r.metric, r.subject, r.value, r.source, r.label, r.details, r.state
from jsonb_to_recordset(cast(:rows as jsonb)) as r(metric text, subject text, value numeric, source text, label text,
  details jsonb, state jsonb)
on conflict do nothing
""")  # noqa: S608 - constant text
_INSERT_OCCURRENCES = text(f"""
insert into chain_occurrences (chain_id, taken_at, block_hash, block_number, topic, subject, log_index, tx_hash, value,
  source, label, details)
select {_BLOCK}, r.topic, r.subject, r.log_index, r.tx_hash, r.value, r.source, r.label, r.details
from jsonb_to_recordset(cast(:rows as jsonb)) as r(topic text, subject text, log_index int, tx_hash text, value numeric,
  source text, label text, details jsonb)
on conflict do nothing
""")  # noqa: S608 - constant text


async def insert_readings(session: AsyncSession, block: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert a block's readings; `block` has chain_id, taken_at, block_hash, block_number. Existing ones stay."""
    if rows:
        await session.execute(_INSERT_READINGS, {**block, "rows": _json(rows)})


async def insert_occurrences(
    session: AsyncSession, block: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert a block's occurrences; existing ones stay."""
    if rows:
        await session.execute(_INSERT_OCCURRENCES, {**block, "rows": _json(rows)})


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps([dict(row) for row in rows], default=str).decode()


# Every reading with the one before it and, for each window of its metric, what was read a window before both.
_BLOCK_READINGS = text("""
select r.metric, r.subject, r.value, r.source, r.label, r.details, r.state,
  p.value as previous_value, extract(epoch from p.taken_at)::bigint as previous_taken_at, p.state as previous_state,
  w.seconds, b.value as base_now, b.state as base_now_state, c.value as base_before, c.state as base_before_state
from metric_readings r
left join lateral (select b.value, b.taken_at, b.state from metric_readings b
    where b.chain_id = r.chain_id and b.metric = r.metric and b.subject = r.subject
      and b.block_number < r.block_number and b.taken_at <= r.taken_at
    order by b.taken_at desc, b.block_number desc limit 1) p on true
left join unnest(cast(:windowed as text[]), cast(:windows as int[])) as w(metric, seconds) on w.metric = r.metric
left join lateral (select b.value, b.state from metric_readings b
    where b.chain_id = r.chain_id and b.metric = r.metric and b.subject = r.subject
      and b.block_number < r.block_number and b.taken_at <= r.taken_at - make_interval(secs => w.seconds)
    order by b.taken_at desc, b.block_number desc limit 1) b on true
left join lateral (select b.value, b.state from metric_readings b
    where b.chain_id = r.chain_id and b.metric = r.metric and b.subject = r.subject
      and b.block_number < r.block_number and b.taken_at <= p.taken_at - make_interval(secs => w.seconds)
    order by b.taken_at desc, b.block_number desc limit 1) c on true
where r.chain_id = :chain_id and r.block_hash = :block_hash and r.taken_at = :taken_at
  and r.metric <> all(cast(:silent as text[]))
order by r.metric, r.subject, w.seconds
""")


async def block_readings(
    session: AsyncSession,
    chain_id: int,
    block_hash: str,
    taken_at: datetime,
    windows: Sequence[tuple[str, int]],
    silent: Sequence[str],
) -> list[dict[str, Any]]:
    """Return a block's readings but those of `silent` metrics, one row for each of the metric's windows (or one)."""
    result = await session.execute(
        _BLOCK_READINGS,
        {
            "chain_id": chain_id,
            "block_hash": block_hash,
            "taken_at": taken_at,
            "windowed": [metric for metric, _ in windows],
            "windows": [seconds for _, seconds in windows],
            "silent": list(silent),
        },
    )
    return [dict(row) for row in result.mappings()]


async def block_occurrences(
    session: AsyncSession, chain_id: int, block_hash: str, taken_at: datetime
) -> list[dict[str, Any]]:
    """Return a block's occurrences by index."""
    result = await session.execute(
        text(
            """
            select topic, subject, log_index, tx_hash, value, source, label, details from chain_occurrences
            where chain_id = :chain_id and block_hash = :block_hash and taken_at = :taken_at order by log_index, topic
            """
        ),
        {"chain_id": chain_id, "block_hash": block_hash, "taken_at": taken_at},
    )
    return [dict(row) for row in result.mappings()]


async def delete_of_blocks(session: AsyncSession, chain_id: int, block_hashes: Sequence[str]) -> None:
    """Withdraw what was read in blocks that a reorganisation dropped."""
    for table in ("metric_readings", "chain_occurrences"):
        await session.execute(
            text(f"delete from {table} where chain_id = :chain_id and block_hash = any(cast(:hashes as text[]))"),  # noqa: S608
            {"chain_id": chain_id, "hashes": list(block_hashes)},
        )


async def newest_of_metric(
    session: AsyncSession, chain_id: int, metric: str, subjects: Sequence[str], block_number: int
) -> dict[str, dict[str, Any]]:
    """Return each subject's newest reading up to a block: value, details, state, taken_at."""
    result = await session.execute(
        text(
            """
            select s.subject, r.value, r.details, r.state, r.taken_at
            from unnest(cast(:subjects as text[])) as s(subject)
            cross join lateral (select value, details, state, taken_at from metric_readings
                where chain_id = :chain_id and metric = :metric and subject = s.subject and block_number <= :number
                order by taken_at desc, block_number desc limit 1) r
            """
        ),
        {"chain_id": chain_id, "metric": metric, "subjects": list(subjects), "number": block_number},
    )
    return {row["subject"]: dict(row) for row in result.mappings()}


async def sums_by_minute(
    session: AsyncSession, chain_id: int, metric: str, subjects: Sequence[str], since: datetime, block_number: int
) -> list[tuple[str, int, Decimal]]:
    """Return (subject, Unix minute, sum of values) up to a block, oldest first."""
    result = await session.execute(
        text(
            """
            select subject, floor(extract(epoch from taken_at) / 60)::bigint as minute, sum(value)
            from metric_readings
            where chain_id = :chain_id and metric = :metric and subject = any(cast(:subjects as text[]))
              and taken_at >= :since and block_number <= :number
            group by 1, 2 order by 2, 1
            """
        ),
        {"chain_id": chain_id, "metric": metric, "subjects": list(subjects), "since": since, "number": block_number},
    )
    return [(subject, minute, total) for subject, minute, total in result.tuples()]


async def first_taken_at(
    session: AsyncSession, chain_id: int, metric: str, subjects: Sequence[str]
) -> dict[str, datetime]:
    """Return when each subject's first reading was taken; subjects without are missing."""
    result = await session.execute(
        text(
            """
            select s.subject, r.taken_at from unnest(cast(:subjects as text[])) as s(subject)
            cross join lateral (select taken_at from metric_readings
                where chain_id = :chain_id and metric = :metric and subject = s.subject order by taken_at limit 1) r
            """
        ),
        {"chain_id": chain_id, "metric": metric, "subjects": list(subjects)},
    )
    return dict(result.tuples().all())


async def proposal_titles(
    session: AsyncSession, chain_id: int, topic: str, proposals: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Return the titles of proposals by (governor, proposal id), as they were created."""
    result = await session.execute(
        text(
            """
            select p.subject, p.proposal_id, o.title
            from unnest(cast(:subjects as text[]), cast(:ids as text[])) as p(subject, proposal_id)
            cross join lateral (select details ->> 'title' as title from chain_occurrences
                where chain_id = :chain_id and topic = :topic and subject = p.subject
                  and details ->> 'proposalId' = p.proposal_id
                order by taken_at desc limit 1) o
            """
        ),
        {
            "chain_id": chain_id,
            "topic": topic,
            "subjects": [subject for subject, _ in proposals],
            "ids": [proposal_id for _, proposal_id in proposals],
        },
    )
    return {(subject, proposal_id): title for subject, proposal_id, title in result.tuples()}


async def metric_series(
    session: AsyncSession, metric: str, chain_id: int, subject: str, since: datetime, bucket_seconds: float
) -> list[tuple[datetime, Decimal]]:
    """Return the last reading of each bucket of time since `since`, oldest first."""
    result = await session.execute(
        text(
            """
            select distinct on (bucket) taken_at, value from (
              select taken_at, value, block_number,
                floor(extract(epoch from taken_at - cast(:since as timestamptz)) / :bucket_seconds) as bucket
              from metric_readings
              where chain_id = :chain_id and metric = :metric and subject = :subject and taken_at >= :since) readings
            order by bucket, taken_at desc, block_number desc
            """
        ),
        {"chain_id": chain_id, "metric": metric, "subject": subject, "since": since, "bucket_seconds": bucket_seconds},
    )
    return [(taken_at, value) for taken_at, value in result.tuples()]


async def all_readings(
    session: AsyncSession, metric: str, chain_id: int, subject: str, since: datetime, limit: int
) -> list[tuple[datetime, Decimal]]:
    """Return the newest `limit` readings since then, oldest first."""
    result = await session.execute(
        text(
            """
            select taken_at, value from (
              select taken_at, block_number, value from metric_readings
              where chain_id = :chain_id and metric = :metric and subject = :subject and taken_at >= :since
              order by taken_at desc, block_number desc limit :limit) newest
            order by taken_at, block_number
            """
        ),
        {"chain_id": chain_id, "metric": metric, "subject": subject, "since": since, "limit": limit},
    )
    return [(taken_at, value) for taken_at, value in result.tuples()]


async def newest_readings(
    session: AsyncSession, chain_id: int, metric: str | None, since: datetime, until: datetime
) -> list[MetricRow]:
    """Return the newest reading of every metric (or one) and subject taken between these times."""
    result = await session.execute(
        text(
            """
            select distinct on (metric, subject) metric, subject, taken_at, block_number, value, source, label, details
            from metric_readings
            where chain_id = :chain_id and (cast(:metric as text) is null or metric = :metric)
              and taken_at between :since and :until
            order by metric, subject, taken_at desc, block_number desc
            """
        ),
        {"chain_id": chain_id, "metric": metric, "since": since, "until": until},
    )
    return [MetricRow(**row) for row in result.mappings()]


async def occurrences_since(
    session: AsyncSession, chain_id: int, topic: str, subject: str | None, since: datetime, limit: int
) -> list[dict[str, Any]]:
    """Return occurrences of a topic since then, newest first."""
    result = await session.execute(
        text(
            """
            select topic, subject, taken_at, block_number, block_hash, tx_hash, log_index, value, source, label, details
            from chain_occurrences
            where chain_id = :chain_id and topic = :topic and taken_at >= :since
              and (cast(:subject as text) is null or subject = :subject)
            order by taken_at desc, block_number desc, log_index desc limit :limit
            """
        ),
        {"chain_id": chain_id, "topic": topic, "subject": subject, "since": since, "limit": limit},
    )
    return [dict(row) for row in result.mappings()]


async def drop_months_before(session: AsyncSession, before: datetime) -> int:
    """Drop the monthly partitions that ended before then (at least 30 days ago); return how many."""
    result = await session.execute(text("select drop_reading_months_before(:before)"), {"before": before})
    return int(result.scalar_one())
