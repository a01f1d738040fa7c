"""What the API-key part takes and answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import ConfigDict, Field, field_validator

from backend.accounts.schemas import CurrentUser
from backend.core.schemas import ApiModel, Instant

KEY_MARK = "pk_live_"
MOST_KEYS = 20
MOST_GRACE_HOURS = 24
MOST_DAYS = 3650


class Scope(StrEnum):
    """What a key may do. Account, billing and the keys themselves are out of every key's reach."""

    READ_ALERTS = "read:alerts"
    WRITE_ALERTS = "write:alerts"
    READ_MARKET = "read:market"
    READ_PORTFOLIO = "read:portfolio"
    READ_SUBSCRIPTIONS = "read:subscriptions"
    READ_TAX = "read:tax"
    WRITE_TAX = "write:tax"


class ApiKeyCreate(ApiModel):
    """A key to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "Reporting", "scopes": ["read:alerts"], "expiresInDays": 90}]},
    )

    name: str = Field(min_length=1, max_length=80, description="To tell your keys apart")
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))
    expires_in_days: int | None = Field(default=None, ge=1, le=MOST_DAYS, description="Absent: never")
    requests_per_minute: int | None = Field(
        default=None, ge=1, le=1_000_000, description="A limit of this key below that of your plan"
    )

    @field_validator("name")
    @classmethod
    def _named(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("Give the key a name.")
        return value.strip()


class ApiKeyRotate(ApiModel):
    """How long the old secret still works."""

    model_config = ConfigDict(extra="forbid")

    grace_hours: int = Field(default=0, ge=0, le=MOST_GRACE_HOURS)


class ApiKeyRead(ApiModel):
    """A key without its secret."""

    id: UUID
    name: str
    prefix: str = Field(description="How the secret begins")
    scopes: list[Scope]
    requests_per_minute: int | None
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Instant | None = Field(description="To the minute")
    rotated_at: Instant | None
    old_secret_until: Instant | None = Field(description="Until when the secret before the last rotation works")


class ApiKeySecret(ApiKeyRead):
    """A key with its secret, which is shown this once."""

    secret: str


class ApiKeyList(ApiModel):
    """Every key that is not revoked."""

    items: list[ApiKeyRead]
    total: int
    limit: int = MOST_KEYS


class ApiKeyRevoked(ApiModel):
    """The key that works no more."""

    id: UUID
    revoked: bool = True


@dataclass(frozen=True, slots=True)
class LiveKey:
    """A key that was just proven, and whose it is."""

    id: UUID
    user: CurrentUser
    scopes: frozenset[str]
    requests_per_minute: int | None
    last_used_at: datetime | None
    prefix: str
