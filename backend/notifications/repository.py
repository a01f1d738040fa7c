"""The SQL of the outbox as its users see it; what the dispatcher does stands in dispatch_repository.py."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.notifications.schemas import NewMessage

_NEW = "id, user_id, alert_id, alert_rule_id, channel, channel_id, destination, event_type, kind, payload, status"
_INSERT = text(f"""
insert into notification_outbox ({_NEW}, held_until, held_for, group_key)
select {_NEW}, held_until, held_for, group_key
from jsonb_to_recordset(cast(:rows as jsonb)) as new (id uuid, user_id uuid, alert_id uuid, alert_rule_id uuid,
  channel varchar, channel_id uuid, destination varchar, event_type varchar, kind varchar, payload jsonb,
  status varchar, held_until timestamptz, held_for varchar, group_key varchar)
on conflict (id) do nothing returning id
""")  # noqa: S608 - constant text

_READ = """
select id, alert_id, alert_rule_id as rule_id, channel, channel_id, destination, event_type, kind,
  payload ->> 'message' as message, status, attempts, created_at, sent_at, last_status_code, last_error, receipt,
  maybe_sent_at, bundle_id, case when status = 'held' then held_until end as held_until,
  case when status = 'held' then held_for end as held_for,
  case when status in ('pending', 'sending') then next_attempt_at end as next_attempt_at
from notification_outbox
"""
_MINE = """ where user_id = :user_id and (cast(:status as text) is null or status = :status)
  and (cast(:channel as text) is null or channel = :channel)
  and (cast(:alert_id as uuid) is null or alert_id = :alert_id)
  and (cast(:rule_id as uuid) is null or alert_rule_id = :rule_id)"""
_LIST = text(f"{_READ}{_MINE} order by created_at desc, id desc limit :limit offset :offset")
_COUNT = text(f"select count(*) from notification_outbox{_MINE}")  # noqa: S608 - constant text
_FIND = text(f"{_READ} where id = :id and user_id = :user_id")


async def insert_messages(session: AsyncSession, messages: Sequence[NewMessage]) -> int:
    """Insert messages that are not there yet; return how many were new."""
    if not messages:
        return 0
    rows = [
        {
            "id": str(message.id),
            "user_id": str(message.user_id),
            "alert_id": str(message.alert_id) if message.alert_id else None,
            "alert_rule_id": str(message.alert_rule_id) if message.alert_rule_id else None,
            "channel": message.channel,
            "channel_id": str(message.channel_id) if message.channel_id else None,
            "destination": message.destination,
            "event_type": message.event_type,
            "kind": message.kind,
            "payload": message.payload,
            "status": "held" if message.held_until else "pending",
            "held_until": message.held_until,
            "held_for": message.held_for,
            "group_key": message.group_key,
        }
        for message in messages
    ]
    return len((await session.execute(_INSERT, {"rows": orjson.dumps(rows).decode()})).all())


class ToldPlace(NamedTuple):
    """Where an alert was told."""

    alert_id: UUID
    channel: str
    channel_id: UUID | None
    destination: str


async def told_places(session: AsyncSession, alert_ids: Sequence[UUID]) -> list[ToldPlace]:
    """Return every place where these alerts were told, or will be any moment (role premium_worker)."""
    rows = await session.execute(
        text(
            "select distinct alert_id, channel, channel_id, destination from notification_outbox"
            " where alert_id = any(cast(:ids as uuid[])) and event_type = 'alert.triggered' and status <> 'dropped'"
        ),
        {"ids": [str(alert_id) for alert_id in alert_ids]},
    )
    return [ToldPlace._make(row) for row in rows]


async def drop_held(session: AsyncSession, alert_ids: Sequence[UUID], why: str) -> None:
    """Drop what is still held of alerts (role premium_worker)."""
    await session.execute(
        text(
            "update notification_outbox set status = 'dropped', last_error = :why"
            " where alert_id = any(cast(:ids as uuid[])) and status = 'held'"
        ),
        {"ids": [str(alert_id) for alert_id in alert_ids], "why": why},
    )


async def drop_of_channel(session: AsyncSession, user_id: UUID, channel_id: UUID, why: str) -> None:
    """Drop what waits for one of the user's channels; what is being sent just now is not touched."""
    await session.execute(
        text(
            "update notification_outbox set status = 'dropped', last_error = :why"
            " where channel_id = :channel_id and user_id = :user_id and status in ('pending', 'held')"
        ),
        {"channel_id": channel_id, "user_id": user_id, "why": why},
    )


async def list_messages(
    session: AsyncSession, user_id: UUID, wanted: Mapping[str, Any], limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """Return one page of the user's messages, newest first, and how many there are.

    `wanted` holds `status`, `channel`, `alert_id` and `rule_id`, each None for any.
    """
    parameters = {"user_id": user_id, **wanted}
    total = (await session.execute(_COUNT, parameters)).scalar_one()
    rows = await session.execute(_LIST, {**parameters, "limit": limit, "offset": offset})
    return [dict(row._mapping) for row in rows], total


async def find_message(session: AsyncSession, user_id: UUID, message_id: UUID) -> dict[str, Any] | None:
    """Return one of the user's messages as `list_messages` does, or None."""
    row = (await session.execute(_FIND, {"id": message_id, "user_id": user_id})).one_or_none()
    return dict(row._mapping) if row else None


async def find_payload(session: AsyncSession, user_id: UUID, message_id: UUID) -> dict[str, Any] | None:
    """Return what one of the user's messages says, or None."""
    statement = text("select payload from notification_outbox where id = :id and user_id = :user_id")
    return (await session.execute(statement, {"id": message_id, "user_id": user_id})).scalar_one_or_none()


async def put_in_line_again(session: AsyncSession, user_id: UUID, message_id: UUID) -> bool:
    """Make a message of the user due now that is not on its way; return whether it was one.

    One that is held goes out now; one of which nobody knows whether it arrived goes out once more.
    """
    result = await session.execute(
        text(
            "update notification_outbox set status = 'pending', attempts = 0, next_attempt_at = now(),"
            " locked_until = null, attempt_id = null, maybe_sent_at = null"
            " where id = :id and user_id = :user_id and status not in ('pending', 'sending') returning id"
        ),
        {"id": message_id, "user_id": user_id},
    )
    return result.first() is not None
