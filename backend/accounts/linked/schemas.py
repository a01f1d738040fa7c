"""What the API takes and answers of wallets and linked accounts."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from pydantic import Field, field_validator

from backend.core.schemas import ApiModel, Instant

MAX_LABEL = 60
Provider = Literal["google", "github"]
WalletKind = Literal["key", "contract"]


@dataclass(frozen=True, slots=True)
class WalletProof:
    """A wallet that was just proven: its address with checksum, where, and whether a key or a contract signed."""

    address: str
    chain_id: int
    kind: WalletKind


@dataclass(frozen=True, slots=True)
class ProvenIdentity:
    """An account at another provider that was just proven. `email`: in lower case, verified by the provider."""

    provider: Provider
    subject: str
    email: str


class WalletRead(ApiModel):
    """A wallet that signs the user in."""

    id: UUID
    address: str
    chain_id: int
    kind: WalletKind
    label: str
    added_at: Instant


class WalletList(ApiModel):
    """The user's wallets, the oldest first."""

    items: list[WalletRead]
    total: int


class WalletLabel(ApiModel):
    """What the user calls a wallet."""

    label: str = Field(max_length=MAX_LABEL)

    @field_validator("label")
    @classmethod
    def _one_line(cls, value: str) -> str:
        """Refuse what does not show as one line of text."""
        value = value.strip()
        if not value.isprintable():
            raise ValueError("use letters, digits and signs only")
        return value


class IdentityRead(ApiModel):
    """An account elsewhere that signs the user in."""

    id: UUID
    provider: Provider
    email: str
    linked_at: Instant


class IdentityList(ApiModel):
    """The user's accounts elsewhere, the oldest first."""

    items: list[IdentityRead]
    total: int


class LinkStart(ApiModel):
    """Where to send the browser to link an account elsewhere."""

    url: str


class Removed(ApiModel):
    """What was removed."""

    id: UUID
