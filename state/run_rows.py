"""Runs of automated rules and their steps as rows of strings."""

from dataclasses import dataclass, field

from backend.alerts.automation.schemas import RunDetail, RunRead
from backend.core import formats
from components.i18n import catalogue, t
from state.alert_rows import without_hash

_TONES = {"waiting": "neutral", "running": "accent", "done": "gain", "failed": "loss", "skipped": "warn"}
_STEP_TONES = {"done": "gain", "failed": "loss", "skipped": "neutral", "stopped": "warn"}


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of a run."""

    key: str
    text: str
    outcome: str
    tone: str
    took: str


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run; `steps` are there once it was opened."""

    id: str
    at: str
    branch: str
    status: str
    tone: str
    steps_text: str
    problem: str
    is_open: bool = False
    steps: list[StepRow] = field(default_factory=list)


def run_row(run: RunRead) -> RunRow:
    """Return the row of a run, with its steps when it has them."""
    steps = [
        StepRow(
            key=str(step.number),
            text=without_hash(step.summary),
            outcome=_word("outcome", step.outcome),
            tone=_STEP_TONES.get(step.outcome, "neutral"),
            took=f"{step.milliseconds:,.1f} ms",
        )
        for step in (run.steps if isinstance(run, RunDetail) else [])
    ]
    return RunRow(
        id=str(run.id),
        at=formats.iso(run.created_at),
        branch=_word("branch", run.branch) if run.branch else formats.UNKNOWN,
        status=_word("status", run.status),
        tone=_TONES.get(run.status, "neutral"),
        steps_text=t("runs.steps", count=formats.number(run.steps_total)),
        problem=run.problem or "",
        is_open=isinstance(run, RunDetail),
        steps=steps,
    )


def _word(group: str, key: str) -> str:
    return catalogue().get(f"runs.{group}_{key}", key)
