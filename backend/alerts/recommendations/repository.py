"""The SQL of recommendations: what was told lately, how series ran, and what was answered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

Row = dict[str, Any]
NEWEST = 10_000

_MOVED_TOKENS = text(f"""
select h.chain_id, h.token, max(h.event_data ->> 'symbol') as symbol, count(*) as transfers,
  sum((h.event_data ->> 'value_usd')::numeric) as value_usd
from (select chain_id, token, event_data, alert_rule_id from alert_history
    where user_id = :user_id and triggered_at >= :since and type = 'whale' and withdrawn_at is null
    order by triggered_at desc limit {NEWEST}) h
where h.alert_rule_id = any(cast(:rule_ids as uuid[])) and h.token is not null
  and exists (select from price_readings p where p.chain_id = h.chain_id and p.token = h.token
    and p.taken_at >= :fresh)
group by h.chain_id, h.token order by transfers desc, h.token limit 5
""")  # noqa: S608 - constant text
_COUNTS = text(f"""
select alert_rule_id as rule_id, count(*) as alerts, min(triggered_at) as first, max(triggered_at) as last
from (select alert_rule_id, triggered_at from alert_history
    where user_id = :user_id and triggered_at >= :since and withdrawn_at is null
    order by triggered_at desc limit {NEWEST}) h
group by alert_rule_id
""")  # noqa: S608 - constant text
_NTH_VALUE = text("""
select (event_data ->> 'value_usd')::numeric as value from alert_history
where user_id = :user_id and alert_rule_id = :rule_id and triggered_at >= :since and withdrawn_at is null
  and event_data ->> 'value_usd' is not null
order by 1 desc offset :n limit 1
""")
_SPAN = """
select min({value}) as lowest, max({value}) as highest, count(*) as readings, min(taken_at) as first,
  max(taken_at) as last, percentile_disc(0.1) within group (order by {value}) as tenth
from {table} where chain_id = :chain_id and {subject} = :subject {metric} and taken_at >= :since
"""
_PRICE_SPAN = text(_SPAN.format(value="price_usd", table="price_readings", subject="token", metric=""))
_METRIC_SPAN = text(
    _SPAN.format(value="value", table="metric_readings", subject="subject", metric="and metric = :metric")
)
_USED_CHAINS = text("""
select chain_id, count(*) as alerts from (select chain_id from alert_history
  where user_id = :user_id and triggered_at >= :since order by triggered_at desc limit 10000) h
where chain_id > 0 group by chain_id order by alerts desc, chain_id limit 5
""")
_ANSWERED = text("select id from recommendation_answers where user_id = :user_id")
_ANSWER = text("""
insert into recommendation_answers (id, user_id, answer) values (:id, :user_id, :answer)
on conflict (user_id, id) do update set answer = excluded.answer, answered_at = now()
""")


async def moved_tokens(
    session: AsyncSession, user_id: UUID, rule_ids: Sequence[UUID], since: datetime, fresh: datetime
) -> list[Row]:
    """Return the tokens with a price that the alerts of these rules were about: chain, symbol, transfers, worth."""
    values = {"user_id": user_id, "rule_ids": list(rule_ids), "since": since, "fresh": fresh}
    return [dict(row) for row in (await session.execute(_MOVED_TOKENS, values)).mappings()]


async def alerts_by_rule(session: AsyncSession, user_id: UUID, since: datetime) -> dict[UUID, Row]:
    """Return how many of the newest alerts each rule had, and from when to when."""
    rows = (await session.execute(_COUNTS, {"user_id": user_id, "since": since})).mappings()
    return {row["rule_id"]: dict(row) for row in rows}


async def nth_largest_value(session: AsyncSession, user_id: UUID, rule_id: UUID, since: datetime, n: int) -> Any | None:
    """Return the value in dollars of the rule's alert that has `n` larger ones."""
    values = {"user_id": user_id, "rule_id": rule_id, "since": since, "n": n}
    return (await session.execute(_NTH_VALUE, values)).scalar_one_or_none()


async def span_of(session: AsyncSession, metric: str, chain_id: int, subject: str, since: datetime) -> Row:
    """Return lowest, highest and tenth percentile of a series since then, with how many readings and from when."""
    statement = _PRICE_SPAN if metric == "price_usd" else _METRIC_SPAN
    values = {"metric": metric, "chain_id": chain_id, "subject": subject, "since": since}
    return dict((await session.execute(statement, values)).mappings().one())


async def used_chains(session: AsyncSession, user_id: UUID, since: datetime) -> list[Row]:
    """Return the chains of the user's newest alerts, with how many there were."""
    return [dict(row) for row in (await session.execute(_USED_CHAINS, {"user_id": user_id, "since": since})).mappings()]


async def answered(session: AsyncSession, user_id: UUID) -> set[UUID]:
    """Return the recommendations that the user accepted or dismissed."""
    return set((await session.execute(_ANSWERED, {"user_id": user_id})).scalars())


async def note_answer(session: AsyncSession, user_id: UUID, recommendation_id: UUID, answer: str) -> None:
    """Note what the user answered."""
    await session.execute(_ANSWER, {"id": recommendation_id, "user_id": user_id, "answer": answer})
