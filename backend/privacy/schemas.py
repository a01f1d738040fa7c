"""What the privacy part takes and answers."""

from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, SecretStr

from backend.core.schemas import ApiModel, Instant

ExportStatus = Literal["waiting", "running", "ready", "failed"]
CONSENT_COOKIE = "premium_consent"
ERASURE_WORD = "delete"
GRACE_DAYS = 14
EXPORT_DAYS = 7
EXPORT_KEEP = timedelta(days=EXPORT_DAYS)


class AuditEntry(ApiModel):
    """One change: what was done, to what, when and from where."""

    id: UUID
    action: str = Field(description="area.verb, such as alert_rule.created")
    target: str
    details: dict[str, Any]
    channel: str = Field(description="api, page or job")
    ip_address: str
    user_agent: str
    device: str = Field(default="", description="The user agent in a few words")
    request_id: str
    recorded_at: Instant


class ExportRead(ApiModel):
    """One export of everything we hold of you, and how far it is."""

    id: UUID
    status: ExportStatus
    step: str = Field(description="The table that was read last")
    tables_done: int
    tables_total: int
    rows_written: int
    rows_total: int
    size_bytes: int | None
    problem: str | None
    requested_at: Instant
    started_at: Instant | None
    ready_at: Instant | None
    expires_at: Instant | None = Field(description="When the file is deleted")


class ExportList(ApiModel):
    """Your newest exports."""

    items: list[ExportRead]
    total: int


class ErasureRequest(ApiModel):
    """The wish to have the account erased, and the proof that it is yours."""

    model_config = ConfigDict(extra="forbid")

    word: str = Field(default="", max_length=20, description=f'Must be "{ERASURE_WORD}"')
    password: SecretStr = Field(
        default=SecretStr(""), max_length=1024, description="Not needed within ten minutes of signing in"
    )


class ErasureRead(ApiModel):
    """Whether and when the account will be erased; until then it can be taken back."""

    scheduled: bool
    requested_at: Instant | None = None
    due_at: Instant | None = None


class ConsentChange(ApiModel):
    """What you allow."""

    model_config = ConfigDict(extra="forbid")

    analytics: bool


class ConsentRead(ApiModel):
    """What you allowed; null: you have not been asked or not answered."""

    analytics: bool | None
    script: str = Field(default="", description="What is loaded with consent; empty: there are no analytics here")
