"""Alerts that set off other rules: `rule.fired` for each alert of a rule that another rule waits for."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.metrics import RULE_FIRED
from backend.alerts.platform import PLATFORM_CHAIN_ID, publish_events
from backend.chain.events import Occurrence

PATH_SEPARATOR = ","
MOST_STEPS = 16


class Fired(Protocol):
    """An alert that was stored just now."""

    @property
    def user_id(self) -> UUID:
        """Whose it is."""
        ...

    @property
    def rule_id(self) -> UUID:
        """The rule that fired."""
        ...

    @property
    def alert_id(self) -> UUID:
        """The alert."""
        ...

    @property
    def triggered_at(self) -> datetime:
        """The time of its block."""
        ...

    @property
    def data(self) -> dict[str, Any]:
        """The alert as AlertRead has it as JSON."""
        ...


async def publish_fired(session: AsyncSession, fired: Sequence[Fired], is_awaited: Callable[[UUID], bool]) -> None:
    """Publish `rule.fired` for those alerts whose rule some rule waits for, in the storing transaction."""
    by_user: dict[UUID, list[Occurrence]] = defaultdict(list)
    for each in fired:
        if is_awaited(each.rule_id) and (event := fired_event(each)):
            by_user[each.user_id].append(event)
    for user_id, events in by_user.items():
        await publish_events(session, events, user_id)


def fired_event(alert: Fired) -> Occurrence | None:
    """Return the news that a rule fired; None when it is one of the rules that led to this, or there are too many."""
    path, rule_id = path_of(alert.data["event"]), str(alert.rule_id)
    if rule_id in path or len(path) >= MOST_STEPS:
        return None
    return Occurrence(
        id=f"{PLATFORM_CHAIN_ID}::{alert.alert_id}:{RULE_FIRED}",
        chain_id=PLATFORM_CHAIN_ID,
        block_number=0,
        block_hash="",
        taken_at=int(alert.triggered_at.timestamp()),
        topic=RULE_FIRED,
        subject=rule_id,
        source="alert history",
        label=str(alert.data["ruleName"])[:128],
        details={
            "alertId": str(alert.alert_id),
            "path": PATH_SEPARATOR.join([*path, rule_id]),
            "message": str(alert.data["message"])[:600],
        },
    )


def path_of(event: Mapping[str, Any]) -> list[str]:
    """Return the rules that led to an event, the first one first."""
    details = event.get("details") if event.get("topic") == RULE_FIRED else None
    path = details.get("path", "") if isinstance(details, dict) else ""
    return path.split(PATH_SEPARATOR) if path else []
