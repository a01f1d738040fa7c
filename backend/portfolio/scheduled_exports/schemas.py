"""What the API takes and answers of scheduled exports."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from backend.core.cron import next_due, zone
from backend.core.schemas import ApiModel, Instant
from backend.portfolio.exporting.content import What
from backend.portfolio.exporting.service import ExportFormat
from backend.portfolio.snapshots.history import Range

Every = Literal["daily", "weekly", "monthly"]
Channel = Literal["email", "webhook"]
RunStatus = Literal["waiting", "sent", "failed"]
LAST_DAY = 31
MOST_NAME = 60
MOST_URL = 2_000


def _one_line(value: str) -> str:
    value = value.strip()
    if not value or not value.isprintable():
        raise ValueError("Give it a name of letters, digits and signs.")
    return value


def _zone(value: str) -> str:
    try:
        zone(value)
    except (ValueError, KeyError, OSError):
        raise ValueError("There is no such time zone. Write it such as Europe/Berlin, or UTC.") from None
    return value


class ScheduleWrite(ApiModel):
    """What is sent when, in which form and where."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "Monday report",
                    "what": "report",
                    "format": "pdf",
                    "range": "30d",
                    "every": "weekly",
                    "weekday": 1,
                    "at": "08:00",
                    "timeZone": "Europe/Berlin",
                    "channel": "email",
                }
            ]
        },
    )

    name: Annotated[str, Field(min_length=1, max_length=MOST_NAME), AfterValidator(_one_line)]
    what: What = "report"
    format: ExportFormat = "pdf"
    range: Range = "30d"
    every: Every = "weekly"
    weekday: int | None = Field(default=None, ge=1, le=7, description="1 Monday to 7 Sunday; for weekly ones")
    month_day: int | None = Field(
        default=None, ge=1, le=LAST_DAY, description="1 to 28, or 31 for the last day; for monthly ones"
    )
    at: str = Field(default="08:00", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="In the time zone")
    time_zone: Annotated[str, Field(max_length=64), AfterValidator(_zone)] = "UTC"
    channel: Channel = "email"
    destination: str = Field(default="", max_length=MOST_URL, description="The webhook's address; mail goes to yours")
    is_paused: bool = False

    @model_validator(mode="after")
    def _fits(self) -> "ScheduleWrite":
        """Refuse a week without a day, a month without one that every month has, a webhook without address."""
        if self.every == "weekly" and self.weekday is None:
            raise ValueError("Choose the day of the week.")
        if self.every == "monthly" and (self.month_day is None or 28 < self.month_day < LAST_DAY):
            raise ValueError("Choose a day of the month from 1 to 28, or the last one.")
        if self.channel == "webhook" and not self.destination.strip():
            raise ValueError("Enter the address of the webhook.")
        return self

    @property
    def cron(self) -> str:
        """When it is due, as a cron expression in its time zone."""
        hour, minute = int(self.at[:2]), int(self.at[3:])
        if self.every == "weekly":
            return f"{minute} {hour} * * {(self.weekday or 1) % 7}"
        if self.every == "monthly":
            return f"{minute} {hour} {'L' if self.month_day == LAST_DAY else self.month_day} * *"
        return f"{minute} {hour} * * *"

    def next_after(self, after: datetime) -> datetime:
        """Return when it is due next."""
        found = next_due(self.cron, self.time_zone, after)
        assert found is not None, "every day of the form comes again"
        return found


class SchedulePatch(ApiModel):
    """What to change; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    what: What | None = None
    format: ExportFormat | None = None
    range: Range | None = None
    every: Every | None = None
    weekday: int | None = None
    month_day: int | None = None
    at: str | None = None
    time_zone: str | None = None
    channel: Channel | None = None
    destination: str | None = Field(default=None, max_length=MOST_URL)
    is_paused: bool | None = None


class RunRead(ApiModel):
    """One time that an export was made and handed over."""

    id: UUID
    due_at: Instant
    is_test: bool
    status: RunStatus
    problem: str | None
    file_name: str | None
    size_bytes: int | None
    finished_at: Instant | None


class ScheduleRead(ScheduleWrite):
    """A scheduled export, when it is due next and how it went last."""

    id: UUID
    next_due_at: Instant | None = Field(description="Null while it is paused")
    last_run: RunRead | None
    is_over_plan: bool = Field(description="Above what the plan allows: it rests until there is room")
    created_at: Instant


class ScheduleList(ApiModel):
    """The user's scheduled exports, the oldest first; `limit` is null where the plan has none."""

    items: list[ScheduleRead]
    total: int
    limit: int | None


class ScheduleDeleted(ApiModel):
    """What was deleted."""

    id: UUID
