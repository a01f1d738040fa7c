"""The outbox: messages that must leave the house, written in the same transaction as what caused them."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import TEXT
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from backend.core.clock import utc_now
from backend.core.ids import new_id


class OutboxMessage(SQLModel, table=True):
    """One message to one destination. `status`: see DeliveryStatus."""

    __tablename__ = "notification_outbox"  # type: ignore[assignment]
    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="premium_users.id", index=True)
    alert_id: UUID | None = None
    alert_rule_id: UUID | None = None
    channel: str = Field(max_length=20)
    destination: str = Field(max_length=2000)
    event_type: str = Field(max_length=40)
    payload: dict[str, Any] = Field(sa_type=JSONB)
    status: str = Field(default="pending", max_length=12)
    attempts: int = 0
    next_attempt_at: datetime = Field(default_factory=utc_now)
    locked_until: datetime | None = None
    last_error: str | None = Field(default=None, max_length=500)
    last_status_code: int | None = None
    created_at: datetime = Field(default_factory=utc_now)
    sent_at: datetime | None = None
    channel_id: UUID | None = Field(default=None, foreign_key="notification_channels.id")
    kind: str | None = Field(default=None, max_length=50)
    attempt_id: UUID | None = None
    maybe_sent_at: datetime | None = None
    receipt: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    held_until: datetime | None = None
    held_for: str | None = Field(default=None, max_length=8)
    group_key: str | None = Field(default=None, max_length=80)
    bundle_id: UUID | None = None


class NotificationChannel(SQLModel, table=True):
    """A place where a user is told: one hook, address, chat or browser. `status`: pending, active, broken."""

    __tablename__ = "notification_channels"  # type: ignore[assignment]
    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="premium_users.id")
    channel: str = Field(max_length=20)
    label: str = Field(max_length=80)
    sealed_target: bytes
    target_mark: bytes
    shown_target: str = Field(max_length=2000)
    status: str = Field(default="active", max_length=10)
    created_at: datetime = Field(default_factory=utc_now)
    last_used_at: datetime | None = None
    last_error: str | None = Field(default=None, max_length=500)


class NotificationPreference(SQLModel, table=True):
    """Whether alerts of a kind that say `notify` go through a channel. What is not there is on."""

    __tablename__ = "notification_preferences"  # type: ignore[assignment]
    user_id: UUID = Field(foreign_key="premium_users.id", primary_key=True)
    kind: str = Field(max_length=50, primary_key=True)
    channel: str = Field(max_length=20, primary_key=True)
    enabled: bool
    changed_at: datetime = Field(default_factory=utc_now)


class NotificationSettings(SQLModel, table=True):
    """When a user wants to be told: quiet hours, digest, grouping."""

    __tablename__ = "notification_settings"  # type: ignore[assignment]
    user_id: UUID = Field(foreign_key="premium_users.id", primary_key=True)
    time_zone: str = Field(default="UTC", max_length=64)
    quiet_from: time | None = None
    quiet_to: time | None = None
    critical_kinds: list[str] = Field(default_factory=list, sa_type=ARRAY(TEXT))  # type: ignore[arg-type]
    digest: str = Field(default="off", max_length=6)
    digest_at: time = time(8)
    group_seconds: int = 0
    changed_at: datetime = Field(default_factory=utc_now)
