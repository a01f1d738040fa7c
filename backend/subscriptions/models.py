"""What is paid for: customers at Stripe, their subscriptions and invoices, and the inbox of webhooks."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from backend.core.clock import utc_now
from backend.core.ids import new_id


class BillingCustomer(SQLModel, table=True):
    """A user's customer at Stripe; `synced_fetch` numbers the newest fetch that was written."""

    __tablename__ = "billing_customers"  # type: ignore[assignment]
    user_id: UUID = Field(foreign_key="premium_users.id", primary_key=True)
    stripe_customer_id: str = Field(max_length=255, unique=True)
    synced_fetch: int = 0
    synced_at: datetime | None = None
    trial_used_at: datetime | None = None
    created_at: datetime = Field(default_factory=utc_now)


class Subscription(SQLModel, table=True):
    """A subscription as it was last fetched; amounts are in cents."""

    __tablename__ = "subscriptions"  # type: ignore[assignment]
    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="premium_users.id", index=True)
    stripe_subscription_id: str = Field(max_length=255, unique=True)
    tier: str = Field(max_length=20)
    status: str = Field(max_length=20)
    billing_interval: str = Field(max_length=5)
    price_id: str = Field(max_length=255)
    amount_cents: int
    currency: str = Field(max_length=3)
    current_period_start: datetime
    current_period_end: datetime
    trial_end: datetime | None = None
    cancel_at_period_end: bool = False
    cancel_at: datetime | None = None
    ended_at: datetime | None = None
    past_due_since: datetime | None = None
    trial_reminder_at: datetime | None = None
    started_at: datetime
    synced_at: datetime
    created_at: datetime = Field(default_factory=utc_now)


class Invoice(SQLModel, table=True):
    """An invoice as it was last fetched; amounts are in cents, a total below zero is a credit."""

    __tablename__ = "invoices"  # type: ignore[assignment]
    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="premium_users.id", index=True)
    stripe_invoice_id: str = Field(max_length=255, unique=True)
    stripe_subscription_id: str | None = Field(default=None, max_length=255)
    number: str | None = Field(default=None, max_length=100)
    status: str = Field(max_length=20)
    amount_due_cents: int
    amount_paid_cents: int
    total_cents: int
    currency: str = Field(max_length=3)
    description: str = Field(default="", max_length=300)
    attempt_count: int = 0
    next_attempt_at: datetime | None = None
    hosted_url: str | None = Field(default=None, max_length=2000)
    pdf_url: str | None = Field(default=None, max_length=2000)
    issued_at: datetime
    paid_at: datetime | None = None


class StripeEvent(SQLModel, table=True):
    """A webhook that came, without its content; `handled_at` says when its customer was fetched after it."""

    __tablename__ = "stripe_events"  # type: ignore[assignment]
    id: str = Field(primary_key=True, max_length=255)
    type: str = Field(max_length=100)
    stripe_customer_id: str = Field(max_length=255)
    happened_at: datetime
    received_at: datetime = Field(default_factory=utc_now)
    tried_at: datetime | None = None
    handled_at: datetime | None = None
    attempts: int = 0
    error: str | None = Field(default=None, max_length=500)


class EnterpriseRequest(SQLModel, table=True):
    """Somebody asks to talk about Enterprise."""

    __tablename__ = "enterprise_requests"  # type: ignore[assignment]
    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="premium_users.id", index=True)
    company: str = Field(max_length=200)
    email: str = Field(max_length=254)
    message: str = Field(default="", max_length=4000)
    created_at: datetime = Field(default_factory=utc_now)
