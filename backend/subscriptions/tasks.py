"""The jobs of subscriptions. Each may be done twice without harm: what counts is always fetched."""

from datetime import timedelta
from uuid import UUID

from backend.alerts.service import enforce_caps
from backend.core.clock import utc_now
from backend.core.jobs import JobContext, defer, periodic, task
from backend.core.logging import get_logger
from backend.core.retention import kept
from backend.core.telemetry import stripe_events_waiting
from backend.portfolio.wallets.service import fit_to_plan
from backend.subscriptions import sync_repository
from backend.subscriptions.checkout import SYNC
from backend.subscriptions.engine.standing import GRACE
from backend.subscriptions.gateway import shared_gateway
from backend.subscriptions.mails import TRIAL_REMINDER
from backend.subscriptions.reconcile import reconcile, sweep
from backend.subscriptions.sync import END_SURPLUS, TIER_CHANGED, end_surplus, sync_customer

log = get_logger(__name__)
KEPT_EVENTS = kept("stripe_events")
_STRANDED_AFTER = timedelta(minutes=2)


@task(name=SYNC, retry=5, timeout_seconds=120)
async def sync(context: JobContext, customer: str) -> None:
    """Fetch a customer and write what there is."""
    outcome = await sync_customer(context.database, shared_gateway(context.settings), customer)
    log.info("customer fetched", outcome=outcome)


@task(name=END_SURPLUS, retry=5, timeout_seconds=120)
async def end_surplus_subscriptions(context: JobContext, customer: str) -> None:
    """End the subscriptions that a customer has beside the one that counts."""
    await end_surplus(context.database, shared_gateway(context.settings), customer)


@task(name=TIER_CHANGED, retry=5)
async def tier_changed(context: JobContext, user_id: str, before: str, after: str) -> None:
    """Have every domain fit what the user has to the plan they have now (not the one of when this was put in line)."""
    async with context.database.unit_of_work() as session:
        user = await sync_repository.find_user(session, UUID(user_id))
        if user is not None:
            fitted = await enforce_caps(session, user["id"], user["tier"])
            await fit_to_plan(session, user["id"], user["tier"])
            log.info("caps follow the plan", paused=len(fitted.paused), resumed=len(fitted.resumed))


@periodic("* * * * *")
@task(name="subscriptions.sweep", retry=0)
async def sweep_inbox(context: JobContext, timestamp: int) -> None:
    """Put customers in line again whose webhooks wait: their job may have given up while Stripe was away."""
    stranded, oldest_seconds = await sweep(context.database, utc_now() - _STRANDED_AFTER)
    stripe_events_waiting.set(oldest_seconds)
    await _fetch_soon(context, stranded)


@periodic("*/10 * * * *")
@task(name="subscriptions.due", retry=0)
async def look_at_dates(context: JobContext, timestamp: int) -> None:
    """Fetch customers for whom a date of ours has come: the end of their grace, the reminder of their trial's end."""
    now = utc_now()
    async with context.database.unit_of_work() as session:
        customers = await sync_repository.customers_out_of_grace(session, now - GRACE)
        customers += await sync_repository.customers_with_ending_trial(session, now + TRIAL_REMINDER)
    await _fetch_soon(context, customers)


@periodic("17 3 * * *")
@task(name="subscriptions.reconcile", retry=3, timeout_seconds=6 * 3600)
async def reconcile_daily(context: JobContext, timestamp: int) -> None:
    """Compare everything with Stripe, and forget webhooks that were handled long ago."""
    await reconcile(context.database, shared_gateway(context.settings))
    async with context.database.unit_of_work() as session:
        await sync_repository.delete_old_events(session, utc_now() - KEPT_EVENTS)


async def _fetch_soon(context: JobContext, customers: list[str]) -> None:
    if customers:
        async with context.database.unit_of_work() as session:
            for customer in customers:
                await defer(session, SYNC, queueing_lock=f"{SYNC}:{customer}", customer=customer)
