"""What the API answers of what happened to wallets. Amounts are exact decimals in text; null is unknown, never zero."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from backend.core.schemas import ApiModel, Exact, Instant
from backend.ledger.events import Kind, LegRole, Source


class LegRead(ApiModel):
    """An amount that came (positive) or went (negative), with its price as of then."""

    token: str
    symbol: str | None = Field(description="As the contract says it: not to be trusted")
    decimals: int | None
    token_id: str | None = Field(description="Of an ERC-721 or ERC-1155 token")
    amount_raw: str = Field(description="In smallest units")
    amount: Exact | None
    role: LegRole
    counterparty: str | None = Field(description="Null when it was minted or burned, or nobody knows")
    log_index: int | None
    price_usd: Exact | None
    price_source: str | None
    priced_at: Instant | None
    value_usd: Exact | None = Field(description="With the sign of the amount")


class ApprovalRead(ApiModel):
    """An allowance that was given; `amountRaw` null is every token of a collection."""

    token: str
    symbol: str | None
    spender: str
    amount_raw: str | None
    token_id: str | None


class ActivityRead(ApiModel):
    """One thing that happened to a wallet, with the block that proves it."""

    id: UUID
    wallet: str
    wallet_name: str | None
    chain_id: int
    chain: str
    kind: Kind
    happened_at: Instant
    block_number: int
    block_hash: str
    tx_hash: str
    tx_url: str | None
    tx_index: int
    number: int = Field(description="Counts the events of the wallet in the transaction")
    source: Source
    protocol: str | None
    counterparty: str | None
    identifiers: dict[str, str] | None = Field(description="What names a position: pool, token_id …")
    method: str | None
    succeeded: bool
    legs: list[LegRead]
    approvals: list[ApprovalRead]
    fee_wei: str | None = Field(description="What the wallet paid; 0 where another account did")
    fee_usd: Exact | None
    came_usd: Exact | None = Field(
        description="Worth of what came, receipts left out; null when a part of it is unknown"
    )
    went_usd: Exact | None = Field(description="Worth of what went, as a positive number")
    problem: str | None


class CoverageRead(ApiModel):
    """Which of a wallet's blocks on a chain were read."""

    wallet: str
    wallet_name: str | None
    chain_id: int
    chain: str
    state: Literal["read", "reading", "failing"] = Field(
        description="As of the last look; not through yet; or what is newer could not be read"
    )
    from_block: int | None
    to_block: int | None
    to_block_at: Instant | None
    reached_start: bool = Field(description="There is nothing before")
    native_is_known: bool = Field(description="Movements of the chain's own currency inside of calls are known")
    source: Source
    checked_at: Instant
    problem: str | None


class ActivityList(ApiModel):
    """Events, the newest first. `total` counts all that meet the filters."""

    items: list[ActivityRead]
    total: int
    next_cursor: str | None = Field(description="For the next page; null at the end")
    coverage: list[CoverageRead]
