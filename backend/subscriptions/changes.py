"""Changing a subscription: another plan with its proration shown before, cancel at the period's end, resume.

Every change is made at once, up or down: what is left of the old plan's time is credited, what the new one costs for
the rest is charged, both on one invoice. What Stripe answers is shown; what counts is what is fetched afterwards.
"""

from collections.abc import Mapping
from typing import Any

from backend.accounts.service import CurrentUser
from backend.core.audit import audit
from backend.core.clock import from_unix, now_seconds, utc_now
from backend.core.db import Database
from backend.core.errors import InvalidInputError
from backend.core.ids import derived_id
from backend.subscriptions import repository
from backend.subscriptions.catalogue import amount_cents
from backend.subscriptions.checkout import ask_for_sync
from backend.subscriptions.engine.records import Interval, SubscriptionRecord
from backend.subscriptions.errors import (
    MissingAtStripeError,
    NoSubscriptionError,
    PreviewExpiredError,
    UncertainChangeError,
)
from backend.subscriptions.gateway import StripeGateway
from backend.subscriptions.parsing import ParseError
from backend.subscriptions.schemas import PreviewLine, PreviewRead, SubscriptionChange
from backend.subscriptions.view import current_subscription, paused_by

PREVIEW_SECONDS = 30 * 60


async def preview_change(
    database: Database, gateway: StripeGateway, user: CurrentUser, tier: str, interval: Interval
) -> PreviewRead:
    """Return what changing to a plan costs now.

    Raises NoSubscriptionError, InvalidInputError when it is the plan already.
    """
    customer, current = await _changeable(database, gateway, user)
    params, proration_date = await _change_params(gateway, current, tier, interval, int(now_seconds()))
    details = {key: value for key, value in params.items() if key != "payment_behavior"}
    invoice = await gateway.preview_invoice(
        {"customer": customer, "subscription": current.id, "subscription_details": details}
    )
    async with database.unit_of_work(user.id) as session:
        paused = await paused_by(session, user, tier)
    return _preview(invoice, tier, interval, proration_date, paused)


async def change_plan(
    database: Database,
    gateway: StripeGateway,
    user: CurrentUser,
    tier: str | None,
    interval: Interval | None,
    proration_date: int | None,
) -> SubscriptionChange:
    """Change to a plan at the amounts of the preview with this `proration_date` (None: of now).

    Raises NoSubscriptionError, PreviewExpiredError, PaymentDeclinedError (nothing was changed), UncertainChangeError.
    """
    now = int(now_seconds())
    if proration_date is not None and not now - PREVIEW_SECONDS <= proration_date <= now + 60:
        raise PreviewExpiredError("These amounts are too old. Look at the change again before you confirm it.")
    customer, current = await _changeable(database, gateway, user)
    tier, interval = tier or current.tier, interval or current.interval
    params, at = await _change_params(gateway, current, tier, interval, proration_date or now)
    key = str(derived_id("change", current.id, current.price_id, params["items"][0]["price"], at))
    changed = await _update(database, gateway, user, customer, current, params, key)
    before = f"{current.tier}/{current.interval}"
    await _note(database, user, "subscription.change_asked", current, {"from": before, "to": f"{tier}/{interval}"})
    return _answer(changed)


async def set_cancelled(
    database: Database, gateway: StripeGateway, user: CurrentUser, *, cancelled: bool
) -> SubscriptionChange:
    """Have the subscription end with its period, or go on after all.

    Raises NoSubscriptionError, UncertainChangeError.
    """
    customer, current = await _own(database, gateway, user)
    params: dict[str, Any] = {"cancel_at_period_end": cancelled}
    if not cancelled and current.cancel_at is not None and not current.cancel_at_period_end:
        params = {"cancel_at": ""}
    # Saying twice what shall be is harmless, and a kept key would answer for what was undone meanwhile.
    changed = await _update(database, gateway, user, customer, current, params, "")
    verb = "subscription.cancel_asked" if cancelled else "subscription.resume_asked"
    await _note(database, user, verb, current, {"ends": str(changed.ends or "")})
    return _answer(changed)


async def _own(database: Database, gateway: StripeGateway, user: CurrentUser) -> tuple[str, SubscriptionRecord]:
    """Return the user's customer and live subscription, the latter as Stripe has it right now."""
    async with database.unit_of_work(user.id) as session:
        known = await repository.find_customer(session, user.id)
        stored, _ = await current_subscription(session, user.id, utc_now())
    if known is None or stored is None:
        raise NoSubscriptionError("You have no subscription. Choose a plan first.")
    customer = known["stripe_customer_id"]
    try:
        current = await gateway.subscription(stored.id)
    except MissingAtStripeError:
        current = None
    if current is None or not current.is_live or current.customer != customer:
        await ask_for_sync(database, user.id, customer)
        raise NoSubscriptionError("The subscription has ended meanwhile. Choose a plan again.")
    return customer, current


async def _changeable(database: Database, gateway: StripeGateway, user: CurrentUser) -> tuple[str, SubscriptionRecord]:
    customer, current = await _own(database, gateway, user)
    if current.status not in ("active", "trialing"):
        raise NoSubscriptionError("The last payment did not go through. Update the payment method first.")
    if current.tier == "enterprise":
        raise NoSubscriptionError("Enterprise is changed by talking to us.")
    return customer, current


async def _change_params(
    gateway: StripeGateway, current: SubscriptionRecord, tier: str, interval: Interval, at: int
) -> tuple[dict[str, Any], int]:
    price = await gateway.price(tier, interval)
    if price == current.price_id:
        raise InvalidInputError("This is your plan already.", {"tier": "is your plan already"})
    at = max(at, int(current.period_start.timestamp()))
    params: dict[str, Any] = {
        "items": [{"id": current.item_id, "price": price}],
        "proration_behavior": "always_invoice",
        "proration_date": at,
        "cancel_at_period_end": False,
        "payment_behavior": "error_if_incomplete",
    }
    if current.status == "trialing" and tier != "pro":
        params["trial_end"] = "now"  # only Pro may be tried
        del params["proration_date"]
    return params, at


async def _update(
    database: Database,
    gateway: StripeGateway,
    user: CurrentUser,
    customer: str,
    current: SubscriptionRecord,
    params: Mapping[str, Any],
    key: str,
) -> SubscriptionRecord:
    """Make the change and have the customer fetched, also when it is not known whether it was made."""
    try:
        changed = await gateway.update(current.id, params, key)
    except UncertainChangeError:
        await ask_for_sync(database, user.id, customer)
        raise
    await ask_for_sync(database, user.id, customer)
    return changed


async def _note(
    database: Database, user: CurrentUser, action: str, current: SubscriptionRecord, details: dict[str, Any]
) -> None:
    async with database.unit_of_work(user.id) as session:
        await audit(session, user.id, action, current.id, details)


def _answer(record: SubscriptionRecord) -> SubscriptionChange:
    return SubscriptionChange(
        tier=record.tier,
        interval=record.interval,
        status=record.status,
        ends_at=record.ends,
        current_period_end=record.period_end,
    )


def _preview(
    invoice: Mapping[str, Any], tier: str, interval: Interval, proration_date: int, paused: list[Any]
) -> PreviewRead:
    try:
        lines = [
            PreviewLine(text=str(line.get("description") or "")[:300], amount_cents=int(line["amount"]))
            for line in invoice["lines"]["data"]
        ]
        # What the invoice comes to with what was credited before; a negative sum is kept for the next ones.
        starting = int(invoice.get("starting_balance") or 0)
        owed = int(invoice["total"]) + starting
        period_end = max((int(line["period"]["end"]) for line in invoice["lines"]["data"]), default=0)
        return PreviewRead(
            tier=tier,  # type: ignore[arg-type]
            interval=interval,
            proration_date=proration_date,
            due_now_cents=max(0, int(invoice["amount_due"])),
            credit_cents=max(0, -owed),
            currency=str(invoice["currency"]),
            lines=lines,
            recurring_cents=amount_cents(tier, interval),
            next_charge_at=from_unix(period_end) if period_end else None,
            paused=paused,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ParseError("invoice preview", error) from None
