"""Puts runs in line, in the transaction that stores the alerts they come of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.automation import repository
from backend.chain.events import Occurrence
from backend.core.ids import derived_id
from backend.core.jobs import defer

RUN_TASK = "alerts.run_automation"
# A rule that another rule's action triggers: the subject is its id, `details["path"]` the rules that led to it.
TRIGGERED_BY_RULE = "rule.triggered"
MAX_PATH = 8


@dataclass(frozen=True, slots=True)
class Fired:
    """An alert of a rule that does more than tell; `event` is what fired it, as it stood in the stream."""

    alert_id: UUID
    rule_id: UUID
    triggered_at: datetime
    news_at: datetime
    event: dict[str, Any]


async def plan_runs(session: AsyncSession, fired: Sequence[Fired]) -> int:
    """Write a run for each alert, with a job that does it; return how many are new. Again, it changes nothing."""
    if not fired:
        return 0
    runs = [
        repository.NewRun(
            derived_id("automation", each.alert_id, each.news_at),
            each.alert_id,
            each.rule_id,
            each.triggered_at,
            each.news_at,
            (*path_of(each.event), str(each.rule_id)),
        )
        for each in fired
    ]
    new = await repository.insert_runs(session, runs)
    for run_id in new:
        await defer(session, RUN_TASK, run_id=str(run_id))
    return len(new)


def path_of(event: dict[str, Any]) -> tuple[str, ...]:
    """Return the ids of the rules that led to an event, oldest first; empty for what no rule caused."""
    path = (event.get("details") or {}).get("path", "") if event.get("kind") == "occurrence" else ""
    return tuple(part for part in str(path).split(",") if part)


def triggered_message(event: Occurrence) -> str:
    """Return what the alert of a rule says that another rule triggered."""
    return f"Triggered by your rule “{event.label or 'unnamed'}”"
