"""What the API takes and answers of NFTs. Values are those of a collection's floor; null is unknown, never zero."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from backend.core.schemas import ApiModel, Exact, Instant

Standard = Literal["erc721", "erc1155"]


class NftRead(ApiModel):
    """The pieces of a collection in a wallet, as of the block of its chain."""

    chain_id: int
    chain: str
    wallet: str
    collection: str = Field(description="The address of its contract")
    name: str | None = Field(description="As the contract says it: not to be trusted")
    symbol: str | None = Field(description="As the contract says it: not to be trusted")
    standard: Standard
    pieces: str | None = Field(description="How many; null when the contract did not say")
    token_ids: list[str] = Field(description="Of those pieces, as far as they are known; 50 at most")
    has_more: bool = Field(description="There are pieces of which the id is not here")
    floor_usd: Exact | None = Field(description="What a piece of the collection is offered at, at least")
    floor_source: str | None
    floor_detail: str | None = Field(description="The floor in the currency that it is asked in")
    floor_taken_at: Instant | None
    value_usd: Exact | None = Field(description="Pieces times floor: no valuation of these pieces")
    is_counted: bool = Field(description="False without a floor: then it is in no total and no number of holdings")
    problem: str | None
    block_number: int | None
    block_hash: str | None
    taken_at: Instant | None


class NftList(ApiModel):
    """The NFTs of one snapshot, the most valuable first, those without a floor last."""

    taken_at: Instant | None
    is_complete: bool | None
    value_usd: Exact | None = Field(description="Of those that have a floor; null before the first snapshot")
    items: list[NftRead]
    total: int


class FoundCollection(ApiModel):
    """A collection that a wallet was sent pieces of. `isSpam`: it is not read; `reasons` say what is against it."""

    wallet_id: UUID
    chain_id: int
    collection: str
    standard: Standard | None
    name: str | None = Field(description="As its contract says: untrusted text")
    symbol: str | None
    pieces_seen: int = Field(description="Different ids that were ever sent to the wallet, 200 at most are kept")
    has_more: bool
    found_at: Instant
    is_spam: bool
    reasons: list[str]
    decided_by: Literal["filter", "user"] | None
    decided_at: Instant | None


class FoundCollectionList(ApiModel):
    """The collections of all wallets."""

    items: list[FoundCollection]
    total: int


class CollectionDecision(ApiModel):
    """What the user says of a collection; null takes back what they said before."""

    chain_id: int = Field(gt=0, lt=2**53)
    collection: str = Field(max_length=60)
    is_spam: bool | None


class CollectionDone(ApiModel):
    """What was decided."""

    chain_id: int
    collection: str
