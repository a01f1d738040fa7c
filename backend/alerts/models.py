"""Alert rules and the history of what fired."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from backend.core.clock import utc_now
from backend.core.ids import new_id


class AlertRule(SQLModel, table=True):
    """A rule of a user. Deleting keeps the row (`deleted_at`), since history points at it."""

    __tablename__ = "alert_rules"  # type: ignore[assignment]
    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="premium_users.id", index=True)
    name: str = Field(max_length=255)
    type: str = Field(max_length=50)
    conditions: list[dict[str, Any]] = Field(sa_type=JSONB)
    actions: list[dict[str, Any]] = Field(sa_type=JSONB)
    enabled: bool = True
    paused_by_plan: bool = False
    frequency: str = Field(default="recurring", max_length=12)
    cooldown_seconds: int = 0
    trigger: str = Field(default="edge", max_length=8)
    hysteresis_pct: Decimal | None = None
    active_hours: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    expires_at: datetime | None = None
    next_due_at: datetime | None = None
    snoozed_until: datetime | None = None
    guard: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    else_actions: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    version: int = 1
    created_at: datetime = Field(default_factory=utc_now)
    updated_at: datetime = Field(default_factory=utc_now)
    deleted_at: datetime | None = None


class AlertRecord(SQLModel, table=True):
    """One alert: this rule, that event, once. `triggered_at` is the time of the event's block.

    Of a `suppressed` one nobody was told: it was above the plan's number of alerts in that hour.
    """

    __tablename__ = "alert_history"  # type: ignore[assignment]
    id: UUID = Field(default_factory=new_id, primary_key=True)
    triggered_at: datetime = Field(primary_key=True)
    alert_rule_id: UUID = Field(foreign_key="alert_rules.id")
    user_id: UUID
    rule_version: int
    type: str = Field(max_length=50)
    event_id: str = Field(max_length=400)
    chain_id: int = Field(sa_type=BigInteger)
    block_number: int = Field(sa_type=BigInteger)
    block_hash: str = Field(max_length=66)
    tx_hash: str | None = Field(default=None, max_length=66)
    token: str | None = Field(default=None, max_length=42)
    message: str
    event_data: dict[str, Any] = Field(sa_type=JSONB)
    recorded_at: datetime = Field(default_factory=utc_now)
    withdrawn_at: datetime | None = None
    withdrawn_reason: str | None = Field(default=None, max_length=200)
    suppressed: bool = False
