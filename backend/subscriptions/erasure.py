"""What erasing an account means for payments: the customer goes at Stripe, and with it what they subscribed to."""

from contextlib import suppress
from uuid import UUID

from backend.accounts.service import CurrentUser
from backend.core.jobs import JobContext
from backend.privacy.service import erasure_step, when_erasure_is_asked
from backend.subscriptions import repository, sync_repository
from backend.subscriptions.changes import set_cancelled
from backend.subscriptions.errors import MissingAtStripeError, NoSubscriptionError
from backend.subscriptions.gateway import shared_gateway


@when_erasure_is_asked("payments")
async def stop_renewals(context: JobContext, user_id: UUID) -> None:
    """Have the subscription end with its period, so that nobody pays for an account that is about to go.

    Whoever takes the erasure back resumes it in Settings, or not. Raises UnavailableError when Stripe does not answer.
    """
    async with context.database.unit_of_work() as session:
        user = await sync_repository.find_user(session, user_id)
    if user is None:
        return
    owner = CurrentUser(id=user["id"], email=user["email"], tier=user["tier"])
    with suppress(NoSubscriptionError):
        await set_cancelled(context.database, shared_gateway(context.settings), owner, cancelled=True)


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
