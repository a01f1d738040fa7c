"""`/v1/subscriptions`, `/v1/invoices`, `/v1/invoiceitems`."""

import copy
from typing import Any

from backend.test_payments.api.routing import Endpoint, made_when, moment, page_of, page_shape, shape
from backend.test_payments.book import invoices, previews, subscriptions
from backend.test_payments.book.book import Book
from backend.test_payments.wire import schema
from backend.test_payments.wire.errors import StripeError, missing

Item = dict[str, Any]
STATUSES = (
    *("active", "past_due", "unpaid", "canceled", "incomplete", "incomplete_expired", "trialing", "paused"),
    *("all", "ended"),
)
PRORATIONS = schema.one_of("always_invoice", "create_prorations", "none")
_CANCELLATION = schema.Shape(
    {
        "comment": schema.text,
        "feedback": schema.one_of(
            *("customer_service", "low_quality", "missing_features", "other", "switched_service"),
            *("too_complex", "too_expensive", "unused"),
        ),
    }
)
_ITEM = schema.Shape({"id": schema.text, "price": schema.text, "quantity": schema.natural})
_TRIAL_END = schema.either("now", schema.integer)
_CANCEL_AT = schema.either("min_period_end", schema.either("max_period_end", schema.optional_integer))
_UPDATE = {
    "items": schema.list_of(schema.hash_of(_ITEM), 20),
    "proration_behavior": PRORATIONS,
    "proration_date": schema.integer,
    "cancel_at": _CANCEL_AT,
    "cancel_at_period_end": schema.flag,
    "trial_end": _TRIAL_END,
    "metadata": schema.metadata,
    "description": schema.text,
    "default_payment_method": schema.text,
    "cancellation_details": schema.hash_of(_CANCELLATION),
    "payment_behavior": schema.one_of("allow_incomplete", "error_if_incomplete"),
    "off_session": schema.flag,
}
_CREATE = {
    "customer": schema.text,
    "items": schema.list_of(schema.hash_of(schema.Shape({"price": schema.text, "quantity": schema.natural})), 20),
    "default_payment_method": schema.text,
    "description": schema.text,
    "metadata": schema.metadata,
    "trial_end": _TRIAL_END,
    "trial_period_days": schema.natural,
    "payment_behavior": schema.one_of("allow_incomplete", "default_incomplete", "error_if_incomplete"),
    "off_session": schema.flag,
}
_DETAILS = schema.Shape(
    {
        "items": schema.list_of(schema.hash_of(_ITEM), 20),
        "proration_behavior": PRORATIONS,
        "proration_date": schema.integer,
        "cancel_at_period_end": schema.flag,
        "trial_end": _TRIAL_END,
    }
)


def _subscription(book: Book, path: dict[str, str], _given: Item) -> Item:
    return book.get("subscription", path["id"], in_path=True)


def _create(book: Book, _path: dict[str, str], given: Item) -> Item:
    return subscriptions.create(book, given)


def _list(book: Book, _path: dict[str, str], given: Item) -> Item:
    if given.get("customer"):
        book.get("customer", given["customer"], "customer")
    found = book.all("subscription", customer=given.get("customer"))
    status = given.get("status")
    if status is None:
        found = [each for each in found if each["status"] not in subscriptions.OVER]
    elif status == "ended":
        found = [each for each in found if each["status"] in subscriptions.OVER]
    elif status != "all":
        found = [each for each in found if each["status"] == status]
    if given.get("price"):
        found = [each for each in found if invoices.item_of(each)["price"]["id"] == given["price"]]
    return page_of(made_when(found, given.get("created")), given, "/v1/subscriptions")


def _update(book: Book, path: dict[str, str], given: Item) -> Item:
    subscription = _subscription(book, path, {})
    if "metadata" in given:
        given = {**given, "metadata": schema.merged_metadata(subscription["metadata"], given["metadata"])}
    if given.get("payment_behavior") == "error_if_incomplete":
        return _update_or_refuse(book, subscription, given)
    subscriptions.update(book, subscription, given, book.time(subscription))
    return subscription


def _update_or_refuse(book: Book, subscription: Item, given: Item) -> Item:
    """Change nothing when the payment is declined."""
    subscriptions.update(book, subscription, given, book.time(subscription))
    invoice = book.find("invoice", subscription["latest_invoice"])
    if invoice is not None and invoice["status"] == "open":
        raise StripeError(
            "Your card was declined.",
            status=402,
            kind="card_error",
            code="card_declined",
            decline_code="generic_decline",
        )
    return subscription


def _cancel(book: Book, path: dict[str, str], given: Item) -> Item:
    subscription = _subscription(book, path, {})
    subscriptions.cancel(book, subscription, given, book.time(subscription))
    return subscription


def _invoice(book: Book, path: dict[str, str], _given: Item) -> Item:
    return book.get("invoice", path["id"], "invoice", in_path=True)


def _list_invoices(book: Book, _path: dict[str, str], given: Item) -> Item:
    found = book.all("invoice", customer=given.get("customer"))
    if given.get("subscription"):
        found = [each for each in found if each["_subscription"] == given["subscription"]]
    if given.get("status"):
        found = [each for each in found if each["status"] == given["status"]]
    return page_of(made_when(found, given.get("created")), given, "/v1/invoices")


def _invoice_lines(book: Book, path: dict[str, str], given: Item) -> Item:
    invoice = _invoice(book, path, {})
    return page_of(invoice["lines"]["data"], given, invoice["lines"]["url"])


def _pay(book: Book, path: dict[str, str], given: Item) -> Item:
    invoice = _invoice(book, path, {})
    at = book.time(invoice)
    if given.get("payment_method"):
        method = book.get("payment_method", given["payment_method"], "payment_method")
        invoice["default_payment_method"] = method["id"]
    try:
        invoices.pay_now(book, invoice, at)
    finally:
        subscription = book.get("subscription", invoice["_subscription"])
        failed = "generic_decline" if invoice["status"] == "open" else None
        subscriptions.settle_status(book, subscription, failed, at)
        book.tell("customer.subscription.updated", subscription, at)
    return invoice


def _finalize(book: Book, path: dict[str, str], _given: Item) -> Item:
    invoice = _invoice(book, path, {})
    if invoice["status"] != "draft":
        raise StripeError("This invoice is already finalized.", code="invoice_not_editable")
    invoices.finalize(book, invoice, book.time(invoice))
    return invoice


def _preview(book: Book, _path: dict[str, str], given: Item) -> Item:
    customer = given.get("customer")
    if given.get("subscription"):
        subscription = book.get("subscription", given["subscription"], "subscription")
        if customer and subscription["customer"] != customer:
            raise StripeError("The subscription does not belong to the customer.", param="subscription")
    elif customer:
        book.get("customer", customer, "customer")
        running = [s for s in book.all("subscription", customer=customer) if s["status"] not in subscriptions.OVER]
        if not running:
            raise StripeError(
                f"No upcoming invoices for customer: {customer}", status=404, code="invoice_upcoming_none"
            )
        subscription = running[0]
    else:
        raise missing("subscription")
    details = copy.deepcopy(given.get("subscription_details") or {})
    return previews.preview(book, subscription, details, book.time(subscription))


def _list_invoice_items(book: Book, _path: dict[str, str], given: Item) -> Item:
    found = book.all("invoiceitem", customer=given.get("customer"))
    if given.get("pending"):
        found = [each for each in found if each["invoice"] is None]
    return page_of(found, given, "/v1/invoiceitems")


ENDPOINTS = [
    Endpoint("POST", "/v1/subscriptions", shape(_CREATE, ("customer", "items")), _create),
    Endpoint(
        "GET",
        "/v1/subscriptions",
        page_shape(
            {
                "customer": schema.text,
                "status": schema.one_of(*STATUSES),
                "price": schema.text,
                "created": moment,
            }
        ),
        _list,
    ),
    Endpoint("GET", "/v1/subscriptions/{id}", shape(), _subscription),
    Endpoint("POST", "/v1/subscriptions/{id}", shape(_UPDATE), _update),
    Endpoint(
        "DELETE",
        "/v1/subscriptions/{id}",
        shape(
            {
                "cancellation_details": schema.hash_of(_CANCELLATION),
                "invoice_now": schema.flag,
                "prorate": schema.flag,
            }
        ),
        _cancel,
    ),
    Endpoint(
        "POST",
        "/v1/invoices/create_preview",
        shape(
            {
                "customer": schema.text,
                "subscription": schema.text,
                "subscription_details": schema.hash_of(_DETAILS),
                "preview_mode": schema.one_of("next", "recurring"),
            },
            preview_mode="next",
        ),
        _preview,
    ),
    Endpoint(
        "GET",
        "/v1/invoices",
        page_shape(
            {
                "customer": schema.text,
                "subscription": schema.text,
                "status": schema.one_of("draft", "open", "paid", "uncollectible", "void"),
                "created": moment,
            }
        ),
        _list_invoices,
    ),
    Endpoint("GET", "/v1/invoices/{id}", shape(), _invoice),
    Endpoint("GET", "/v1/invoices/{id}/lines", page_shape(), _invoice_lines),
    Endpoint("POST", "/v1/invoices/{id}/pay", shape({"payment_method": schema.text, "off_session": schema.flag}), _pay),
    Endpoint("POST", "/v1/invoices/{id}/finalize", shape({"auto_advance": schema.flag}), _finalize),
    Endpoint(
        "GET", "/v1/invoiceitems", page_shape({"customer": schema.text, "pending": schema.flag}), _list_invoice_items
    ),
]
