"""The customer portal: sessions, configurations, and what a customer may do there."""

from typing import Any

from backend.core.clock import now_seconds
from backend.test_payments.book import page_shapes, subscriptions
from backend.test_payments.book.book import Book, new_object_id
from backend.test_payments.wire.errors import StripeError, missing
from backend.test_payments.wire.schema import merged_metadata

Item = dict[str, Any]
FLOWS = {
    "payment_method_update": None,
    "subscription_cancel": "subscription_cancel",
    "subscription_update": "subscription_update",
    "subscription_update_confirm": "subscription_update_confirm",
}


def create_session(book: Book, given: Item) -> Item:
    """Carry out `POST /v1/billing_portal/sessions`. Raises StripeError."""
    customer = book.get("customer", given["customer"], "customer")
    configuration = _configuration(book, given.get("configuration"))
    secret = new_object_id("test")
    session = page_shapes.portal_session(
        new_object_id("bps"),
        int(now_seconds()),
        {
            **given,
            "customer": customer["id"],
            "configuration": configuration["id"],
            "return_url": given.get("return_url") or configuration["default_return_url"],
            "_flow": _flow(book, customer, configuration, given.get("flow_data")),
            "_secret": secret,
            "_url": f"{book.origin.base_url}/p/session/{secret}",
        },
    )
    return book.add(session)


def _configuration(book: Book, wanted: str | None) -> Item:
    if wanted is not None:
        return book.get("billing_portal.configuration", wanted, "configuration")
    found = book.all("billing_portal.configuration", is_default=True)
    if not found:
        raise StripeError(
            "No configuration provided and your test mode default configuration has not been created. Provide a"
            " configuration or create your default."
        )
    return found[0]


def _flow(book: Book, customer: Item, configuration: Item, given: Item | None) -> Item | None:
    """Return the session's flow in Stripe's form. Raises StripeError when it is not possible."""
    if given is None:
        return None
    kind = given["type"]
    own = FLOWS[kind]
    after = given.get("after_completion") or {"type": "portal_homepage"}
    flow: Item = {
        "after_completion": {"hosted_confirmation": None, "redirect": None, **after},
        "customer_update": None,
        "subscription_cancel": None,
        "subscription_pause": None,
        "subscription_update": None,
        "subscription_update_confirm": None,
        "type": kind,
    }
    feature = own.removesuffix("_confirm") if own else kind
    if not configuration["features"][feature]["enabled"]:
        raise StripeError(
            f"This {kind} flow is not possible: the feature {feature} is disabled in the configuration.",
            param="flow_data[type]",
        )
    if own is None:
        return flow
    details = given.get(own)
    if not details:
        raise missing(f"flow_data[{own}]")
    param = f"flow_data[{own}][subscription]"
    subscription = book.get("subscription", details["subscription"], param)
    if subscription["customer"] != customer["id"] or subscription["status"] in subscriptions.OVER:
        raise StripeError("The subscription is not one this customer can change.", param=param)
    if kind == "subscription_cancel" and subscription["cancel_at_period_end"]:
        raise StripeError("The subscription is already set to be canceled at its period end.", param=param)
    flow[own] = {"subscription": subscription["id"]}
    if kind == "subscription_cancel":
        flow[own]["retention"] = None
    if kind == "subscription_update_confirm":
        flow[own].update(discounts=None, items=_confirmed_items(book, details["items"]))
    return flow


def _confirmed_items(book: Book, items: list[Item]) -> list[Item]:
    for each in items:
        book.get("price", each["price"], "flow_data[subscription_update_confirm][items][0][price]")
    return [{"id": each["id"], "price": each["price"], "quantity": each.get("quantity") or 1} for each in items]


def create_configuration(book: Book, given: Item, *, is_default: bool = False, object_id: str | None = None) -> Item:
    """Carry out `POST /v1/billing_portal/configurations`."""
    at = int(now_seconds())
    return book.add(
        page_shapes.portal_configuration(object_id or new_object_id("bpc"), at, given, is_default=is_default)
    )


def update_configuration(book: Book, configuration: Item, given: Item) -> Item:
    """Carry out `POST /v1/billing_portal/configurations/:id`. Raises StripeError."""
    if given.get("active") is False and configuration["is_default"]:
        raise StripeError("The default configuration cannot be deactivated.", param="active")
    for name in ("active", "default_return_url", "name"):
        if name in given:
            configuration[name] = given[name]
    if "metadata" in given:
        configuration["metadata"] = merged_metadata(configuration["metadata"], given["metadata"])
    if given.get("business_profile"):
        configuration["business_profile"].update(given["business_profile"])
    changed = given.get("features") or {}
    old = configuration["features"]
    merged = {name: {**old[name], **(changed.get(name) or {})} for name in old}
    configuration["features"] = page_shapes.portal_features(merged)
    configuration["updated"] = int(now_seconds())
    return configuration


def find_session(book: Book, secret: str) -> Item | None:
    """Return the portal session with a secret, or None when there is none or its hour is over."""
    for session in book.all("billing_portal.session", _secret=secret):
        if session["_expires_at"] > now_seconds():
            return session
    return None


def offered_prices(book: Book, configuration: Item) -> list[Item]:
    """Return the prices a customer may switch to."""
    update = configuration["features"]["subscription_update"]
    if not update["enabled"] or "price" not in update["default_allowed_updates"]:
        return []
    wanted = [price_id for each in update["products"] for price_id in each["prices"]]
    return [price for price_id in wanted if (price := book.find("price", price_id)) is not None and price["active"]]
