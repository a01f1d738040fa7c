"""Price readings: what a token was worth in which block, from which pool."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Numeric
from sqlmodel import Field, SQLModel


class PriceReading(SQLModel, table=True):
    """One price as of one block. Partitioned by month of `taken_at`; readings of orphaned blocks are deleted."""

    __tablename__ = "price_readings"  # type: ignore[assignment]
    chain_id: int = Field(primary_key=True, sa_type=BigInteger)
    token: str = Field(primary_key=True, max_length=42)
    taken_at: datetime = Field(primary_key=True)
    block_hash: str = Field(primary_key=True, max_length=66)
    block_number: int = Field(sa_type=BigInteger)
    price_usd: Decimal = Field(sa_type=Numeric(60, 18))
    liquidity_usd: Decimal | None = Field(default=None, sa_type=Numeric(60, 18))
    source: str = Field(max_length=120)
