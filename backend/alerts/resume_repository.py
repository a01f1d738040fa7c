"""The SQL of taking the live stream up again where it broke; row-level security holds the rows to one user."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

_SEEN = text("select recorded_at, triggered_at from alert_history where user_id = :user_id and id = :id")
# By the index of the user's alerts by block time; a day more, since a block is followed long before its day is over.
_SINCE = text("""
select h.id, h.alert_rule_id as rule_id, r.name as rule_name, h.rule_version, h.type, h.message, h.chain_id,
  h.block_number, h.block_hash, h.tx_hash, h.token, h.event_id, h.event_data as event, h.triggered_at, h.recorded_at,
  h.withdrawn_at, h.withdrawn_reason, h.suppressed
from alert_history h join alert_rules r on r.id = h.alert_rule_id
where h.user_id = :user_id and h.triggered_at >= least(:triggered_at, :since - interval '1 day')
  and (h.recorded_at >= :since or h.withdrawn_at >= :since) and not h.suppressed
  and (h.id <> :id or h.withdrawn_at is not null)  -- the one that was seen last may be what was withdrawn
order by greatest(h.recorded_at, h.withdrawn_at), h.id limit :limit
""")


async def find_seen(session: AsyncSession, user_id: UUID, alert_id: UUID) -> RowMapping | None:
    """Return when an alert of the user was recorded and when it happened, or None."""
    return (await session.execute(_SEEN, {"user_id": user_id, "id": alert_id})).mappings().one_or_none()


async def news_since(
    session: AsyncSession, user_id: UUID, alert_id: UUID, since: datetime, triggered_at: datetime, limit: int
) -> Sequence[RowMapping]:
    """Return the alerts recorded or withdrawn since a moment, in their order; `alert_id` only when it was withdrawn."""
    values = {"user_id": user_id, "id": alert_id, "since": since, "triggered_at": triggered_at, "limit": limit}
    return (await session.execute(_SINCE, values)).mappings().all()
