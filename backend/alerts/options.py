"""When a rule may fire, beside its conditions: trigger, hysteresis, pause, active hours, expiry, snooze."""

from typing import Any

from backend.alerts.kinds.base import Kind
from backend.alerts.limits import MAX_SNOOZE, MIN_LEVEL_COOLDOWN_SECONDS
from backend.alerts.schemas import ActiveHours
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError

OPTIONS = ("trigger", "frequency", "cooldown_seconds", "hysteresis_pct", "active_hours", "expires_at", "snoozed_until")


def checked_options(kind: Kind, conditions: Any, values: dict[str, Any], sent: set[str]) -> dict[str, Any]:
    """Return the options to store, `values` by column; of those in `sent` times must lie ahead.

    Raises InvalidInputError (details by field of the API).
    """
    problems: dict[str, str] = {}
    if values["trigger"] == "level":
        if not kind.has_level(conditions):
            problems["trigger"] = "Something that happens cannot last. Choose edge."
        elif values["cooldown_seconds"] < MIN_LEVEL_COOLDOWN_SECONDS and values["frequency"] != "once":
            problems["cooldownSeconds"] = (
                f"A rule that repeats as long as it is true needs a pause of at least {MIN_LEVEL_COOLDOWN_SECONDS} s."
            )
    if values["hysteresis_pct"] is not None:
        reading = kind.reading_of(conditions)
        if reading is None or reading.window or not reading.chain_id:
            problems["hysteresisPct"] = "Only a rule with a threshold can wait for the value to go back from it."
        elif values["trigger"] == "level":
            problems["hysteresisPct"] = "This belongs to the trigger edge: level repeats after its pause."
    now = utc_now()
    if "expires_at" in sent and values["expires_at"] is not None and values["expires_at"] <= now:
        problems["expiresAt"] = "Choose a time to come."
    snoozed = values["snoozed_until"] if "snoozed_until" in sent else None
    if snoozed is not None and snoozed > now + MAX_SNOOZE:
        problems["snoozedUntil"] = f"Choose a time within {MAX_SNOOZE.days} days."
    if problems:
        raise InvalidInputError("Some options of the rule cannot be accepted.", problems)
    hours = values["active_hours"]
    stored = hours.stored() if isinstance(hours, ActiveHours) else hours
    return {**values, "active_hours": stored}
