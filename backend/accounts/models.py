"""Who uses the product: accounts and their server-side sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from backend.core.clock import utc_now
from backend.core.ids import new_id


class PremiumUser(SQLModel, table=True):
    """An account; `tier` is one of free, starter, pro, enterprise."""

    __tablename__ = "premium_users"  # type: ignore[assignment]
    id: UUID = Field(default_factory=new_id, primary_key=True)
    email: str | None = Field(default=None, max_length=255, unique=True)  # None: who came with a wallet
    password_hash: str | None = Field(default=None, max_length=255)
    wallet_address: str | None = Field(default=None, max_length=255)
    tier: str = Field(default="free", max_length=20)
    email_verified_at: datetime | None = None
    created_at: datetime = Field(default_factory=utc_now)


class UserSession(SQLModel, table=True):
    """A sign-in, of a browser (by cookie; only the SHA-256 of its token is kept) or a program (by refresh tokens)."""

    __tablename__ = "user_sessions"  # type: ignore[assignment]
    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="premium_users.id", index=True)
    token_hash: bytes | None = Field(default=None, sa_type=LargeBinary, unique=True)
    kind: str = Field(default="browser", max_length=10)
    way: str = Field(default="password", max_length=12)
    user_agent: str = Field(default="", max_length=300)
    ip_address: str = Field(default="", max_length=45)
    created_at: datetime = Field(default_factory=utc_now)
    last_seen_at: datetime = Field(default_factory=utc_now)
    expires_at: datetime
    revoked_at: datetime | None = None
