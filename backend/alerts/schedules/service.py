"""Rules by the clock: what is due is published, and what has expired is paused."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.kinds.base import Kind
from backend.alerts.kinds.registry import kind_named
from backend.alerts.metrics import SCHEDULE_DUE
from backend.alerts.platform import PLATFORM_CHAIN_ID, publish_events
from backend.alerts.schedules import repository
from backend.chain.events import Occurrence
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.db import Database

RULES_AT_ONCE = 500
# What was missed for longer, since nothing ran, is left out: nobody wants the morning's alert in the evening.
MOST_LATE = timedelta(hours=1)
# Blocks from before a rule expired may still be on their way.
GRACE = timedelta(minutes=5)


async def note_next_due(
    session: AsyncSession, user_id: UUID, rule_id: UUID, kind: Kind, conditions: Any, *, is_new: bool
) -> None:
    """Note when a rule that was written now is due next, in the transaction that writes it."""
    due = kind.next_due(conditions, utc_now())
    if due is not None or not is_new:
        await repository.set_next_due(session, user_id, rule_id, due)


async def publish_due(database: Database) -> int:
    """Publish `schedule.due` for every rule whose time has come, note its next time; return how many there were."""
    count = 0
    while True:
        async with database.unit_of_work() as session:
            now = utc_now()
            rows = await repository.lock_due(session, now, RULES_AT_ONCE)
            for row in rows:
                kind = kind_named(row["type"])
                if now - row["next_due_at"] <= MOST_LATE:
                    event = _due(row["id"], int(row["next_due_at"].timestamp()))
                    await publish_events(session, [event], row["user_id"])
                following = kind.next_due(kind.of_stored(row["conditions"]), now)
                await repository.set_next_due(session, row["user_id"], row["id"], following)
        count += len(rows)
        if len(rows) < RULES_AT_ONCE:
            return count


async def expire_rules(database: Database) -> int:
    """Pause the rules that have expired; return how many there were."""
    count = 0
    while True:
        async with database.unit_of_work() as session:
            rows = await repository.expire(session, utc_now() - GRACE, RULES_AT_ONCE)
            for rule_id, user_id, name in rows:
                await audit(session, user_id, "alert_rule.expired", str(rule_id), {"name": name})
        count += len(rows)
        if len(rows) < RULES_AT_ONCE:
            return count


def _due(rule_id: UUID, at: int) -> Occurrence:
    return Occurrence(
        id=f"{PLATFORM_CHAIN_ID}::{rule_id}:{at}:{SCHEDULE_DUE}",
        chain_id=PLATFORM_CHAIN_ID,
        block_number=0,
        block_hash="",
        taken_at=at,
        topic=SCHEDULE_DUE,
        subject=str(rule_id),
        source="schedule",
    )
