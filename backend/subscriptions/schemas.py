"""What the subscriptions part takes and answers. Amounts are integer cents with their currency, never floats."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PlainSerializer, model_validator

from backend.core.money import plain
from backend.core.schemas import ApiModel, Instant

PaidTier = Literal["starter", "pro"]
Interval = Literal["month", "year"]
Usd = Annotated[Decimal, PlainSerializer(plain, return_type=str, when_used="json")]


class PlanRead(ApiModel):
    """A plan: prices in US dollars (null: free of charge, or not sold by the year), features, caps (null: no limit)."""

    tier: Literal["free", "starter", "pro", "enterprise"]
    month_usd: Usd | None
    year_usd: Usd | None
    trial_days: int
    by_request: bool
    features: list[str]
    caps: dict[str, int | None]


class PlanList(ApiModel):
    """Every plan, the smallest first. `test_payments`: no card is charged here."""

    items: list[PlanRead]
    test_payments: bool


class CheckoutCreate(ApiModel):
    """Which plan to buy."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"tier": "pro", "interval": "month"}]})

    tier: PaidTier
    interval: Interval = "month"


class CheckoutRead(ApiModel):
    """Where to pay; the plan is given once the payment provider reports the payment, not by coming back."""

    checkout_url: str
    session_id: str


class PreviewCreate(ApiModel):
    """Which change to work out."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"tier": "pro", "interval": "year"}]})

    tier: PaidTier
    interval: Interval = "month"


class PreviewLine(ApiModel):
    """A line of the invoice a change makes; below zero: a credit."""

    text: str
    amount_cents: int


class PausedRead(ApiModel):
    """What a smaller plan has no room for: so many are paused, the newest first; nothing is deleted."""

    cap: str
    used: int
    limit: int
    paused: int


class PreviewRead(ApiModel):
    """What a change costs. Send `proration_date` back within 30 minutes to make it at exactly these amounts.

    `due_now_cents` is charged at once; `credit_cents` is kept for the next invoices.
    """

    tier: PaidTier
    interval: Interval
    proration_date: int
    due_now_cents: int
    credit_cents: int
    currency: str
    lines: list[PreviewLine]
    recurring_cents: int
    next_charge_at: Instant | None
    paused: list[PausedRead]


class SubscriptionUpdate(ApiModel):
    """Either another plan (`tier` and/or `interval`, with the `proration_date` of a preview, or `confirm` to take the
    amounts of now), or `cancel_at_period_end`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"tier": "pro", "interval": "year", "prorationDate": 1795620000}, {"cancelAtPeriodEnd": True}]
        },
    )

    tier: PaidTier | None = None
    interval: Interval | None = None
    proration_date: int | None = Field(default=None, ge=0, le=4_102_444_800)
    confirm: bool = False
    cancel_at_period_end: bool | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> "SubscriptionUpdate":
        changes_plan = self.tier is not None or self.interval is not None
        if changes_plan == (self.cancel_at_period_end is not None):
            raise ValueError("send either tier and interval, or cancelAtPeriodEnd")
        if changes_plan and self.proration_date is None and not self.confirm:
            raise ValueError("send the prorationDate of a preview, or confirm: true")
        return self


class ChargeRead(ApiModel):
    """The next charge."""

    amount_cents: int
    currency: str
    at: Instant


class SubscriptionState(ApiModel):
    """A subscription as it was last fetched. `ends_at`: it was cancelled and lasts until then; `grace_ends_at`: the
    payment failed, and the plan is free from then on."""

    tier: str
    status: str
    interval: Interval
    amount_cents: int
    currency: str
    current_period_start: Instant
    current_period_end: Instant
    trial_end: Instant | None
    ends_at: Instant | None
    grace_ends_at: Instant | None
    next_charge: ChargeRead | None
    synced_at: Instant


class UsageRead(ApiModel):
    """How much of a cap is used."""

    used: int
    limit: int | None


class SubscriptionRead(ApiModel):
    """The plan that counts now, the subscription it comes from (null: none), and what is used of its caps.

    `usage` may be up to ten seconds old: it is as of `as_of`. `test_payments`: no card is ever charged here.
    """

    tier: str
    subscription: SubscriptionState | None
    trial_available: bool
    has_customer: bool
    features: list[str]
    caps: dict[str, int | None]
    usage: dict[str, UsageRead]
    as_of: Instant
    test_payments: bool


class SubscriptionChange(ApiModel):
    """What the payment provider answered to a change. The plan follows a moment later, once it is fetched."""

    tier: str
    interval: Interval
    status: str
    ends_at: Instant | None
    current_period_end: Instant


class PortalRead(ApiModel):
    """Where the payment method and invoices are managed; good for a few minutes."""

    portal_url: str


class InvoiceRead(ApiModel):
    """An invoice; `total_cents` below zero is a credit."""

    number: str | None
    status: str
    total_cents: int
    amount_paid_cents: int
    amount_due_cents: int
    currency: str
    description: str
    issued_at: Instant
    paid_at: Instant | None
    hosted_url: str | None
    pdf_url: str | None


class EnterpriseRequestCreate(ApiModel):
    """Ask to talk about Enterprise."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={"examples": [{"company": "Example Ltd", "email": "me@example.com", "message": "12 seats"}]},
    )

    company: str = Field(min_length=2, max_length=200)
    email: str = Field(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    message: str = Field(default="", max_length=4000)


class EnterpriseRequestRead(ApiModel):
    """That the request was stored."""

    id: str
    created_at: Instant


class WebhookRead(ApiModel):
    """That the webhook was taken; `duplicate`: it had come before."""

    received: Literal[True] = True
    duplicate: bool = False


class CheckoutStatus(ApiModel):
    """Where a checkout stands: `open` (go on at `url`), `processing` (paid, the plan follows), `done`, `failed`."""

    state: Literal["open", "processing", "done", "failed"]
    tier: str
    url: str | None = None
