"""What the settings of an account take and answer."""

from typing import Literal
from uuid import UUID

from pydantic import Field, SecretStr

from backend.accounts.schemas import MAX_PASSWORD_LENGTH
from backend.core.schemas import ApiModel, Instant

_PASSWORD = Field(default=None, max_length=MAX_PASSWORD_LENGTH, description="Not needed minutes after signing in")


class AccountRead(ApiModel):
    """The account. `pending_email`: an address that waits for its confirmation."""

    id: UUID
    email: str
    email_verified: bool
    pending_email: str | None
    tier: Literal["free", "starter", "pro", "enterprise"]
    has_password: bool
    two_factor: bool
    recovery_codes_left: int
    created_at: Instant


class EmailChange(ApiModel):
    """A new address, and the password."""

    email: str = Field(max_length=254)
    password: SecretStr | None = _PASSWORD


class PasswordChange(ApiModel):
    """A new password, and the one before (unless there is none)."""

    current_password: SecretStr | None = Field(default=None, max_length=MAX_PASSWORD_LENGTH)
    new_password: SecretStr = Field(max_length=MAX_PASSWORD_LENGTH)


class PasswordChanged(ApiModel):
    """Every other session has ended; a browser's cookie is a new one."""

    changed: Literal[True] = True


class OwnerProof(ApiModel):
    """The password."""

    password: SecretStr | None = _PASSWORD


class CodeRequest(ApiModel):
    """A code of the authenticator app; where it turns something off, a recovery code does too."""

    code: SecretStr = Field(min_length=1, max_length=40)


class SetupRead(ApiModel):
    """What the authenticator app needs: the seed in base 32, and the same as the key URI that the QR code shows."""

    secret: str
    uri: str


class RecoveryCodes(ApiModel):
    """The recovery codes, shown this one time."""

    codes: list[str]


class TwoFactorRead(ApiModel):
    """Whether two-step sign-in is on."""

    enabled: bool
    recovery_codes_left: int
