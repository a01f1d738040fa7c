"""The kind `schedule`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.alerts import metrics
from backend.alerts.engine.conditions import Conditions, OccurrenceConditions
from backend.alerts.kinds.base import FieldSpec, Kind, ParseContext, RawConditions, Stored, Symbols
from backend.alerts.kinds.forms import Form, by_field, is_
from backend.alerts.kinds.schedule.times import checked_cron
from backend.chain.events import Event, Occurrence
from backend.core.clock import from_unix, utc_now
from backend.core.cron import next_due, zone


@dataclass(frozen=True, slots=True)
class ScheduleConditions:
    """A cron expression (five fields) and the time zone it is meant in."""

    cron: str
    time_zone: str


class ScheduleKind(Kind):
    """At times of the clock."""

    name = "schedule"
    title = "Schedule"
    icon = "clock"
    summary = "At times of the clock, in your time zone."
    order = 70
    knows_rule = True
    fields = (
        FieldSpec("cron", "When", "cron", required=True, help="Minute, hour, day, month, weekday: 0 9 * * 1-5"),
        FieldSpec("time_zone", "Time zone", "text", help="Such as Europe/Berlin; UTC when left out"),
    )

    async def parse(self, raw: RawConditions, context: ParseContext) -> ScheduleConditions:
        """Return the conditions."""
        form = Form(self.fields, raw)
        cron = form.take("cron", lambda value: checked_cron(str(value)), "")
        time_zone = form.take("time_zone", _zone, "UTC")
        form.end()
        if next_due(cron, time_zone, utc_now()) is None:
            form.blame("cron", "This day never comes.")
        form.end()
        return ScheduleConditions(cron, time_zone)

    def stored(self, conditions: ScheduleConditions) -> Stored:
        """Return the stored list."""
        return [is_("cron", conditions.cron), is_("time_zone", conditions.time_zone)]

    def of_stored(self, stored: Sequence[Mapping[str, Any]]) -> ScheduleConditions:
        """Return the typed conditions."""
        found = by_field(stored)
        return ScheduleConditions(found["cron"]["value"], found["time_zone"]["value"])

    def asked(self, conditions: ScheduleConditions, rule_id: UUID, owner: UUID) -> Conditions:
        """Return that the rule is due; a job publishes it."""
        return OccurrenceConditions(frozenset((metrics.SCHEDULE_DUE,)), frozenset((0,)), frozenset((str(rule_id),)))

    def message(self, conditions: ScheduleConditions, event: Event) -> str:
        """Return the wall-clock time that had come."""
        if not isinstance(event, Occurrence):
            raise ValueError(f"no alert comes of {type(event).__name__}")
        local = from_unix(event.taken_at).astimezone(zone(conditions.time_zone))
        return f"It is {local:%A, %H:%M} ({conditions.time_zone}), as scheduled by {conditions.cron}"

    def sentence(self, conditions: ScheduleConditions, symbols: Symbols) -> str:
        """Return `At 0 9 * * 1-5 in Europe/Berlin`."""
        return f"At {conditions.cron} in {conditions.time_zone}"

    def reading_of(self, conditions: ScheduleConditions) -> None:
        """Return None: the clock is no series."""

    def next_due(self, conditions: ScheduleConditions, after: datetime) -> datetime | None:
        """Return when it is due next."""
        return next_due(conditions.cron, conditions.time_zone, after)


def _zone(value: Any) -> str:
    try:
        return zone(str(value).strip()).key
    except (ValueError, KeyError, OSError):
        raise ValueError("Give a time zone's name, such as Europe/Berlin.") from None
