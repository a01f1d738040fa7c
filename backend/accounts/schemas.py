"""What the accounts part takes and answers."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field, SecretStr

from backend.core.schemas import ApiModel

SESSION_COOKIE = "premium_session"
MAX_PASSWORD_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class CurrentUser:
    """Who is asking: what every service needs to know of the signed-in user."""

    id: UUID
    email: str
    tier: str


class TokenRequest(ApiModel):
    """E-mail and password, to be exchanged for an access token."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"email": "demo@example.com", "password": "premium-demo"}]}
    )

    email: str = Field(min_length=3, max_length=254)
    password: SecretStr = Field(min_length=1, max_length=MAX_PASSWORD_LENGTH)
    totp: SecretStr | None = Field(default=None, max_length=40, description="The code, where two-step sign-in is on")


class TokenRead(ApiModel):
    """An access token and what renews it, named as in RFC 6749 section 5.1; `expires_in` is in seconds."""

    model_config = ConfigDict(alias_generator=None, populate_by_name=True)

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the kind of token, not a token
    expires_in: int
    refresh_token: str
    refresh_expires_in: int


class RefreshRequest(ApiModel):
    """A refresh token, to be used up."""

    model_config = ConfigDict(alias_generator=None, populate_by_name=True)

    refresh_token: SecretStr = Field(min_length=20, max_length=200)


class TokenRevoked(ApiModel):
    """The answer to every revocation, whatever the token was."""

    revoked: Literal[True] = True


class UserRead(ApiModel):
    """The signed-in user."""

    id: UUID
    email: str
    tier: Literal["free", "starter", "pro", "enterprise"]
