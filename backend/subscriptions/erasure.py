"""What erasing an account means for payments: the customer goes at Stripe, and with it what they subscribed to."""

from contextlib import suppress
from uuid import UUID

from backend.core.jobs import JobContext
from backend.privacy.service import erasure_step
from backend.subscriptions import repository, sync_repository
from backend.subscriptions.errors import MissingAtStripeError
from backend.subscriptions.gateway import shared_gateway


@erasure_step("payments")
async def forget_customer(context: JobContext, user_id: UUID) -> None:
    """Delete a user's customer at Stripe, which ends every subscription at once, and what Stripe told us of it.

    Raises UnavailableError when Stripe does not answer: the erasure is tried again then. Invoices that the law makes
    us keep stay at Stripe.
    """
    async with context.database.unit_of_work() as session:
        found = await repository.find_customer(session, user_id)
    if found is None:
        return
    customer = found["stripe_customer_id"]
    with suppress(MissingAtStripeError):  # an earlier run came as far as this
        await shared_gateway(context.settings).delete_customer(customer)
    async with context.database.unit_of_work() as session:
        await sync_repository.delete_events_of(session, customer)
