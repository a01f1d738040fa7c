"""The dispatcher's SQL of the outbox. Times are the database's, so that dispatchers on several machines agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# What shares its places: all of one host (with its port, as it stands in the URL; destinations are normalised before
# they are stored), or one target.
_HOST = "substring(destination from '^[a-z]+://([^/?#]+)')"
_TARGET = "coalesce(channel_id::text, destination)"
_DUE = """o.status in ('pending', 'sending') and (o.status = 'pending' or :dedupes) and o.next_attempt_at <= now()
    and (o.locked_until is null or o.locked_until < now())"""


def _claim(lane: str) -> str:
    # Ranks inside lane and destination keep one busy receiver from taking every place of a batch. The conditions stand
    # twice because the locking read checks them again on the newest version of each row. Rows are found by their key
    # from the second step on: the planner knows nothing of how many are due, and must not be able to choose a nested
    # loop. More are picked than are wanted, so that what another dispatcher has locked can be passed over.
    return f"""
with due as (
  select id, destination, next_attempt_at, {lane} as lane from notification_outbox o
  where o.channel = :channel and {_DUE}
    and destination <> all(cast(:shut as text[])) and {lane} <> all(cast(:full as text[]))
  order by next_attempt_at limit 1000
), ranked as (
  select id, lane, destination, next_attempt_at,
    row_number() over (partition by lane order by next_attempt_at, id) as lane_rank,
    row_number() over (partition by destination order by next_attempt_at, id) as destination_rank
  from due
), picked as materialized (
  select ranked.id from ranked
  left join unnest(cast(:busy as text[]), cast(:room as int[])) as quota(lane, room) on quota.lane = ranked.lane
  where ranked.lane_rank <= coalesce(quota.room, :per_lane)
    and (ranked.destination_rank = 1 or ranked.destination <> all(cast(:probing as text[])))
  order by ranked.next_attempt_at, ranked.id limit 4 * :limit
), locked as materialized (
  select o.id from notification_outbox o where o.id = any(array(select id from picked)) and {_DUE}
  order by o.next_attempt_at, o.id limit :limit for update of o skip locked
)
update notification_outbox o set status = 'sending', attempts = o.attempts + 1, attempt_id = gen_random_uuid(),
  locked_until = now() + make_interval(secs => :lease)
where o.id = any(array(select id from locked))
returning o.id, o.user_id, o.channel, o.channel_id, o.destination, o.event_type, o.kind, o.alert_id, o.alert_rule_id,
  o.payload, o.attempts, o.attempt_id, o.created_at
"""  # noqa: S608 - only our own text is put in


_CLAIM = {True: text(_claim(_HOST)), False: text(_claim(_TARGET))}
_WAITING = text("""
select c.name from unnest(cast(:channels as text[])) as c(name) where exists (
  select from notification_outbox o where o.channel = c.name and o.status in ('pending', 'sending')
    and o.next_attempt_at <= now() and (o.locked_until is null or o.locked_until < now()))
""")
_RECORD = text("""
update notification_outbox o set status = ended.status, locked_until = null, last_status_code = ended.status_code,
  last_error = ended.error, receipt = ended.receipt,
  sent_at = case when ended.status = 'sent' then now() else o.sent_at end,
  maybe_sent_at = case when ended.status = 'maybe_sent' then coalesce(o.maybe_sent_at, now()) end,
  next_attempt_at = now() + make_interval(secs => coalesce(ended.wait, 0))
from jsonb_to_recordset(cast(:rows as jsonb)) as ended
  (id uuid, attempt_id uuid, status text, status_code int, error text, wait float8, receipt jsonb)
where o.id = ended.id and o.attempt_id = ended.attempt_id and o.status in ('sending', 'maybe_sent')
""")


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message this dispatcher alone may send until its lease ends. `attempts` includes the one beginning now."""

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
    attempts: int
    attempt_id: UUID
    created_at: datetime

    @property
    def lane(self) -> str:
        """What it shares its places with: host and port as they stand in the URL of a webhook, else its target."""
        if self.channel == "webhook":
            return self.destination.split("//", 1)[-1].partition("/")[0].partition("?")[0]
        return str(self.channel_id or self.destination)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one attempt ended. `status`: sent, pending (tried again in `retry_in_seconds`), dead, maybe_sent."""

    message_id: UUID
    attempt_id: UUID
    status: str
    status_code: int | None = None
    error: str | None = None
    retry_in_seconds: float | None = None
    receipt: dict[str, Any] | None = None
    channel_id: UUID | None = None
    is_broken: bool = False


async def channels_with_due(session: AsyncSession, channels: Sequence[str]) -> set[str]:
    """Return those of the channels for which a message may be due."""
    return set((await session.execute(_WAITING, {"channels": list(channels)})).scalars())


async def claim_due(
    session: AsyncSession,
    *,
    limit: int,
    lease_seconds: float,
    per_lane: int,
    lane_room: dict[str, int],
    resting: dict[str, int],
    channel: str = "webhook",
    dedupes: bool = True,
) -> list[ClaimedMessage]:
    """Take up to `limit` due messages of a channel for `lease_seconds`; others skip them until the lease ends.

    `lane_room` says how many more a busy lane (host, or target) may get (others: `per_lane`), `resting` how many a
    destination whose circuit is open or half-open may get (0 or 1). A message whose dispatcher died is due again when
    its lease ends if the channel dedupes; else `mark_maybe_sent` finds it.
    """
    result = await session.execute(
        _CLAIM[channel == "webhook"],
        {
            "channel": channel,
            "dedupes": dedupes,
            "limit": limit,
            "lease": lease_seconds,
            "per_lane": per_lane,
            "shut": [name for name, allowed in resting.items() if allowed <= 0],
            "probing": [name for name, allowed in resting.items() if allowed > 0],
            "full": [lane for lane, room in lane_room.items() if room <= 0],
            "busy": [lane for lane, room in lane_room.items() if room > 0],
            "room": [room for room in lane_room.values() if room > 0],
        },
    )
    return [ClaimedMessage(**row._mapping) for row in result]


async def record_outcomes(session: AsyncSession, outcomes: Sequence[Outcome]) -> None:
    """Record how attempts ended. An outcome that comes after its message was taken again changes nothing."""
    rows = [
        {
            "id": str(outcome.message_id),
            "attempt_id": str(outcome.attempt_id),
            "status": outcome.status,
            "status_code": outcome.status_code,
            "error": outcome.error[:500] if outcome.error else None,
            "wait": outcome.retry_in_seconds,
            "receipt": outcome.receipt,
        }
        for outcome in outcomes
    ]
    await session.execute(_RECORD, {"rows": orjson.dumps(rows).decode()})


async def hand_back(session: AsyncSession, held: Sequence[tuple[UUID, UUID]]) -> None:
    """Make messages due again that were taken (id and attempt) but not brought to an end."""
    await session.execute(
        text(
            "update notification_outbox o set status = 'pending', locked_until = null, next_attempt_at = now(),"
            " attempts = o.attempts - 1"
            " from unnest(cast(:ids as uuid[]), cast(:attempts as uuid[])) as held(id, attempt_id)"
            " where o.id = held.id and o.attempt_id = held.attempt_id and o.status = 'sending'"
        ),
        {
            "ids": [str(message_id) for message_id, _ in held],
            "attempts": [str(attempt_id) for _, attempt_id in held],
        },
    )


async def mark_maybe_sent(session: AsyncSession, dedupe: Sequence[str], error: str) -> int:
    """Mark what was being sent when its dispatcher died, but for channels that `dedupe`; return how many."""
    result = await session.execute(
        text(
            "update notification_outbox set status = 'maybe_sent', maybe_sent_at = now(), locked_until = null,"
            " last_error = :error where status = 'sending' and locked_until < now()"
            " and channel <> all(cast(:dedupe as text[])) returning id"
        ),
        {"dedupe": list(dedupe), "error": error},
    )
    return len(result.all())


async def bury_waiting(session: AsyncSession, destinations: list[str], overdue_seconds: float, error: str) -> int:
    """Give up on messages that waited too long behind destinations (or channels) that keep failing; return how many."""
    result = await session.execute(
        text(
            "update notification_outbox set status = 'dead', locked_until = null, last_error = :error"
            " where status = 'pending' and (destination = any(cast(:destinations as text[]))"
            " or channel = any(cast(:destinations as text[])))"
            " and next_attempt_at < now() - make_interval(secs => :overdue) returning id"
        ),
        {"destinations": destinations, "overdue": overdue_seconds, "error": error},
    )
    return len(result.all())


async def bury_unserved(session: AsyncSession, served: Sequence[str], error: str) -> int:
    """Give up on messages of channels that nobody serves; return how many."""
    result = await session.execute(
        text(
            "update notification_outbox set status = 'dead', locked_until = null, last_error = :error"
            " where status = 'pending' and channel <> all(cast(:served as text[])) returning id"
        ),
        {"served": list(served), "error": error},
    )
    return len(result.all())


async def count_waiting(session: AsyncSession) -> int:
    """Return how many messages wait or are being sent."""
    return (
        await session.execute(text("select count(*) from notification_outbox where status in ('pending', 'sending')"))
    ).scalar_one()
