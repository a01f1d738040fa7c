"""From Stripe to us: fetch all that a customer has, write it, give the plan that follows. The only way a plan is given.

Webhooks, the return from Checkout, our own changes and the daily reconciliation all end here, so it does not matter how
often, in which order or how late we are told. Fetches are numbered as they begin; what an older one brought is thrown
away when a newer one was written, since the newer one saw everything the older one could have seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import change_tier
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import PremiumError
from backend.core.jobs import defer
from backend.core.logging import get_logger
from backend.subscriptions import mails, sync_repository
from backend.subscriptions.engine.records import InvoiceRecord, SubscriptionRecord
from backend.subscriptions.engine.standing import Standing, standing
from backend.subscriptions.errors import MissingAtStripeError
from backend.subscriptions.gateway import StripeGateway

log = get_logger(__name__)
TIER_CHANGED = "subscriptions.tier_changed"
END_SURPLUS = "subscriptions.end_surplus"


@dataclass(frozen=True, slots=True)
class Fetched:
    """All that Stripe has of a customer; `exists` is False when it has no such customer."""

    subscriptions: tuple[SubscriptionRecord, ...] = ()
    invoices: tuple[InvoiceRecord, ...] = ()
    exists: bool = True


async def sync_customer(database: Database, gateway: StripeGateway, customer: str) -> str:
    """Fetch a customer and write what there is (role premium_worker); return in a word what came of it.

    Raises PaymentsUnavailableError when Stripe cannot be asked; the webhooks of the customer then stay to be handled.
    """
    async with database.unit_of_work() as session:
        events = await sync_repository.take_events(session, customer, utc_now())
        fetch = await sync_repository.next_fetch(session)
    try:
        fetched = await _fetch(gateway, customer)
    except PremiumError as error:
        async with database.unit_of_work() as session:
            await sync_repository.mark_failed(session, events, f"{type(error).__name__}: {error.message}")
        raise
    async with database.unit_of_work() as session:
        outcome = await _write(session, customer, fetch, fetched)
        await sync_repository.mark_handled(session, events, utc_now())
    return outcome


async def _fetch(gateway: StripeGateway, customer: str) -> Fetched:
    try:
        subscriptions = await gateway.subscriptions_of(customer)
        invoices = await gateway.invoices_of(customer)
    except MissingAtStripeError:
        return Fetched(exists=False)
    return Fetched(tuple(with_past_due(each, invoices) for each in subscriptions), tuple(invoices))


def with_past_due(subscription: SubscriptionRecord, invoices: Iterable[InvoiceRecord]) -> SubscriptionRecord:
    """Return the subscription with since when it is past due: since its oldest unpaid invoice was issued.

    Stripe does not say it. Taken from the invoice it is the same however late we learn of it.
    """
    if subscription.status != "past_due":
        return subscription
    own = [each for each in invoices if each.subscription == subscription.id and each.status == "open"]
    unpaid = [each.issued_at for each in own if each.attempt_count]
    return replace(subscription, past_due_since=min(unpaid, default=None))


async def _write(session: AsyncSession, customer: str, fetch: int, fetched: Fetched) -> str:
    owner = await sync_repository.lock_customer(session, customer)
    if owner is None:
        return "unknown customer"
    if fetch <= owner["synced_fetch"]:
        return "older than what is stored"
    now, user_id = utc_now(), owner["user_id"]
    rows = await sync_repository.stored_subscriptions(session, user_id)
    before = {row["stripe_subscription_id"]: row for row in rows}
    result = standing(fetched.subscriptions, now)
    await _write_subscriptions(session, user_id, before, fetched.subscriptions, now)
    await _write_invoices(session, owner, fetched, result, now)
    await _write_standing(session, owner, customer, result, had_any=bool(before or fetched.subscriptions))
    await mails.tell_changes(session, owner, before, result, now)
    trial = min((each.trial_start for each in fetched.subscriptions if each.trial_start), default=None)
    await sync_repository.mark_synced(session, user_id, fetch, now, trial)
    if not fetched.exists:
        await sync_repository.forget_customer(session, user_id)
        log.warning("a customer is gone at Stripe", user_id=str(user_id))
    return "written"


async def _write_subscriptions(
    session: AsyncSession,
    user_id: UUID,
    before: dict[str, RowMapping],
    records: Iterable[SubscriptionRecord],
    now: datetime,
) -> None:
    kept = []
    for record in records:
        kept.append(record.id)
        await sync_repository.upsert_subscription(session, user_id, record, now)
        changed = _changes(before.get(record.id), record)
        if changed:
            verb = "changed" if record.id in before else "started"
            await audit(session, user_id, f"subscription.{verb}", record.id, changed)
    if await sync_repository.end_missing(session, user_id, kept, now):
        await audit(session, user_id, "subscription.missing", "", {"kept": kept})


def _changes(before: RowMapping | None, record: SubscriptionRecord) -> dict[str, Any]:
    """Return what is different from what was stored, as [before, now] by name."""
    pairs = {
        "tier": ("tier", record.tier),
        "status": ("status", record.status),
        "interval": ("billing_interval", record.interval),
        "cancel_at_period_end": ("cancel_at_period_end", record.cancel_at_period_end),
        "current_period_end": ("current_period_end", record.period_end),
    }
    found: dict[str, Any] = {}
    for name, (column, now) in pairs.items():
        then = before[column] if before is not None else None
        if then != now:
            found[name] = [_plain(then), _plain(now)]
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


async def _write_invoices(
    session: AsyncSession, owner: RowMapping, fetched: Fetched, result: Standing, now: datetime
) -> None:
    before = await sync_repository.stored_invoices(session, owner["user_id"])
    for record in fetched.invoices:
        await sync_repository.upsert_invoice(session, owner["user_id"], record)
        await mails.tell_invoice(session, owner, before.get(record.id), record, result, now)


async def _write_standing(
    session: AsyncSession, owner: RowMapping, customer: str, result: Standing, *, had_any: bool
) -> None:
    """Give the plan that the subscriptions give. Who never had one keeps a plan that was given otherwise."""
    if had_any and await change_tier(session, owner["user_id"], result.tier, result.reason):
        await defer(session, TIER_CHANGED, user_id=str(owner["user_id"]), before=owner["tier"], after=result.tier)
    if result.surplus:
        await defer(session, END_SURPLUS, queueing_lock=f"{END_SURPLUS}:{customer}", customer=customer)


async def end_surplus(database: Database, gateway: StripeGateway, customer: str) -> int:
    """End every live subscription but the one that counts, so that nobody pays twice; return how many were ended.

    Two can come about when somebody pays in two tabs. What is left of the others' periods is credited.
    """
    async with database.unit_of_work() as session:
        owner = await sync_repository.lock_customer(session, customer)
    if owner is None:
        return 0
    fetched = await _fetch(gateway, customer)
    surplus = standing(fetched.subscriptions, utc_now()).surplus
    for each in surplus:
        await gateway.cancel_now(each.id)
        async with database.unit_of_work() as session:
            await audit(session, owner["user_id"], "subscription.surplus_ended", each.id, {"tier": each.tier})
    if surplus:
        await sync_customer(database, gateway, customer)
    return len(surplus)
