"""Wallets and accounts elsewhere, each of one user."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from backend.core.clock import utc_now
from backend.core.ids import new_id


class UserWallet(SQLModel, table=True):
    """A wallet; `kind` is `key` (an account with a key) or `contract` (then it is one on that chain only)."""

    __tablename__ = "user_wallets"  # type: ignore[assignment]
    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="premium_users.id", index=True)
    address: str = Field(max_length=42, unique=True)
    chain_id: int = Field(sa_type=BigInteger)
    kind: str = Field(max_length=10)
    label: str = Field(default="", max_length=60)
    added_at: datetime = Field(default_factory=utc_now)


class UserIdentity(SQLModel, table=True):
    """An account at another provider, known by the subject that never changes; the e-mail is only for showing."""

    __tablename__ = "user_identities"  # type: ignore[assignment]
    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="premium_users.id", index=True)
    provider: str = Field(max_length=20)
    subject: str = Field(max_length=255)
    email: str = Field(max_length=255)
    linked_at: datetime = Field(default_factory=utc_now)
