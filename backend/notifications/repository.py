"""The SQL of the outbox. Times are the database's, so that dispatchers on several machines agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.notifications.schemas import NewMessage

# The host with its port, as it stands in the URL; destinations are normalised before they are stored.
_HOST = "substring(destination from '^[a-z]+://([^/?#]+)')"

# Ranks inside host and destination keep one busy receiver from taking every place of a batch. The conditions stand
# twice because the locking read checks them again on the newest version of each row. Rows are found by their key from
# the second step on: the planner knows nothing of how many are due, and must not be able to choose a nested loop.
# More are picked than are wanted, so that what another dispatcher has locked can be passed over.
_CLAIM = text(f"""
with due as (
  select id, destination, next_attempt_at, {_HOST} as host from notification_outbox
  where channel = 'webhook' and status in ('pending', 'sending')
    and next_attempt_at <= now() and (locked_until is null or locked_until < now())
    and destination <> all(cast(:shut as text[])) and {_HOST} <> all(cast(:full as text[]))
  order by next_attempt_at limit 1000
), ranked as (
  select id, host, destination, next_attempt_at,
    row_number() over (partition by host order by next_attempt_at, id) as host_rank,
    row_number() over (partition by destination order by next_attempt_at, id) as destination_rank
  from due
), picked as materialized (
  select ranked.id from ranked
  left join unnest(cast(:busy as text[]), cast(:room as int[])) as quota(host, room) on quota.host = ranked.host
  where ranked.host_rank <= coalesce(quota.room, :per_host)
    and (ranked.destination_rank = 1 or ranked.destination <> all(cast(:probing as text[])))
  order by ranked.next_attempt_at, ranked.id limit 4 * :limit
), locked as materialized (
  select o.id from notification_outbox o where o.id = any(array(select id from picked))
    and o.status in ('pending', 'sending') and o.next_attempt_at <= now()
    and (o.locked_until is null or o.locked_until < now())
  order by o.next_attempt_at, o.id limit :limit for update of o skip locked
)
update notification_outbox o
set status = 'sending', attempts = o.attempts + 1, locked_until = now() + make_interval(secs => :lease)
where o.id = any(array(select id from locked))
returning o.id, o.user_id, o.destination, o.event_type, o.payload, o.attempts, o.created_at
""")  # noqa: S608 - only _HOST is put in

_READ = """
select id, alert_id, alert_rule_id as rule_id, channel, destination, event_type, payload ->> 'message' as message,
  status, attempts, created_at, sent_at, last_status_code, last_error,
  case when status in ('pending', 'sending') then next_attempt_at end as next_attempt_at
from notification_outbox
"""
_MINE = " where user_id = :user_id and (cast(:status as text) is null or status = :status)"
_LIST = text(f"{_READ}{_MINE} order by created_at desc, id desc limit :limit offset :offset")
_COUNT = text(f"select count(*) from notification_outbox{_MINE}")  # noqa: S608 - constant text
_FIND = text(f"{_READ} where id = :id and user_id = :user_id")


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message this dispatcher alone may send until its lease ends. `attempts` includes the one beginning now."""

    id: UUID
    user_id: UUID
    destination: str
    event_type: str
    payload: dict[str, Any]
    attempts: int
    created_at: datetime

    @property
    def host(self) -> str:
        """Host and port, as they stand in the URL."""
        return self.destination.split("//", 1)[-1].partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one attempt ended: sent, to be tried again in `retry_in_seconds`, or (None) dead."""

    message_id: UUID
    attempts: int
    sent: bool
    status_code: int | None = None
    error: str | None = None
    retry_in_seconds: float | None = None

    @property
    def status(self) -> str:
        """The message's status after this attempt."""
        return "sent" if self.sent else "dead" if self.retry_in_seconds is None else "pending"


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
            "destination": message.destination,
            "event_type": message.event_type,
            "payload": message.payload,
        }
        for message in messages
    ]
    result = await session.execute(
        text(
            "insert into notification_outbox"
            " (id, user_id, alert_id, alert_rule_id, channel, destination, event_type, payload)"
            " select id, user_id, alert_id, alert_rule_id, channel, destination, event_type, payload"
            " from jsonb_to_recordset(cast(:rows as jsonb)) as new (id uuid, user_id uuid, alert_id uuid,"
            " alert_rule_id uuid, channel varchar, destination varchar, event_type varchar, payload jsonb)"
            " on conflict (id) do nothing returning id"
        ),
        {"rows": orjson.dumps(rows).decode()},
    )
    return len(result.all())


async def claim_due(
    session: AsyncSession,
    *,
    limit: int,
    lease_seconds: float,
    per_host: int,
    host_room: dict[str, int],
    resting: dict[str, int],
) -> list[ClaimedMessage]:
    """Take up to `limit` due messages for `lease_seconds`; others skip them until the lease ends.

    `host_room` says how many more a busy host may get (others: `per_host`), `resting` how many a destination whose
    circuit is open or half-open may get (0 or 1). A message whose dispatcher died is due again when its lease ends.
    """
    result = await session.execute(
        _CLAIM,
        {
            "limit": limit,
            "lease": lease_seconds,
            "per_host": per_host,
            "shut": [name for name, allowed in resting.items() if allowed <= 0],
            "probing": [name for name, allowed in resting.items() if allowed > 0],
            "full": [host for host, room in host_room.items() if room <= 0],
            "busy": [host for host, room in host_room.items() if room > 0],
            "room": [room for room in host_room.values() if room > 0],
        },
    )
    return [ClaimedMessage(**row._mapping) for row in result]


async def record_outcomes(session: AsyncSession, outcomes: Sequence[Outcome]) -> None:
    """Record how attempts ended. An outcome that comes after its message was taken again changes nothing."""
    rows = [
        {
            "id": str(outcome.message_id),
            "attempts": outcome.attempts,
            "status": outcome.status,
            "status_code": outcome.status_code,
            "error": outcome.error[:500] if outcome.error else None,
            "wait": outcome.retry_in_seconds,
        }
        for outcome in outcomes
    ]
    await session.execute(
        text(
            "update notification_outbox o set status = ended.status, locked_until = null,"
            " last_status_code = ended.status_code, last_error = ended.error,"
            " sent_at = case when ended.status = 'sent' then now() else o.sent_at end,"
            " next_attempt_at = now() + make_interval(secs => coalesce(ended.wait, 0))"
            " from jsonb_to_recordset(cast(:rows as jsonb)) as ended"
            " (id uuid, attempts int, status text, status_code int, error text, wait float8)"
            " where o.id = ended.id and o.status = 'sending' and o.attempts = ended.attempts"
        ),
        {"rows": orjson.dumps(rows).decode()},
    )


async def hand_back(session: AsyncSession, held: Sequence[tuple[UUID, int]]) -> None:
    """Make messages due again that were taken (id and attempt) but not brought to an end."""
    await session.execute(
        text(
            "update notification_outbox o set status = 'pending', locked_until = null, next_attempt_at = now(),"
            " attempts = o.attempts - 1"
            " from unnest(cast(:ids as uuid[]), cast(:attempts as int[])) as held(id, attempts)"
            " where o.id = held.id and o.attempts = held.attempts and o.status = 'sending'"
        ),
        {"ids": [str(message_id) for message_id, _ in held], "attempts": [attempts for _, attempts in held]},
    )


async def bury_waiting(session: AsyncSession, destinations: list[str], overdue_seconds: float, error: str) -> int:
    """Give up on messages that waited too long behind destinations that keep failing; return how many."""
    result = await session.execute(
        text(
            "update notification_outbox set status = 'dead', locked_until = null, last_error = :error"
            " where status = 'pending' and destination = any(cast(:destinations as text[]))"
            " and next_attempt_at < now() - make_interval(secs => :overdue) returning id"
        ),
        {"destinations": destinations, "overdue": overdue_seconds, "error": error},
    )
    return len(result.all())


async def count_waiting(session: AsyncSession) -> int:
    """Return how many messages wait or are being sent."""
    return (
        await session.execute(text("select count(*) from notification_outbox where status in ('pending', 'sending')"))
    ).scalar_one()


async def list_messages(
    session: AsyncSession, user_id: UUID, status: str | None, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """Return one page of the user's messages, newest first, and how many there are."""
    parameters = {"user_id": user_id, "status": status}
    total = (await session.execute(_COUNT, parameters)).scalar_one()
    rows = await session.execute(_LIST, {**parameters, "limit": limit, "offset": offset})
    return [dict(row._mapping) for row in rows], total


async def find_message(session: AsyncSession, user_id: UUID, message_id: UUID) -> dict[str, Any] | None:
    """Return one of the user's messages as `list_messages` does, or None."""
    row = (await session.execute(_FIND, {"id": message_id, "user_id": user_id})).one_or_none()
    return dict(row._mapping) if row else None


async def put_in_line_again(session: AsyncSession, user_id: UUID, message_id: UUID) -> bool:
    """Make a sent or dead message of the user due now; return whether it was one."""
    result = await session.execute(
        text(
            "update notification_outbox set status = 'pending', attempts = 0, next_attempt_at = now(),"
            " locked_until = null where id = :id and user_id = :user_id and status in ('sent', 'dead') returning id"
        ),
        {"id": message_id, "user_id": user_id},
    )
    return result.first() is not None
