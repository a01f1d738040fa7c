"""What the API takes and answers of the tokens that were found for wallets."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from backend.core.schemas import ApiModel, Instant

FoundBy = Literal["transfer", "list", "known", "user"]


class TokenAdd(ApiModel):
    """A token to read for a wallet."""

    wallet_id: UUID
    chain_id: int = Field(gt=0, lt=2**53)
    token: str = Field(max_length=60, description="The address of its contract")


class TokenDecision(ApiModel):
    """What the user says of a token; null takes back what they said before."""

    chain_id: int = Field(gt=0, lt=2**53)
    token: str = Field(max_length=60)
    is_spam: bool | None


class FoundToken(ApiModel):
    """A token of a wallet. `isSpam`: it is left out of the portfolio; `reasons` say why, `decidedBy` who decided."""

    wallet_id: UUID
    chain_id: int
    token: str
    symbol: str | None = Field(description="As its contract says: untrusted text")
    name: str | None
    decimals: int | None
    found_by: FoundBy
    found_at: Instant
    is_spam: bool
    reasons: list[str]
    decided_by: Literal["filter", "user"] | None
    decided_at: Instant | None
    stands_for: str | None = Field(
        default=None,
        description="The protocol whose position it stands for: that is counted in its place",
    )


class FoundTokenList(ApiModel):
    """The tokens of all wallets."""

    items: list[FoundToken]
    total: int


class TokenDone(ApiModel):
    """What was decided, added or removed."""

    chain_id: int
    token: str


class RefreshAsked(ApiModel):
    """A new snapshot was asked for; `nextInSeconds`: when another may be."""

    next_in_seconds: int
