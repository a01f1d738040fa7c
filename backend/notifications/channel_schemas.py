"""What the API takes and answers about channels, preferences and settings."""

from datetime import time
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import ConfigDict, Field, StringConstraints, WithJsonSchema, field_validator, model_validator

from backend.core.schemas import ApiModel, Instant
from backend.notifications.engine.holding import HoldingRules
from backend.notifications.kinds import AlertKind, alert_kinds

ChannelStatus = Literal["pending", "active", "broken"]
MOST_CHANNELS = 20
MOST_KINDS = 100

# JSON Schema's "time" has an offset from UTC; a wall time has none.
WallTime = Annotated[
    time,
    WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?$", "example": "08:00"}),
]


class ChannelRead(ApiModel):
    """A place where you are told. The target itself, which is a secret, is never answered."""

    id: UUID
    channel: str
    label: str
    shown_target: str = Field(description="What may be seen of where it goes")
    status: ChannelStatus = Field(description="pending: not linked or confirmed yet; broken: it takes nothing any more")
    created_at: Instant | None = Field(description="null for the account's own address")
    last_used_at: Instant | None
    last_error: str | None


class ChannelKindRead(ApiModel):
    """A channel that this server can serve."""

    name: str
    can_be_typed: bool = Field(description="Whether its target is typed in; others are linked or confirmed")
    holds: bool = Field(description="Whether quiet hours, digests and grouping hold its messages")


class ChannelsRead(ApiModel):
    """Your channels, and which there are."""

    items: list[ChannelRead]
    available: list[ChannelKindRead]
    most: int = MOST_CHANNELS


class ChannelCreate(ApiModel):
    """A channel to add."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"channel": "webhook", "label": "Our desk", "target": "https://example.com/hooks/premium"}]
        },
    )

    channel: str = Field(min_length=1, max_length=20)
    label: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    target: str = Field(min_length=1, max_length=2000, description="A secret: it is stored sealed")


class NotificationSettingsRead(ApiModel):
    """When you want to be told. Webhooks are for programs: nothing holds them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "timeZone": "Europe/Berlin",
                    "quietFrom": "22:00",
                    "quietTo": "07:00",
                    "criticalKinds": ["protocol_risk"],
                    "digest": "off",
                    "digestAt": "08:00",
                    "groupSeconds": 30,
                }
            ]
        },
    )

    time_zone: str = Field(default="UTC", max_length=64, description="A name of the IANA time zone database")
    quiet_from: WallTime | None = Field(default=None, description="Local time; null: no quiet hours")
    quiet_to: WallTime | None = None
    critical_kinds: list[AlertKind] = Field(
        default_factory=list, max_length=MOST_KINDS, description="Told at once whatever else is chosen"
    )
    digest: Literal["off", "hourly", "daily"] = "off"
    digest_at: WallTime = Field(default=time(8), description="Local time of the daily digest")
    group_seconds: int = Field(
        default=0, ge=0, le=3600, description="Alerts of a rule within so many seconds become one message"
    )

    @field_validator("time_zone")
    @classmethod
    def _zone_is_known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("must be the name of a time zone, such as Europe/Berlin")
        return value

    @field_validator("quiet_from", "quiet_to", "digest_at")
    @classmethod
    def _has_no_zone(cls, value: time | None) -> time | None:
        if value is not None and value.tzinfo is not None:
            raise ValueError("must be a local time such as 22:00, without a time zone")
        return None if value is None else value.replace(second=0, microsecond=0)

    @model_validator(mode="after")
    def _both_or_neither(self) -> "NotificationSettingsRead":
        if (self.quiet_from is None) != (self.quiet_to is None):
            raise ValueError("quiet hours have a beginning and an end")
        if self.quiet_from is not None and self.quiet_from == self.quiet_to:
            raise ValueError("quiet hours must end at another time than they begin")
        return self

    def rules(self) -> HoldingRules:
        """Return what the engine takes."""
        return HoldingRules(
            time_zone=self.time_zone,
            quiet_from=self.quiet_from,
            quiet_to=self.quiet_to,
            critical_kinds=frozenset(self.critical_kinds),
            digest=self.digest,
            digest_at=self.digest_at,
            group_seconds=self.group_seconds,
        )


def settings_read(rules: HoldingRules) -> NotificationSettingsRead:
    """Return what the API answers of the engine's rules."""
    return NotificationSettingsRead.model_validate(
        {
            "time_zone": rules.time_zone,
            "quiet_from": rules.quiet_from,
            "quiet_to": rules.quiet_to,
            "critical_kinds": sorted(rules.critical_kinds & set(alert_kinds())),
            "digest": rules.digest,
            "digest_at": rules.digest_at,
            "group_seconds": rules.group_seconds,
        }
    )
