"""Buying a plan: a Checkout session of Stripe's, of which there is never more than one to pay for a customer.

No transaction is open while Stripe is asked: a Stripe that stalls must not hold our connections.
"""

from typing import Any
from uuid import UUID

from backend.accounts.service import CurrentUser, plan_of, require_verified
from backend.core.audit import audit
from backend.core.clock import now_seconds, utc_now
from backend.core.db import Database
from backend.core.errors import NotFoundError
from backend.core.ids import derived_id
from backend.core.jobs import defer
from backend.core.settings import Settings
from backend.subscriptions import repository
from backend.subscriptions.engine.records import Interval, SubscriptionRecord
from backend.subscriptions.errors import (
    MissingAtStripeError,
    PaymentsUnavailableError,
    SubscriptionExistsError,
    UncertainChangeError,
)
from backend.subscriptions.gateway import CheckoutSession, StripeGateway
from backend.subscriptions.schemas import CheckoutRead, CheckoutStatus
from backend.subscriptions.view import current_subscription

SYNC = "subscriptions.sync"
# A session is offered again only while there is time left to fill the form in; Stripe closes it after 24 hours.
_USABLE_SECONDS = 20 * 3600


async def start_checkout(
    database: Database, gateway: StripeGateway, user: CurrentUser, tier: str, interval: Interval
) -> CheckoutRead:
    """Return a Checkout session for a plan: the open one if it is for the same, else a new one.

    Raises SubscriptionExistsError when there is a live subscription, EmailNotVerifiedError while the account's address
    waits to be confirmed, PaymentsUnavailableError when Stripe cannot be asked; nothing was charged then.
    """
    try:
        return await _start(database, gateway, user, tier, interval)
    except UncertainChangeError:
        raise PaymentsUnavailableError from None  # an open session that nobody knows of charges nobody


async def _start(
    database: Database, gateway: StripeGateway, user: CurrentUser, tier: str, interval: Interval
) -> CheckoutRead:
    async with database.unit_of_work(user.id) as session:
        await require_verified(session, user)
        current, _ = await current_subscription(session, user.id, utc_now())
    if current is not None:
        raise _exists(current)
    if plan_of(user.tier).by_request:
        raise SubscriptionExistsError("Your account has Enterprise, which includes every plan.")
    price = await gateway.price(tier, interval)
    customer, subscriptions = await _customer_and_subscriptions(database, gateway, user)
    live = next((each for each in subscriptions if each.is_live), None)
    if live is not None:
        await ask_for_sync(database, user.id, customer)
        raise _exists(live)
    trial_days = 0 if any(each.trial_start for each in subscriptions) else plan_of(tier).trial_days
    wanted = f"{tier}/{interval}/{trial_days}"
    sessions = await gateway.sessions_of(customer)
    found = await _one_open(gateway, sessions, wanted)
    if found is None:
        newest = max(((each.created, each.id) for each in sessions), default=(0, ""))[1]
        # The same in two tabs or two clicks; another one once a session was used up or a subscription came about.
        key = str(derived_id("checkout", customer, price, wanted, newest, len(subscriptions)))
        params = _session_params(gateway.settings, user, customer, price, wanted, trial_days)
        found = await gateway.create_session(params, key)
        async with database.unit_of_work(user.id) as session:
            await audit(session, user.id, "subscription.checkout_opened", found.id, {"plan": f"{tier}/{interval}"})
    if found.url is None:
        raise PaymentsUnavailableError
    return CheckoutRead(checkout_url=found.url, session_id=found.id)


async def customer_of(database: Database, gateway: StripeGateway, user: CurrentUser) -> str:
    """Return the user's customer at Stripe, made if there is none."""
    async with database.unit_of_work(user.id) as session:
        known = await repository.find_customer(session, user.id)
    if known is not None:
        return known["stripe_customer_id"]
    made = await gateway.create_customer(user.id, user.email, str(derived_id("customer", user.id, user.email)))
    async with database.unit_of_work(user.id) as session:
        if await repository.add_customer(session, user.id, made):
            await audit(session, user.id, "subscription.customer_made", made)
        known = await repository.find_customer(session, user.id)
    if known is None:
        raise PaymentsUnavailableError
    return known["stripe_customer_id"]


async def _customer_and_subscriptions(
    database: Database, gateway: StripeGateway, user: CurrentUser
) -> tuple[str, list[SubscriptionRecord]]:
    customer = await customer_of(database, gateway, user)
    try:
        return customer, await gateway.subscriptions_of(customer)
    except MissingAtStripeError:
        await ask_for_sync(database, user.id, customer)  # which forgets it
        raise PaymentsUnavailableError(
            "Your customer record was removed at the payment provider; a new one is being made. Try again in a minute."
        ) from None


async def _one_open(gateway: StripeGateway, sessions: list[CheckoutSession], wanted: str) -> CheckoutSession | None:
    """Return the open session for what is wanted; close the open ones for anything else."""
    found = None
    for each in sessions:
        if each.status != "open":
            continue
        if found is None and each.wanted == wanted and each.url and now_seconds() - each.created < _USABLE_SECONDS:
            found = each
        else:
            await gateway.expire_session(each.id)
    return found


def _session_params(
    settings: Settings, user: CurrentUser, customer: str, price: str, wanted: str, trial_days: int
) -> dict[str, Any]:
    tier, interval, _ = wanted.split("/")
    about = {"user_id": str(user.id), "tier": tier}
    subscription: dict[str, Any] = {"metadata": about}
    if trial_days:
        subscription["trial_period_days"] = trial_days
    return {
        "mode": "subscription",
        "customer": customer,
        "client_reference_id": str(user.id),
        "line_items": [{"price": price, "quantity": 1}],
        "subscription_data": subscription,
        "metadata": {**about, "wanted": wanted},
        "success_url": f"{settings.app_url}/checkout/return/?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{settings.app_url}/pricing/?plan={tier}&interval={interval}&notice=not_finished",
    }


async def checkout_status(
    database: Database, gateway: StripeGateway, user: CurrentUser, session_id: str
) -> CheckoutStatus:
    """Return where a checkout of the user's stands; the plan itself is given by what is fetched, never by this.

    Raises NotFoundError for a session that is not the user's.
    """
    async with database.unit_of_work(user.id) as session:
        known = await repository.find_customer(session, user.id)
        current, _ = await current_subscription(session, user.id, utc_now())
    try:
        found = await gateway.session(session_id)
    except MissingAtStripeError:
        raise NotFoundError("There is no such checkout.") from None
    if known is None or found.customer != known["stripe_customer_id"]:
        raise NotFoundError("There is no such checkout.")
    tier = found.wanted.split("/")[0] or "pro"
    if found.status == "open":
        return CheckoutStatus(state="open", tier=tier, url=found.url)
    if found.status == "expired":
        return CheckoutStatus(state="failed", tier=tier)
    return CheckoutStatus(state="done" if current is not None else "processing", tier=tier)


async def ask_for_sync(database: Database, user_id: UUID, customer: str) -> None:
    """Have a worker fetch the customer now."""
    async with database.unit_of_work(user_id) as session:
        await defer(session, SYNC, queueing_lock=f"{SYNC}:{customer}", customer=customer)


async def refetch(database: Database, user: CurrentUser) -> bool:
    """Have a worker fetch the user's own customer now; return whether there is one."""
    async with database.unit_of_work(user.id) as session:
        known = await repository.find_customer(session, user.id)
    if known is not None:
        await ask_for_sync(database, user.id, known["stripe_customer_id"])
    return known is not None


def _exists(current: SubscriptionRecord) -> SubscriptionExistsError:
    return SubscriptionExistsError(
        f"You have {current.tier.capitalize()} already. Change it with PUT /v1/subscriptions or in Settings → Billing.",
        {"tier": current.tier, "interval": current.interval, "use": "PUT /v1/subscriptions"},
    )
