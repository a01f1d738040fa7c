"""What the notifications part takes and answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from backend.core.ids import new_id
from backend.core.schemas import ApiModel, Instant
from backend.notifications.engine.holding import Hold

WEBHOOK = "webhook"
EMAIL = "email"
PUSH = "push"
MAX_DESTINATION_LENGTH = 2000
GRACE_HOURS = (0, 1, 24)
# held: waits for `held_until`. bundled: went out inside `bundle_id`. maybe_sent: it left, and nobody knows whether it
# arrived. dropped: withdrawn before it went out.
DeliveryStatus = Literal["pending", "sending", "sent", "dead", "held", "bundled", "maybe_sent", "dropped"]


@dataclass(frozen=True, slots=True)
class _Tests:
    """Event types of messages that try something out; all of what is asked and answered is kept of these."""

    webhook: str = "webhook.test"
    channel: str = "channel.test"


TESTS = _Tests()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message to send: `payload` is the webhook's `data` object, `event_type` its `type`.

    `destination` is what may be shown of the target; where it is not the target itself, `channel_id` names that.
    """

    user_id: UUID
    destination: str
    event_type: str
    payload: dict[str, Any]
    alert_id: UUID | None = None
    alert_rule_id: UUID | None = None
    channel: str = WEBHOOK
    channel_id: UUID | None = None
    kind: str | None = None
    held_until: datetime | None = None
    held_for: str | None = None
    group_key: str | None = None
    id: UUID = field(default_factory=new_id)

    def held(self, why: Hold) -> "NewMessage":
        """Return the message, to be held."""
        return replace(self, held_until=why.until, held_for=why.why, group_key=why.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertNews:
    """News of an alert for its user: what `enqueue_alerts` makes messages of.

    `actions` are the rule's (those of other types are passed over), `payload` is the webhook's `data` object and has
    the alert's sentence as `message`. `news_at` is when it was recorded, or withdrawn; `event_type` says which.
    """

    user_id: UUID
    alert_id: UUID
    rule_id: UUID
    rule_name: str
    kind: str
    message: str
    actions: Sequence[dict[str, Any]]
    payload: dict[str, Any]
    triggered_at: datetime
    news_at: datetime
    event_type: str = "alert.triggered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """News that is about no single alert, told once through every channel of its user. `payload` has a `message`."""

    id: UUID
    user_id: UUID
    event_type: str
    payload: dict[str, Any]


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
    channel_id: UUID | None = None
    kind: str | None = Field(default=None, description="The kind of rule it is about")
    held_until: Instant | None = Field(default=None, description="When what is held goes out; null: it is not held")
    held_for: Literal["quiet", "digest", "group"] | None = None
    maybe_sent_at: Instant | None = Field(default=None, description="When it became unknown whether it had arrived")
    bundle_id: UUID | None = Field(default=None, description="The delivery it went out in")
    receipt: dict[str, Any] | None = Field(
        default=None,
        description="What was answered: status, seconds, start of the body, the provider's reference; of a test also"
        " what was asked",
    )


class HeldMessages(ApiModel):
    """Messages that wait on one channel for one reason: quiet hours, a digest, or others of their rule."""

    held_for: Literal["quiet", "digest", "group"]
    channel: str
    messages: int
    until: Instant = Field(description="When the first of them go out")
    last_until: Instant = Field(description="When the last of them go out")


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
    alerts: dict[str, dict[str, bool]] = Field(
        description="By kind of alert and channel, whether alerts whose rule says `notify` go there"
    )


class MailChoicesChange(ApiModel):
    """Kinds of mails, and of alerts by channel, to switch on or off; what is left out stays as it is."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"mails": {"receipts": False, "trial_ending": True}, "alerts": {"gas": {"email": False}}}]
        },
    )

    mails: dict[str, bool] = Field(default_factory=dict, max_length=20)
    alerts: dict[str, Annotated[dict[str, bool], Field(max_length=20)]] = Field(default_factory=dict, max_length=100)
