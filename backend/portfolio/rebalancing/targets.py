"""Target allocations that users save: several with names, one of them active."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import Cap, CurrentUser, Feature, cap, require_room, requires
from backend.core.audit import audit
from backend.core.errors import ConflictError, InvalidInputError, NotFoundError
from backend.core.ids import new_id
from backend.core.money import plain
from backend.portfolio.rebalancing import repository
from backend.portfolio.rebalancing.schemas import TargetPart, TargetRead, TargetWrite

MOST_ANSWERS = 200
NO_TARGET = "There is no such target."


@requires(Feature.PORTFOLIO)
async def list_targets(session: AsyncSession, user: CurrentUser) -> list[TargetRead]:
    """Return the user's targets, the active one first."""
    return [read_of(row) for row in await repository.list_targets(session)]


def most_targets(user: CurrentUser) -> int | None:
    """Return how many targets the user's plan allows, None without a limit."""
    return cap(user.tier, Cap.TARGET_ALLOCATIONS)


@requires(Feature.PORTFOLIO)
async def create_target(session: AsyncSession, user: CurrentUser, wanted: TargetWrite) -> TargetRead:
    """Save a target and return it. Raises TierLimitError, ConflictError when the name is taken."""
    await repository.lock_targets(session, user.id)
    require_room(user, Cap.TARGET_ALLOCATIONS, len(await repository.list_targets(session)))
    target_id = new_id()
    await _make_room(session, target_id, wanted)
    row = await repository.insert_target(session, {**_values(target_id, wanted), "user_id": user.id})
    await audit(session, user.id, "target_allocation.created", str(target_id), {"name": wanted.name})
    return read_of(row)


@requires(Feature.PORTFOLIO)
async def change_target(session: AsyncSession, user: CurrentUser, target_id: UUID, wanted: TargetWrite) -> TargetRead:
    """Change a target and return it; what was said to its suggestions is forgotten when its shares change.

    Raises NotFoundError, ConflictError when the name is taken.
    """
    await repository.lock_targets(session, user.id)
    before = await repository.find_target(session, target_id)
    if before is None:
        raise NotFoundError(NO_TARGET)
    await _make_room(session, target_id, wanted)
    row = await repository.update_target(session, _values(target_id, wanted))
    if (before.parts, before.counted_by) != (row.parts, row.counted_by):
        await repository.forget_answers(session, target_id)
    await audit(session, user.id, "target_allocation.changed", str(target_id), {"name": wanted.name})
    return read_of(row)


@requires(Feature.PORTFOLIO)
async def activate_target(session: AsyncSession, user: CurrentUser, target_id: UUID) -> TargetRead:
    """Make a target the one that the portfolio is compared with. Raises NotFoundError."""
    row = await repository.find_target(session, target_id)
    if row is None:
        raise NotFoundError(NO_TARGET)
    return await change_target(session, user, target_id, write_of(read_of(row)).model_copy(update={"is_active": True}))


@requires(Feature.PORTFOLIO)
async def delete_target(session: AsyncSession, user: CurrentUser, target_id: UUID) -> None:
    """Delete a target. Raises NotFoundError."""
    name = await repository.delete_target(session, target_id)
    if name is None:
        raise NotFoundError(NO_TARGET)
    await audit(session, user.id, "target_allocation.deleted", str(target_id), {"name": name})


@requires(Feature.PORTFOLIO)
async def chosen_target(session: AsyncSession, user: CurrentUser, target_id: UUID | None) -> TargetRead | None:
    """Return a target, the active one when none is named; None without one. Raises NotFoundError."""
    if target_id is None:
        row = await repository.active_target(session)
        return None if row is None else read_of(row)
    row = await repository.find_target(session, target_id)
    if row is None:
        raise NotFoundError(NO_TARGET)
    return read_of(row)


@requires(Feature.PORTFOLIO)
async def answers_of(session: AsyncSession, user: CurrentUser, target_id: UUID) -> dict[UUID, str]:
    """Return what the user said to suggestions of a target."""
    return await repository.answers_of(session, target_id)


@requires(Feature.PORTFOLIO)
async def answer(
    session: AsyncSession, user: CurrentUser, target_id: UUID, suggestion_id: UUID, said: str | None
) -> None:
    """Note what the user says to a suggestion; None takes it back. A rejected one is not suggested again.

    Raises NotFoundError, InvalidInputError when there are MOST_ANSWERS already.
    """
    await repository.lock_targets(session, user.id)
    if await repository.find_target(session, target_id) is None:
        raise NotFoundError(NO_TARGET)
    known = await repository.answers_of(session, target_id)
    if said is not None and suggestion_id not in known and len(known) >= MOST_ANSWERS:
        raise InvalidInputError("That are more answers than a plan has trades. Forget the rejected ones first.")
    await repository.write_answer(session, user.id, target_id, suggestion_id, said)


@requires(Feature.PORTFOLIO)
async def forget_rejected(session: AsyncSession, user: CurrentUser, target_id: UUID) -> None:
    """Let everything be suggested again. Raises NotFoundError."""
    if await repository.find_target(session, target_id) is None:
        raise NotFoundError(NO_TARGET)
    await repository.forget_answers(session, target_id, only_rejected=True)


def read_of(row: Any) -> TargetRead:
    """Return a row of `target_allocations`."""
    return TargetRead(
        id=row.id,
        name=row.name,
        by=row.counted_by,
        parts=[TargetPart.model_validate(part) for part in row.parts],
        tolerance_pct=row.tolerance_pct,
        is_active=row.is_active,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def write_of(read: TargetRead) -> TargetWrite:
    """Return a saved target as it would be written."""
    return TargetWrite(
        name=read.name, by=read.by, parts=read.parts, tolerance_pct=read.tolerance_pct, is_active=read.is_active
    )


async def _make_room(session: AsyncSession, target_id: UUID, wanted: TargetWrite) -> None:
    """Refuse a name that another target has, and take the mark off the active one when it is to be this one."""
    taken = await repository.id_of_name(session, wanted.name)
    if taken is not None and taken != target_id:
        raise ConflictError(
            f"You have a target called {wanted.name} already.", {"name": "You have a target of this name already."}
        )
    if wanted.is_active:
        await repository.rest_others(session, target_id)


def _values(target_id: UUID, wanted: TargetWrite) -> dict[str, Any]:
    return {
        "id": target_id,
        "name": wanted.name,
        "counted_by": wanted.by,
        "parts": [{"key": part.key, "share_pct": plain(part.share_pct)} for part in wanted.parts],
        "tolerance_pct": wanted.tolerance_pct,
        "is_active": wanted.is_active,
    }
