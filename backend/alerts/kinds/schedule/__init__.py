"""Schedule rules: at times of the clock, in the user's time zone."""

from backend.alerts.kinds.schedule.kind import ScheduleKind

KIND = ScheduleKind()
