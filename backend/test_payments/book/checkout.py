"""Checkout sessions: made by the product, completed by somebody on the hosted page."""

from typing import Any

from backend.core.clock import now_seconds
from backend.test_payments.book import clockwork, customers, invoices, page_shapes, payment_methods, subscriptions
from backend.test_payments.book.book import Book, new_object_id
from backend.test_payments.engine.cards import DECLINE_MESSAGES, decline_error_code
from backend.test_payments.engine.periods import DAY
from backend.test_payments.wire.errors import StripeError, declined, missing

Item = dict[str, Any]
SHORTEST_SECONDS, LONGEST_SECONDS = 1_800, DAY
PLACE = "{CHECKOUT_SESSION_ID}"


def create(book: Book, given: Item) -> Item:
    """Carry out `POST /v1/checkout/sessions`. Raises StripeError."""
    lines = given.get("line_items") or []
    if len(lines) != 1:
        raise missing("line_items") if not lines else StripeError("Give one line item.", param="line_items")
    if given.get("customer") and given.get("customer_email"):
        raise StripeError("You may only specify one of these parameters: customer, customer_email.", param="customer")
    customer = book.get("customer", given["customer"], "customer") if given.get("customer") else None
    price = book.get("price", lines[0].get("price"), "line_items[0][price]")
    if not price["active"]:
        raise StripeError("The price specified is inactive.", param="line_items[0][price]")
    at = book.time(customer) if customer else int(now_seconds())
    expires_at = given.get("expires_at")
    if expires_at is not None and not SHORTEST_SECONDS <= expires_at - at <= LONGEST_SECONDS:
        raise StripeError("The `expires_at` timestamp must be between 30 minutes and 24 hours.", param="expires_at")
    trial_data = given.get("subscription_data") or {}
    _check_trial(trial_data, at)
    trial = _trial_end(trial_data, at)
    quantity = lines[0].get("quantity") or 1
    due = 0 if trial else price["unit_amount"] * quantity
    name = book.get("product", price["product"])["name"]
    session_id = new_object_id("cs_test")
    session = page_shapes.checkout_session(
        session_id,
        at,
        {
            **given,
            "_price": price,
            "_quantity": quantity,
            "_url": address(book, session_id),
            "_line_item": page_shapes.checkout_line(new_object_id("li"), price, name, quantity, due),
        },
        customer,
        due,
    )
    return book.add(session)


def address(book: Book, session_id: str) -> str:
    """Return the address of the page where a session is paid."""
    return f"{book.origin.base_url}/c/pay/{session_id}"


def expire(book: Book, session: Item) -> Item:
    """Carry out `POST /v1/checkout/sessions/:id/expire`. Raises StripeError when it is not open."""
    if session["status"] != "open":
        raise StripeError(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of'
            f" `{session['status']}`."
        )
    clockwork.expire_session(book, session, book.time(session))
    return session


def complete(book: Book, session: Item, form: payment_methods.CardForm, email: str) -> Item:
    """Pay an open session on the hosted page: card, customer, subscription, first invoice.

    Raises StripeError with nothing done.
    """
    at = book.time(session)
    card, _, _ = payment_methods.read_card(form, at)
    if card.decline_code is not None:
        error = declined(card.decline_code, DECLINE_MESSAGES[card.decline_code], decline_error_code(card.decline_code))
        error.keeps = False
        raise error
    customer = book.find("customer", session["customer"])
    if customer is None:
        customer = customers.create(book, {"email": email, "name": form.name or None})
    method = payment_methods.attach(book, customer, form, at)
    data = session["_subscription_data"]
    price = book.get("price", session["_price"])
    given = {
        "quantity": session["_quantity"],
        "metadata": data.get("metadata"),
        "description": data.get("description"),
        "default_payment_method": method["id"],
        "trial_end": _trial_end(data, at),
    }
    subscription = subscriptions.begin(book, customer, price, given, at)
    invoice = book.get("invoice", subscription["latest_invoice"])
    invoices.collect(book, invoice, at, on_session=True)
    session.update(
        status="complete",
        url=None,
        payment_status="no_payment_required" if given["trial_end"] else "paid",
        customer=customer["id"],
        subscription=subscription["id"],
        invoice=invoice["id"],
        customer_details={**_details(customer, form), "address": (session["customer_details"] or {}).get("address")},
    )
    book.tell("checkout.session.completed", session, at)
    return session


def success_address(session: Item) -> str:
    """Return where the browser goes after paying, with the session's id filled in."""
    return (session["success_url"] or "").replace(PLACE, session["id"])


def trial_days(session: Item) -> int:
    """Return for how many days the session's subscription is free, rounded up."""
    end = _trial_end(session["_subscription_data"], session["created"])
    return 0 if end is None else -((session["created"] - end) // DAY)


def _trial_end(data: Item, at: int) -> int | None:
    if data.get("trial_period_days"):
        return at + data["trial_period_days"] * DAY
    return data.get("trial_end")


def _check_trial(data: Item, at: int) -> None:
    if data.get("trial_end") and data.get("trial_period_days"):
        raise StripeError(
            "You may only specify one of these parameters: trial_end, trial_period_days.",
            param="subscription_data[trial_end]",
        )
    if data.get("trial_end") and data["trial_end"] < at + 2 * DAY:
        raise StripeError(
            "The `trial_end` date has to be at least 2 days in the future.", param="subscription_data[trial_end]"
        )


def _details(customer: Item, form: payment_methods.CardForm) -> Item:
    return {
        "business_name": None,
        "email": customer["email"],
        "individual_name": None,
        "name": form.name or customer["name"],
        "phone": customer["phone"],
        "tax_exempt": "none",
        "tax_ids": [],
    }
