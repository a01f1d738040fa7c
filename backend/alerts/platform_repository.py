"""SQL of the events that belong to no chain."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from psycopg import AsyncConnection as DriverConnection
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

CHANNEL = "platform_events"

# Whoever may write for one user only must not learn what others published: the conflict names no column.
_INSERT = text("""
insert into platform_events (id, user_id, event)
select e.id, cast(:user_id as uuid), e.event
from unnest(cast(:ids as text[]), cast(:events as jsonb[])) with ordinality as e(id, event, n)
order by e.n on conflict do nothing
""")
_NOTIFY = text(f"select pg_notify('{CHANNEL}', '')")


async def insert(session: AsyncSession, events: Sequence[tuple[str, dict[str, Any]]], user_id: UUID | None) -> None:
    """Write events (id, JSON fields) in their order; those that are there stay as they are."""
    if not events:
        return
    await session.execute(
        _INSERT,
        {
            "user_id": user_id,
            "ids": [event_id for event_id, _ in events],
            "events": [orjson.dumps(_storable(fields)).decode() for _, fields in events],
        },
    )
    await session.execute(_NOTIFY)


def _storable(value: Any) -> Any:
    """Return JSON-ready fields without NUL characters, which PostgreSQL cannot hold."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {key.replace("\0", ""): _storable(item) for key, item in value.items()}
    return value


# The relay's part, on a connection of its own (role premium_worker, autocommit).
_GIVE_PLACE = """
update platform_events p set emit_seq = %(seq)s
from (select id from platform_events where emitted_at is null and emit_seq is null order by place limit %(most)s) w
where p.id = w.id returning p.place, p.event
"""
_FIRST_PLACE = """
select min(emit_seq) from (
  select emit_seq from platform_events where created_at >= now() - %(age)s and emitted_at is not null) emitted
"""


async def try_lead(connection: DriverConnection[Any]) -> bool:
    """Become the one that relays, for as long as this connection lives."""
    answer = await connection.execute("select pg_try_advisory_lock(hashtextextended('platform relay', 7020))")
    row = await answer.fetchone()
    return bool(row and row[0])


async def listen(connection: DriverConnection[Any]) -> None:
    """Have this connection told of every committed publication."""
    await connection.execute(f"listen {CHANNEL}")


async def give_place(connection: DriverConnection[Any], seq: int, most: int) -> list[dict[str, Any]]:
    """Give up to `most` events that wait a place in the stream; return their fields in order."""
    rows = await (await connection.execute(_GIVE_PLACE, {"seq": seq, "most": most})).fetchall()
    return [event for _, event in sorted(rows, key=lambda row: row[0])]


async def mark(connection: DriverConnection[Any], seq: int) -> None:
    """Note that what has this place was appended."""
    await connection.execute(
        "update platform_events set emitted_at = now() where emit_seq = %(seq)s and emitted_at is null", {"seq": seq}
    )


async def unmarked(connection: DriverConnection[Any]) -> list[tuple[int, str]]:
    """Return the places that were given but not marked, each with the id of its first event."""
    answer = await connection.execute(
        "select distinct on (emit_seq) emit_seq, id from platform_events"
        " where emitted_at is null and emit_seq is not null order by emit_seq, place"
    )
    return [(seq, event_id) for seq, event_id in await answer.fetchall()]


async def take_back(connection: DriverConnection[Any], seq: int) -> None:
    """Have the events of a place wait again."""
    await connection.execute(
        "update platform_events set emit_seq = null where emit_seq = %(seq)s and emitted_at is null", {"seq": seq}
    )


async def take_back_above(connection: DriverConnection[Any], seq: int, age_seconds: int) -> int:
    """Have the young events that were appended above a place wait again: the stream does not have them any more."""
    answer = await connection.execute(
        "update platform_events set emit_seq = null, emitted_at = null where emitted_at is not null"
        " and emit_seq > %(seq)s and created_at >= now() - make_interval(secs => %(age)s)",
        {"seq": seq, "age": age_seconds},
    )
    return answer.rowcount


async def first_place_since(connection: DriverConnection[Any], age: timedelta) -> int | None:
    """Return the first place of what was written since then, None when nothing was."""
    row = await (await connection.execute(_FIRST_PLACE, {"age": age})).fetchone()
    return row[0] if row else None
