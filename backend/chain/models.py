"""What the follower remembers of each chain: blocks, checkpoint, tokens and pools."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Numeric
from sqlmodel import Field, SQLModel

from backend.core.clock import utc_now


class ChainBlock(SQLModel, table=True):
    """A block that was followed. `emit_seq` is the id of its entry in the chain's stream."""

    __tablename__ = "chain_blocks"  # type: ignore[assignment]
    chain_id: int = Field(primary_key=True, sa_type=BigInteger)
    block_hash: str = Field(primary_key=True, max_length=66)
    block_number: int = Field(sa_type=BigInteger)
    parent_hash: str = Field(max_length=66)
    taken_at: datetime
    base_fee_wei: Decimal | None = Field(default=None, sa_type=Numeric(78, 0))
    gas_used: int | None = Field(default=None, sa_type=BigInteger)
    gas_limit: int | None = Field(default=None, sa_type=BigInteger)
    event_count: int = 0
    emit_seq: int = Field(sa_type=BigInteger)
    orphaned_at: datetime | None = None
    orphan_seq: int | None = Field(default=None, sa_type=BigInteger)
    recorded_at: datetime = Field(default_factory=utc_now)


class ChainCheckpoint(SQLModel, table=True):
    """How far a chain was followed, and the next sequence number of its stream."""

    __tablename__ = "chain_checkpoints"  # type: ignore[assignment]
    chain_id: int = Field(primary_key=True, sa_type=BigInteger)
    genesis_hash: str = Field(max_length=66)
    block_number: int = Field(sa_type=BigInteger)
    block_hash: str = Field(max_length=66)
    next_seq: int = Field(sa_type=BigInteger)
    emitted_seq: int = Field(default=0, sa_type=BigInteger)
    updated_at: datetime = Field(default_factory=utc_now)


class ChainToken(SQLModel, table=True):
    """An ERC-20 token as its contract describes it. Symbol and name are untrusted text."""

    __tablename__ = "chain_tokens"  # type: ignore[assignment]
    chain_id: int = Field(primary_key=True, sa_type=BigInteger)
    address: str = Field(primary_key=True, max_length=42)
    symbol: str | None = Field(default=None, max_length=64)
    name: str | None = Field(default=None, max_length=128)
    decimals: int | None = None
    read_at: datetime = Field(default_factory=utc_now)


class ChainPool(SQLModel, table=True):
    """A pool whose tokens were read from its contract; `verified` says its factory is one we trust."""

    __tablename__ = "chain_pools"  # type: ignore[assignment]
    chain_id: int = Field(primary_key=True, sa_type=BigInteger)
    address: str = Field(primary_key=True, max_length=42)
    kind: str = Field(max_length=20)
    token0: str = Field(max_length=42)
    token1: str = Field(max_length=42)
    fee_ppm: int
    verified: bool
    read_at: datetime = Field(default_factory=utc_now)
