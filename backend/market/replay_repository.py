"""SQL that reads a stored series again, oldest first: the newest rows where there are too many."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_PRICES = text("""
select * from (
  select taken_at, block_number, block_hash, price_usd as value, liquidity_usd, source from price_readings
  where chain_id = :chain_id and token = :token and taken_at >= :since and taken_at < :until
  order by taken_at desc, block_number desc limit :at_most) newest
order by taken_at, block_number
""")
_METRICS = text("""
select * from (
  select taken_at, block_number, block_hash, value, source, label, details,
    case when :with_state then state end as state from metric_readings
  where chain_id = :chain_id and metric = :metric and subject = :subject and taken_at >= :since and taken_at < :until
  order by taken_at desc, block_number desc limit :at_most) newest
order by taken_at, block_number
""")
_OCCURRENCES = text("""
select * from (
  select topic, subject, log_index, tx_hash, taken_at, block_number, block_hash, value, source, label, details
  from chain_occurrences where chain_id = :chain_id and topic = :topic and (:subject = '' or subject = :subject)
    and taken_at >= :since and taken_at < :until
  order by taken_at desc, block_number desc, log_index desc limit :at_most) newest
order by taken_at, block_number, log_index
""")


async def price_rows(session: AsyncSession, **values: Any) -> list[dict[str, Any]]:
    """Return a token's readings: `chain_id`, `token`, `since`, `until`, `at_most`."""
    return [dict(row) for row in (await session.execute(_PRICES, values)).mappings()]


async def metric_rows(session: AsyncSession, **values: Any) -> list[dict[str, Any]]:
    """Return a metric's readings: `chain_id`, `metric`, `subject`, `since`, `until`, `at_most`, `with_state`."""
    return [dict(row) for row in (await session.execute(_METRICS, values)).mappings()]


async def occurrence_rows(session: AsyncSession, **values: Any) -> list[dict[str, Any]]:
    """Return occurrences: `chain_id`, `topic`, `subject` ("": of anything), `since`, `until`, `at_most`."""
    return [dict(row) for row in (await session.execute(_OCCURRENCES, values)).mappings()]


async def symbol_of(session: AsyncSession, chain_id: int, token: str) -> str | None:
    """Return what a token calls itself."""
    statement = text("select symbol from chain_tokens where chain_id = :chain_id and address = :token")
    return (await session.execute(statement, {"chain_id": chain_id, "token": token})).scalar_one_or_none()
