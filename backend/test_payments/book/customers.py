"""Customers."""

from typing import Any

from backend.core.clock import now_seconds
from backend.test_payments.book import shapes, subscriptions
from backend.test_payments.book.book import Book, new_object_id
from backend.test_payments.wire.errors import StripeError
from backend.test_payments.wire.schema import merged_metadata

Item = dict[str, Any]
PLAIN = ("description", "email", "name", "phone", "preferred_locales")


def create(book: Book, given: Item) -> Item:
    """Carry out `POST /v1/customers`. Raises StripeError."""
    clock = book.get("test_helpers.test_clock", given["test_clock"], "test_clock") if given.get("test_clock") else None
    at = clock["frozen_time"] if clock else int(now_seconds())
    _check_email(given)
    customer = book.add(shapes.customer(new_object_id("cus"), at, given))
    book.tell("customer.created", customer, at)
    return customer


def update(book: Book, customer: Item, given: Item) -> Item:
    """Carry out `POST /v1/customers/:id`. Raises StripeError."""
    _check_email(given)
    for name in PLAIN:
        if name in given:
            customer[name] = given[name]
    if "metadata" in given:
        customer["metadata"] = merged_metadata(customer["metadata"], given["metadata"])
    if "balance" in given:
        customer["balance"] = given["balance"]
    settings = given.get("invoice_settings") or {}
    if "default_payment_method" in settings:
        wanted = settings["default_payment_method"]
        if wanted is not None:
            param = "invoice_settings[default_payment_method]"
            method = book.get("payment_method", wanted, param)
            if method["customer"] != customer["id"]:
                raise StripeError("The customer does not have a payment method with this ID.", param=param)
        customer["invoice_settings"]["default_payment_method"] = wanted
    book.tell("customer.updated", customer)
    return customer


def delete(book: Book, customer: Item) -> Item:
    """Carry out `DELETE /v1/customers/:id`: subscriptions end at once, the customer is gone for good."""
    at = book.time(customer)
    for subscription in book.all("subscription", customer=customer["id"]):
        if subscription["status"] not in subscriptions.OVER:
            subscriptions.end(book, subscription, at, "cancellation_requested")
    for session in book.all("checkout.session", customer=customer["id"], status="open"):
        session.update(status="expired", url=None)
    book.tell("customer.deleted", customer, at)
    customer["deleted"] = True
    return {"id": customer["id"], "object": "customer", "deleted": True}


def _check_email(given: Item) -> None:
    email = given.get("email")
    if email is not None and ("@" not in email or len(email) > 512 or any(each.isspace() for each in email)):
        raise StripeError(f"Invalid email address: {email}", code="email_invalid", param="email")
