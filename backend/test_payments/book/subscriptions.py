"""Subscriptions: begun, changed, renewed, cancelled."""

from typing import Any

from backend.test_payments.book import changes, invoices, shapes
from backend.test_payments.book.book import Book, new_object_id
from backend.test_payments.engine.amounts import prorated
from backend.test_payments.engine.periods import DAY, period_end
from backend.test_payments.wire.errors import StripeError

Item = dict[str, Any]
OVER = ("canceled", "incomplete_expired")


def begin(book: Book, customer: Item, price: Item, given: Item, at: int) -> Item:
    """Begin a subscription and bill its first period (nothing in a trial); its first invoice is finalized, not paid.

    `given`: quantity, metadata, description, default_payment_method, trial_end.
    """
    subscription_id = new_object_id("sub")
    recurring = price["recurring"]
    end = given.get("trial_end") or period_end(at, at, recurring["interval"], recurring["interval_count"])
    period = {"end": end, "start": at}
    item = shapes.subscription_item(new_object_id("si"), at, subscription_id, price, given.get("quantity") or 1, period)
    subscription = book.add(shapes.subscription(subscription_id, at, customer, item, given))
    is_trial = subscription["status"] == "trialing"
    book.tell("customer.subscription.created", subscription, at)
    line = invoices.period_line(book, subscription, period, trial=is_trial)
    span = {"end": at, "start": at}
    invoice = invoices.draft(book, subscription, [line], "subscription_create", span, at, wait=False)
    invoices.finalize(book, invoice, at)
    return subscription


def create(book: Book, given: Item) -> Item:
    """Carry out `POST /v1/subscriptions`, with the customer's card or one that is named. Raises StripeError."""
    customer = book.get("customer", given["customer"], "customer")
    items = given["items"]
    if len(items) != 1:
        raise StripeError("Test payments hold one item a subscription.", param="items")
    price = book.get("price", items[0].get("price"), "items[0][price]")
    at = book.time(customer)
    trial_end = given.get("trial_end") if given.get("trial_end") != "now" else None
    if given.get("trial_period_days"):
        trial_end = at + given["trial_period_days"] * DAY
    if trial_end is not None and trial_end <= at:
        raise StripeError("Invalid timestamp: must be in the future", param="trial_end")
    details = {name: given.get(name) for name in ("metadata", "description", "default_payment_method")}
    quantity = items[0].get("quantity")
    subscription = begin(book, customer, price, {**details, "quantity": quantity, "trial_end": trial_end}, at)
    invoice = book.get("invoice", subscription["latest_invoice"])
    behavior = given.get("payment_behavior") or "allow_incomplete"
    if invoice["status"] == "paid":
        return subscription
    subscription["status"] = "incomplete"
    if behavior != "default_incomplete":
        decline = invoices.collect(book, invoice, at)
        if decline is not None and behavior == "error_if_incomplete":
            raise invoices.decline_error(decline)
        settle_status(book, subscription, decline, at)
    book.tell("customer.subscription.updated", subscription, at)
    return subscription


def update(book: Book, subscription: Item, given: Item, at: int) -> None:
    """Carry out `POST /v1/subscriptions/:id`. Raises StripeError; a declined payment leaves it past due."""
    if subscription["status"] in OVER:
        raise StripeError(
            "A canceled subscription can only update its cancellation_details and metadata.", param="subscription"
        )
    _change_plainly(book, subscription, given, at)
    if given.get("items") or given.get("trial_end") is not None:
        _change_money(book, subscription, given, at)
    book.tell("customer.subscription.updated", subscription, at)


def wanted_change(book: Book, subscription: Item, given: Item) -> Item:
    """Return what `plan_change` takes from the parameters `items`, `trial_end` and `proration_behavior`."""
    items = given.get("items") or []
    own = invoices.item_of(subscription)
    if len(items) > 1 or any(each.get("id") not in (None, own["id"]) for each in items):
        raise StripeError("Test payments hold one item a subscription; name it by its id.", param="items")
    change = items[0] if items else {}
    if items and change.get("id") is None:
        raise StripeError(
            "Cannot add another item: test payments hold one item a subscription; give items[0][id].",
            param="items[0][id]",
        )
    wanted = {key: given.get(key) for key in ("trial_end", "proration_behavior")}
    wanted["quantity"] = change.get("quantity")
    if change.get("price") is not None:
        price = book.get("price", change["price"], "items[0][price]")
        if not price["active"]:
            raise StripeError("The price specified is inactive.", param="items[0][price]")
        wanted["price"] = price
    return wanted


def _change_plainly(book: Book, subscription: Item, given: Item, at: int) -> None:
    """Change what costs nothing."""
    if "metadata" in given:
        subscription["metadata"] = given["metadata"]
    if "description" in given:
        subscription["description"] = given["description"]
    if given.get("cancellation_details") is not None:
        subscription["cancellation_details"].update(given["cancellation_details"])
    if "default_payment_method" in given:
        if given["default_payment_method"] is not None:
            method = book.get("payment_method", given["default_payment_method"], "default_payment_method")
            if method["customer"] != subscription["customer"]:
                raise StripeError(
                    "The customer does not have a payment method with this ID.", param="default_payment_method"
                )
        subscription["default_payment_method"] = given["default_payment_method"]
    if "cancel_at" in given:
        set_cancel_at(subscription, given["cancel_at"], at)
    if "cancel_at_period_end" in given:
        set_cancel_at_period_end(subscription, at, wanted=given["cancel_at_period_end"])


def set_cancel_at(subscription: Item, wanted: int | str | None, at: int) -> None:
    """Cancel at a time or at the end of the period ("min_period_end"), or take that back (None). Raises StripeError."""
    end = invoices.item_of(subscription)["current_period_end"]
    moment = end if isinstance(wanted, str) else wanted
    if moment is not None and moment <= at:
        raise StripeError("Invalid timestamp: cancel_at must be in the future", param="cancel_at")
    subscription["cancel_at_period_end"] = isinstance(wanted, str)
    subscription["cancel_at"] = moment
    subscription["canceled_at"] = at if moment is not None else None
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if moment is not None else None


def set_cancel_at_period_end(subscription: Item, at: int, *, wanted: bool) -> None:
    """Cancel at the end of the period, or take that back."""
    if wanted == subscription["cancel_at_period_end"]:
        return
    subscription["cancel_at_period_end"] = wanted
    subscription["cancel_at"] = invoices.item_of(subscription)["current_period_end"] if wanted else None
    subscription["canceled_at"] = at if wanted else None
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if wanted else None


def _change_money(book: Book, subscription: Item, given: Item, at: int) -> None:
    wanted = wanted_change(book, subscription, given)
    later = wanted["trial_end"]
    if isinstance(later, int):
        if later <= at:
            raise StripeError("Invalid timestamp: must be in the future", param="trial_end")
        _set_trial(subscription, later, at)
    plan = changes.plan_change(book, subscription, wanted, given.get("proration_date") or at)
    invoices.keep_pending(book, subscription, plan.later, at)
    if plan.new_period is not None:
        if subscription["status"] == "trialing":
            subscription["trial_end"] = at
            subscription["status"] = "active"
        start_period(subscription, plan.new_period, anchor=at)
    if subscription["cancel_at_period_end"]:
        subscription["cancel_at"] = invoices.item_of(subscription)["current_period_end"]
    if plan.bills_now:
        bill_now(book, subscription, plan.now, at)


def _set_trial(subscription: Item, trial_end: int, at: int) -> None:
    subscription.update(status="trialing", trial_end=trial_end, trial_start=subscription["trial_start"] or at)
    start_period(subscription, {"start": at, "end": trial_end}, anchor=trial_end)


def start_period(subscription: Item, period: Item, *, anchor: int | None = None) -> None:
    """Move the subscription on to a period."""
    item = invoices.item_of(subscription)
    item["current_period_start"], item["current_period_end"] = period["start"], period["end"]
    if anchor is not None:
        subscription["billing_cycle_anchor"] = anchor


def bill_now(book: Book, subscription: Item, lines: list[Item], at: int) -> Item:
    """Bill these lines at once; a declined card makes the subscription past due."""
    period = {"start": at, "end": at}
    invoice = invoices.draft(book, subscription, lines, "subscription_update", period, at, wait=False)
    invoices.finalize(book, invoice, at)
    settle_status(book, subscription, invoices.collect(book, invoice, at), at)
    return invoice


def settle_status(book: Book, subscription: Item, decline: str | None, at: int) -> None:
    """Set the status that follows from an attempt to collect (the caller tells of the subscription)."""
    if subscription["status"] in OVER:
        return
    if decline is not None:
        if subscription["status"] not in ("unpaid", "incomplete"):
            subscription["status"] = "past_due"
    elif subscription["status"] in ("past_due", "unpaid", "incomplete") and not invoices.open_invoices(
        book, subscription
    ):
        subscription["status"] = "active"


def end(book: Book, subscription: Item, at: int, reason: str) -> None:
    """End a subscription now: no further invoice, and what is open is tried no more."""
    subscription.update(
        status="canceled", ended_at=at, canceled_at=subscription["canceled_at"] or at, cancel_at_period_end=False
    )
    subscription["cancellation_details"]["reason"] = reason
    for status in ("open", "draft"):
        for invoice in book.all("invoice", customer=subscription["customer"], _subscription=subscription["id"]):
            if invoice["status"] == status:
                invoice.update(auto_advance=False, next_payment_attempt=None, automatically_finalizes_at=None)
    book.tell("customer.subscription.deleted", subscription, at)


def cancel(book: Book, subscription: Item, given: Item, at: int) -> None:
    """Carry out `DELETE /v1/subscriptions/:id`: `prorate` credits the unused time, `invoice_now` settles it at once."""
    if subscription["status"] in OVER:
        raise StripeError(
            f"No such subscription: {subscription['id']}", status=404, code="resource_missing", param="id"
        )
    if given.get("cancellation_details") is not None:
        subscription["cancellation_details"].update(given["cancellation_details"])
    item = invoices.item_of(subscription)
    if given.get("prorate") and subscription["status"] == "active":
        total = item["price"]["unit_amount"] * item["quantity"]
        amount = prorated(total, at, item["current_period_start"], item["current_period_end"])
        if amount:
            line = invoices.proration_line(book, subscription, item, -amount, at, item["current_period_end"])
            invoices.keep_pending(book, subscription, [line], at)
    if given.get("invoice_now") and invoices.pending_items(book, subscription):
        bill_now(book, subscription, [], at)
    end(book, subscription, at, "cancellation_requested")
