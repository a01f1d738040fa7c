"""The SQL of target allocations and of what users say to suggested trades."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(cast(:user_id as text), 7044))")
_LIST = text("select * from target_allocations order by is_active desc, lower(name), id")
_FIND = text("select * from target_allocations where id = :id")
_ACTIVE = text("select * from target_allocations where is_active")
_NAMED = text("select id from target_allocations where lower(name) = lower(:name)")
_REST = text("update target_allocations set is_active = false where is_active and id <> :id")
_INSERT = text("""
insert into target_allocations (id, user_id, name, counted_by, parts, tolerance_pct, is_active)
values (:id, :user_id, :name, :counted_by, cast(:parts as jsonb), :tolerance_pct, :is_active) returning *
""")
_UPDATE = text("""
update target_allocations set name = :name, counted_by = :counted_by, parts = cast(:parts as jsonb),
  tolerance_pct = :tolerance_pct, is_active = :is_active, changed_at = now()
where id = :id returning *
""")
_DELETE = text("delete from target_allocations where id = :id returning name")
_ANSWERS = text("select suggestion_id, answer from rebalancing_answers where target_id = :target_id")
_ANSWER = text("""
insert into rebalancing_answers (target_id, suggestion_id, user_id, answer)
values (:target_id, :suggestion_id, :user_id, :answer)
on conflict (target_id, suggestion_id) do update set answer = excluded.answer, answered_at = now()
""")
_TAKE_BACK = text("delete from rebalancing_answers where target_id = :target_id and suggestion_id = :suggestion_id")
_FORGET = text("delete from rebalancing_answers where target_id = :target_id")
_FORGET_REJECTED = text("delete from rebalancing_answers where target_id = :target_id and answer = 'rejected'")


async def lock_targets(session: AsyncSession, user_id: UUID) -> None:
    """Until the transaction ends nobody else counts, adds or activates targets of this user."""
    await session.execute(_LOCK, {"user_id": str(user_id)})


async def list_targets(session: AsyncSession) -> Sequence[Any]:
    """Return the targets of the unit of work's user, the active one first, then by name."""
    return (await session.execute(_LIST)).all()


async def find_target(session: AsyncSession, target_id: UUID) -> Any:
    """Return a target of the unit of work's user, None when there is none."""
    return (await session.execute(_FIND, {"id": target_id})).one_or_none()


async def active_target(session: AsyncSession) -> Any:
    """Return the active target of the unit of work's user, None without one."""
    return (await session.execute(_ACTIVE)).one_or_none()


async def id_of_name(session: AsyncSession, name: str) -> UUID | None:
    """Return the user's target of this name, whatever its case."""
    return (await session.execute(_NAMED, {"name": name})).scalar_one_or_none()


async def rest_others(session: AsyncSession, target_id: UUID) -> None:
    """Make no other target of the user the active one."""
    await session.execute(_REST, {"id": target_id})


async def insert_target(session: AsyncSession, values: dict[str, Any]) -> Any:
    """Add a target and return its row."""
    return (await session.execute(_INSERT, {**values, "parts": _json(values["parts"])})).one()


async def update_target(session: AsyncSession, values: dict[str, Any]) -> Any:
    """Change a target and return its row, None when there is none."""
    return (await session.execute(_UPDATE, {**values, "parts": _json(values["parts"])})).one_or_none()


async def delete_target(session: AsyncSession, target_id: UUID) -> str | None:
    """Delete a target; return its name, None when there is none."""
    return (await session.execute(_DELETE, {"id": target_id})).scalar_one_or_none()


async def answers_of(session: AsyncSession, target_id: UUID) -> dict[UUID, str]:
    """Return what the user said to suggestions of a target."""
    rows = await session.execute(_ANSWERS, {"target_id": target_id})
    return {row.suggestion_id: row.answer for row in rows}


async def write_answer(
    session: AsyncSession, user_id: UUID, target_id: UUID, suggestion_id: UUID, answer: str | None
) -> None:
    """Note what the user says to a suggestion; None takes it back."""
    values: dict[str, Any] = {"target_id": target_id, "suggestion_id": suggestion_id}
    if answer is None:
        await session.execute(_TAKE_BACK, values)
    else:
        await session.execute(_ANSWER, {**values, "user_id": user_id, "answer": answer})


async def forget_answers(session: AsyncSession, target_id: UUID, *, only_rejected: bool = False) -> None:
    """Forget what the user said to suggestions of a target."""
    await session.execute(_FORGET_REJECTED if only_rejected else _FORGET, {"target_id": target_id})


def _json(parts: Any) -> str:
    return orjson.dumps(parts).decode()
