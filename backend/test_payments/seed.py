"""What is there from the start: products, prices, the portal's default configuration, the product's endpoint."""

from typing import Any

from backend.core.clock import now_seconds
from backend.test_payments.book import checkout, invoices, portal, shapes
from backend.test_payments.book.book import Book
from backend.test_payments.config import Config

EVENTS = [
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.trial_will_end",
    "invoice.created",
    "invoice.finalized",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.upcoming",
    "payment_method.attached",
]
CONFIGURATION_ID = "bpc_test_payments_default"
ENDPOINT_ID = "we_test_payments_product"


def seed(book: Book, config: Config) -> None:
    """Bring the book in line with the configuration; what is there already is kept or corrected."""
    at = int(now_seconds())
    for product in config.products:
        if book.find("product", product.id) is None:
            book.add(shapes.product(product.id, at, {"name": product.name}))
        for price in product.prices:
            stored = book.find("price", price.id)
            wanted = {
                "currency": "usd",
                "product": product.id,
                "recurring": {"interval": price.interval},
                "unit_amount": price.amount,
                "lookup_key": price.lookup_key,
            }
            fresh = shapes.price(price.id, stored["created"] if stored else at, wanted)
            if stored is None:
                book.add(fresh)
            else:
                stored.update(fresh)
    _seed_portal(book, config)
    _seed_endpoint(book, config, at)
    _move_links(book)


def _seed_portal(book: Book, config: Config) -> None:
    products = [{"product": each.id, "prices": [price.id for price in each.prices]} for each in config.products]
    features: dict[str, Any] = {
        "customer_update": {"enabled": True, "allowed_updates": ["email", "name"]},
        "invoice_history": {"enabled": True},
        "payment_method_update": {"enabled": True},
        "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
        "subscription_update": {
            "enabled": bool(products),
            "default_allowed_updates": ["price"],
            "proration_behavior": "always_invoice",
            "products": products,
        },
    }
    if book.find("billing_portal.configuration", CONFIGURATION_ID) is None:
        portal.create_configuration(book, {"features": features}, is_default=True, object_id=CONFIGURATION_ID)


def _seed_endpoint(book: Book, config: Config, at: int) -> None:
    if not config.webhook_url:
        return
    given = {"url": config.webhook_url, "enabled_events": EVENTS, "_secret": config.webhook_secret}
    stored = book.find("webhook_endpoint", ENDPOINT_ID)
    if stored is None:
        book.add(shapes.webhook_endpoint(ENDPOINT_ID, at, given))
    else:
        stored.update(given)


def _move_links(book: Book) -> None:
    """Have links of invoices and open checkouts lead to the address of this start."""
    for invoice in book.all("invoice"):
        if invoice["hosted_invoice_url"]:
            invoice.update(invoices.links(book, invoice["id"], invoice["_secret"]))
    for session in book.all("checkout.session", status="open"):
        session["url"] = checkout.address(book, session["id"])
