"""What the automation part takes and answers."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from backend.core.schemas import ApiModel, Instant

RunStatus = Literal["waiting", "running", "done", "failed", "skipped"]
StepOutcome = Literal["done", "failed", "skipped", "stopped"]
Branch = Literal["then", "else"]


class StepRead(ApiModel):
    """One step of a run. `details` has what was read (value, time, source, verdict) or done.

    done: as asked; failed: `summary` says why; skipped: there was nothing to do; stopped: it would have gone in a
    circle, or too deep.
    """

    number: int
    type: str
    outcome: StepOutcome
    summary: str
    details: dict[str, Any]
    started_at: Instant
    ended_at: Instant
    milliseconds: float


class RunRead(ApiModel):
    """One run: a rule fired by an alert, and what was done because of it.

    `branch`: which actions were done, `then` (the guard held, or there is none) or `else`; None until that is decided.
    `path`: the rules that led here, this one last.
    """

    id: UUID
    alert_id: UUID
    rule_id: UUID
    rule_name: str
    kind: str
    status: RunStatus
    branch: Branch | None
    path: list[UUID]
    steps_total: int
    steps_failed: int
    triggered_at: Instant
    created_at: Instant
    started_at: Instant | None
    ended_at: Instant | None
    problem: str | None


class RunDetail(RunRead):
    """A run with its steps, in the order in which they were done."""

    steps: list[StepRead]


class RunFilter(ApiModel):
    """Which runs to show: `since` inclusive, `until` exclusive, on when the run was put in line."""

    rule_id: UUID | None = None
    status: RunStatus | None = None
    since: datetime | None = None
    until: datetime | None = None
