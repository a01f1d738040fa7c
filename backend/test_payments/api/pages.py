"""`/v1/checkout/sessions`, `/v1/billing_portal`."""

from typing import Any

from backend.test_payments.api.routing import Endpoint, made_when, moment, page_of, page_shape, shape
from backend.test_payments.api.subscriptions import PRORATIONS
from backend.test_payments.book import checkout, portal
from backend.test_payments.book.book import Book
from backend.test_payments.wire import schema
from backend.test_payments.wire.schema import Shape, hash_of, list_of

Item = dict[str, Any]
_LINE = Shape({"price": schema.text, "quantity": schema.natural}, ("price",))
_END_BEHAVIOR = Shape(
    {"missing_payment_method": schema.one_of("cancel", "create_invoice", "pause")},
    exactly={"missing_payment_method": "create_invoice"},
)
_SUBSCRIPTION_DATA = Shape(
    {
        "trial_period_days": schema.natural,
        "trial_end": schema.integer,
        "metadata": schema.metadata,
        "description": schema.text,
        "trial_settings": hash_of(Shape({"end_behavior": hash_of(_END_BEHAVIOR)})),
    }
)
_SESSION = {
    "mode": schema.one_of("payment", "setup", "subscription"),
    "line_items": list_of(hash_of(_LINE), 100),
    "customer": schema.text,
    "customer_email": schema.text,
    "client_reference_id": schema.text,
    "success_url": schema.text,
    "cancel_url": schema.text,
    "metadata": schema.metadata,
    "subscription_data": hash_of(_SUBSCRIPTION_DATA),
    "expires_at": schema.integer,
    "allow_promotion_codes": schema.flag,
    "billing_address_collection": schema.one_of("auto", "required"),
    "locale": schema.text,
    "payment_method_collection": schema.one_of("always", "if_required"),
    "ui_mode": schema.one_of("elements", "embedded_page", "form", "hosted_page"),
    "automatic_tax": hash_of(Shape({"enabled": schema.flag}, exactly={"enabled": False})),
    "customer_update": hash_of(Shape(dict.fromkeys(("address", "name", "shipping"), schema.one_of("auto", "never")))),
}
_FLOW_ITEM = Shape({"id": schema.text, "price": schema.text, "quantity": schema.natural}, ("id", "price"))
_OF_SUBSCRIPTION = Shape({"subscription": schema.text}, ("subscription",))
_FLOW = Shape(
    {
        "type": schema.one_of(*portal.FLOWS),
        "subscription_cancel": hash_of(_OF_SUBSCRIPTION),
        "subscription_update": hash_of(_OF_SUBSCRIPTION),
        "subscription_update_confirm": hash_of(
            Shape({"subscription": schema.text, "items": list_of(hash_of(_FLOW_ITEM))}, ("subscription", "items"))
        ),
        "after_completion": hash_of(
            Shape(
                {
                    "type": schema.one_of("hosted_confirmation", "portal_homepage", "redirect"),
                    "redirect": hash_of(Shape({"return_url": schema.text}, ("return_url",))),
                    "hosted_confirmation": hash_of(Shape({"custom_message": schema.text})),
                },
                ("type",),
            )
        ),
    },
    ("type",),
)
_PRODUCT = Shape({"product": schema.text, "prices": list_of(schema.text)}, ("product", "prices"))
_CONDITION = Shape({"type": schema.one_of("decreasing_item_amount", "shortening_interval")}, ("type",))
_FEATURES = Shape(
    {
        "customer_update": hash_of(
            Shape(
                {"enabled": schema.flag, "allowed_updates": list_of(schema.one_of("address", "email", "name", "phone"))}
            )
        ),
        "invoice_history": hash_of(Shape({"enabled": schema.flag})),
        "payment_method_update": hash_of(Shape({"enabled": schema.flag})),
        "subscription_cancel": hash_of(
            Shape(
                {
                    "enabled": schema.flag,
                    "mode": schema.one_of("at_period_end", "immediately"),
                    "proration_behavior": PRORATIONS,
                    "cancellation_reason": hash_of(Shape({"enabled": schema.flag, "options": list_of(schema.text)})),
                }
            )
        ),
        "subscription_update": hash_of(
            Shape(
                {
                    "enabled": schema.flag,
                    "default_allowed_updates": list_of(schema.one_of("price", "promotion_code", "quantity")),
                    "products": list_of(hash_of(_PRODUCT)),
                    "proration_behavior": PRORATIONS,
                    "schedule_at_period_end": hash_of(Shape({"conditions": list_of(hash_of(_CONDITION))})),
                }
            )
        ),
    }
)
_CONFIGURATION = {
    "features": hash_of(_FEATURES),
    "business_profile": hash_of(
        Shape(dict.fromkeys(("headline", "privacy_policy_url", "terms_of_service_url"), schema.text))
    ),
    "default_return_url": schema.text,
    "metadata": schema.metadata,
    "name": schema.text,
}


def _create(book: Book, _path: dict[str, str], given: Item) -> Item:
    return checkout.create(book, given)


def _session(book: Book, path: dict[str, str], _given: Item) -> Item:
    return book.get("checkout.session", path["id"], "session", in_path=True)


def _list(book: Book, _path: dict[str, str], given: Item) -> Item:
    found = book.all("checkout.session", customer=given.get("customer"))
    for name in ("status", "subscription"):
        if given.get(name):
            found = [each for each in found if each[name] == given[name]]
    return page_of(made_when(found, given.get("created")), given, "/v1/checkout/sessions")


def _expire(book: Book, path: dict[str, str], _given: Item) -> Item:
    return checkout.expire(book, _session(book, path, {}))


def _line_items(book: Book, path: dict[str, str], given: Item) -> Item:
    session = _session(book, path, {})
    return page_of([session["_line_item"]], given, f"/v1/checkout/sessions/{session['id']}/line_items")


def _create_portal(book: Book, _path: dict[str, str], given: Item) -> Item:
    return portal.create_session(book, given)


def _create_configuration(book: Book, _path: dict[str, str], given: Item) -> Item:
    return portal.create_configuration(book, given)


def _configuration(book: Book, path: dict[str, str], _given: Item) -> Item:
    return book.get("billing_portal.configuration", path["id"], "configuration", in_path=True)


def _update_configuration(book: Book, path: dict[str, str], given: Item) -> Item:
    return portal.update_configuration(book, _configuration(book, path, {}), given)


def _list_configurations(book: Book, _path: dict[str, str], given: Item) -> Item:
    found = book.all("billing_portal.configuration")
    for name in ("active", "is_default"):
        if name in given:
            found = [each for each in found if each[name] is given[name]]
    return page_of(found, given, "/v1/billing_portal/configurations")


_SESSIONS, _CONFIGURATIONS = "/v1/checkout/sessions", "/v1/billing_portal/configurations"
ENDPOINTS = [
    Endpoint(
        "POST",
        _SESSIONS,
        shape(
            _SESSION,
            ("mode", "success_url"),
            mode="subscription",
            ui_mode="hosted_page",
            payment_method_collection="always",
        ),
        _create,
    ),
    Endpoint(
        "GET",
        _SESSIONS,
        page_shape(
            {
                "customer": schema.text,
                "subscription": schema.text,
                "status": schema.one_of("complete", "expired", "open"),
                "created": moment,
            }
        ),
        _list,
    ),
    Endpoint("GET", f"{_SESSIONS}/{{id}}", shape(), _session),
    Endpoint("POST", f"{_SESSIONS}/{{id}}/expire", shape(), _expire),
    Endpoint("GET", f"{_SESSIONS}/{{id}}/line_items", page_shape(), _line_items),
    Endpoint(
        "POST",
        "/v1/billing_portal/sessions",
        shape(
            {
                "customer": schema.text,
                "configuration": schema.text,
                "return_url": schema.text,
                "flow_data": hash_of(_FLOW),
                "locale": schema.text,
            },
            ("customer",),
        ),
        _create_portal,
    ),
    Endpoint("POST", _CONFIGURATIONS, shape(_CONFIGURATION, ("features",)), _create_configuration),
    Endpoint(
        "GET", _CONFIGURATIONS, page_shape({"active": schema.flag, "is_default": schema.flag}), _list_configurations
    ),
    Endpoint("GET", f"{_CONFIGURATIONS}/{{id}}", shape(), _configuration),
    Endpoint(
        "POST", f"{_CONFIGURATIONS}/{{id}}", shape({**_CONFIGURATION, "active": schema.flag}), _update_configuration
    ),
]
