"""The log of what a user's rules did, in the caller's session (opened with the user's id)."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser
from backend.alerts.automation import repository
from backend.alerts.automation.schemas import RunDetail, RunFilter, RunRead, StepRead
from backend.core.errors import NotFoundError
from backend.core.schemas import Page

__all__ = ["RunNotFoundError", "get_run", "list_runs"]


class RunNotFoundError(NotFoundError):
    """The user has no such run."""

    code = "RUN_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such run. Runs are kept for 90 days.")


async def list_runs(
    session: AsyncSession, user: CurrentUser, wanted: RunFilter, page: int = 1, page_size: int = 50
) -> Page[RunRead]:
    """Return one page of the user's runs, newest first."""
    rows, total = await repository.list_runs(session, user.id, wanted, page_size, (page - 1) * page_size)
    return Page[RunRead](
        items=[RunRead.model_validate(row) for row in rows], total=total, page=page, page_size=page_size
    )


async def get_run(session: AsyncSession, user: CurrentUser, run_id: UUID) -> RunDetail:
    """Return one run with every step. Raises RunNotFoundError."""
    row = await repository.find_run(session, user.id, run_id)
    if row is None:
        raise RunNotFoundError
    return RunDetail.model_validate({**row, "steps": [_step(each) for each in row["steps"]]})


def _step(row: dict[str, Any]) -> StepRead:
    took = (row["ended_at"] - row["started_at"]).total_seconds() * 1000
    return StepRead.model_validate({**row, "milliseconds": round(took, 3)})
