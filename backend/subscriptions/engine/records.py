"""What Stripe has, in our words: the parsed form of its subscriptions, invoices and prices."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Interval = Literal["month", "year"]
LIVE = frozenset({"trialing", "active", "past_due", "unpaid", "paused"})
ENDED = frozenset({"canceled", "incomplete_expired"})


@dataclass(frozen=True, slots=True)
class SubscriptionRecord:
    """A subscription with one price; moments are aware, amounts in cents. `tier` is what its price stands for."""

    id: str
    customer: str
    tier: str
    status: str
    interval: Interval
    price_id: str
    item_id: str
    amount_cents: int
    currency: str
    period_start: datetime
    period_end: datetime
    started_at: datetime
    trial_start: datetime | None = None
    trial_end: datetime | None = None
    cancel_at_period_end: bool = False
    cancel_at: datetime | None = None
    ended_at: datetime | None = None
    past_due_since: datetime | None = None

    @property
    def is_live(self) -> bool:
        """Whether it still goes on (it may be unpaid), so that a second one would be one too many."""
        return self.status in LIVE

    @property
    def ends(self) -> datetime | None:
        """When it ends because somebody cancelled it, None when it renews."""
        if self.cancel_at_period_end:
            return self.cancel_at or self.trial_end or self.period_end
        return self.cancel_at


@dataclass(frozen=True, slots=True)
class InvoiceRecord:
    """An invoice; amounts in cents, a total below zero is a credit."""

    id: str
    subscription: str | None
    number: str | None
    status: str
    amount_due_cents: int
    amount_paid_cents: int
    total_cents: int
    currency: str
    description: str
    attempt_count: int
    next_attempt_at: datetime | None
    hosted_url: str | None
    pdf_url: str | None
    issued_at: datetime
    paid_at: datetime | None
