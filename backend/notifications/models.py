"""The outbox: messages that must leave the house, written in the same transaction as what caused them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from backend.core.clock import utc_now
from backend.core.ids import new_id


class OutboxMessage(SQLModel, table=True):
    """One message to one destination. `status`: pending, sending, sent, dead."""

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
