"""The SQL of the second factor. Using a code up is one statement each: of two at once, one wins."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor; `enabled_at` is None while its first code is still to come."""

    sealed_seed: bytes
    enabled_at: datetime | None
    last_step: int


async def find_factor(session: AsyncSession, user_id: UUID) -> Factor | None:
    """Return the user's second factor, enabled or being set up, or None."""
    statement = text("select sealed_seed, enabled_at, last_step from two_factor where user_id = :user_id")
    row = (await session.execute(statement, {"user_id": user_id})).one_or_none()
    return Factor(bytes(row.sealed_seed), row.enabled_at, row.last_step) if row else None


async def begin(session: AsyncSession, user_id: UUID, sealed_seed: bytes, at: datetime) -> bool:
    """Store a seed that waits for its first code (in place of one that waits); return False when one is enabled."""
    statement = """
    insert into two_factor (user_id, sealed_seed, created_at) values (:user_id, :sealed_seed, :at)
    on conflict (user_id) do update set sealed_seed = excluded.sealed_seed, created_at = excluded.created_at,
      last_step = 0 where two_factor.enabled_at is null
    returning user_id
    """
    values = {"user_id": user_id, "sealed_seed": sealed_seed, "at": at}
    return (await session.execute(text(statement), values)).first() is not None


async def enable(session: AsyncSession, user_id: UUID, sealed_seed: bytes, step: int, at: datetime) -> bool:
    """Enable the seed that waits, its first code used up; return whether it was this one that waited."""
    statement = """
    update two_factor set enabled_at = :at, last_step = :step
    where user_id = :user_id and enabled_at is null and sealed_seed = :sealed_seed returning user_id
    """
    values = {"user_id": user_id, "sealed_seed": sealed_seed, "step": step, "at": at}
    return (await session.execute(text(statement), values)).first() is not None


async def use_step(session: AsyncSession, user_id: UUID, step: int) -> bool:
    """Use up the code of a time step and all before it; return False when somebody did already."""
    statement = """
    update two_factor set last_step = :step
    where user_id = :user_id and enabled_at is not null and last_step < :step returning user_id
    """
    return (await session.execute(text(statement), {"user_id": user_id, "step": step})).first() is not None


async def use_recovery_code(session: AsyncSession, user_id: UUID, code_hash: bytes, at: datetime) -> bool:
    """Use up a recovery code; return False when there is no such unused one."""
    statement = """
    update recovery_codes set used_at = :at
    where user_id = :user_id and code_hash = :code_hash and used_at is null returning id
    """
    values = {"user_id": user_id, "code_hash": code_hash, "at": at}
    return (await session.execute(text(statement), values)).first() is not None


async def replace_recovery_codes(session: AsyncSession, user_id: UUID, rows: list[dict[str, Any]]) -> None:
    """Put these codes (`id`, `user_id`, `code_hash`) in place of those there are."""
    await session.execute(text("delete from recovery_codes where user_id = :user_id"), {"user_id": user_id})
    if rows:
        await session.execute(
            text("insert into recovery_codes (id, user_id, code_hash) values (:id, :user_id, :code_hash)"), rows
        )


async def count_recovery_codes(session: AsyncSession, user_id: UUID) -> int:
    """Return how many recovery codes are left."""
    statement = text("select count(*) from recovery_codes where user_id = :user_id and used_at is null")
    return (await session.execute(statement, {"user_id": user_id})).scalar_one()


async def delete_factor(session: AsyncSession, user_id: UUID) -> bool:
    """Remove the second factor; return whether an enabled one was there."""
    statement = text("delete from two_factor where user_id = :user_id returning enabled_at is not null")
    return bool((await session.execute(statement, {"user_id": user_id})).scalar_one_or_none())
