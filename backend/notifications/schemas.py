"""What the notifications part takes and answers."""

from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from backend.core.ids import new_id
from backend.core.schemas import ApiModel, Instant

WEBHOOK = "webhook"
MAX_DESTINATION_LENGTH = 2000
GRACE_HOURS = (0, 1, 24)
DeliveryStatus = Literal["pending", "sending", "sent", "dead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message to send: `payload` is the webhook's `data` object, `event_type` its `type`."""

    user_id: UUID
    destination: str
    event_type: str
    payload: dict[str, Any]
    alert_id: UUID | None = None
    alert_rule_id: UUID | None = None
    channel: str = WEBHOOK
    id: UUID = field(default_factory=new_id)


class DeliveryRead(ApiModel):
    """One message on its way out, and how it fared. `attempts` counts tries since it was last put in line."""

    id: UUID
    alert_id: UUID | None
    rule_id: UUID | None
    channel: str
    destination: str
    event_type: str
    message: str | None = Field(description="The alert's sentence")
    status: DeliveryStatus
    attempts: int
    created_at: Instant
    next_attempt_at: Instant | None = Field(description="When it is tried next; null once sent or dead")
    sent_at: Instant | None
    last_status_code: int | None
    last_error: str | None


class WebhookTest(ApiModel):
    """Where to send a test message."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"destination": "https://example.com/hooks/premium"}]})

    destination: str = Field(min_length=1, max_length=MAX_DESTINATION_LENGTH)


class WebhookSecret(ApiModel):
    """The key of the user's webhook signatures: HMAC-SHA256 over `timestamp + "." + body`."""

    secret: str
    algorithm: Literal["HMAC-SHA256"] = "HMAC-SHA256"
    old_valid_until: Instant | None = Field(
        default=None, description="Until then the secret before this one signs too; null: it does not"
    )


class WebhookSecretRotate(ApiModel):
    """How long the present secret signs beside the new one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"graceHours": 24}]})

    grace_hours: Literal[0, 1, 24] = 1


class MailChoices(ApiModel):
    """Where mails of the product go, and which optional ones the user gets."""

    email: str = Field(description="Empty for somebody who signed in with a wallet and gave no address")
    email_confirmed: bool
    mails: dict[str, bool] = Field(description="By kind whether they are sent")


class MailChoicesChange(ApiModel):
    """Kinds of mails to switch on or off; kinds that are left out stay as they are."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"mails": {"receipts": False, "trial_ending": True}}]}
    )

    mails: dict[str, bool] = Field(max_length=20)
