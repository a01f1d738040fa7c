"""SQL of the events that belong to no chain."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
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
