"""What is shown of a user's subscription, read from what was fetched."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import PLANS, Cap, CurrentUser, plan_of
from backend.alerts.service import alert_counts
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.schemas import Page
from backend.core.settings import Settings
from backend.subscriptions import repository
from backend.subscriptions.engine.records import SubscriptionRecord
from backend.subscriptions.engine.standing import grace_ends, standing
from backend.subscriptions.schemas import (
    ChargeRead,
    InvoiceRead,
    PausedRead,
    PlanList,
    PlanRead,
    SubscriptionRead,
    SubscriptionState,
    UsageRead,
)

MAX_INVOICES = 100


def list_plans(settings: Settings) -> PlanList:
    """Return every plan, from the table of entitlements."""
    items = [
        PlanRead(
            tier=plan.tier,  # type: ignore[arg-type]
            month_usd=plan.month_usd,
            year_usd=plan.year_usd,
            trial_days=plan.trial_days,
            by_request=plan.by_request,
            features=sorted(feature.value for feature in plan.features),
            caps={cap.value: limit for cap, limit in plan.caps.items()},
        )
        for plan in PLANS.values()
    ]
    return PlanList(items=items, test_payments=settings.is_test_payments)


async def read_subscription(session: AsyncSession, settings: Settings, user: CurrentUser) -> SubscriptionRead:
    """Return the user's plan, subscription and use, as stored."""
    now = utc_now()
    customer = await repository.find_customer(session, user.id)
    current, synced_at = await current_subscription(session, user.id, now)
    plan = plan_of(user.tier)
    return SubscriptionRead(
        tier=plan.tier,
        subscription=_state(current, synced_at) if current is not None and synced_at is not None else None,
        trial_available=customer is None or customer["trial_used_at"] is None,
        has_customer=customer is not None,
        features=sorted(feature.value for feature in plan.features),
        caps={cap.value: limit for cap, limit in plan.caps.items()},
        usage=await _usage(session, user),
        as_of=now,
        test_payments=settings.is_test_payments,
    )


async def read_subscription_of(database: Database, settings: Settings, user: CurrentUser) -> SubscriptionRead:
    """Return the same in a unit of work of its own, for those who keep it a while."""
    async with database.unit_of_work(user.id) as session:
        return await read_subscription(session, settings, user)


async def current_subscription(
    session: AsyncSession, user_id: UUID, now: datetime
) -> tuple[SubscriptionRecord | None, datetime | None]:
    """Return the live subscription that counts and when it was fetched, or (None, None)."""
    rows = await repository.newest_subscriptions(session, user_id)
    found = standing([record_of(row) for row in rows], now).subscription
    if found is None:
        return None, None
    return found, next(row["synced_at"] for row in rows if row["stripe_subscription_id"] == found.id)


def record_of(row: RowMapping) -> SubscriptionRecord:
    """Return a stored subscription as the engine takes it (which item it is at Stripe is not stored)."""
    return SubscriptionRecord(
        id=row["stripe_subscription_id"],
        customer="",
        tier=row["tier"],
        status=row["status"],
        interval=row["billing_interval"],
        price_id=row["price_id"],
        item_id="",
        amount_cents=row["amount_cents"],
        currency=row["currency"],
        period_start=row["current_period_start"],
        period_end=row["current_period_end"],
        started_at=row["started_at"],
        trial_end=row["trial_end"],
        cancel_at_period_end=row["cancel_at_period_end"],
        cancel_at=row["cancel_at"],
        ended_at=row["ended_at"],
        past_due_since=row["past_due_since"],
    )


async def list_invoices(session: AsyncSession, user: CurrentUser, page: int, page_size: int) -> Page[InvoiceRead]:
    """Return one page of the user's invoices, newest first."""
    size = min(page_size, MAX_INVOICES)
    rows, total = await repository.list_invoices(session, user.id, size, (page - 1) * size)
    return Page[InvoiceRead](
        items=[InvoiceRead.model_validate(dict(row)) for row in rows], total=total, page=page, page_size=size
    )


async def paused_by(session: AsyncSession, user: CurrentUser, tier: str) -> list[PausedRead]:
    """Return what the user has that a plan has no room for."""
    limits, counts = plan_of(tier).caps, await alert_counts(session, user)
    found = []
    for cap, used in ((Cap.ALERT_RULES, counts.rules_active), (Cap.WATCHED_WALLETS, counts.wallets_watched)):
        limit = limits[cap]
        if limit is not None and used > limit:
            found.append(PausedRead(cap=cap.value, used=used, limit=limit, paused=used - limit))
    return found


async def _usage(session: AsyncSession, user: CurrentUser) -> dict[str, UsageRead]:
    counts = await alert_counts(session, user)
    return {
        Cap.ALERT_RULES.value: UsageRead(used=counts.rules_total, limit=counts.rules_limit),
        Cap.WATCHED_WALLETS.value: UsageRead(used=counts.wallets_watched, limit=counts.wallets_limit),
    }


def _state(record: SubscriptionRecord, synced_at: datetime) -> SubscriptionState:
    renews = record.ends is None and record.status in ("trialing", "active", "past_due")
    charge_at = record.trial_end if record.status == "trialing" and record.trial_end else record.period_end
    charge = ChargeRead(amount_cents=record.amount_cents, currency=record.currency, at=charge_at)
    return SubscriptionState(
        tier=record.tier,
        status=record.status,
        interval=record.interval,
        amount_cents=record.amount_cents,
        currency=record.currency,
        current_period_start=record.period_start,
        current_period_end=record.period_end,
        trial_end=record.trial_end,
        ends_at=record.ends,
        grace_ends_at=grace_ends(record.past_due_since) if record.status == "past_due" else None,
        next_charge=charge if renews and record.status != "past_due" else None,
        synced_at=synced_at,
    )
