"""The SQL of what is held: what there is, and taking what is due with all that goes out with it (premium_worker)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

_TARGET = "coalesce(o.channel_id::text, o.destination)"
_TRY_ALONE = text("select pg_try_advisory_xact_lock(hashtextextended('releasing held messages', 7004))")
# All of a group goes with its first: a group's seconds count from there.
_TAKE = text(f"""
with due as materialized (
  select distinct o.user_id, o.channel, {_TARGET} as target, o.group_key from notification_outbox o
  where o.status = 'held' and o.held_until <= now() limit :groups)
select o.id, o.user_id, o.channel, o.channel_id, o.destination, o.event_type, o.kind, o.alert_id, o.alert_rule_id,
  o.payload, o.held_for, o.group_key, o.created_at
from due join notification_outbox o on o.user_id = due.user_id and o.channel = due.channel
  and o.group_key is not distinct from due.group_key and {_TARGET} = due.target
where o.status = 'held' order by o.created_at, o.id for update of o skip locked
""")  # noqa: S608 - constant text


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message that was held, locked until the end of the transaction."""

    id: UUID
    user_id: UUID
    channel: str
    channel_id: UUID | None
    destination: str
    event_type: str
    kind: str | None
    alert_id: UUID | None
    alert_rule_id: UUID | None
    payload: dict[str, Any]
    held_for: str
    group_key: str | None
    created_at: datetime

    @property
    def group(self) -> tuple[object, ...]:
        """What goes out together."""
        return self.user_id, self.channel, self.channel_id or self.destination, self.group_key


async def count_held(session: AsyncSession, user_id: UUID) -> list[RowMapping]:
    """Return what is held of a user by reason and channel: `held_for`, `channel`, `messages`, `until`, `last_until`."""
    statement = text(
        "select held_for, channel, count(*) as messages, min(held_until) as until, max(held_until) as last_until"
        " from notification_outbox where user_id = :user_id and status = 'held' group by 1, 2 order by 4, 1, 2"
    )
    return list((await session.execute(statement, {"user_id": user_id})).mappings())


async def take_due(session: AsyncSession, groups: int) -> list[HeldMessage]:
    """Return every message of some groups that are due; none while another releases."""
    if not (await session.execute(_TRY_ALONE)).scalar_one():
        return []
    rows = await session.execute(_TAKE, {"groups": groups})
    return [HeldMessage(**row._mapping) for row in rows]


async def send_now(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Put messages in line that go out by themselves."""
    await session.execute(
        text(
            "update notification_outbox set status = 'pending', next_attempt_at = now()"
            " where id = any(cast(:ids as uuid[]))"
        ),
        {"ids": [str(message_id) for message_id in ids]},
    )


async def note_bundled(session: AsyncSession, ids: Sequence[UUID], bundle_id: UUID) -> None:
    """Note in which message others go out."""
    await session.execute(
        text(
            "update notification_outbox set status = 'bundled', bundle_id = :bundle_id"
            " where id = any(cast(:ids as uuid[]))"
        ),
        {"ids": [str(message_id) for message_id in ids], "bundle_id": bundle_id},
    )
