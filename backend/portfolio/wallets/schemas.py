"""What the API takes and answers of a portfolio's wallets."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from backend.core.schemas import ApiModel, Instant


def _one_line(value: str) -> str:
    value = value.strip()
    if not value.isprintable():
        raise ValueError("use letters, digits and signs only")
    return value


Words = Annotated[str, Field(max_length=60), AfterValidator(_one_line)]
AddedBy = Literal["address", "ens", "connected"]


class WalletAdd(ApiModel):
    """A wallet by its address, by its ENS name, or one of those that sign in (its id)."""

    address: str | None = Field(default=None, max_length=255, description="0x…, or a name such as name.eth")
    wallet_id: UUID | None = Field(default=None, description="A wallet that signs you in")
    label: Words = ""
    group: Words = ""

    @model_validator(mode="after")
    def _one_of_them(self) -> "WalletAdd":
        """Refuse both and neither."""
        if (self.address is None) == (self.wallet_id is None):
            raise ValueError("give an address (or a name), or the id of a wallet that signs you in")
        return self


class WalletChange(ApiModel):
    """What the user calls a wallet, and the group they put it in."""

    label: Words = ""
    group: Words = ""


class WalletChain(ApiModel):
    """What was found of a wallet on a chain; null is unknown."""

    chain_id: int
    name: str
    is_active: bool | None
    nonce: int | None = Field(description="How many transactions it sent")
    balance_raw: str | None = Field(description="In the smallest unit of the chain's own currency")
    block_number: int | None
    checked_at: Instant
    problem: str | None


class PortfolioWallet(ApiModel):
    """A wallet of the portfolio; `isWatchOnly`: nobody has proven to us here that it is theirs."""

    id: UUID
    address: str = Field(description="With its checksum")
    label: str
    group: str
    ens_name: str | None
    added_by: AddedBy
    is_watch_only: bool
    is_paused_by_plan: bool
    added_at: Instant
    discovered_at: Instant | None
    chains: list[WalletChain]


class PortfolioWalletList(ApiModel):
    """The portfolio's wallets, the oldest first; `limit` is null where the plan has none."""

    items: list[PortfolioWallet]
    total: int
    limit: int | None


class WalletRemoved(ApiModel):
    """What was removed."""

    id: UUID
