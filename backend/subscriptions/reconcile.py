"""Comparing what we have with what Stripe has, for when webhooks were missed; and doing them over by hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from aiolimiter import AsyncLimiter
from sqlalchemy import RowMapping

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import ConflictError, PremiumError
from backend.core.logging import get_logger
from backend.subscriptions import sync_repository
from backend.subscriptions.engine.records import SubscriptionRecord
from backend.subscriptions.gateway import StripeGateway
from backend.subscriptions.sync import sync_customer
from backend.subscriptions.webhooks import is_handled, put_in

log = get_logger(__name__)
SYNCS_PER_SECOND = 5  # two calls each; Stripe allows a hundred a second
_SURELY_WRONG = 20  # so many subscriptions gone at once, and most of all: it is the wrong Stripe account


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What a run found: live subscriptions compared, customers repaired, failed, and those nobody here knows."""

    compared: int
    repaired: int
    failed: int
    unknown: int


async def reconcile(database: Database, gateway: StripeGateway) -> Reconciliation:
    """Compare every live subscription with Stripe and fetch each customer that differs (role premium_worker).

    Raises ConflictError when most subscriptions are gone, which is a wrong key rather than that many goodbyes.
    """
    async with database.unit_of_work() as session:
        stored = {row["stripe_subscription_id"]: row for row in await sync_repository.stored_live(session)}
        differing = set(await sync_repository.customers_with_stale_tier(session))
    compared, seen = 0, set()
    async for record in gateway.live_subscriptions():
        compared += 1
        seen.add(record.id)
        if not _is_same(stored.get(record.id), record):
            differing.add(record.customer)
    gone = [row["stripe_customer_id"] for known, row in stored.items() if known not in seen]
    if len(gone) > _SURELY_WRONG and len(gone) * 2 > len(stored):
        raise ConflictError(
            f"{len(gone)} of {len(stored)} live subscriptions are not at Stripe: is it the right account?"
        )
    differing.update(gone)
    async with database.unit_of_work() as session:
        known = await sync_repository.known_customers(session, sorted(differing))
    if unknown := len(differing - known):
        log.warning("customers of Stripe's that nobody here has", count=unknown)
    repaired, failed = await sync_each(database, gateway, known)
    result = Reconciliation(compared, repaired, failed, unknown)
    log.info("payments reconciled", compared=compared, repaired=repaired, failed=failed, unknown=unknown)
    return result


async def sync_each(database: Database, gateway: StripeGateway, customers: Iterable[str]) -> tuple[int, int]:
    """Fetch each customer, a few a second; return how many were done and how many failed."""
    limiter = AsyncLimiter(SYNCS_PER_SECOND, 1)
    done = failed = 0
    for customer in sorted(customers):
        async with limiter:
            try:
                await sync_customer(database, gateway, customer)
                done += 1
            except PremiumError as error:
                failed += 1
                log.warning("a customer could not be fetched", error=type(error).__name__)
    return done, failed


async def replay(database: Database, gateway: StripeGateway, since: datetime) -> tuple[int, int]:
    """Put in the inbox what happened since then and is not there; return how many were new and how many were seen."""
    new = seen = 0
    async for head in gateway.events_since(since):
        if is_handled(head.type) and head.customer is not None:
            seen += 1
            new += await put_in(database, head)
    return new, seen


def _is_same(row: RowMapping | None, record: SubscriptionRecord) -> bool:
    if row is None:
        return False
    gives = record.tier if record.status in ("active", "trialing") else None
    return (
        row["status"] == record.status
        and row["price_id"] == record.price_id
        and row["current_period_end"] == record.period_end
        and row["cancel_at_period_end"] == record.cancel_at_period_end
        and (gives is None or row["tier"] == gives)
    )


async def sweep(database: Database, before: datetime, limit: int = 200) -> tuple[list[str], float]:
    """Return customers whose webhooks wait although they were to be handled, and how old the oldest is in seconds."""
    async with database.unit_of_work() as session:
        stranded = await sync_repository.stranded_customers(session, before, limit)
        oldest = await sync_repository.oldest_waiting(session)
    return stranded, (utc_now() - oldest).total_seconds() if oldest is not None else 0.0
