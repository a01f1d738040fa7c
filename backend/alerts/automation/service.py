"""The log of what a user's rules did, in the caller's session (opened with the user's id)."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser
from backend.alerts.automation import repository
from backend.alerts.automation.schemas import RunDetail, RunFilter, RunRead, StepRead
from backend.alerts.schemas import ExportFormat
from backend.core.audit import audit
from backend.core.errors import NotFoundError
from backend.core.formats import iso
from backend.core.schemas import Page
from backend.core.sheets import csv_file, json_file

__all__ = ["RunNotFoundError", "export_runs", "get_run", "list_runs"]


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


def export_runs(
    session: AsyncSession,
    user: CurrentUser,
    wanted: RunFilter,
    format: ExportFormat,  # noqa: A002
) -> AsyncIterator[bytes]:
    """Yield the user's runs with every step, newest first, as a CSV file (a line a step) or JSON, in chunks.

    The session must stay open until the last one.
    """

    async def runs() -> AsyncIterator[RunDetail]:
        details = {"format": format, **wanted.model_dump(mode="json", exclude_defaults=True)}
        await audit(session, user.id, "automation_runs.exported", "", details)
        async for row in repository.stream_runs(session, user.id, wanted):
            yield RunDetail.model_validate(dict(row))

    if format == "json":
        return json_file(runs())
    return csv_file(_COLUMNS, (line async for run in runs() for line in _lines(run)))


_COLUMNS = (
    "createdAt", "triggeredAt", "ruleName", "kind", "status", "branch", "problem", "startedAt", "endedAt", "step",
    "stepType", "stepOutcome", "stepSummary", "stepStartedAt", "stepMilliseconds", "runId", "ruleId", "alertId",
)  # fmt: skip


def _lines(run: RunDetail) -> Iterator[tuple[object, ...]]:
    """Yield a line for each step; one for a run that has none yet."""
    head = (
        iso(run.created_at), iso(run.triggered_at), run.rule_name, run.kind, run.status, run.branch, run.problem,
        iso(run.started_at), iso(run.ended_at),
    )  # fmt: skip
    for step in run.steps or (None,):
        said = (
            (step.number, step.type, step.outcome, step.summary, iso(step.started_at), step.milliseconds)
            if step
            else (None,) * 6
        )
        yield (*head, *said, run.id, run.rule_id, run.alert_id)


def _step(row: dict[str, Any]) -> StepRead:
    took = (row["ended_at"] - row["started_at"]).total_seconds() * 1000
    return StepRead.model_validate({**row, "milliseconds": round(took, 3)})
