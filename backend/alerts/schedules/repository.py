"""The SQL of schedules and expiry."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

_SET_NEXT = text("""
update alert_rules set next_due_at = :at where user_id = :user_id and id = :id and next_due_at is distinct from :at
""")
_DUE = text("""
select id, user_id, type, conditions, next_due_at from alert_rules
where next_due_at <= :now and enabled and deleted_at is null
order by next_due_at limit :most for no key update skip locked
""")
_EXPIRE = text("""
with over as (
  select id from alert_rules where expires_at <= :before and enabled and deleted_at is null
  order by id limit :most for no key update skip locked)
update alert_rules r set enabled = false, paused_by_plan = false, updated_at = now()
from over where r.id = over.id
returning r.id, r.user_id, r.name
""")


async def set_next_due(session: AsyncSession, user_id: UUID, rule_id: UUID, at: datetime | None) -> None:
    """Note when the clock has a rule fire next."""
    await session.execute(_SET_NEXT, {"user_id": user_id, "id": rule_id, "at": at})


async def lock_due(session: AsyncSession, now: datetime, most: int) -> Sequence[RowMapping]:
    """Return active rules that are due, held until the transaction ends."""
    return (await session.execute(_DUE, {"now": now, "most": most})).mappings().all()


async def expire(session: AsyncSession, before: datetime, most: int) -> list[tuple[Any, ...]]:
    """Pause active rules that expired before a moment; return (id, user, name) of each."""
    return [tuple(row) for row in await session.execute(_EXPIRE, {"before": before, "most": most})]
